package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// made makes an album through the use-case.
func (w *world) made(actor app.Actor, title string, parent *uuid.UUID) uuid.UUID {
	w.t.Helper()
	a, err := w.CreateAlbum(w.t.Context(), actor, app.NewAlbum{Title: title, ParentID: parent})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.ID
}

func (w *world) titles(actor app.Actor, q app.AlbumsQuery) []string {
	w.t.Helper()
	page, err := w.Albums(w.t.Context(), actor, q)
	if err != nil {
		w.t.Fatal(err)
	}
	var titles []string
	for _, a := range page.Albums {
		titles = append(titles, a.Title)
	}
	return titles
}

func (w *world) order(actor app.Actor, album uuid.UUID, q app.AlbumItemsQuery) []uuid.UUID {
	w.t.Helper()
	page, err := w.AlbumItems(w.t.Context(), actor, album, q)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []uuid.UUID
	for _, i := range page.Items {
		ids = append(ids, i.ID)
	}
	return ids
}

func refusedAs(t *testing.T, what string, err error, code app.Code) {
	t.Helper()
	if err == nil || app.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestAlbumsBelowAlbums(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann, bob := w.user("ann"), w.user("bob")
	asAnn, asBob := app.UserActor(ann), app.UserActor(bob)
	top := w.made(asAnn, "Top", nil)
	middle := w.made(asAnn, "Middle", &top)
	leaf := w.made(asAnn, "Leaf", &middle)
	bobs := w.made(asBob, "Bob's", nil)

	refusedAs(t, "below itself", w.MoveAlbum(ctx, asAnn, top, &top), app.CodeInvalid)
	refusedAs(t, "below its leaf", w.MoveAlbum(ctx, asAnn, top, &leaf), app.CodeInvalid)
	refusedAs(t, "below an album that one may not see", w.MoveAlbum(ctx, asAnn, leaf, &bobs), app.CodeNotFound)
	w.grant(top, bob.ID, db.AlbumRoleContributor)
	refusedAs(t, "below an album that one may only add to", w.MoveAlbum(ctx, asBob, bobs, &top), app.CodeForbidden)
	w.exec("UPDATE album_grants SET role = 'admin' WHERE album_id = $1", top)
	if err := w.MoveAlbum(ctx, asBob, bobs, &leaf); err != nil {
		t.Fatal(err)
	}
	d, err := w.Album(ctx, asAnn, bobs)
	if err != nil || d.Role != app.RoleAdmin || d.CanMove || len(d.Above) != 3 || d.Above[0].Title != "Top" {
		t.Errorf("Bob's album as Ann: %v, %+v", err, d)
	}
	if got := w.titles(asAnn, app.AlbumsQuery{Tops: true}); !slices.Equal(got, []string{"Top"}) {
		t.Errorf("at the top: %v", got)
	}
	if got := w.titles(asAnn, app.AlbumsQuery{Scope: app.AlbumsMine}); !slices.Equal(got, []string{"Leaf", "Middle", "Top"}) {
		t.Errorf("Ann's own: %v", got)
	}
	at := leaf
	for range 13 { // leaf is the third level
		at = w.made(asAnn, "Deep", &at)
	}
	_, err = w.CreateAlbum(ctx, asAnn, app.NewAlbum{Title: "Too deep", ParentID: &at})
	refusedAs(t, "a 17th level", err, app.CodeInvalid)
	other := w.made(asAnn, "Other", nil)
	refusedAs(t, "16 levels below one more", w.MoveAlbum(ctx, asAnn, top, &other), app.CodeInvalid)
}

func TestTwoMovesMakeNoCircle(t *testing.T) {
	w := newWorld(t, nil)
	ann := app.UserActor(w.user("ann"))
	for range 5 {
		one, two := w.made(ann, "One", nil), w.made(ann, "Two", nil)
		errs := make(chan error)
		go func() { errs <- w.MoveAlbum(t.Context(), ann, one, &two) }()
		go func() { errs <- w.MoveAlbum(t.Context(), ann, two, &one) }()
		first, second := <-errs, <-errs
		if (first == nil) == (second == nil) {
			t.Fatalf("both or none went: %v, %v", first, second)
		}
	}
}

func TestAlbumTrash(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann, bob := w.user("ann"), w.user("bob")
	asAnn, asBob := app.UserActor(ann), app.UserActor(bob)
	top := w.made(asAnn, "Top", nil)
	gone, below := w.made(asAnn, "Gone before", &top), w.made(asAnn, "Below", &top)
	w.grant(top, bob.ID, db.AlbumRoleAdmin)
	bobs := w.made(asBob, "Bob's", &below)
	photo := w.media(bob, below)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.TrashAlbum(ctx, asAnn, gone))
	must(w.TrashAlbum(ctx, asAnn, top))
	if got := w.titles(asBob, app.AlbumsQuery{}); got != nil {
		t.Errorf("Bob still sees %v", got)
	}
	trash := func(actor app.Actor) (titles []string) {
		list, err := w.TrashedAlbums(ctx, actor)
		must(err)
		for _, a := range list {
			titles = append(titles, a.Title)
		}
		slices.Sort(titles)
		return titles
	}
	if got := trash(asAnn); !slices.Equal(got, []string{"Gone before", "Top"}) {
		t.Errorf("Ann's trash: %v", got)
	}
	if got := trash(asBob); !slices.Equal(got, []string{"Bob's"}) {
		t.Errorf("Bob's trash: %v", got)
	}
	page, err := w.Timeline(ctx, asBob, app.TimelineQuery{})
	if must(err); len(page.Items) != 1 || page.Items[0].ID != photo {
		t.Errorf("the photo left its owner's timeline: %+v", page.Items)
	}
	must(w.RestoreAlbum(ctx, asAnn, top))
	if got := w.titles(asAnn, app.AlbumsQuery{}); !slices.Equal(got, []string{"Below", "Bob's", "Top"}) {
		t.Errorf("restored: %v", got)
	}
	must(w.TrashAlbum(ctx, asAnn, top))
	must(w.RestoreAlbum(ctx, asBob, bobs)) // what is above it stays in the trash
	if d, err := w.Album(ctx, asBob, bobs); err != nil || d.ParentID != nil {
		t.Errorf("Bob's restored: %v, %v", err, d.ParentID)
	}
	must(w.DeleteAlbum(ctx, asAnn, top))
	if got := trash(asAnn); !slices.Equal(got, []string{"Gone before"}) {
		t.Errorf("after deleting: %v", got)
	}
	if m, err := w.Media(ctx, asBob, photo); err != nil || m.AlbumID != nil {
		t.Errorf("the photo: %v, in %v", err, m.AlbumID)
	}
	w.now = w.now.Add(31 * 24 * time.Hour)
	if n, err := w.PurgeAlbums(ctx, app.SystemActor()); err != nil || n != 1 {
		t.Errorf("purged %d, %v", n, err)
	}
	if drift, err := w.db.AlbumAccessDrift(ctx); err != nil || len(drift) > 0 {
		t.Errorf("the relation drifted: %v, %v", drift, err)
	}
}

func TestPublicAlbumsCanBeSwitchedOff(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	asAnn, bob := app.UserActor(w.user("ann")), app.UserActor(w.user("bob"))
	open, err := w.CreateAlbum(ctx, asAnn, app.NewAlbum{Title: "Open", Visibility: db.AlbumVisibilityPublic})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.titles(app.Actor{}, app.AlbumsQuery{}); !slices.Equal(got, []string{"Open"}) {
		t.Errorf("a visitor sees %v", got)
	}
	w.exec(`INSERT INTO site_settings (settings) VALUES ('{"public_albums": false}')`)
	w.restart()
	_, err = w.AlbumItems(ctx, app.Actor{}, open.ID, app.AlbumItemsQuery{})
	refusedAs(t, "a visitor", err, app.CodeNotFound)
	if _, err := w.Album(ctx, bob, open.ID); err != nil {
		t.Errorf("a member: %v", err)
	}
	_, err = w.CreateAlbum(ctx, asAnn, app.NewAlbum{Title: "Another", Visibility: db.AlbumVisibilityPublic})
	refusedAs(t, "another public album", err, app.CodeInvalid)
	w.exec(`UPDATE site_settings SET settings = '{"public_albums": true}'`)
	if _, err := w.Album(ctx, app.Actor{}, open.ID); err != nil {
		t.Errorf("switched on again: %v", err)
	}
}

func TestHomeAlbum(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann, bob := w.user("ann"), w.user("bob")
	asAnn, asBob := app.UserActor(ann), app.UserActor(bob)
	album := w.made(asAnn, "Album", nil)
	photo := w.media(bob, uuid.Nil)
	_, err := w.MoveMedia(ctx, asBob, photo, &album)
	refusedAs(t, "into an album that one may not see", err, app.CodeNotFound)
	w.grant(album, bob.ID, db.AlbumRoleViewer)
	_, err = w.MoveMedia(ctx, asBob, photo, &album)
	refusedAs(t, "into an album that one may only see", err, app.CodeForbidden)
	w.exec("UPDATE album_grants SET role = 'contributor' WHERE album_id = $1", album)
	receipt, err := w.MoveMedia(ctx, asBob, photo, &album)
	if err != nil || receipt.OperationID == uuid.Nil {
		t.Fatalf("moved: %+v, %v", receipt, err)
	}
	home := func() uuid.UUID {
		m, err := w.Media(ctx, asBob, photo)
		if err != nil {
			t.Fatal(err)
		}
		if m.AlbumID == nil {
			return uuid.Nil
		}
		return *m.AlbumID
	}
	if home() != album {
		t.Error("it is not in the album")
	}
	if u, err := w.Undo(ctx, asBob, receipt.OperationID); err != nil || u.Restored != 1 || home() != uuid.Nil {
		t.Errorf("undone: %+v, %v, in %v", u, err, home())
	}
	if _, err := w.MoveMedia(ctx, asBob, photo, &album); err != nil {
		t.Fatal(err)
	}
	receipt, err = w.RemoveFromAlbum(ctx, asBob, photo) // by its owner: can be undone …
	if err != nil || receipt.OperationID == uuid.Nil {
		t.Fatalf("taken out: %+v, %v", receipt, err)
	}
	w.exec("DELETE FROM album_grants WHERE album_id = $1", album)
	if u, err := w.Undo(ctx, asBob, receipt.OperationID); err != nil || u.Skipped != 1 || home() != uuid.Nil {
		t.Errorf("… but not into an album that one may not add to any more: %+v, %v", u, err)
	}
	w.exec("UPDATE media SET album_id = $1 WHERE id = $2", album, photo)
	receipt, err = w.RemoveFromAlbum(ctx, asAnn, photo)
	if err != nil || receipt.OperationID != uuid.Nil || home() != uuid.Nil {
		t.Errorf("taken out by the album's owner: %+v, %v, in %v", receipt, err, home())
	}
	_, err = w.Media(ctx, asAnn, photo)
	refusedAs(t, "what was taken out, as the album's owner", err, app.CodeNotFound)
}
