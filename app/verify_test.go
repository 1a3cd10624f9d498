package app_test

import (
	"bytes"
	"testing"

	"albumen/app"
	"albumen/db"
)

func TestVerifyFindsWhatIsMissingOrChanged(t *testing.T) {
	store := openFolder(t, t.TempDir())
	w := newWorld(t, store)
	actor := app.UserActor(w.user("ada"))
	var items []db.Media
	for _, content := range []string{"whole", "changed", "missing"} {
		got, err := w.send(actor, content+".png", png(content))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, got.Media)
	}
	key := func(m db.Media) string { return "media/" + m.ID.String() }
	for _, m := range items[1:] {
		if err := store.Delete(t.Context(), key(m)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Put(t.Context(), key(items[1]), bytes.NewReader([]byte("rot"))); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	n, err := w.VerifyOriginals(t.Context(), system, func(d app.Damage) { found[d.Filename] = d.Missing })
	if err != nil || n != 3 || len(found) != 2 || found["changed.png"] || !found["missing.png"] {
		t.Errorf("read %d, found %v, %v", n, found, err)
	}
	if _, err := w.VerifyOriginals(t.Context(), actor, nil); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("as a user: %v", err)
	}
}

func TestReprocessingMarksFinishedItems(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	ready, failed, waiting := w.media(owner, [16]byte{}), w.media(owner, [16]byte{}), w.pending(owner)
	w.exec("UPDATE media SET status = 'failed', error_code = 'broken', crashes = 3 WHERE id = $1", failed)
	if n, err := w.Reprocess(t.Context(), system, true); n != 1 || err != nil {
		t.Errorf("the failed: %d, %v", n, err)
	}
	if m := w.row(failed); m.Status != db.MediaStatusPending || m.ErrorCode != "" || m.Crashes != 0 || !m.Listed {
		t.Errorf("the failed item: %+v", m)
	}
	if n, err := w.Reprocess(t.Context(), system, false); n != 1 || err != nil || w.row(ready).Status != db.MediaStatusPending {
		t.Errorf("the ready: %d, %v", n, err)
	}
	if len(w.logs.jobs) != 2 || w.row(waiting).Attempts != 0 {
		t.Errorf("enqueued %v", w.logs.jobs)
	}
	if _, err := w.Reprocess(t.Context(), app.UserActor(owner), false); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("as a user: %v", err)
	}
}
