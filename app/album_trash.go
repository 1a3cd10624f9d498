package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// What the audit log calls the ways into the trash and out of it.
const (
	auditAlbumTrash   AuditAction = "album.trash"
	auditAlbumRestore AuditAction = "album.restore"
	auditAlbumDelete  AuditAction = "album.delete"
)

// maxTrashedAlbums is how many entries the trash lists.
const maxTrashedAlbums = 200

// TrashedAlbums returns the actor's albums in the trash, last thrown away
// first; what was thrown away together is one entry.
func (a *App) TrashedAlbums(ctx context.Context, actor Actor) ([]Album, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	ids, err := a.db.TrashedAlbumIDs(ctx, db.TrashedAlbumIDsParams{OwnerID: actor.UserID(), N: maxTrashedAlbums})
	if err != nil {
		return nil, fmt.Errorf("list the albums in the trash: %w", err)
	}
	return a.albumCards(ctx, actor, ids)
}

// TrashAlbum puts an album with all below it into the trash, where only their
// owners see them. The photos stay where they are, and their owners'. Trashing
// what lies there already changes nothing.
func (a *App) TrashAlbum(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.inAlbumTree(ctx, actor, TrashAlbum, id, func(q *db.Queries, album db.Album, tree []db.AlbumsFromRow) error {
		if album.TrashedAt != nil {
			return nil
		}
		var ids []uuid.UUID
		for _, r := range tree {
			if r.TrashedAt == nil {
				ids = append(ids, r.ID)
			}
		}
		if err := q.TrashAlbumTree(ctx, db.TrashAlbumTreeParams{Ids: ids, TrashID: id, Now: a.now()}); err != nil {
			return fmt.Errorf("move album %s to the trash: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumTrash, Kind: "album", Object: id,
			Detail: map[string]any{"title": album.Title, "albums": len(ids)}})
	})
}

// RestoreAlbum takes an album out of the trash, with those below it that went
// there together with it. Where the album above it is (still) there, it comes
// back at the top. Restoring what is not in the trash changes nothing.
func (a *App) RestoreAlbum(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.inAlbumTree(ctx, actor, TrashAlbum, id, func(q *db.Queries, album db.Album, tree []db.AlbumsFromRow) error {
		if album.TrashedAt == nil {
			return nil
		}
		var ids []uuid.UUID
		for _, r := range tree {
			if r.TrashedAt != nil && (r.ID == id || idOrNil(r.TrashID) == idOrNil(album.TrashID)) {
				ids = append(ids, r.ID)
			}
		}
		if album.ParentID != nil {
			above, err := q.LockAlbum(ctx, *album.ParentID)
			if err != nil {
				return fmt.Errorf("load the album above: %w", err)
			}
			if above.TrashedAt != nil {
				if err := q.SetAlbumParent(ctx, db.SetAlbumParentParams{ID: id, Now: a.now()}); err != nil {
					return fmt.Errorf("move album %s to the top: %w", id, err)
				}
			}
		}
		if err := q.RestoreAlbums(ctx, db.RestoreAlbumsParams{Ids: ids, Now: a.now()}); err != nil {
			return fmt.Errorf("restore album %s: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumRestore, Kind: "album", Object: id,
			Detail: map[string]any{"title": album.Title, "albums": len(ids)}})
	})
}

// DeleteAlbum deletes an album from the trash for ever, with those of the
// actor's own below it that went there together with it; others' stay there.
// Photos stay their owners', in no album. CodeConflict when it does not lie in
// the trash.
func (a *App) DeleteAlbum(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.inAlbumTree(ctx, actor, DeleteAlbum, id, func(q *db.Queries, album db.Album, tree []db.AlbumsFromRow) error {
		if album.TrashedAt == nil {
			return &Error{Code: CodeConflict, Key: "error.not_in_trash"}
		}
		var ids []uuid.UUID
		for _, r := range tree {
			if r.ID == id || r.TrashedAt != nil && r.OwnerID == album.OwnerID && idOrNil(r.TrashID) == idOrNil(album.TrashID) {
				ids = append(ids, r.ID)
			}
		}
		if err := q.DeleteAlbumRows(ctx, ids); err != nil {
			return fmt.Errorf("delete album %s: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumDelete, Kind: "album", Object: id,
			Detail: map[string]any{"title": album.Title, "albums": len(ids)}})
	})
}

// inAlbumTree runs do on an album on which the actor may do the action, and
// all below it, locked.
func (a *App) inAlbumTree(ctx context.Context, actor Actor, action Action, id uuid.UUID,
	do func(*db.Queries, db.Album, []db.AlbumsFromRow) error) error {
	if _, _, err := a.authorizeAlbum(ctx, actor, action, id); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockAlbumTree(ctx); err != nil {
			return fmt.Errorf("lock the albums: %w", err)
		}
		tree, err := q.AlbumsFrom(ctx, id)
		if err != nil {
			return fmt.Errorf("load the albums below %s: %w", id, err)
		}
		ids := make([]uuid.UUID, len(tree))
		for i, r := range tree {
			ids[i] = r.ID
		}
		if err := q.LockAlbums(ctx, ids); err != nil {
			return fmt.Errorf("lock %d albums: %w", len(ids), err)
		}
		album, _, err := authorizeAlbum(ctx, q, actor, action, id)
		if err != nil {
			return err
		}
		return do(q, album, tree)
	})
}

// PurgeAlbums deletes for ever the albums that have lain in the trash for as
// long as the site keeps it; the scheduler calls it. Only the system may.
func (a *App) PurgeAlbums(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	s, err := a.siteSettings(ctx)
	if err != nil {
		return 0, err
	}
	before, deleted := a.now().Add(-time.Duration(s.TrashDays)*24*time.Hour), 0
	for {
		n := 0
		err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			rows, err := q.LockAlbumsTrashedBefore(ctx, db.LockAlbumsTrashedBeforeParams{Before: before, N: purgeBatch})
			if err != nil {
				return fmt.Errorf("list the albums in the trash: %w", err)
			}
			ids := make([]uuid.UUID, len(rows))
			for i, r := range rows {
				ids[i] = r.ID
				if err := a.audit(ctx, q, actor, auditEvent{Action: auditAlbumDelete, Kind: "album", Object: r.ID, Subject: r.OwnerID,
					Detail: map[string]any{"title": r.Title}}); err != nil {
					return err
				}
			}
			n = len(ids)
			return q.DeleteAlbumRows(ctx, ids)
		})
		if err != nil {
			return deleted, fmt.Errorf("purge the albums in the trash: %w", err)
		}
		if deleted += n; n < purgeBatch {
			return deleted, nil
		}
	}
}
