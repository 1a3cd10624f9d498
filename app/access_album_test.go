package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// albumAccess has a row for every use-case on one album, read like mediaAccess.
//
//	actors:  as there; uploader is a contributor
//	states:  private, members, public, nested (below a private album on which the
//	         actors have their roles; the uploader owns it), trashed
var albumAccess = map[string]accessCase{
	"Album": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.Album(ctx, actor, id))
	}, viewingAlbum},
	"AlbumItems": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.AlbumItems(ctx, actor, id, app.AlbumItemsQuery{}))
	}, viewingAlbum},
	"AlbumMonths": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.AlbumMonths(ctx, actor, id))
	}, viewingAlbum},
	"AlbumArchive": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		archive, err := a.AlbumArchive(ctx, actor, id)
		if err == nil {
			archive.Close()
		}
		return err
	}, map[string]string{ // not from the trash
		"private": "nnooooononofn",
		"members": "noooooooonofn",
		"public":  "ooooooooonofo",
		"nested":  "nnooooononofn",
		"trashed": "nnnnncnnnnnnn",
	}},
	"EditAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		title := "New"
		return a.EditAlbum(ctx, actor, id, app.AlbumEdit{Title: &title})
	}, editingAlbum},
	"EditAlbum visibility": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		to := db.AlbumVisibilityMembers
		return a.EditAlbum(ctx, actor, id, app.AlbumEdit{Visibility: &to})
	}, editingAlbum},
	"ArrangeAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error { // by date, which only admins learn
		return a.ArrangeAlbum(ctx, actor, id, app.Arrange{})
	}, map[string]string{
		"private": "nnffccfnunffn",
		"members": "nfffccffunffn",
		"public":  "ufffccffunffu",
		"nested":  "nnffcccnunffn",
		"trashed": "nnnnncnnnnnnn",
	}},
	"MoveAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return a.MoveAlbum(ctx, actor, id, nil)
	}, map[string]string{
		"private": "nnfffofnunffn",
		"members": "nffffoffunffn",
		"public":  "uffffoffunffu",
		"nested":  "nnffffonunffn",
		"trashed": "nnnnncnnnnnnn",
	}},
	"TrashAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return a.TrashAlbum(ctx, actor, id)
	}, owningAlbum},
	"RestoreAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return a.RestoreAlbum(ctx, actor, id)
	}, owningAlbum},
	"DeleteAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error { // only from the trash
		return a.DeleteAlbum(ctx, actor, id)
	}, map[string]string{
		"private": "nnfffcfnunffn",
		"members": "nffffcffunffn",
		"public":  "uffffcffunffu",
		"nested":  "nnffffcnunffn",
		"trashed": "nnnnnonnnnnnn",
	}},
	"CreateAlbum below": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return second(a.CreateAlbum(ctx, actor, app.NewAlbum{Title: "Below", ParentID: &id}))
	}, map[string]string{ // that one must be signed in comes first
		"private": "unffoofnuuffu",
		"members": "ufffooffuuffu",
		"public":  "ufffooffuuffu",
		"nested":  "unffooonuuffu",
		"trashed": "unnnncnnuuffu",
	}},
}

var viewingAlbum = map[string]string{
	"private": "nnooooononofn",
	"members": "noooooooonofn",
	"public":  "ooooooooonofo",
	"nested":  "nnooooononofn",
	"trashed": "nnnnnonnnnnnn",
}

var editingAlbum = map[string]string{
	"private": "nnffoofnunffn",
	"members": "nfffooffunffn",
	"public":  "ufffooffunffu",
	"nested":  "nnffooonunffn",
	"trashed": "nnnnncnnnnnnn",
}

var owningAlbum = map[string]string{
	"private": "nnfffofnunffn",
	"members": "nffffoffunffn",
	"public":  "uffffoffunffu",
	"nested":  "nnffffonunffn",
	"trashed": "nnnnnonnnnnnn",
}

// stageAlbum makes the people once, and returns a maker of albums in the
// wanted state with every actor on them.
func stageAlbum(w *world, state string) func() (uuid.UUID, map[string]app.Actor) {
	users := map[string]db.User{}
	for _, n := range []string{"stranger", "viewer", "contributor", "albumadmin", "albumowner", "uploader", "siteadmin"} {
		users[n] = w.user(n + "-" + state)
	}
	uploader := users["uploader"]
	suspended, admin := uploader, users["siteadmin"]
	suspended.SuspendedAt, admin.IsAdmin = &w.now, true
	visibility := db.AlbumVisibilityPrivate
	if state == "members" || state == "public" {
		visibility = db.AlbumVisibility(state)
	}
	return func() (uuid.UUID, map[string]app.Actor) {
		album := w.album(users["albumowner"], visibility)
		w.grant(album, users["viewer"].ID, db.AlbumRoleViewer)
		w.grantGroup(album, db.AlbumRoleContributor, users["contributor"].ID)
		w.grant(album, users["albumadmin"].ID, db.AlbumRoleAdmin)
		w.grant(album, uploader.ID, db.AlbumRoleContributor)
		link, revoked := w.shareLink(album, users["albumowner"]), w.shareLink(album, users["albumowner"])
		w.exec("UPDATE share_links SET revoked_at = now() WHERE id = $1", revoked)
		switch state {
		case "nested":
			below := w.album(uploader, db.AlbumVisibilityPrivate)
			w.exec("UPDATE albums SET parent_id = $1 WHERE id = $2", album, below)
			album = below
		case "trashed":
			w.exec("UPDATE albums SET trashed_at = now(), trash_id = id WHERE id = $1", album)
		}
		actors := map[string]app.Actor{
			"anonymous": {}, "siteadmin": app.UserActor(admin), "suspended": app.UserActor(suspended),
			"link": app.LinkActor(app.Link{ID: link, Download: true}), "revoked": app.LinkActor(app.Link{ID: revoked, Download: true}),
			"readtoken": app.TokenActor(uploader, []app.Scope{app.ScopeMediaRead}),
			"notoken":   app.TokenActor(uploader, []app.Scope{app.ScopeAccount}),
		}
		for _, n := range []string{"stranger", "viewer", "contributor", "albumadmin", "albumowner", "uploader"} {
			actors[n] = app.UserActor(users[n])
		}
		return album, actors
	}
}

func TestAlbumAccess(t *testing.T) {
	w := newWorld(t, nil)
	for _, state := range []string{"private", "members", "public", "nested", "trashed"} {
		newAlbum := stageAlbum(w, state)
		for name, c := range albumAccess {
			got := ""
			album, actors := newAlbum()
			for _, who := range actorNames {
				err := c.run(t.Context(), w.App, actors[who], album)
				letter, known := "o", true
				if err != nil {
					letter, known = letters[app.CodeOf(err)]
				} else if !strings.HasPrefix(name, "Album") {
					album, actors = newAlbum() // it has changed
				}
				if !known {
					t.Fatalf("%s as %s on %s: %v", name, who, state, err)
				}
				got += letter
			}
			if got != c.want[state] {
				t.Errorf("%s on %s:\n got %s\nwant %s", name, state, got, c.want[state])
			}
		}
	}
}
