package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// What the audit log calls acts on albums.
const (
	auditAlbumCreate     AuditAction = "album.create"
	auditAlbumEdit       AuditAction = "album.edit"
	auditAlbumVisibility AuditAction = "album.visibility"
)

// NewAlbum is an album to be made.
type NewAlbum struct {
	Title       string
	Description string
	CategoryID  *uuid.UUID         // nil: in none
	ParentID    *uuid.UUID         // nil: at the top
	Visibility  db.AlbumVisibility // empty: private
	Sort        db.AlbumSort       // empty: newest first
}

// CreateAlbum makes an album of the actor's own. Below another album it needs
// the right to edit that one; anything but a private album needs the scope
// share. CodeInvalid with the fields that break a rule.
func (a *App) CreateAlbum(ctx context.Context, actor Actor, n NewAlbum) (Album, error) {
	if err := actor.allow(CreateAlbum); err != nil {
		return Album{}, err
	}
	if !actor.SignedIn() { // the system owns no albums
		return Album{}, Unauthenticated()
	}
	if n.Visibility == "" {
		n.Visibility = db.AlbumVisibilityPrivate
	}
	if n.Sort == "" {
		n.Sort = db.AlbumSortNewest
	}
	if n.Visibility != db.AlbumVisibilityPrivate {
		if err := actor.allowOn(ShareAlbum, "album", RoleOwner, false); err != nil {
			return Album{}, err
		}
	}
	fields := map[string]string{}
	albumText(&n.Title, "title", maxAlbumTitle, true, fields)
	albumText(&n.Description, "description", maxDescription, false, fields)
	albumChoice(&n.Sort, &n.Visibility, fields)
	if err := invalidFields(fields); err != nil {
		return Album{}, err
	}
	if err := a.mayBePublic(ctx, n.Visibility, db.AlbumVisibilityPrivate); err != nil {
		return Album{}, err
	}
	id := newID()
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := categoryExists(ctx, q, n.CategoryID); err != nil {
			return err
		}
		detail := map[string]any{"title": n.Title, "visibility": n.Visibility}
		if n.ParentID != nil {
			parent, err := a.parentFor(ctx, q, actor, *n.ParentID, 1)
			if err != nil {
				return err
			}
			detail["below"] = parent.Title
		}
		err := q.CreateAlbum(ctx, db.CreateAlbumParams{
			ID: id, OwnerID: actor.UserID(), ParentID: n.ParentID, Title: n.Title, Description: n.Description,
			CategoryID: n.CategoryID, Visibility: n.Visibility, Sort: n.Sort, Now: a.now(),
		})
		if err != nil {
			return fmt.Errorf("create an album: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumCreate, Kind: "album", Object: id, Detail: detail})
	})
	if err != nil {
		return Album{}, err
	}
	cards, err := a.albumCards(ctx, actor, []uuid.UUID{id})
	if err != nil || len(cards) == 0 {
		return Album{}, fmt.Errorf("load the new album %s: %w", id, err)
	}
	return cards[0], nil
}

// parentFor checks that albums of so many levels may come below the album, and
// keeps the tree still until the transaction ends.
func (a *App) parentFor(ctx context.Context, q *db.Queries, actor Actor, id uuid.UUID, levels int) (db.Album, error) {
	if err := q.LockAlbumTree(ctx); err != nil {
		return db.Album{}, fmt.Errorf("lock the albums: %w", err)
	}
	parent, _, err := authorizeAlbum(ctx, q, actor, EditAlbum, id)
	if err != nil {
		return db.Album{}, err
	}
	above, err := q.AlbumDepth(ctx, id)
	if err != nil {
		return db.Album{}, fmt.Errorf("count the albums above %s: %w", id, err)
	}
	if int(above)+levels > maxAlbumDepth {
		return db.Album{}, Invalid("parent_id", "error.field.album_depth")
	}
	return parent, nil
}
