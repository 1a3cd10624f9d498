package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// AlbumScope says which albums a list holds.
type AlbumScope string

// The scopes.
const (
	AlbumsAll    AlbumScope = ""       // all that the actor may see
	AlbumsMine   AlbumScope = "mine"   // the actor's own
	AlbumsShared AlbumScope = "shared" // others', of which the actor is a member by name or by group
	AlbumsOpen   AlbumScope = "open"   // others', which are open to all members or to everybody
)

// AlbumsQuery asks for one page of albums, by title.
type AlbumsQuery struct {
	Scope AlbumScope
	// Least is the role that the actor must have; zero: RoleViewer.
	Least Role
	// Tops leaves out albums that lie below another one that the actor may see.
	Tops     bool
	Parent   *uuid.UUID // only those right below this one
	Category *uuid.UUID
	Cursor   string
	Limit    int // 0: DefaultPageSize; at most MaxPageSize
}

// AlbumPage is one page of albums; Next is "" at the end.
type AlbumPage struct {
	Albums []Album
	Next   string
}

// Albums returns albums that the actor may see, the trash left out. An actor
// who is not signed in sees the public ones, or the one of its share link.
func (a *App) Albums(ctx context.Context, actor Actor, q AlbumsQuery) (AlbumPage, error) {
	if actor.SignedIn() {
		if err := actor.allow(ListOwn); err != nil {
			return AlbumPage{}, err
		}
	}
	switch q.Scope {
	case AlbumsAll, AlbumsMine, AlbumsShared, AlbumsOpen:
	default:
		return AlbumPage{}, Invalid("scope", "error.field.album_scope")
	}
	limit, err := pageSize(q.Limit)
	if err != nil {
		return AlbumPage{}, err
	}
	key, id, err := decodeTitleCursor(q.Cursor)
	if err != nil {
		return AlbumPage{}, err
	}
	least := map[Role]db.AlbumRole{
		RoleContributor: db.AlbumRoleContributor, RoleAdmin: db.AlbumRoleAdmin, RoleOwner: db.AlbumRoleOwner,
	}[q.Least]
	if least == "" {
		least = db.AlbumRoleViewer
	}
	rows, err := a.db.AlbumIDs(ctx, db.AlbumIDsParams{
		UserID: actor.UserID(), Subjects: actor.Subjects(), Least: least, Scope: string(q.Scope), Tops: q.Tops, Parent: q.Parent,
		Category: q.Category, AfterKey: key, AfterID: id, N: int32(limit) + 1,
	})
	if err != nil {
		return AlbumPage{}, fmt.Errorf("list albums: %w", err)
	}
	page := AlbumPage{}
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = encodeTitleCursor(rows[limit-1].Key, rows[limit-1].ID)
	}
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	page.Albums, err = a.albumCards(ctx, actor, ids)
	return page, err
}

// encodeTitleCursor is a place in a list by title.
func encodeTitleCursor(key string, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString(append(append([]byte{cursorTitle}, id[:]...), key...))
}

// decodeTitleCursor is the inverse; "" is the beginning.
func decodeTitleCursor(s string) (key string, id uuid.UUID, err error) {
	if s == "" {
		return "", uuid.Nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 17 || b[0] != cursorTitle || !storable(string(b[17:])) {
		return "", uuid.Nil, Invalid("cursor", "page.cursor_bad")
	}
	return strings.ToLower(string(b[17:])), uuid.UUID(b[1:17]), nil
}
