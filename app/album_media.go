package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// What the audit log calls it when an item changes its album.
const (
	auditMediaMove   AuditAction = "media.move"
	auditMediaRemove AuditAction = "media.remove"
)

// MoveMedia gives an item another home album, one that the actor may add to;
// or none, where album is nil. Only its owner may. The receipt can undo it.
func (a *App) MoveMedia(ctx context.Context, actor Actor, id uuid.UUID, album *uuid.UUID) (Receipt, error) {
	if _, _, err := a.authorizeMedia(ctx, actor, MoveMedia, id); err != nil {
		return Receipt{}, err
	}
	var target db.Album
	if album != nil {
		var err error
		if target, _, err = a.authorizeAlbum(ctx, actor, AddToAlbum, *album); err != nil {
			return Receipt{}, err
		}
	}
	to := ""
	if album != nil {
		to = album.String()
	}
	return a.change(ctx, actor, "move", id, func(q *db.Queries, m db.Media) ([]change, error) {
		from := homeOf(m)
		if from == to {
			return nil, nil
		}
		err := a.audit(ctx, q, actor, auditEvent{Action: auditMediaMove, Kind: "media", Object: id, Detail: map[string]any{
			"filename": m.Filename, "before": from, "after": to, "album": target.Title,
		}})
		return []change{{fieldAlbum, from, to}}, err
	})
}

// RemoveFromAlbum takes an item out of its album; it stays its owner's. The
// owner may, who gets a receipt that can undo it, and the album's admins, who
// have no way to bring it back. An item in no album is left as it is.
func (a *App) RemoveFromAlbum(ctx context.Context, actor Actor, id uuid.UUID) (Receipt, error) {
	m, role, err := a.authorizeMedia(ctx, actor, RemoveMedia, id)
	if err != nil {
		return Receipt{}, err
	}
	if role == RoleOwner {
		return a.MoveMedia(ctx, actor, id, nil)
	}
	r := Receipt{Kind: "remove"}
	album := idOrNil(m.AlbumID)
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		r.Count = 0
		m, err := q.LockMedia(ctx, id)
		if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		if _, _, err := authorizeMedia(ctx, q, actor, RemoveMedia, id); err != nil {
			return err // it was taken out, or moved where the actor is nobody
		}
		if idOrNil(m.AlbumID) != album {
			return &Error{Code: CodeConflict, Key: "error.changed_meanwhile"}
		}
		if err := setAlbum(ctx, q, id, ""); err != nil {
			return err
		}
		r.Count = 1
		return a.audit(ctx, q, actor, auditEvent{Action: auditMediaRemove, Kind: "media", Object: id, Subject: m.OwnerID,
			Detail: map[string]any{"filename": m.Filename, "before": album.String()}})
	})
	if err != nil {
		return Receipt{}, err
	}
	a.publish(ctx, Event{UserID: m.OwnerID, MediaID: id, Kind: EventChanged})
	return r, nil
}

// homeOf is the id of an item's album as operations record it; "" for none.
func homeOf(m db.Media) string {
	if m.AlbumID == nil {
		return ""
	}
	return m.AlbumID.String()
}

// setAlbum writes what homeOf reads. In its new album the item has no place in
// the order by hand yet.
func setAlbum(ctx context.Context, q *db.Queries, id uuid.UUID, home string) error {
	var album *uuid.UUID
	if home != "" {
		parsed, err := uuid.Parse(home)
		if err != nil {
			return fmt.Errorf("read the id of an album: %w", err)
		}
		album = &parsed
	}
	if err := q.SetMediaAlbum(ctx, db.SetMediaAlbumParams{ID: id, AlbumID: album}); err != nil {
		return fmt.Errorf("move %s to another album: %w", id, err)
	}
	return nil
}

// mayGoBack reports whether the actor may (still) add to the album from which
// an undone act took an item.
func mayGoBack(ctx context.Context, q *db.Queries, actor Actor, home any) (bool, error) {
	if home == "" {
		return true, nil
	}
	id, err := uuid.Parse(fmt.Sprint(home))
	if err != nil {
		return false, fmt.Errorf("read the id of an album: %w", err)
	}
	_, _, err = authorizeAlbum(ctx, q, actor, AddToAlbum, id)
	if CodeOf(err) == CodeInternal && err != nil {
		return false, err
	}
	return err == nil, nil
}
