package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// archive downloads an album and returns it with the announced size. It must be
// what unzip and Go take for whole.
func (w *world) archive(actor app.Actor, album uuid.UUID) (*zip.Reader, int64) {
	w.t.Helper()
	a, err := w.AlbumArchive(context.Background(), actor, album)
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	return w.written(a), a.Bytes
}

func (w *world) written(a *app.Archive) *zip.Reader {
	w.t.Helper()
	var b bytes.Buffer
	n, err := a.WriteTo(context.Background(), &b)
	if err != nil || n != int64(b.Len()) {
		w.t.Fatalf("wrote %d of %d: %v", n, b.Len(), err)
	}
	if a.Bytes >= 0 && a.Bytes != n {
		w.t.Errorf("%d bytes, announced %d", n, a.Bytes)
	}
	file := filepath.Join(w.t.TempDir(), "a.zip")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if out, err := exec.Command("unzip", "-tq", file).CombinedOutput(); err != nil && n > 22 { // it calls an empty one an error
		w.t.Errorf("unzip -t: %v\n%s", err, out)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), n)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func entries(r *zip.Reader) (list []string) {
	for _, f := range r.File {
		list = append(list, f.Name)
	}
	return list
}

func read(t testing.TB, r *zip.Reader, name string) string {
	t.Helper()
	f, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// named makes an item with content, a name and a date.
func (w *world) named(owner db.User, album uuid.UUID, name, content, taken string) uuid.UUID {
	w.t.Helper()
	id := w.media(owner, album)
	w.stored(id, []byte(content))
	w.exec("UPDATE media SET filename = $2, taken_at_local = $3::timestamp, taken_at = $3::timestamp AT TIME ZONE 'UTC' - interval '2 hours' WHERE id = $1", id, name, taken)
	return id
}

func TestAlbumArchive(t *testing.T) {
	w := newWorld(t, openFolder(t, t.TempDir()))
	anna, ben := w.user("anna"), w.user("ben")
	top, below := w.album(anna, db.AlbumVisibilityPrivate), w.album(anna, db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET title = 'Summer / 2024', sort = 'oldest' WHERE id = $1", top)
	w.exec("UPDATE albums SET title = '../évil', parent_id = $2 WHERE id = $1", below, top)
	w.grant(top, ben.ID, db.AlbumRoleViewer)
	w.named(anna, top, "b.jpg", "second", "2024-07-01 12:00:00")
	w.named(anna, top, "B.JPG", "first", "1955-07-01 12:00:00")
	gone := w.named(anna, top, "gone.jpg", strings.Repeat("x", 5000), "2024-07-02 12:00:00")
	w.named(anna, below, "日本.jpg", "below", "2024-07-03 23:30:00")
	hidden := w.named(anna, top, "hidden.jpg", "withheld", "2024-07-04 12:00:00")
	w.exec("UPDATE media SET withheld = 'report' WHERE id = $1", hidden)

	actor := app.UserActor(ben)
	r, _ := w.archive(actor, top)
	if got, want := entries(r), []string{"B.JPG", "b (2).jpg", "gone.jpg", "_._évil/日本.jpg"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := read(t, r, "_._évil/日本.jpg"); got != "below" {
		t.Errorf("content %q", got)
	}
	for _, f := range r.File {
		if f.Method != zip.Store || f.Flags&0x800 == 0 {
			t.Errorf("%s: method %d, flags %x", f.Name, f.Method, f.Flags)
		}
	}
	if at, want := r.File[3].Modified.UTC(), time.Date(2024, 7, 3, 21, 30, 0, 0, time.UTC); !at.Equal(want) {
		t.Errorf("taken at %v, want %v", at, want)
	}
	if clock := r.File[3].ModifiedTime; clock>>11 != 23 || clock>>5&63 != 30 {
		t.Errorf("the wall clock shows %d:%d", clock>>11, clock>>5&63)
	}

	// What is taken away or missing once the download has begun.
	a, err := w.AlbumArchive(t.Context(), actor, top)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	w.exec("UPDATE media SET album_id = NULL WHERE id = $1", gone)
	w.exec("UPDATE media_files SET storage_key = 'media/nowhere' WHERE media_id = (SELECT id FROM media WHERE filename = 'B.JPG')")
	r = w.written(a)
	if got, want := entries(r), []string{"b (2).jpg", "_._évil/日本.jpg", "NOT-INCLUDED.txt"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	text := strings.TrimRight(read(t, r, "NOT-INCLUDED.txt"), "\r\n")
	if !strings.HasSuffix(text, "B.JPG: the file is missing from the storage\r\ngone.jpg: no longer in this album") {
		t.Errorf("it says %q", text)
	}

	// Two at a time.
	second, err := w.AlbumArchive(t.Context(), actor, top)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AlbumArchive(t.Context(), actor, top); app.CodeOf(err) != app.CodeRateLimited {
		t.Errorf("a third one: %v", err)
	}
	second.Close()

	// Losing all rights in the middle leaves nothing.
	w.exec("DELETE FROM album_grants WHERE user_id = $1", ben.ID)
	var b bytes.Buffer
	if _, err := a.WriteTo(t.Context(), &b); err == nil && bytes.Contains(b.Bytes(), []byte("below")) {
		t.Error("files for one who may not see them any more")
	}
	gone2, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.WriteTo(gone2, io.Discard); err == nil {
		t.Error("writing for nobody")
	}
}

// TestArchiveThatLacksTinyFiles: the announced size holds whatever is left out.
func TestArchiveThatLacksTinyFiles(t *testing.T) {
	w := newWorld(t, openFolder(t, t.TempDir()))
	anna := w.user("anna")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	w.named(anna, album, "here.gif", "here", "2024-07-01 12:00:00")
	for n := 0; n < 160; n += 9 {
		id := w.named(anna, album, "a", strings.Repeat("x", n), "2024-07-01 12:00:00")
		if err := w.store.Delete(t.Context(), "media/"+id.String()); err != nil {
			t.Fatal(err)
		}
		r, _ := w.archive(app.UserActor(anna), album)
		lacking := r.Comment
		if len(r.File) > 1 {
			lacking = read(t, r, "NOT-INCLUDED.txt")
		}
		const all = "Not in this archive:\r\n\r\na: the file is missing from the storage\r\n"
		if read(t, r, "here.gif") != "here" || !strings.HasPrefix(all, strings.TrimRight(lacking, "\n")) {
			t.Fatalf("without %d bytes: %q, %q", n, entries(r), lacking)
		}
		w.exec("DELETE FROM media WHERE id = $1", id)
	}
}

// TestStrippedArchive: an archive by a link that gives away no metadata.
func TestStrippedArchive(t *testing.T) {
	w, stripper := strippingWorld(t)
	anna := w.user("anna")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	w.stored(w.media(anna, album), photograph(t))
	w.named(anna, album, "broken.jpg", "\xff\xd8\xffnot a photo of Anna", "2020-01-01 00:00:00")
	link := app.LinkActor(app.Link{ID: w.shareLink(album, anna), AlbumID: album, Download: true, Strip: true})
	a, err := w.AlbumArchive(t.Context(), link, album)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if n := stripper.calls.Load(); n != 0 || a.Bytes != -1 {
		t.Errorf("%d copies were made ahead, %d bytes announced", n, a.Bytes)
	}
	r := w.written(a)
	if got := entries(r); !slices.Equal(got, []string{"photo.jpg", "NOT-INCLUDED.txt"}) {
		t.Errorf("got %q", got)
	}
	if strings.Contains(read(t, r, "photo.jpg"), "Anna") {
		t.Error("the name is still in it")
	}
}

// TestLargeArchive: sizes past the limits of the old format are announced right.
func TestLargeArchive(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, openFolder(t, dir))
	anna := w.user("anna")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	for i, size := range []int64{100, 65 << 20, 4<<30 + 5, 200} {
		id := w.named(anna, album, fmt.Sprint(i, ".mp4"), "x", fmt.Sprintf("2020-01-0%d 00:00:00", 9-i))
		path, ok := w.store.LocalPath("media/" + id.String())
		if !ok {
			t.Fatal("not a folder")
		}
		if err := os.Truncate(path, size); err != nil { // without blocks on the disk
			t.Fatal(err)
		}
		w.exec("UPDATE media_files SET bytes = $1 WHERE media_id = $2", size, id)
	}
	a, err := w.AlbumArchive(t.Context(), app.UserActor(anna), album)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if n, err := a.WriteTo(t.Context(), io.Discard); err != nil || n != a.Bytes || n < 4<<30 {
		t.Errorf("%d bytes, announced %d: %v", n, a.Bytes, err)
	}
}
