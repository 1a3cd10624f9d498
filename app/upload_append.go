package app

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/media"
)

const (
	// uploadPiece is how much of a request becomes one object: what a broken
	// connection or a killed process may lose at most.
	uploadPiece = 8 << 20
	// uploadPieceMin is what one request must bring, unless it brings the
	// rest; it is also what the type is judged by.
	uploadPieceMin = media.SniffLen
)

// TakeUpload makes the caller the only one who may add to the upload: it
// returns a token for AppendUpload, and whoever held one before can commit
// nothing more. A client that lost its connection need not wait for the server
// to notice.
func (a *App) TakeUpload(ctx context.Context, actor Actor, id uuid.UUID) (writer uuid.UUID, err error) {
	owner, err := a.mayReceive(ctx, actor, nil)
	if err != nil {
		return uuid.Nil, err
	}
	writer = newID()
	n, err := a.db.TakeUpload(ctx, db.TakeUploadParams{ID: id, OwnerID: owner, Writer: &writer, Now: a.now()})
	if err != nil {
		return uuid.Nil, fmt.Errorf("take upload %s: %w", id, err)
	}
	if n == 0 {
		return uuid.Nil, NotFound("upload")
	}
	return writer, nil
}

// AppendUpload adds src at the offset, which must be what was received so far,
// and returns how many bytes are kept for good, also with an error. The first
// piece tells the type: a refused file's upload is cancelled, with the error
// that ReceiveMedia gives. CodeConflict: wrong offset, or somebody else has
// taken the upload.
func (a *App) AppendUpload(ctx context.Context, actor Actor, id, writer uuid.UUID, offset int64, src io.Reader) (int64, error) {
	u, err := a.UploadByID(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if u.Received != offset || u.Outcome != nil {
		return 0, &Error{Code: CodeConflict, Key: "receive.interrupted"}
	}
	sum, err := resumeHash(u.Sha256State)
	if err != nil {
		return 0, fmt.Errorf("resume upload %s: %w", id, err)
	}
	r := bufio.NewReaderSize(src, uploadPieceMin)
	kept := int64(0)
	for left := u.Bytes - offset; left > 0; left = u.Bytes - offset - kept {
		head, err := r.Peek(int(min(left, uploadPieceMin)))
		if err != nil && err != io.EOF {
			return kept, &Error{Code: CodeInvalid, Key: "receive.incomplete", Args: fileArgs(u.Filename), Err: err}
		}
		switch {
		case len(head) == 0:
			return kept, nil
		case kept == 0 && int64(len(head)) < min(left, uploadPieceMin):
			return 0, &Error{Code: CodeInvalid, Key: "receive.piece_too_small", Args: map[string]any{"Limit": ByteCount(uploadPieceMin)}}
		case offset+kept == 0:
			if _, err := sniff(u.Filename, head); err != nil {
				return 0, errors.Join(err, a.CancelUpload(ctx, actor, id))
			}
		}
		n, err := a.appendPiece(ctx, u, writer, offset+kept, sum, r)
		kept += n
		if err != nil {
			return kept, err
		}
	}
	return kept, nil
}

func resumeHash(state []byte) (hash.Hash, error) {
	sum := sha256.New()
	if len(state) == 0 {
		return sum, nil
	}
	return sum, sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}

// appendPiece stores the next piece of r and commits it together with the
// state of the hash.
func (a *App) appendPiece(ctx context.Context, u db.Upload, writer uuid.UUID, at int64, sum hash.Hash, r io.Reader) (int64, error) {
	size := min(u.Bytes-at, uploadPiece)
	if err := a.roomForPiece(ctx, u, size); err != nil {
		return 0, err
	}
	// A key of its own for each try: a writer that was overtaken must not
	// replace what its successor has stored.
	key := fmt.Sprintf("uploads/%s/%d-%s", u.ID, at, newID())
	if err := a.reserveObject(ctx, key); err != nil {
		return 0, err
	}
	body := &intake{r: io.LimitReader(r, size), sum: sum, limit: size}
	if _, err := a.storage.Put(ctx, key, body); err != nil {
		a.dropObjects(ctx, key)
		return 0, receiveError(Incoming{Filename: u.Filename}, body, sizeLimit{bytes: size}, err)
	}
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	if err == nil {
		err = a.commitPiece(ctx, u, writer, db.InsertUploadPartParams{UploadID: u.ID, At: at, Bytes: body.n, StorageKey: key}, state)
	}
	if err != nil {
		a.dropObjects(ctx, key)
		return 0, err
	}
	return body.n, nil
}

func (a *App) commitPiece(ctx context.Context, u db.Upload, writer uuid.UUID, part db.InsertUploadPartParams, state []byte) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.AdvanceUpload(ctx, db.AdvanceUploadParams{
			ID: u.ID, Writer: writer, At: part.At, Bytes: part.Bytes, Sha256State: state, ExpiresAt: a.now().Add(UploadTTL),
		})
		if err != nil {
			return fmt.Errorf("advance upload %s: %w", u.ID, err)
		}
		if n == 0 {
			return &Error{Code: CodeConflict, Key: "receive.interrupted"}
		}
		if err := keepObject(ctx, q, part.StorageKey); err != nil {
			return err
		}
		if err := q.InsertUploadPart(ctx, part); err != nil {
			return fmt.Errorf("add a piece to upload %s: %w", u.ID, err)
		}
		return nil
	})
}

// roomForPiece counts unfinished uploads towards the quota, or pieces could
// fill the disk.
func (a *App) roomForPiece(ctx context.Context, u db.Upload, size int64) error {
	usage, err := a.db.UserUsage(ctx, u.OwnerID)
	if err != nil {
		return fmt.Errorf("load the quota of %s: %w", u.OwnerID, err)
	}
	if usage.QuotaBytes == nil {
		return nil
	}
	open, err := a.db.UnfinishedUploads(ctx, u.OwnerID)
	if err != nil {
		return fmt.Errorf("count the unfinished uploads: %w", err)
	}
	if limit := a.limitFor(usage.QuotaBytes, usage.UsedBytes+open.Received); size > limit.bytes {
		return limit.exceeded(u.Filename)
	}
	return nil
}
