package app_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// begin opens an upload of the content.
func (w *world) begin(actor app.Actor, name, content string) db.Upload {
	w.t.Helper()
	u, err := w.CreateUpload(w.t.Context(), actor, app.NewUpload{Filename: name, Bytes: int64(len(content))})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// add sends content[from:to] as one request that ends there.
func (w *world) add(actor app.Actor, u db.Upload, content string, from, to int) (int64, error) {
	w.t.Helper()
	writer, err := w.TakeUpload(w.t.Context(), actor, u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.AppendUpload(w.t.Context(), actor, u.ID, writer, int64(from), strings.NewReader(content[from:to]))
}

// sameBytes checks that the item's original is the content.
func (w *world) sameBytes(actor app.Actor, id uuid.UUID, content string) {
	w.t.Helper()
	o, err := w.Original(w.t.Context(), actor, id)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := o.Open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	got := sha256.New()
	n, err := io.Copy(got, r)
	want := sha256.Sum256([]byte(content))
	if err != nil || n != int64(len(content)) || !bytes.Equal(got.Sum(nil), want[:]) {
		w.t.Errorf("the original has %d bytes, want %d: %v", n, len(content), err)
	}
}

// onlyObject checks that storage holds the original of one item and nothing else.
func (w *world) onlyObject(id uuid.UUID) {
	w.t.Helper()
	if keys := w.objects(); len(keys) != 1 || keys[0] != "media/"+id.String() {
		w.t.Errorf("objects = %q", keys)
	}
	if n := w.count("SELECT count(*) FROM pending_objects") + w.count("SELECT count(*) FROM upload_parts"); n != 0 {
		w.t.Errorf("%d pieces or pending objects", n)
	}
}

// longPhoto has a little more than two pieces.
func longPhoto() string { return png(strings.Repeat("0123456789abcdef", 1<<20) + "the end") }

func TestUploadInPiecesThroughSeveralServers(t *testing.T) {
	w := newStored(t)
	owner := w.user("anna")
	actor := app.UserActor(owner)
	modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	content := longPhoto()
	u, err := w.CreateUpload(t.Context(), actor, app.NewUpload{Filename: "photo.jpg", Modified: &modified, Bytes: int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	// Cut after 100 kB, after ten million bytes, and somewhere in the last piece.
	for _, to := range []int{100_000, 10_000_000, len(content) - 3, len(content)} {
		w.restart()
		at, err := w.UploadByID(t.Context(), actor, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		n, err := w.add(actor, u, content, int(at.Received), to)
		if err != nil || at.Received+n != int64(to) {
			t.Fatalf("up to %d: kept %d from %d, %v", to, n, at.Received, err)
		}
	}
	if n := w.count("SELECT count(*) FROM upload_parts"); n < 4 || n > 6 {
		t.Errorf("%d pieces", n)
	}
	w.restart()
	got, err := w.FinishUpload(t.Context(), actor, u.ID)
	if err != nil || got.Outcome != app.OutcomeCreated || got.Media.Filename != "photo.png" || !got.Media.TakenAt.Equal(modified) {
		t.Fatalf("FinishUpload = %+v, %v", got, err)
	}
	w.sameBytes(actor, got.Media.ID, content)
	w.onlyObject(got.Media.ID)
	again, err := w.FinishUpload(t.Context(), actor, u.ID) // the answer was lost
	if err != nil || again.Outcome != app.OutcomeCreated || again.Media.ID != got.Media.ID {
		t.Errorf("FinishUpload again = %+v, %v", again, err)
	}
	if len(w.logs.jobs) != 1 {
		t.Errorf("%d jobs", len(w.logs.jobs))
	}
	w.exec("DELETE FROM media WHERE id = $1", got.Media.ID)
	if again, err = w.FinishUpload(t.Context(), actor, u.ID); err != nil || again.Outcome != app.OutcomeCreated || again.Media.ID != uuid.Nil {
		t.Errorf("FinishUpload of an item deleted since = %+v, %v", again, err)
	}
}

func TestUploadConnectionThatBreaks(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := longPhoto()
	u := w.begin(actor, "a.png", content)
	writer, err := w.TakeUpload(t.Context(), actor, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	n, err := w.AppendUpload(t.Context(), actor, u.ID, writer, 0, io.MultiReader(strings.NewReader(content[:9<<20]), broken{}))
	wantError(t, err, app.CodeInvalid, "receive.incomplete")
	at, err := w.UploadByID(t.Context(), actor, u.ID)
	if err != nil || at.Received != n || n != 8<<20 {
		t.Fatalf("kept %d, received %d, %v", n, at.Received, err)
	}
	if n, err := w.add(actor, u, content, int(n), len(content)); err != nil || n != int64(len(content))-8<<20 {
		t.Fatalf("the rest: %d, %v", n, err)
	}
	got, err := w.FinishUpload(t.Context(), actor, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.sameBytes(actor, got.Media.ID, content)
}

// A request that was overtaken by another must not add to the upload.
func TestUploadHasOneWriter(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := png(strings.Repeat("x", 300_000))
	u := w.begin(actor, "a.png", content)
	old, err := w.TakeUpload(t.Context(), actor, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	slow := io.MultiReader(strings.NewReader(content[:100_000]), &hook{func() { // meanwhile, on another connection
		if n, err := w.add(actor, u, content, 0, 200_000); n != 200_000 || err != nil {
			t.Errorf("the new writer kept %d, %v", n, err)
		}
	}})
	n, err := w.AppendUpload(t.Context(), actor, u.ID, old, 0, slow)
	wantError(t, err, app.CodeConflict, "receive.interrupted")
	if keys := w.objects(); n != 0 || len(keys) != 1 {
		t.Errorf("the old writer kept %d; objects %q", n, keys)
	}
	_, err = w.add(actor, u, content, 100_000, len(content))
	wantError(t, err, app.CodeConflict, "receive.interrupted")
	if _, err := w.TakeUpload(t.Context(), actor, u.ID); err != nil { // and nothing sent yet
		t.Fatal(err)
	}
	_, err = w.AppendUpload(t.Context(), actor, u.ID, old, 200_000, strings.NewReader(content[200_000:]))
	wantError(t, err, app.CodeConflict, "receive.interrupted")
	if _, err := w.add(actor, u, content, 200_000, len(content)); err != nil {
		t.Fatal(err)
	}
	got, err := w.FinishUpload(t.Context(), actor, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.sameBytes(actor, got.Media.ID, content)
}

// What kill -9 between a piece's object and its commit leaves is swept, and
// the upload goes on from where it was committed.
func TestUploadAfterAKill(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := png(strings.Repeat("x", 300_000))
	u := w.begin(actor, "a.png", content)
	if _, err := w.add(actor, u, content, 0, 100_000); err != nil {
		t.Fatal(err)
	}
	dead := fmt.Sprintf("uploads/%s/100000-dead", u.ID)
	if err := w.db.ReserveObject(t.Context(), db.ReserveObjectParams{StorageKey: dead, DeleteAt: w.now.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Put(t.Context(), dead, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.now = w.now.Add(25 * time.Hour)
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepObjects = %d, %v", n, err)
	}
	if n, err := w.add(actor, u, content, 100_000, len(content)); err != nil || n != int64(len(content))-100_000 {
		t.Fatalf("the rest: %d, %v", n, err)
	}
	// Killed again, after the last piece: the worker's sweep makes the item.
	w.restart()
	if n, err := w.SweepUploads(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("SweepUploads = %d, %v", n, err)
	}
	if n := w.count("SELECT count(*) FROM media"); n != 1 {
		t.Errorf("the sweep made %d items", n)
	}
	got, err := w.FinishUpload(t.Context(), actor, u.ID)
	if err != nil || got.Outcome != app.OutcomeCreated {
		t.Fatalf("FinishUpload = %+v, %v", got, err)
	}
	w.sameBytes(actor, got.Media.ID, content)
	w.onlyObject(got.Media.ID)
}

func TestUploadFinishedBySeveralAtOnce(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := longPhoto()
	u := w.begin(actor, "a.png", content)
	if _, err := w.add(actor, u, content, 0, len(content)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := w.FinishUpload(t.Context(), actor, u.ID)
			if err != nil || got.Outcome != app.OutcomeCreated {
				t.Errorf("FinishUpload = %s, %v", got.Outcome, err)
			}
		})
	}
	wg.Wait()
	if n := w.count("SELECT count(*) FROM media"); n != 1 || len(w.objects()) != 1 || len(w.logs.jobs) != 1 {
		t.Errorf("%d items, objects %q, %d jobs", n, w.objects(), len(w.logs.jobs))
	}
}

func TestUploadOfADuplicate(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := png(strings.Repeat("x", 100_000))
	first, err := w.send(actor, "a.png", content)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []app.ReceiveOutcome{app.OutcomeDuplicate, app.OutcomeRestored} {
		u := w.begin(actor, "b.png", content)
		if _, err := w.add(actor, u, content, 0, len(content)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := w.FinishUpload(t.Context(), actor, u.ID)
			if err != nil || got.Outcome != want || got.Media.ID != first.Media.ID || got.Media.TrashedAt != nil {
				t.Errorf("FinishUpload = %+v, %v, want %s", got, err, want)
			}
		}
		w.onlyObject(first.Media.ID)
		w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", first.Media.ID)
	}
}

// A piece that does not come back as it was stored must not become a photo.
func TestUploadWithADamagedPiece(t *testing.T) {
	w := newStored(t)
	actor := app.UserActor(w.user("anna"))
	content := png(strings.Repeat("x", 100_000))
	for name, damage := range map[string]func(path string) error{
		"changed":   func(path string) error { return os.WriteFile(path, []byte(png(strings.Repeat("y", 100_000))), 0o600) },
		"cut short": func(path string) error { return os.Truncate(path, 50_000) },
		"lost":      os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			u := w.begin(actor, "a.png", content)
			if _, err := w.add(actor, u, content, 0, len(content)); err != nil {
				t.Fatal(err)
			}
			path, ok := w.store.LocalPath(w.objects()[0])
			if err := damage(path); err != nil || !ok {
				t.Fatal(ok, err)
			}
			_, err := w.FinishUpload(t.Context(), actor, u.ID)
			if app.CodeOf(err) != app.CodeInvalid {
				t.Errorf("FinishUpload: %v", err)
			}
			if _, err := w.UploadByID(t.Context(), actor, u.ID); app.CodeOf(err) != app.CodeNotFound {
				t.Errorf("the damaged upload is still there: %v", err)
			}
			w.wantNothing()
		})
	}
}

func TestUploadIntoAnAlbumThatClosed(t *testing.T) {
	w := newStored(t)
	anna, ben := w.user("anna"), w.user("ben")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	w.grant(album, ben.ID, db.AlbumRoleContributor)
	actor := app.UserActor(ben)
	content := png("x")
	u, err := w.CreateUpload(t.Context(), actor, app.NewUpload{Filename: "a.png", AlbumID: &album, Bytes: int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.add(actor, u, content, 0, len(content)); err != nil {
		t.Fatal(err)
	}
	w.exec("DELETE FROM album_grants")
	got, err := w.FinishUpload(t.Context(), actor, u.ID)
	if err != nil || got.Outcome != app.OutcomeCreated || got.Media.AlbumID != nil || got.Media.OwnerID != ben.ID {
		t.Errorf("FinishUpload = %+v, %v", got, err)
	}
}
