package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Undone says what undoing an operation did.
type Undone struct {
	Restored int // fields put back as they were
	Skipped  int // fields left alone: changed again since, or the item is gone
	// Before is the actor's last act before this one that can be undone as
	// well; zero when there is none of the hour before.
	Before uuid.UUID
}

// Undo puts back what one of the actor's own operations changed. A field that
// was changed again since is left alone and counted as skipped. CodeNotFound
// for an operation that is somebody else's, too old or undone before.
func (a *App) Undo(ctx context.Context, actor Actor, operation uuid.UUID) (Undone, error) {
	if err := actor.allow(ChangeOwn); err != nil {
		return Undone{}, err
	}
	var undone Undone
	var events []Event
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		undone, events = Undone{}, nil
		op, err := q.LockOperation(ctx, db.LockOperationParams{ID: operation, UserID: actor.UserID()})
		if db.IsNotFound(err) {
			return NotFound("action")
		}
		if err != nil {
			return fmt.Errorf("load operation %s: %w", operation, err)
		}
		if op.UndoneAt != nil || a.now().Sub(op.CreatedAt) > undoFor {
			return NotFound("action")
		}
		items, err := q.OperationItems(ctx, operation)
		if err != nil {
			return fmt.Errorf("load the items of operation %s: %w", operation, err)
		}
		for _, item := range items {
			m, restored, err := a.undoItem(ctx, q, actor, item)
			if err != nil {
				return err
			}
			if !restored {
				undone.Skipped++
				continue
			}
			undone.Restored++
			events = append(events, Event{UserID: m.OwnerID, MediaID: m.ID, Kind: EventChanged})
		}
		if err := q.MarkOperationUndone(ctx, operation); err != nil {
			return fmt.Errorf("mark operation %s undone: %w", operation, err)
		}
		undone.Before, err = q.OperationBefore(ctx, db.OperationBeforeParams{
			UserID: actor.UserID(), CreatedAt: op.CreatedAt, ID: op.ID, WithinSeconds: undoWalk.Seconds(),
		})
		if err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("look for what was done before operation %s: %w", operation, err)
		}
		return nil
	})
	if err != nil {
		return Undone{}, err
	}
	for _, e := range events {
		a.publish(ctx, e)
	}
	return undone, nil
}

// undoItem restores one field when the actor may still change it and nothing
// newer has.
func (a *App) undoItem(ctx context.Context, q *db.Queries, actor Actor, item db.OperationItem) (db.Media, bool, error) {
	m, err := q.LockMedia(ctx, item.MediaID)
	if db.IsNotFound(err) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("lock media %s: %w", item.MediaID, err)
	}
	action := map[string]Action{
		fieldTrashed: TrashMedia, fieldArchived: TrashMedia, fieldFavourite: FavouriteMedia, fieldAlbum: MoveMedia,
	}[item.Field]
	if action == "" {
		action = EditMedia
	}
	if _, _, err := authorizeMedia(ctx, q, actor, action, m.ID); err != nil {
		if CodeOf(err) == CodeInternal {
			return m, false, err
		}
		return m, false, nil
	}
	now, err := a.current(ctx, q, actor, m, item.Field)
	if err != nil {
		return m, false, err
	}
	before, err := decodeLike(now, item.Before)
	if err != nil {
		return m, false, err
	}
	after, err := decodeLike(now, item.After)
	if err != nil {
		return m, false, err
	}
	if now != after {
		return m, false, nil
	}
	if item.Field == fieldAlbum {
		if ok, err := mayGoBack(ctx, q, actor, before); err != nil || !ok {
			return m, false, err
		}
	}
	return m, true, a.apply(ctx, q, actor, m.ID, item.Field, before)
}

// decodeLike reads JSON into a value of the same type as like.
func decodeLike(like any, raw []byte) (any, error) {
	var err error
	switch like.(type) {
	case string:
		var v string
		err = json.Unmarshal(raw, &v)
		return v, err
	case int:
		var v int
		err = json.Unmarshal(raw, &v)
		return v, err
	case bool:
		var v bool
		err = json.Unmarshal(raw, &v)
		return v, err
	}
	return nil, fmt.Errorf("a recorded value of type %T", like)
}
