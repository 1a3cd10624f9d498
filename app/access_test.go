package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// actorNames are the columns of the access table below.
var actorNames = strings.Fields(`anonymous stranger viewer contributor albumadmin albumowner uploader
	siteadmin link revoked readtoken notoken suspended`)

// accessCase is one use-case on one item. want has, for each state of the
// item, one letter per actor: o done, n not found, f forbidden, u
// unauthenticated, c conflict.
type accessCase struct {
	run  func(context.Context, *app.App, app.Actor, uuid.UUID) error
	want map[string]string
}

func title(s string) app.MediaEdit { return app.MediaEdit{Title: &s} }

func favourite(on bool) app.MediaEdit { return app.MediaEdit{Favourite: &on} }

// Read down a column to see what an actor may do.
//
//	actors:  anonymous, stranger, viewer, contributor (by group), album admin,
//	         album owner, uploader, site admin, share link, revoked link,
//	         uploader's token with media.read, with no media scope, suspended uploader
//	states:  loose (in no album), private, members, public (album), trashed (in the private album)
var mediaAccess = map[string]accessCase{
	"Media": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.Media(ctx, actor, id)
			return err
		}, viewing},
	"Original": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.Original(ctx, actor, id)
			return err
		}, viewing},
	"StrippedOriginal": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.StrippedOriginal(ctx, actor, id)
			if app.CodeOf(err) == app.CodeUnavailable { // allowed; nothing here makes the copy
				return nil
			}
			return err
		}, viewing},
	"Derivative": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.Derivative(ctx, actor, id, app.Thumb)
			return err
		}, viewing},
	"Similar": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.Similar(ctx, actor, id, app.SimilarQuery{})
			return err
		}, map[string]string{
			"loose":   "unnnnnonuuofu",
			"private": "unooooonuuofu",
			"members": "uooooooouuofu",
			"public":  "uooooooouuofu",
			"trashed": "unnnnnonuuofu",
		}},
	"Record": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.Record(ctx, actor, id)
			return err
		}, viewing},
	"EditMedia": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.EditMedia(ctx, actor, id, title("New"))
			return err
		}, map[string]string{
			"loose":   "nnnnnnonnnffn",
			"private": "nnffooonunffn",
			"members": "nfffooofunffn",
			"public":  "ufffooofunffu",
			"trashed": "nnnnnncnnnffn",
		}},
	"EditMedia favourite": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			_, err := a.EditMedia(ctx, actor, id, favourite(true))
			return err
		}, map[string]string{
			"loose":   "nnnnnnonnnffn",
			"private": "nnooooonunffn",
			"members": "nooooooounffn",
			"public":  "uooooooounffu",
			"trashed": "nnnnnncnnnffn",
		}},
	"TrashMedia": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		_, err := a.TrashMedia(ctx, actor, id)
		return err
	}, owning},
	"RestoreMedia": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		_, err := a.RestoreMedia(ctx, actor, id)
		return err
	}, owning},
	"RetryMedia": { // the items have not failed, which only their owner learns
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			return a.RetryMedia(ctx, actor, id)
		}, map[string]string{
			"loose":   "nnnnnncnnnffn",
			"private": "nnffffcnunffn",
			"members": "nfffffcfunffn",
			"public":  "ufffffcfunffu",
			"trashed": "nnnnnncnnnffn",
		}},
	"ReportMedia": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		return a.ReportMedia(ctx, actor, id, app.NewReport{Reason: "hate", Guard: app.Guard{Stamp: app.OldStamp(a, 0)}})
	}, map[string]string{
		"loose":   "nnnnnnonnnofn",
		"private": "nnooooononofn",
		"members": "noooooooonofn",
		"public":  "ooooooooonofo",
		"trashed": "nnnnnncnnncfn",
	}},
	"MoveMedia": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		_, err := a.MoveMedia(ctx, actor, id, nil)
		return err
	}, map[string]string{
		"loose":   "nnnnnnonnnffn",
		"private": "nnffffonunffn",
		"members": "nfffffofunffn",
		"public":  "ufffffofunffu",
		"trashed": "nnnnnncnnnffn",
	}},
	"RemoveFromAlbum": {func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
		_, err := a.RemoveFromAlbum(ctx, actor, id)
		return err
	}, map[string]string{
		"loose":   "nnnnnnonnnffn",
		"private": "nnffooonunffn",
		"members": "nfffooofunffn",
		"public":  "ufffooofunffu",
		"trashed": "nnnnnncnnnffn",
	}},
	"DeleteMedia": {
		func(ctx context.Context, a *app.App, actor app.Actor, id uuid.UUID) error {
			return a.DeleteMedia(ctx, actor, id)
		}, map[string]string{
			"loose":   "nnnnnncnnnffn",
			"private": "nnffffcnunffn",
			"members": "nfffffcfunffn",
			"public":  "ufffffcfunffu",
			"trashed": "nnnnnnonnnffn",
		}},
}

var viewing = map[string]string{
	"loose":   "nnnnnnonnnofn",
	"private": "nnooooononofn",
	"members": "noooooooonofn",
	"public":  "ooooooooonofo",
	"trashed": "nnnnnnonnnofn",
}

var owning = map[string]string{
	"loose":   "nnnnnnonnnffn",
	"private": "nnffffonunffn",
	"members": "nfffffofunffn",
	"public":  "ufffffofunffu",
	"trashed": "nnnnnnonnnffn",
}

var letters = map[app.Code]string{
	app.CodeNotFound: "n", app.CodeForbidden: "f", app.CodeUnauthenticated: "u", app.CodeConflict: "c",
}

// stage makes the album and every actor once, and returns a maker of items in
// the wanted state.
func stage(w *world, state string) (func() uuid.UUID, map[string]app.Actor) {
	users := map[string]db.User{}
	for _, n := range []string{"stranger", "viewer", "contributor", "albumadmin", "albumowner", "uploader", "siteadmin"} {
		users[n] = w.user(n + "-" + state)
	}
	visibility := db.AlbumVisibilityPrivate
	if state == "members" || state == "public" {
		visibility = db.AlbumVisibility(state)
	}
	album := w.album(users["albumowner"], visibility)
	w.grant(album, users["viewer"].ID, db.AlbumRoleViewer)
	w.grantGroup(album, db.AlbumRoleContributor, users["contributor"].ID)
	w.grant(album, users["albumadmin"].ID, db.AlbumRoleAdmin)
	w.grant(album, users["uploader"].ID, db.AlbumRoleContributor)
	link, revoked := w.shareLink(album, users["albumowner"]), w.shareLink(album, users["albumowner"])
	w.exec("UPDATE share_links SET revoked_at = now() WHERE id = $1", revoked)

	uploader := users["uploader"]
	suspended, admin := uploader, users["siteadmin"]
	suspended.SuspendedAt, admin.IsAdmin = &w.now, true
	actors := map[string]app.Actor{
		"anonymous": {}, "siteadmin": app.UserActor(admin), "suspended": app.UserActor(suspended),
		"link": app.LinkActor(app.Link{ID: link, Download: true}), "revoked": app.LinkActor(app.Link{ID: revoked, Download: true}),
		"readtoken": app.TokenActor(uploader, []app.Scope{app.ScopeMediaRead}),
		"notoken":   app.TokenActor(uploader, []app.Scope{app.ScopeAccount}),
	}
	for _, n := range []string{"stranger", "viewer", "contributor", "albumadmin", "albumowner", "uploader"} {
		actors[n] = app.UserActor(users[n])
	}
	return func() uuid.UUID {
		if state == "loose" {
			return w.media(uploader, uuid.Nil)
		}
		item := w.media(uploader, album)
		if state == "trashed" {
			w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", item)
		}
		return item
	}, actors
}

func TestMediaAccess(t *testing.T) {
	w := newWorld(t, nil)
	for _, state := range []string{"loose", "private", "members", "public", "trashed"} {
		newItem, actors := stage(w, state)
		for name, c := range mediaAccess {
			got := ""
			for _, who := range actorNames {
				err := c.run(t.Context(), w.App, actors[who], newItem())
				letter, known := "o", true
				if err != nil {
					letter, known = letters[app.CodeOf(err)]
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
