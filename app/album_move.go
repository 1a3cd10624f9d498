package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const auditAlbumMove AuditAction = "album.move"

// MoveAlbum puts an album, with all below it, below another one, or to the top
// where parent is nil. It needs the right to edit the new parent, whose owner
// and admins become admins of what comes below it. CodeInvalid where that would
// make a circle or lie too deep.
func (a *App) MoveAlbum(ctx context.Context, actor Actor, id uuid.UUID, parent *uuid.UUID) error {
	if _, _, err := a.authorizeAlbum(ctx, actor, MoveAlbum, id); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockAlbumTree(ctx); err != nil {
			return fmt.Errorf("lock the albums: %w", err)
		}
		album, _, err := authorizeAlbum(ctx, q, actor, MoveAlbum, id)
		if err != nil {
			return err
		}
		if idOrNil(parent) == idOrNil(album.ParentID) {
			return nil
		}
		detail := map[string]any{"title": album.Title}
		if album.ParentID != nil {
			was, err := q.LockAlbum(ctx, *album.ParentID)
			if err != nil {
				return fmt.Errorf("load the album above: %w", err)
			}
			detail["before"] = was.Title
		}
		if parent != nil {
			to, err := a.movesBelow(ctx, q, actor, id, *parent)
			if err != nil {
				return err
			}
			detail["after"] = to.Title
		}
		if err := q.SetAlbumParent(ctx, db.SetAlbumParentParams{ID: id, ParentID: parent, Now: a.now()}); err != nil {
			return fmt.Errorf("move album %s: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumMove, Kind: "album", Object: id, Detail: detail})
	})
}

// movesBelow checks that the album and all below it may come below parent.
func (a *App) movesBelow(ctx context.Context, q *db.Queries, actor Actor, id, parent uuid.UUID) (db.Album, error) {
	tree, err := q.AlbumsFrom(ctx, id)
	if err != nil {
		return db.Album{}, fmt.Errorf("load the albums below %s: %w", id, err)
	}
	levels := 0
	for _, r := range tree {
		levels = max(levels, int(r.Depth))
		if r.ID == parent {
			return db.Album{}, Invalid("parent_id", "error.field.album_circle")
		}
	}
	return a.parentFor(ctx, q, actor, parent, levels)
}
