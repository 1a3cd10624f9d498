package app

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const auditAlbumArrange AuditAction = "album.arrange"

// placeGap is the room between two items that have been placed: about twenty
// can be put into the same gap before all are numbered anew.
const placeGap = 1 << 20

// Step says where an item goes in an album's order by hand.
type Step string

// The steps. The zero value takes Arrange.Before.
const (
	StepBefore  Step = ""
	StepEarlier Step = "earlier" // one place
	StepLater   Step = "later"
	StepFirst   Step = "first"
	StepLast    Step = "last"
)

// Arrange moves one item within an album that is ordered by hand.
type Arrange struct {
	Item   uuid.UUID
	Step   Step
	Before uuid.UUID // with StepBefore: the item that is to follow
}

// ArrangeAlbum moves an item to another place in its album's order.
// CodeConflict where the album is not ordered by hand, CodeInvalid for a step
// that there is not, CodeNotFound for items that are not listed in the album.
func (a *App) ArrangeAlbum(ctx context.Context, actor Actor, id uuid.UUID, r Arrange) error {
	if _, _, err := a.authorizeAlbum(ctx, actor, EditAlbum, id); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockAlbum(ctx, id); err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("lock album %s: %w", id, err)
		}
		album, _, err := authorizeAlbum(ctx, q, actor, EditAlbum, id)
		if err != nil {
			return err
		}
		if album.Sort != db.AlbumSortManual {
			return &Error{Code: CodeConflict, Key: "error.album_not_manual"}
		}
		moved, err := itemIn(ctx, q, id, r.Item)
		if err != nil {
			return err
		}
		if done, err := place(ctx, q, album, moved, r); err != nil || done {
			return a.arranged(ctx, q, actor, album, moved, err)
		}
		// There is no room: make some, and look again.
		if err := q.PlaceAlbumItems(ctx, db.PlaceAlbumItemsParams{AlbumID: id, Gap: placeGap}); err != nil {
			return fmt.Errorf("number the items of album %s anew: %w", id, err)
		}
		if moved, err = itemIn(ctx, q, id, r.Item); err != nil {
			return err
		}
		_, err = place(ctx, q, album, moved, r)
		return a.arranged(ctx, q, actor, album, moved, err)
	})
}

func (a *App) arranged(ctx context.Context, q *db.Queries, actor Actor, album db.Album, moved db.Media, err error) error {
	if err != nil {
		return err
	}
	return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumArrange, Kind: "album", Object: album.ID,
		Detail: map[string]any{"title": album.Title, "filename": moved.Filename}})
}

// itemIn loads an item that is listed in the album.
func itemIn(ctx context.Context, q *db.Queries, album, id uuid.UUID) (db.Media, error) {
	m, err := q.MediaByID(ctx, id)
	if db.IsNotFound(err) || err == nil && (idOrNil(m.AlbumID) != album || !m.Listed || m.Withheld != nil) {
		return m, NotFound("photo")
	}
	if err != nil {
		return m, fmt.Errorf("load media %s: %w", id, err)
	}
	return m, nil
}

// place puts the item where r says, if there is room between its new neighbours.
func place(ctx context.Context, q *db.Queries, album db.Album, moved db.Media, r Arrange) (bool, error) {
	before := func(position int64, id uuid.UUID, n int32) ([]db.PlacesBeforeRow, error) {
		rows, err := q.PlacesBefore(ctx, db.PlacesBeforeParams{AlbumID: album.ID, Moved: moved.ID, Position: position, ID: id, N: n})
		if err != nil {
			return nil, fmt.Errorf("look for the items before: %w", err)
		}
		return rows, nil
	}
	after := func(position int64, id uuid.UUID, n int32) ([]db.PlacesAfterRow, error) {
		rows, err := q.PlacesAfter(ctx, db.PlacesAfterParams{AlbumID: album.ID, Moved: moved.ID, Position: position, ID: id, N: n})
		if err != nil {
			return nil, fmt.Errorf("look for the items after: %w", err)
		}
		return rows, nil
	}
	// The item that is to follow; behind all others where there is none.
	next := db.PlacesAfterRow{ID: uuid.Max, AlbumPosition: 0}
	switch r.Step {
	case StepBefore:
		m, err := itemIn(ctx, q, album.ID, r.Before)
		if err != nil {
			return false, err
		}
		if m.ID == moved.ID {
			return true, nil
		}
		next = db.PlacesAfterRow{ID: m.ID, AlbumPosition: m.AlbumPosition}
	case StepEarlier:
		rows, err := before(moved.AlbumPosition, moved.ID, 1)
		if err != nil || len(rows) == 0 {
			return true, err
		}
		next = db.PlacesAfterRow(rows[0])
	case StepLater:
		rows, err := after(moved.AlbumPosition, moved.ID, 2)
		if err != nil || len(rows) == 0 {
			return true, err
		}
		if len(rows) == 2 {
			next = rows[1]
		}
	case StepFirst:
		rows, err := after(math.MinInt64, uuid.Nil, 1)
		if err != nil || len(rows) == 0 {
			return true, err
		}
		next = rows[0]
	case StepLast:
	default:
		return false, Invalid("step", "error.field.step")
	}
	previous, err := before(next.AlbumPosition, next.ID, 1)
	if err != nil {
		return false, err
	}
	low := next.AlbumPosition - 2*placeGap
	if len(previous) > 0 {
		low = previous[0].AlbumPosition
	}
	if next.AlbumPosition-low < 2 {
		return false, nil
	}
	err = q.PlaceItem(ctx, db.PlaceItemParams{ID: moved.ID, Position: low + (next.AlbumPosition-low)/2})
	if err != nil {
		return false, fmt.Errorf("place %s: %w", moved.ID, err)
	}
	return true, nil
}
