package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/media"
)

// counted counts what a real stripper is asked to do.
type counted struct {
	app.Stripper
	calls atomic.Int32
}

func (c *counted) Strip(ctx context.Context, path string, t media.Type, to string) (media.Stripped, error) {
	c.calls.Add(1)
	return c.Stripper.Strip(ctx, path, t, to)
}

// strippingWorld is a world that makes copies without metadata.
func strippingWorld(t testing.TB) (*world, *counted) {
	t.Helper()
	p, err := media.NewProcessor(media.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, openFolder(t, t.TempDir()))
	w.strip = &counted{Stripper: p}
	w.restart()
	return w, w.strip
}

// photograph is a small JPEG with a position and a name in it.
func photograph(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.jpg")
	for _, c := range [][]string{
		{"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "gradients=s=64x48:d=1", "-frames:v", "1", path},
		{"exiftool", "-q", "-overwrite_original", "-GPSLatitude=52.5", "-GPSLatitudeRef=N", "-Artist=Anna Example", "-Orientation#=6", path},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stored gives an item of the world its original.
func (w *world) stored(id uuid.UUID, content []byte) {
	w.t.Helper()
	if _, err := w.store.Put(context.Background(), "media/"+id.String(), bytes.NewReader(content)); err != nil {
		w.t.Fatal(err)
	}
	for _, table := range []string{"media SET bytes = $1 WHERE id = $2", "media_files SET bytes = $1 WHERE media_id = $2"} {
		w.exec("UPDATE "+table, len(content), id)
	}
}

func content(t testing.TB, o app.Object) []byte {
	t.Helper()
	r, err := o.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStrippedOriginal(t *testing.T) {
	w, stripper := strippingWorld(t)
	anna := w.user("anna")
	id := w.media(anna, w.album(anna, db.AlbumVisibilityPrivate))
	original := photograph(t)
	w.stored(id, original)
	actor := app.UserActor(anna)

	var wait sync.WaitGroup
	copies := make([][]byte, 8)
	for i := range copies {
		wait.Go(func() {
			o, err := w.StrippedOriginal(t.Context(), actor, id)
			if err != nil {
				t.Error(err)
				return
			}
			copies[i] = content(t, o)
		})
	}
	wait.Wait()
	for _, c := range copies {
		if !bytes.Equal(c, copies[0]) || bytes.Contains(c, []byte("Anna")) || len(c) == 0 {
			t.Fatalf("a copy of %d bytes, another of %d", len(c), len(copies[0]))
		}
	}
	if n := stripper.calls.Load(); n != 1 {
		t.Errorf("made %d times", n)
	}
	o, err := w.Original(t.Context(), actor, id)
	if err != nil || !bytes.Equal(content(t, o), original) {
		t.Errorf("the original: %v", err)
	}

	// Removing the item removes the copy.
	var key string
	if err := w.db.QueryRow(t.Context(), "SELECT storage_key FROM derivatives WHERE media_id = $1 AND kind = 'stripped'", id).Scan(&key); err != nil {
		t.Fatal(err)
	}
	if _, err := w.TrashMedia(t.Context(), actor, id); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteMedia(t.Context(), actor, id); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if _, err := w.SweepObjects(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Stat(t.Context(), key); err == nil {
		t.Error("the copy outlives its item")
	}
}

// TestStrippedForLinks: a link that gives away no metadata never gives the original.
func TestStrippedForLinks(t *testing.T) {
	w, _ := strippingWorld(t)
	anna := w.user("anna")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	photo, broken := w.media(anna, album), w.media(anna, album)
	w.stored(photo, photograph(t))
	w.stored(broken, []byte("\xff\xd8\xffnot a photo of Anna"))
	link := app.LinkActor(app.Link{ID: w.shareLink(album, anna), AlbumID: album, Download: true, Strip: true})

	o, err := w.Original(t.Context(), link, photo)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content(t, o), []byte("Anna")) || o.Filename != "photo.jpg" || o.MIME != "image/jpeg" {
		t.Errorf("got %s, %s", o.Filename, o.MIME)
	}
	if _, err := w.Original(t.Context(), link, broken); app.CodeOf(err) != app.CodeUnsupported {
		t.Errorf("of a broken file: %v", err)
	}
	w.exec("UPDATE media_files SET storage_key = 'media/gone' WHERE media_id = $1", broken)
	if _, err := w.Original(t.Context(), link, broken); app.CodeOf(err) != app.CodeUnavailable {
		t.Errorf("of a missing file: %v", err)
	}
	deaf := app.LinkActor(app.Link{ID: w.shareLink(album, anna), AlbumID: album, Strip: true})
	var e *app.Error
	if _, err := w.Original(t.Context(), deaf, photo); !errors.As(err, &e) || e.Code != app.CodeForbidden {
		t.Errorf("without downloads: %v", err)
	}
}
