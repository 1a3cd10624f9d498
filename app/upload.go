package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Limits of resumable uploads.
const (
	// UploadTTL is how long an upload is kept after its last piece, and its
	// result after its end.
	UploadTTL = 72 * time.Hour
	// MaxUnfinishedUploads is how many a user may have at a time.
	MaxUnfinishedUploads = 200
	maxUploadFilename    = 1000 // bytes
)

// NewUpload describes a file that will come in pieces.
type NewUpload struct {
	Filename string
	AlbumID  *uuid.UUID
	Modified *time.Time
	Bytes    int64 // of the whole file
}

// CreateUpload opens a resumable upload. What ReceiveMedia would refuse by
// size is refused here already; CodeRateLimited with too many open ones.
func (a *App) CreateUpload(ctx context.Context, actor Actor, n NewUpload) (db.Upload, error) {
	owner, err := a.mayReceive(ctx, actor, n.AlbumID)
	if err != nil {
		return db.Upload{}, err
	}
	if len(n.Filename) > maxUploadFilename {
		return db.Upload{}, &Error{Code: CodeInvalid, Key: "receive.metadata"}
	}
	if _, err := a.room(ctx, owner, n.Filename, n.Bytes); err != nil {
		return db.Upload{}, err
	}
	var u db.Upload
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		usage, err := q.LockUserUsage(ctx, owner) // so that they can be counted
		if err != nil {
			return fmt.Errorf("lock user %s: %w", owner, err)
		}
		open, err := q.UnfinishedUploads(ctx, owner)
		if err != nil {
			return fmt.Errorf("count the unfinished uploads: %w", err)
		}
		if open.N >= MaxUnfinishedUploads {
			return &Error{Code: CodeRateLimited, Key: "receive.too_many", Args: map[string]any{"Count": open.N}}
		}
		if limit := a.limitFor(usage.QuotaBytes, usage.UsedBytes+open.Received); n.Bytes > limit.bytes {
			return limit.exceeded(n.Filename)
		}
		u, err = q.InsertUpload(ctx, db.InsertUploadParams{
			ID: newID(), OwnerID: owner, AlbumID: n.AlbumID, Filename: n.Filename, Modified: n.Modified, Bytes: n.Bytes,
			CreatedAt: a.now(), ExpiresAt: a.now().Add(UploadTTL),
		})
		if err != nil {
			return fmt.Errorf("open an upload: %w", err)
		}
		return nil
	})
	return u, err
}

// UploadByID returns one of the actor's uploads. Another's, an expired or a
// cancelled one is CodeNotFound.
func (a *App) UploadByID(ctx context.Context, actor Actor, id uuid.UUID) (db.Upload, error) {
	owner, err := a.mayReceive(ctx, actor, nil)
	if err != nil {
		return db.Upload{}, err
	}
	u, err := a.db.UploadOf(ctx, db.UploadOfParams{ID: id, OwnerID: owner, Now: a.now()})
	if db.IsNotFound(err) {
		return db.Upload{}, NotFound("upload")
	}
	if err != nil {
		return db.Upload{}, fmt.Errorf("load upload %s: %w", id, err)
	}
	return u, nil
}

// CancelUpload forgets an upload and what came of it so far. A finished one
// forgets only its result.
func (a *App) CancelUpload(ctx context.Context, actor Actor, id uuid.UUID) error {
	owner, err := a.mayReceive(ctx, actor, nil)
	if err != nil {
		return err
	}
	var keys []string
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		// The upload's row first, as everywhere.
		if _, err := q.TakeUpload(ctx, db.TakeUploadParams{ID: id, OwnerID: owner, Now: a.now()}); err != nil {
			return fmt.Errorf("take upload %s: %w", id, err)
		}
		if keys, err = q.DeleteUploadPartsOf(ctx, db.DeleteUploadPartsOfParams{ID: id, OwnerID: owner}); err != nil {
			return fmt.Errorf("delete the pieces of upload %s: %w", id, err)
		}
		n, err := q.DeleteUpload(ctx, db.DeleteUploadParams{ID: id, OwnerID: owner})
		if err != nil {
			return fmt.Errorf("delete upload %s: %w", id, err)
		}
		if n == 0 {
			return NotFound("upload")
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.dropObjects(ctx, keys...)
	return nil
}

// SweepUploads ends what nobody ends: uploads whose pieces are all there but
// were never put together (the process was killed, the browser closed) become
// items, and expired ones go; their pieces are left to SweepObjects. It
// returns how many expired. Only the system may.
func (a *App) SweepUploads(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	waiting, err := a.db.UnjoinedUploads(ctx, db.UnjoinedUploadsParams{Now: a.now(), N: sweepBatch})
	if err != nil {
		return 0, fmt.Errorf("list the uploads to put together: %w", err)
	}
	for _, w := range waiting {
		owner, err := a.db.UserByID(ctx, w.OwnerID)
		if err != nil {
			return 0, fmt.Errorf("load user %s: %w", w.OwnerID, err)
		}
		if owner.SuspendedAt != nil {
			continue // left to expire
		}
		if _, err := a.FinishUpload(ctx, UserActor(owner), w.ID); err != nil {
			a.log.WarnContext(ctx, "could not put an upload together", "upload", w.ID, "error", err)
		}
	}
	n, err := a.db.DeleteExpiredUploads(ctx, a.now())
	if err != nil {
		return 0, fmt.Errorf("delete the expired uploads: %w", err)
	}
	return int(n), nil
}
