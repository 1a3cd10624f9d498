package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/storage"
)

// verifyBatch is how many rows are loaded at a time.
const verifyBatch = 500

// Damage is an original that is not what was uploaded.
type Damage struct {
	MediaID  uuid.UUID
	Owner    string // e-mail address
	Filename string
	Key      string // of the object
	Missing  bool   // otherwise its content differs
}

// VerifyOriginals reads every original and compares it with its checksum; only
// site admins and the system may. It tells report of each damage and returns
// how many originals it read.
func (a *App) VerifyOriginals(ctx context.Context, actor Actor, report func(Damage)) (int, error) {
	if err := actor.allow(ManageSite); err != nil {
		return 0, err
	}
	read, after := 0, uuid.UUID{}
	for {
		page, err := a.db.OriginalsAfter(ctx, db.OriginalsAfterParams{After: after, N: verifyBatch})
		if err != nil {
			return read, fmt.Errorf("list the originals: %w", err)
		}
		for _, row := range page {
			after = row.MediaID
			sum, err := a.checksum(ctx, row.StorageKey)
			missing := errors.Is(err, storage.ErrNotFound)
			if err != nil && !missing {
				return read, fmt.Errorf("read %s: %w", row.StorageKey, err)
			}
			read++
			if missing || !bytes.Equal(sum, row.Sha256) {
				report(Damage{MediaID: row.MediaID, Owner: row.Email, Filename: row.Filename, Key: row.StorageKey, Missing: missing})
			}
		}
		if len(page) < verifyBatch {
			return read, nil
		}
	}
}

func (a *App) checksum(ctx context.Context, key string) ([]byte, error) {
	object, err := a.storage.Open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, object); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}

// Reprocess has the metadata of all finished items read and their pictures
// made anew by the workers, or only of the failed ones; what people edited
// stays. It returns how many items that are. Only site admins and the system may.
func (a *App) Reprocess(ctx context.Context, actor Actor, failedOnly bool) (int, error) {
	if err := actor.allow(ManageSite); err != nil {
		return 0, err
	}
	marked, after := 0, uuid.UUID{}
	for {
		ids, err := a.db.ReprocessAfter(ctx, db.ReprocessAfterParams{After: after, FailedOnly: failedOnly, N: verifyBatch})
		if err != nil {
			return marked, fmt.Errorf("mark items: %w", err)
		}
		if len(ids) == 0 {
			return marked, nil
		}
		slices.SortFunc(ids, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
		after = ids[len(ids)-1]
		for _, id := range ids {
			a.enqueueProcessing(ctx, id)
		}
		marked += len(ids)
	}
}
