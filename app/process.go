package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/jobs"
	"albumen/media"
)

// Leases of items in processing. A worker that is killed holds its items for
// at most LeaseTime; a living one renews every HeartbeatEvery.
const (
	LeaseTime      = 30 * time.Second
	HeartbeatEvery = 10 * time.Second
)

// MaxCrashes is how often the processing of a file may die before the item is
// failed with the reason CodeCrashed of package media.
const MaxCrashes = 3

// ErrNotClaimable reports an item that needs no processing now: it is done,
// gone, or another worker holds its lease.
var ErrNotClaimable = errors.New("nothing to process")

// ErrLeaseLost reports that another attempt owns the item: what this one made
// was not written.
var ErrLeaseLost = errors.New("the lease was lost to another attempt")

// CodeOriginalMissing is the error code of an item whose original is not in
// the storage; the other codes are those of package media.
const CodeOriginalMissing = "original_missing"

// OriginalMissing is the failure of such an item.
func OriginalMissing(cause error) *media.ProcessError {
	return &media.ProcessError{Code: CodeOriginalMissing, Reason: "The original file is missing from the storage.", Err: cause}
}

// Claim is the right to process one item until the lease ends.
type Claim struct {
	Media    db.Media     // as it was when claimed; Media.Attempts fences the writes
	Original db.MediaFile // what to process
}

// Outcome is what processing found out about one item.
type Outcome struct {
	Metadata *media.Metadata     // nil: could not be read
	Still    *media.Result       // nil: no pictures were made
	Failure  *media.ProcessError // nil: the item is ready
}

// ClaimMedia takes the lease on an item for a worker; only the system may. It
// returns ErrNotClaimable when there is nothing to do.
func (a *App) ClaimMedia(ctx context.Context, actor Actor, id uuid.UUID) (Claim, error) {
	if err := actor.allowSystem(); err != nil {
		return Claim{}, err
	}
	var claim Claim
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		var err error
		claim.Media, err = q.ClaimMedia(ctx, db.ClaimMediaParams{ID: id, LeaseSeconds: LeaseTime.Seconds(), MaxCrashes: MaxCrashes})
		if db.IsNotFound(err) {
			return ErrNotClaimable
		}
		if err != nil {
			return fmt.Errorf("claim media %s: %w", id, err)
		}
		if claim.Original, err = q.OriginalOf(ctx, id); err != nil {
			return fmt.Errorf("find the original of media %s: %w", id, err)
		}
		return nil
	})
	return claim, err
}

// KeepMedia renews the lease; ErrLeaseLost when it is somebody else's now.
func (a *App) KeepMedia(ctx context.Context, actor Actor, c Claim) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	n, err := a.db.ExtendLease(ctx, db.ExtendLeaseParams{ID: c.Media.ID, Attempts: c.Media.Attempts, LeaseSeconds: LeaseTime.Seconds()})
	if err != nil {
		return fmt.Errorf("renew the lease on media %s: %w", c.Media.ID, err)
	}
	if n == 0 {
		return ErrLeaseLost
	}
	return nil
}

// ReleaseMedia gives an item back unprocessed, to be tried again. Where the
// file itself was the cause (its decoder died, it took too long), crashed
// counts it; after MaxCrashes the sweeper gives up on the item.
func (a *App) ReleaseMedia(ctx context.Context, actor Actor, c Claim, crashed bool) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	count := int32(0)
	if crashed {
		count = 1
	}
	n, err := a.db.ReleaseMedia(ctx, db.ReleaseMediaParams{ID: c.Media.ID, Attempts: c.Media.Attempts, Crashed: count})
	if err != nil {
		return fmt.Errorf("release media %s: %w", c.Media.ID, err)
	}
	if n == 0 {
		return ErrLeaseLost
	}
	return nil
}

// LastTry reports whether one more crash would make the item fail.
func (c Claim) LastTry() bool { return int(c.Media.Crashes)+1 >= MaxCrashes }

// FinishMedia stores what processing made and ends the attempt: ready, or
// failed when there is a Failure. A failed item keeps the metadata that could
// be read and the pictures that it had. ErrLeaseLost means nothing was written.
func (a *App) FinishMedia(ctx context.Context, actor Actor, c Claim, o Outcome) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	pictures, err := a.storePictures(ctx, o.Still)
	if err != nil {
		return err
	}
	id := c.Media.ID
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		// First of all locks, since adding a model takes them in this order, too.
		if err := q.ShareModels(ctx, modelsLock); err != nil {
			return fmt.Errorf("keep the set of models: %w", err)
		}
		_, err := q.LockClaimed(ctx, db.LockClaimedParams{ID: id, Attempts: c.Media.Attempts})
		if db.IsNotFound(err) {
			return ErrLeaseLost
		}
		if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		for _, p := range pictures {
			if err := linkPicture(ctx, q, id, p); err != nil {
				return err
			}
		}
		if err := q.FinishMedia(ctx, finishParams(c.Media, o)); err != nil {
			return fmt.Errorf("finish media %s: %w", id, err)
		}
		if o.Failure == nil {
			if err := q.AddEmbeddings(ctx, id); err != nil {
				return fmt.Errorf("ask for the embedding of media %s: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	kind := EventReady
	if o.Failure != nil {
		kind = EventFailed
	}
	a.publish(ctx, Event{UserID: c.Media.OwnerID, MediaID: id, Kind: kind})
	return nil
}

// FailMedia ends the attempt without pictures or metadata.
func (a *App) FailMedia(ctx context.Context, actor Actor, c Claim, failure *media.ProcessError) error {
	return a.FinishMedia(ctx, actor, c, Outcome{Failure: failure})
}

// RetryMedia starts the processing of a failed item anew. CodeConflict when it
// has not failed.
func (a *App) RetryMedia(ctx context.Context, actor Actor, id uuid.UUID) error {
	item, _, err := a.authorizeMedia(ctx, actor, RetryMedia, id)
	if err != nil {
		return err
	}
	n, err := a.db.RetryMedia(ctx, id)
	if err != nil {
		return fmt.Errorf("retry media %s: %w", id, err)
	}
	if n == 0 {
		return &Error{Code: CodeConflict, Key: "error.not_failed"}
	}
	a.enqueueProcessing(ctx, id)
	a.publish(ctx, Event{UserID: item.OwnerID, MediaID: id, Kind: EventChanged})
	return nil
}

// enqueueProcessing asks for an item to be processed. Where the queue cannot
// be reached the sweeper finds the row, so that is no failure of the caller's.
func (a *App) enqueueProcessing(ctx context.Context, id uuid.UUID) {
	if err := a.jobs.Enqueue(ctx, jobs.ProcessMedia{MediaID: id.String()}); err != nil {
		a.log.WarnContext(ctx, "could not enqueue processing; the sweeper will", "media", id, "error", err)
	}
}
