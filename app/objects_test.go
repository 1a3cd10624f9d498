package app_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
)

func TestSweepObjects(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	kept, err := w.send(owner, "a.png", png("kept"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "b.png", Size: -1, Body: io.MultiReader(strings.NewReader(png(strings.Repeat("b", 100_000))), &hook{func() {
		if n := w.count("SELECT count(*) FROM pending_objects"); n != 1 {
			t.Errorf("%d reservations while the object is written", n)
		}
	}})})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.ReserveObject(t.Context(), db.ReserveObjectParams{StorageKey: "media/dead", DeleteAt: w.now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Put(t.Context(), "media/dead", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("SweepObjects before the time = %d, %v", n, err)
	}
	w.now = w.now.Add(2 * time.Hour)
	if _, err := w.SweepObjects(t.Context(), owner); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("SweepObjects by a user: %v", err)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepObjects = %d, %v", n, err)
	}
	if keys := w.objects(); len(keys) != 2 || w.count("SELECT count(*) FROM pending_objects") != 0 {
		t.Errorf("objects = %q", keys)
	}
	if _, err := w.store.Stat(t.Context(), "media/"+kept.Media.ID.String()); err != nil {
		t.Error(err)
	}
}

// An object that cannot be deleted keeps no other from going, and its turn comes again.
func TestSweepObjectsGoesRoundTheStubborn(t *testing.T) {
	w := newStored(t)
	add := func(key string, age time.Duration) {
		t.Helper()
		if err := w.db.ReserveObject(t.Context(), db.ReserveObjectParams{StorageKey: key, DeleteAt: w.now.Add(-age)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.Put(t.Context(), key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	stubborn := func(name string) { // its place is taken by a folder that is not empty
		t.Helper()
		if err := w.db.ReserveObject(t.Context(), db.ReserveObjectParams{StorageKey: "media/" + name, DeleteAt: w.now.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.Put(t.Context(), "media/"+name+"/file", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	stubborn("s1")
	for i := range 150 { // more than a batch
		add(fmt.Sprintf("media/%03d", i), time.Minute)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 150 || err != nil {
		t.Errorf("SweepObjects = %d, %v", n, err)
	}
	if n := w.count("SELECT count(*) FROM pending_objects WHERE storage_key = 'media/s1'"); n != 1 {
		t.Errorf("the stubborn object is noted %d times", n)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("SweepObjects at once = %d, %v", n, err)
	}
	if err := w.store.Delete(t.Context(), "media/s1/file"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepObjects once it can go = %d, %v", n, err)
	}
	// Where nothing can be deleted, the round ends with the reason, and the next one starts elsewhere.
	for i := range 7 {
		stubborn(fmt.Sprintf("t%d", i))
	}
	add("media/last", time.Minute)
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 0 || err == nil {
		t.Errorf("SweepObjects of a broken storage = %d, %v", n, err)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepObjects after it = %d, %v", n, err)
	}
}

type hook struct{ run func() }

func (h *hook) Read([]byte) (int, error) {
	if h.run != nil {
		h.run()
		h.run = nil
	}
	return 0, io.EOF
}

func TestReceiveThatTheSweeperOvertakes(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	_, err := w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "a.png", Size: -1, Body: io.MultiReader(strings.NewReader(png(strings.Repeat("x", 100_000))), &hook{func() {
		w.now = w.now.Add(25 * time.Hour)
		if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
			t.Errorf("SweepObjects = %d, %v", n, err)
		}
	}})})
	wantError(t, err, app.CodeUnavailable, "receive.too_slow")
	if n := w.count("SELECT count(*) FROM media"); n != 0 {
		t.Errorf("%d items", n)
	}
}
