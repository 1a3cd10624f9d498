package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Fields of an item that an operation may change.
const (
	fieldTitle       = "title"
	fieldDescription = "description"
	fieldRating      = "rating"
	fieldArchived    = "archived"
	fieldFavourite   = "favourite"
	fieldTrashed     = "trashed"
	fieldAlbum       = "album" // its id; "" for none
)

// undoFor is how long an operation can be undone.
const undoFor = 30 * 24 * time.Hour

// undoWalk is how much older the act before may be that undoing goes on to.
const undoWalk = time.Hour

// Receipt says what was done, so that the page can offer to undo it.
type Receipt struct {
	OperationID uuid.UUID // zero when nothing changed
	Kind        string    // edit, favourite, unfavourite, trash, restore, move or remove
	Count       int       // items changed
}

// change is one field of one item, before and after.
type change struct {
	field         string
	before, after any
}

// change runs decide on the locked item, writes what it returns and records it
// as one operation, all in one transaction.
func (a *App) change(ctx context.Context, actor Actor, kind string, id uuid.UUID,
	decide func(*db.Queries, db.Media) ([]change, error)) (Receipt, error) {
	var receipt Receipt
	var owner uuid.UUID
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		receipt = Receipt{Kind: kind}
		m, err := q.LockMedia(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("photo")
		}
		if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		owner = m.OwnerID
		changes, err := decide(q, m)
		if err != nil || len(changes) == 0 {
			return err
		}
		if len(changes) == 1 && changes[0].field == fieldFavourite {
			receipt.Kind = map[any]string{true: "favourite", false: "unfavourite"}[changes[0].after]
		}
		receipt.OperationID, receipt.Count = newID(), 1
		if err := q.CreateOperation(ctx, db.CreateOperationParams{ID: receipt.OperationID, UserID: actor.UserID(), Kind: receipt.Kind}); err != nil {
			return fmt.Errorf("record the operation: %w", err)
		}
		for _, c := range changes {
			if err := a.record(ctx, q, receipt.OperationID, id, c); err != nil {
				return err
			}
			if err := a.apply(ctx, q, actor, id, c.field, c.after); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && receipt.OperationID != uuid.Nil {
		a.publish(ctx, Event{UserID: owner, MediaID: id, Kind: EventChanged})
	}
	return receipt, err
}

func (a *App) record(ctx context.Context, q *db.Queries, operation, media uuid.UUID, c change) error {
	before, err := json.Marshal(c.before)
	if err != nil {
		return fmt.Errorf("record %s before: %w", c.field, err)
	}
	after, err := json.Marshal(c.after)
	if err != nil {
		return fmt.Errorf("record %s after: %w", c.field, err)
	}
	err = q.CreateOperationItem(ctx, db.CreateOperationItemParams{
		OperationID: operation, MediaID: media, Field: c.field, Before: before, After: after,
	})
	if err != nil {
		return fmt.Errorf("record the change of %s: %w", c.field, err)
	}
	return nil
}

// apply writes one field of a locked item; value has the field's type.
func (a *App) apply(ctx context.Context, q *db.Queries, actor Actor, id uuid.UUID, field string, value any) error {
	var err error
	switch field {
	case fieldTitle:
		err = q.SetMediaTitle(ctx, db.SetMediaTitleParams{ID: id, Title: value.(string)})
	case fieldDescription:
		err = q.SetMediaDescription(ctx, db.SetMediaDescriptionParams{ID: id, Description: value.(string)})
	case fieldRating:
		err = q.SetMediaRating(ctx, db.SetMediaRatingParams{ID: id, Rating: int16(value.(int))})
	case fieldArchived:
		err = q.SetMediaArchived(ctx, db.SetMediaArchivedParams{ID: id, ArchivedAt: a.since(value.(bool))})
	case fieldTrashed:
		err = q.SetMediaTrashed(ctx, db.SetMediaTrashedParams{ID: id, TrashedAt: a.since(value.(bool))})
	case fieldFavourite:
		if value.(bool) {
			err = q.AddFavourite(ctx, db.AddFavouriteParams{UserID: actor.UserID(), MediaID: id})
		} else {
			err = q.RemoveFavourite(ctx, db.RemoveFavouriteParams{UserID: actor.UserID(), MediaID: id})
		}
	case fieldAlbum:
		err = setAlbum(ctx, q, id, value.(string))
	default:
		err = fmt.Errorf("unknown field %q", field)
	}
	if err != nil {
		return fmt.Errorf("set %s of %s: %w", field, id, err)
	}
	return nil
}

func (a *App) since(on bool) *time.Time {
	if !on {
		return nil
	}
	now := a.now()
	return &now
}

// current reads one field of a locked item, in the type that apply takes.
func (a *App) current(ctx context.Context, q *db.Queries, actor Actor, m db.Media, field string) (any, error) {
	switch field {
	case fieldTitle:
		return m.Title, nil
	case fieldDescription:
		return m.Description, nil
	case fieldRating:
		return int(m.Rating), nil
	case fieldArchived:
		return m.ArchivedAt != nil, nil
	case fieldTrashed:
		return m.TrashedAt != nil, nil
	case fieldFavourite:
		is, err := q.IsFavourite(ctx, db.IsFavouriteParams{UserID: actor.UserID(), MediaID: m.ID})
		if err != nil {
			return nil, fmt.Errorf("load the favourite mark of %s: %w", m.ID, err)
		}
		return is, nil
	case fieldAlbum:
		return homeOf(m), nil
	}
	return nil, fmt.Errorf("unknown field %q", field)
}
