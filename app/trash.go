package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// TrashDays is how long an item stays in the trash before it is purged.
const TrashDays = 30

// purgeBatch bounds how many items one round of deletion loads.
const purgeBatch = 500

// EmptyTrash deletes for ever everything in the actor's trash and returns how
// many items that were.
func (a *App) EmptyTrash(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allow(ChangeOwn); err != nil {
		return 0, err
	}
	return a.deleteAll(ctx, func() ([]uuid.UUID, error) {
		return a.db.TrashOf(ctx, db.TrashOfParams{OwnerID: actor.UserID(), N: purgeBatch})
	}, actor)
}

// PurgeTrash deletes for ever what has lain in any trash for TrashDays; the
// scheduler calls it. Only the system may.
func (a *App) PurgeTrash(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	before := a.now().Add(-TrashDays * 24 * time.Hour)
	return a.deleteAll(ctx, func() ([]uuid.UUID, error) {
		return a.db.TrashedBefore(ctx, db.TrashedBeforeParams{Before: before, N: purgeBatch})
	}, actor)
}

// deleteAll deletes what next lists until it lists nothing. Somebody may
// restore or delete an item in between: that one is passed over.
func (a *App) deleteAll(ctx context.Context, next func() ([]uuid.UUID, error), actor Actor) (int, error) {
	deleted := 0
	for {
		ids, err := next()
		if err != nil {
			return deleted, fmt.Errorf("list the trash: %w", err)
		}
		if len(ids) == 0 {
			return deleted, nil
		}
		for _, id := range ids {
			err := a.DeleteMedia(ctx, actor, id)
			switch CodeOf(err) {
			case CodeNotFound, CodeConflict:
				continue
			}
			if err != nil {
				return deleted, err
			}
			deleted++
		}
	}
}
