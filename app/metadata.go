package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/media"
)

// errSame ends a transaction that would change nothing.
var errSame = errors.New("nothing has changed")

// FinishedItems returns up to verifyBatch items that wait for no worker, ready
// or failed, in the order of their ids; those after the given one, and of one
// owner when owner is not nil. Only the system may. The claims hold no lease:
// they name the attempt that RefreshMetadata must still find.
func (a *App) FinishedItems(ctx context.Context, actor Actor, after uuid.UUID, owner *uuid.UUID) ([]Claim, error) {
	if err := actor.allowSystem(); err != nil {
		return nil, err
	}
	rows, err := a.db.FinishedAfter(ctx, db.FinishedAfterParams{After: after, OwnerID: owner, N: verifyBatch})
	if err != nil {
		return nil, fmt.Errorf("list the finished items: %w", err)
	}
	claims := make([]Claim, len(rows))
	for i, row := range rows {
		claims[i] = Claim{Media: row.Media, Original: row.MediaFile}
	}
	return claims, nil
}

// CountFinished counts what FinishedItems pages through.
func (a *App) CountFinished(ctx context.Context, actor Actor, owner *uuid.UUID) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	n, err := a.db.CountFinished(ctx, owner)
	if err != nil {
		return 0, fmt.Errorf("count the finished items: %w", err)
	}
	return int(n), nil
}

// RefreshMetadata stores metadata that was read anew from the original of a
// finished item. Pictures, state and what people edited stay. It reports
// whether anything changed. ErrLeaseLost means nothing was written: a worker
// has the item or had it since, and reads the metadata itself.
func (a *App) RefreshMetadata(ctx context.Context, actor Actor, c Claim, m media.Metadata) (changed bool, err error) {
	if err := actor.allowSystem(); err != nil {
		return false, err
	}
	id := c.Media.ID
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		was, err := q.LockFinished(ctx, db.LockFinishedParams{ID: id, Attempts: c.Media.Attempts})
		if db.IsNotFound(err) {
			return ErrLeaseLost
		}
		if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		p := finishParams(was, Outcome{Metadata: &m})
		p.Status, p.ErrorCode, p.Error = was.Status, was.ErrorCode, was.Error
		if len(was.Thumbhash) > 0 { // the pictures know the size better
			p.Width, p.Height = was.Width, was.Height
		}
		if err := q.FinishMedia(ctx, p); err != nil {
			return fmt.Errorf("store the metadata of media %s: %w", id, err)
		}
		is, err := q.MediaByID(ctx, id)
		if err != nil {
			return fmt.Errorf("load media %s: %w", id, err)
		}
		was.UpdatedAt = is.UpdatedAt
		if reflect.DeepEqual(was, is) {
			return errSame
		}
		return nil
	})
	if errors.Is(err, errSame) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a.publish(ctx, Event{UserID: c.Media.OwnerID, MediaID: id, Kind: EventChanged})
	return true, nil
}
