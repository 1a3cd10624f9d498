package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/jobs"
	"albumen/storage"
)

const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"

// png is a body that begins as a PNG does; receiving decodes nothing.
func png(rest string) string { return pngHead + rest }

// newStored is a world with a folder of its own for objects.
func newStored(t *testing.T) *world {
	t.Helper()
	return newWorld(t, openFolder(t, t.TempDir()))
}

func openFolder(t testing.TB, dir string) storage.Store {
	t.Helper()
	s, err := storage.Open((&url.URL{Scheme: "file", Path: filepath.Join(dir, "objects")}).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// send uploads content as a body of unknown length.
func (w *world) send(actor app.Actor, name, content string) (app.Received, error) {
	return w.ReceiveMedia(context.Background(), actor, app.Incoming{Filename: name, Size: -1, Body: strings.NewReader(content)})
}

func (w *world) count(sql string, args ...any) (n int64) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// objects lists the keys of all stored objects.
func (w *world) objects() []string {
	w.t.Helper()
	var keys []string
	err := w.store.List(context.Background(), "", func(i storage.Info) error { keys = append(keys, i.Key); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return keys
}

// wantNothing checks that a refusal left no trace.
func (w *world) wantNothing() {
	w.t.Helper()
	if keys := w.objects(); len(keys) != 0 {
		w.t.Errorf("objects left behind: %q", keys)
	}
	for _, table := range []string{"media", "media_files", "pending_objects"} {
		if n := w.count("SELECT count(*) FROM " + table); n != 0 {
			w.t.Errorf("%d rows left in %s", n, table)
		}
	}
	if n := w.count("SELECT sum(used_bytes)::bigint FROM users"); n != 0 {
		w.t.Errorf("%d bytes counted", n)
	}
}

// wantError checks code and message key, and that the message can name the file.
func wantError(t *testing.T, err error, code app.Code, key string) {
	t.Helper()
	e, ok := errors.AsType[*app.Error](err)
	if !ok || e.Code != code || e.Key != key {
		t.Errorf("error = %v, want %s (%s)", err, code, key)
		return
	}
	if strings.HasPrefix(key, "receive.refused.") && (e.Args["File"] == nil || e.Args["File"] == "") {
		t.Errorf("%s does not name the file: %v", key, e.Args)
	}
}

func TestReceiveMedia(t *testing.T) {
	w := newStored(t)
	owner := w.user("anna")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	modified := time.Date(2021, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	body := png("photo")
	got, err := w.ReceiveMedia(t.Context(), app.UserActor(owner), app.Incoming{
		Filename: `C:\pictures\beach.JPG`, AlbumID: &album, Modified: &modified, Size: int64(len(body)), Body: strings.NewReader(body),
	})
	if err != nil || got.Outcome != app.OutcomeCreated {
		t.Fatalf("ReceiveMedia = %+v, %v", got, err)
	}
	m, err := w.db.MediaByID(t.Context(), got.Media.ID)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	if m.Filename != "beach.png" || m.Mime != "image/png" || m.Kind != db.MediaKindPhoto || m.Status != db.MediaStatusPending ||
		m.OwnerID != owner.ID || m.AlbumID == nil || *m.AlbumID != album || m.Bytes != int64(len(body)) || !bytes.Equal(m.Sha256, sum[:]) {
		t.Errorf("media = %+v", m)
	}
	if !m.TakenAt.Equal(modified) || m.TakenAtSource != "file_mtime" || m.TakenAtLocal.Hour() != 6 { // the world's zone is UTC
		t.Errorf("taken %v, local %v, from %s", m.TakenAt, m.TakenAtLocal, m.TakenAtSource)
	}
	if keys := w.objects(); len(keys) != 1 || keys[0] != "media/"+m.ID.String() {
		t.Errorf("objects = %q", keys)
	}
	if n := w.count("SELECT used_bytes FROM users WHERE id = $1", owner.ID); n != int64(len(body)) {
		t.Errorf("used_bytes = %d", n)
	}
	if n := w.count("SELECT count(*) FROM pending_objects"); n != 0 {
		t.Errorf("%d objects are still pending", n)
	}
	if len(w.logs.jobs) != 1 || w.logs.jobs[0] != (jobs.ProcessMedia{MediaID: m.ID.String()}) {
		t.Errorf("jobs = %v", w.logs.jobs)
	}
	original, err := w.Original(t.Context(), app.UserActor(owner), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := original.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if back, err := io.ReadAll(r); err != nil || string(back) != body {
		t.Errorf("original = %d bytes, %v", len(back), err)
	}
}

func TestReceiveWithoutADateUsesNow(t *testing.T) {
	w := newStored(t)
	owner := w.user("anna")
	future := w.now.Add(100 * time.Hour)
	for _, modified := range []*time.Time{nil, new(time.Time), &future} {
		got, err := w.ReceiveMedia(t.Context(), app.UserActor(owner), app.Incoming{
			Filename: "a.png", Size: -1, Modified: modified, Body: strings.NewReader(png(uuid.NewString())),
		})
		if err != nil || got.Media.TakenAtSource != "uploaded" || got.Media.TakenAt.Sub(w.now).Abs() > time.Millisecond {
			t.Errorf("modified %v: taken %v from %q, %v", modified, got.Media.TakenAt, got.Media.TakenAtSource, err)
		}
	}
}

func TestReceiveDuplicates(t *testing.T) {
	w := newStored(t)
	anna, ben := w.user("anna"), w.user("ben")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	first, err := w.send(app.UserActor(anna), "a.png", png("x"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.ReceiveMedia(t.Context(), app.UserActor(anna), app.Incoming{
		Filename: "other name.png", AlbumID: &album, Size: -1, Body: strings.NewReader(png("x"))})
	if err != nil || again.Outcome != app.OutcomeDuplicate || again.Media.ID != first.Media.ID || again.Media.AlbumID != nil {
		t.Errorf("again = %+v, %v", again, err)
	}
	w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", first.Media.ID)
	back, err := w.send(app.UserActor(anna), "a.png", png("x"))
	if err != nil || back.Outcome != app.OutcomeRestored || back.Media.ID != first.Media.ID || back.Media.TrashedAt != nil {
		t.Errorf("back = %+v, %v", back, err)
	}
	if n := w.count("SELECT count(*) FROM media WHERE trashed_at IS NULL"); n != 1 {
		t.Errorf("%d live items", n)
	}
	if len(w.logs.events) != 1 || w.logs.events[0] != (app.Event{UserID: anna.ID, MediaID: first.Media.ID, Kind: app.EventChanged}) {
		t.Errorf("events = %v", w.logs.events)
	}
	other, err := w.send(app.UserActor(ben), "a.png", png("x"))
	if err != nil || other.Outcome != app.OutcomeCreated {
		t.Errorf("another user's = %+v, %v", other, err)
	}
	if keys := w.objects(); len(keys) != 2 {
		t.Errorf("objects = %q", keys)
	}
}

func TestReceiveTheSameBytesAtOnce(t *testing.T) {
	w := newStored(t)
	owner := w.user("anna")
	const n = 6
	outcomes := make([]app.ReceiveOutcome, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			got, err := w.send(app.UserActor(owner), "a.png", png(strings.Repeat("x", 100_000)))
			if err != nil {
				t.Error(err)
			}
			outcomes[i] = got.Outcome
		})
	}
	wg.Wait()
	created := 0
	for _, o := range outcomes {
		if o == app.OutcomeCreated {
			created++
		} else if o != app.OutcomeDuplicate {
			t.Errorf("outcome %q", o)
		}
	}
	if created != 1 || w.count("SELECT count(*) FROM media") != 1 || len(w.objects()) != 1 || w.count("SELECT count(*) FROM pending_objects") != 0 {
		t.Errorf("%d created, %d objects", created, len(w.objects()))
	}
}

// The last word on the quota is said under the lock, whatever was true before.
// A file size limit makes real writes fail half-way, as a full disk does.
// What a process that was killed between object and commit leaves: an object
// and its reservation. The sweep takes both, but not before their time.
// hook runs once, when the body has been read up to it; a longer one than the
// head that is sniffed comes before it.
// An upload that outlives its reservation is given up, not half kept.
func TestReceiveStreams(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	const size = 200 << 20
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	probe := &probing{left: size - int64(len(pngHead)), every: 16 << 20, probe: func() {
		runtime.GC()
		runtime.ReadMemStats(&now)
		peak = max(peak, now.HeapAlloc)
	}}
	got, err := w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "a.png", Size: size, Body: io.MultiReader(strings.NewReader(pngHead), probe)})
	if err != nil || got.Media.Bytes != size {
		t.Fatalf("ReceiveMedia = %+v, %v", got, err)
	}
	if peak == 0 || peak > before.HeapAlloc+8<<20 {
		t.Errorf("the heap grew from %d to %d bytes while %d streamed by", before.HeapAlloc, peak, size)
	}
}

// probing is a long body that calls probe every so many bytes.
type probing struct {
	left, every, seen int64
	probe             func()
}

func (p *probing) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := int(min(p.left, int64(len(b))))
	p.left -= int64(n)
	if p.seen += int64(n); p.seen >= p.every {
		p.seen = 0
		p.probe()
	}
	return n, nil
}
