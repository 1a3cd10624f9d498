package worker_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/jobs/worker"
)

func TestRefreshReadsTheMetadataAndNothingElse(t *testing.T) {
	r := newRig(t)
	whole := r.add("whole.jpg", "image/jpeg", tagged(t, photo(t, 60, 40), "-Make=Lens & Co", "-ImageDescription=By the lake", "-DateTimeOriginal=2019:08:07 06:05:04"))
	edited := r.add("edited.jpg", "image/jpeg", tagged(t, photo(t, 60, 40), "-ImageDescription=The camera's"))
	lost := r.add("lost.jpg", "image/jpeg", photo(t, 60, 40))
	stop := r.start(r.media)
	for _, id := range []uuid.UUID{whole, edited, lost} {
		r.enqueue(id)
	}
	r.waitFor("all are ready", func() bool {
		for _, id := range []uuid.UUID{whole, edited, lost} {
			if r.row(id).Status != db.MediaStatusReady {
				return false
			}
		}
		return true
	})
	stop()
	want := r.row(whole)
	if want.CameraMake != "Lens & Co" {
		t.Fatalf("the worker read %+v", want)
	}
	r.exec("UPDATE media SET camera_make = '', description = '', taken_at_local = now()::timestamp WHERE id = $1", whole)
	r.exec("UPDATE media SET description = 'Mine', edited = '{description}' WHERE id = $1", edited)
	if err := r.store.Delete(t.Context(), "media/"+lost.String()); err != nil {
		t.Fatal(err)
	}
	pictures, err := r.db.MediaDerivatives(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}

	run := func() map[uuid.UUID]worker.Refreshed {
		t.Helper()
		got := map[uuid.UUID]worker.Refreshed{}
		err := worker.Refresh{
			App: r.App, Media: r.media, Storage: r.store, Parallel: 2, Zone: time.UTC, TempDir: t.TempDir(), Owner: &r.owner.ID,
			Report: func(d worker.Refreshed) { got[d.Claim.Media.ID] = d },
		}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := run()
	if len(got) != 3 || !got[whole].Changed || got[edited].Changed || got[lost].Failure == nil || got[lost].Failure.Code != "original_missing" {
		t.Errorf("reported %+v", got)
	}
	is := r.row(whole)
	if is.CameraMake != want.CameraMake || is.Description != "By the lake" || !is.TakenAtLocal.Equal(want.TakenAtLocal) ||
		is.Width != 60 || is.Status != db.MediaStatusReady || is.Attempts != want.Attempts || !bytes.Equal(is.Thumbhash, want.Thumbhash) {
		t.Errorf("after the refresh: %+v", is)
	}
	if m := r.row(edited); m.Description != "Mine" {
		t.Errorf("what was edited has become %q", m.Description)
	}
	after, err := r.db.MediaDerivatives(t.Context(), whole)
	if err != nil || len(after) != len(pictures) || after[0].StorageKey != pictures[0].StorageKey || after[0].Version != pictures[0].Version {
		t.Errorf("the pictures were made again: %+v, %v", after, err)
	}
	if again := run(); again[whole].Changed || again[whole].Failure != nil {
		t.Errorf("a second run: %+v", again[whole])
	}
}
