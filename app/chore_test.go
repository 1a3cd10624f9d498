package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// trashed makes n items that lie in the trash since then.
func (w *world) trashed(owner db.User, n int, since time.Time) {
	w.t.Helper()
	w.exec(`WITH added AS (
		INSERT INTO media (id, owner_id, kind, status, processed_at, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source, trashed_at)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), 'f.jpg', 'image/jpeg', 10, sha256(uuid_send(gen_random_uuid())), now(), now()::timestamp, 'exif', $3
		  FROM generate_series(1, $2::int) RETURNING id)
		INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		SELECT gen_random_uuid(), id, 'original', 'media/' || id, 'f.jpg', 'image/jpeg', 10, sha256(uuid_send(id)) FROM added`, owner.ID, n, since)
	w.exec("UPDATE users SET used_bytes = used_bytes + 10 * $2::int WHERE id = $1", owner.ID, n)
}

func TestALargeTrashIsEmptied(t *testing.T) {
	w := newWorld(t, nil)
	u, other := w.user("ann"), w.user("bob")
	ann := app.UserActor(u)
	w.trashed(u, 3_200, w.now.Add(-time.Hour))
	w.trashed(other, 3, w.now.Add(-time.Hour))
	kept := w.media(u, uuid.Nil)
	if s, err := w.TrashState(t.Context(), ann); err != nil || s != (app.TrashState{Days: 30, Items: 3_200}) {
		t.Fatalf("%+v, %v", s, err)
	}
	if e, err := w.EmptyTrash(t.Context(), ann); err != nil || e != (app.Emptied{Deleted: 3_200}) {
		t.Fatalf("%+v, %v", e, err)
	}
	if s, err := w.TrashState(t.Context(), ann); err != nil || s != (app.TrashState{Days: 30}) {
		t.Errorf("%+v, %v", s, err)
	}
	if n := w.count("SELECT used_bytes FROM users WHERE id = $1", u.ID); n != 1000 {
		t.Errorf("%d bytes are used", n)
	}
	if n := w.count("SELECT count(*) FROM pending_objects"); n != 3_200 {
		t.Errorf("%d objects wait to be deleted", n)
	}
	if _, err := w.Media(t.Context(), ann, kept); err != nil {
		t.Error(err)
	}
	if s, err := w.TrashState(t.Context(), app.UserActor(other)); err != nil || s.Items != 3 {
		t.Errorf("the trash of somebody else: %+v, %v", s, err)
	}
	drift, err := w.db.MonthCountsDrift(t.Context())
	if err != nil || len(drift) > 0 {
		t.Errorf("the counters drift: %+v, %v", drift, err)
	}
}

// What emptying left behind goes in the background, in whichever process; what
// was restored or thrown away since stays.
func TestEmptyingGoesOnInTheBackground(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann := app.UserActor(u)
	back := w.media(u, uuid.Nil)
	w.exec("UPDATE media SET trashed_at = $2 WHERE id = $1", back, w.now.Add(-time.Hour))
	w.trashed(u, 1_300, w.now.Add(-time.Hour))
	if err := w.db.AddEmptyTrash(t.Context(), db.AddEmptyTrashParams{UserID: u.ID, Asked: w.now}); err != nil {
		t.Fatal(err)
	}
	w.trashed(u, 2, w.now.Add(time.Minute))
	if s, err := w.TrashState(t.Context(), ann); err != nil || s != (app.TrashState{Days: 30, Items: 1_303, Emptying: true}) {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := w.RestoreMedia(t.Context(), ann, back); err != nil {
		t.Fatal(err)
	}
	// While another process is at it, this one leaves it alone.
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT * FROM chores FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	if n, err := w.DoChores(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("a chore that is taken: %d, %v", n, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.restart()
	if n, err := w.DoChores(t.Context(), app.SystemActor()); n != 1_300 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if s, err := w.TrashState(t.Context(), ann); err != nil || s != (app.TrashState{Days: 30, Items: 2}) {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := w.Media(t.Context(), ann, back); err != nil {
		t.Errorf("what was restored: %v", err)
	}
	if n, err := w.DoChores(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

// A change of language reaches the items that are there already.
func TestANewLanguageIndexesAnew(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	for range 450 {
		w.media(u, uuid.Nil)
	}
	w.exec("UPDATE media SET title = 'Häuser'")
	found := func() int {
		t.Helper()
		german := u
		german.Language = "de"
		p, err := w.Search(t.Context(), app.UserActor(german), app.SearchQuery{Q: "Haus "})
		if err != nil {
			t.Fatal(err)
		}
		return p.Total
	}
	if n := found(); n != 0 {
		t.Fatalf("%d found before", n)
	}
	set := func(language string) {
		t.Helper()
		if _, err := w.UpdateSettings(t.Context(), app.UserActor(u), app.Settings{Name: "Ann", Language: language, TimeZone: "UTC", Theme: "dark"}); err != nil {
			t.Fatal(err)
		}
	}
	set("en-GB") // indexed like en
	if n := w.count("SELECT count(*) FROM chores"); n != 0 {
		t.Errorf("%d chores for nothing", n)
	}
	set("de")
	if n := w.count("SELECT count(*) FROM chores"); n != 1 {
		t.Fatalf("%d chores", n)
	}
	w.restart()
	for range 2 { // the second time there is nothing to do
		if _, err := w.DoChores(t.Context(), app.SystemActor()); err != nil {
			t.Fatal(err)
		}
		if n := found(); n != 450 {
			t.Errorf("%d found afterwards", n)
		}
		if n := w.count("SELECT count(*) FROM chores"); n != 0 {
			t.Errorf("%d chores are left", n)
		}
	}
	if n := w.count("SELECT count(*) FROM media WHERE row_version <> 1"); n != 0 {
		t.Errorf("%d items count as edited", n)
	}
}
