package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const (
	// purgeBatch bounds how many items one transaction deletes.
	purgeBatch = 500
	// emptyFor is how long a person waits while the trash is emptied; the
	// workers delete the rest.
	emptyFor = 5 * time.Second
)

// Emptied says how far emptying the trash has come.
type Emptied struct {
	Deleted int
	Left    bool // the rest goes in the background
}

// EmptyTrash deletes for ever everything that lies in the actor's trash now.
// What it does not manage within seconds, the workers do.
func (a *App) EmptyTrash(ctx context.Context, actor Actor) (Emptied, error) {
	if err := actor.allow(ChangeOwn); err != nil {
		return Emptied{}, err
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		counts, err := q.OwnCounts(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("count what lies in the trash: %w", err)
		}
		if err := q.AddEmptyTrash(ctx, db.AddEmptyTrashParams{UserID: actor.UserID(), Asked: a.now()}); err != nil {
			return fmt.Errorf("note that the trash is to be emptied: %w", err)
		}
		if counts.Trashed == 0 {
			return nil
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "trash.empty", Kind: "trash", Detail: map[string]any{"items": counts.Trashed}})
	})
	if err != nil {
		return Emptied{}, err
	}
	e := Emptied{Left: true}
	for end := time.Now().Add(emptyFor); e.Left && time.Now().Before(end); {
		n, state, err := a.stepChore(ctx, actor.UserID(), choreEmptyTrash)
		if err != nil {
			return e, err
		}
		if state == choreBusy {
			break // a worker is at it
		}
		e.Deleted += n
		e.Left = state == choreGoesOn
	}
	return e, nil
}

// TrashState is what the page of the trash tells.
type TrashState struct {
	Days     int // how long an item stays before it is purged
	Items    int
	Emptying bool // the items go for ever, in the background
}

// TrashState returns how much lies in the actor's trash, and whether it is
// being emptied.
func (a *App) TrashState(ctx context.Context, actor Actor) (TrashState, error) {
	if err := actor.allow(ListOwn); err != nil {
		return TrashState{}, err
	}
	counts, err := a.db.OwnCounts(ctx, actor.UserID())
	if err != nil {
		return TrashState{}, fmt.Errorf("count one's own items: %w", err)
	}
	_, err = a.db.ChoreAsked(ctx, db.ChoreAskedParams{UserID: actor.UserID(), Kind: choreEmptyTrash})
	if err != nil && !db.IsNotFound(err) {
		return TrashState{}, fmt.Errorf("ask whether the trash is being emptied: %w", err)
	}
	settings, failed := a.siteSettings(ctx)
	return TrashState{Days: settings.TrashDays, Items: int(counts.Trashed), Emptying: err == nil}, failed
}

// emptyTrashStep deletes some of what lay in the trash when emptying it was
// asked for. What was restored meanwhile, or thrown away since, stays.
func (a *App) emptyTrashStep(ctx context.Context, q *db.Queries, c db.Chore) (int, bool, error) {
	ids, err := q.LockTrashOf(ctx, db.LockTrashOfParams{OwnerID: c.UserID, Asked: c.Asked, N: purgeBatch})
	if err != nil {
		return 0, false, fmt.Errorf("list the trash: %w", err)
	}
	return len(ids), len(ids) < purgeBatch, deleteItems(ctx, q, ids)
}

// PurgeTrash deletes for ever what has lain in any trash for as long as the
// settings of the site say; the scheduler calls it. Only the system may.
func (a *App) PurgeTrash(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	settings, err := a.siteSettings(ctx)
	if err != nil {
		return 0, err
	}
	before, deleted := a.now().AddDate(0, 0, -settings.TrashDays), 0
	for {
		var ids []uuid.UUID
		err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			var err error
			if ids, err = q.LockTrashedBefore(ctx, db.LockTrashedBeforeParams{Before: before, N: purgeBatch}); err != nil {
				return fmt.Errorf("list the trash: %w", err)
			}
			if err := deleteItems(ctx, q, ids); err != nil || len(ids) == 0 {
				return err
			}
			return a.audit(ctx, q, actor, auditEvent{Action: "trash.purge", Kind: "trash", Detail: map[string]any{"items": len(ids)}})
		})
		if err != nil {
			return deleted, err
		}
		if deleted += len(ids); len(ids) < purgeBatch {
			return deleted, nil
		}
	}
}
