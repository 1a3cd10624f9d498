package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// shownFailures is how many failed items the state of the site lists.
const shownFailures = 50

// SiteState is what an administrator learns about the collection: numbers, and
// what could not be processed, without a look into anybody's photos.
type SiteState struct {
	Users, Items, Unfinished, Failed int
	Bytes                            int64 // of all originals
	Failures                         []SiteFailure
}

// SiteFailure is an item that could not be processed.
type SiteFailure struct {
	ID       uuid.UUID
	Owner    string // e-mail address
	Filename string // only of the actor's own items
	Code     string // why; media.Code…
	Attempts int
	At       time.Time
}

// SiteState returns the state of the whole site, the latest failures first.
func (a *App) SiteState(ctx context.Context, actor Actor) (SiteState, error) {
	if err := actor.allow(ManageSite); err != nil {
		return SiteState{}, err
	}
	counts, err := a.db.SiteCounts(ctx)
	if err != nil {
		return SiteState{}, fmt.Errorf("count what the site holds: %w", err)
	}
	failed, err := a.db.FailedItems(ctx, shownFailures)
	if err != nil {
		return SiteState{}, fmt.Errorf("list the failed items: %w", err)
	}
	s := SiteState{
		Users: int(counts.Users), Items: int(counts.Items), Unfinished: int(counts.Unfinished),
		Failed: int(counts.Failed), Bytes: counts.Bytes,
	}
	for _, f := range failed {
		failure := SiteFailure{ID: f.ID, Owner: f.OwnerEmail, Code: f.ErrorCode, Attempts: int(f.Attempts), At: f.UpdatedAt}
		if f.OwnerID == actor.UserID() {
			failure.Filename = f.Filename
		}
		s.Failures = append(s.Failures, failure)
	}
	return s, nil
}

// RetryFailed starts the processing of one failed item of anybody's anew.
// CodeConflict when it has not failed (any more).
func (a *App) RetryFailed(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
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
	return nil
}

// RetryAllFailed starts the processing of every failed item anew and returns
// how many there were.
func (a *App) RetryAllFailed(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allow(ManageSite); err != nil {
		return 0, err
	}
	retried, last := 0, uuid.UUID{}
	for {
		ids, err := a.db.FailedIDs(ctx, db.FailedIDsParams{After: last, N: purgeBatch})
		if err != nil {
			return retried, fmt.Errorf("list the failed items: %w", err)
		}
		if len(ids) == 0 {
			return retried, nil
		}
		for _, id := range ids {
			last = id
			switch err := a.RetryFailed(ctx, actor, id); {
			case CodeOf(err) == CodeConflict: // somebody else was faster
			case err != nil:
				return retried, err
			default:
				retried++
			}
		}
	}
}
