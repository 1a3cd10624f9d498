package handlers_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// file is a photo or video of a test, processed and with all its bytes.
type file struct {
	owner       db.User
	name        string // photo.jpg
	mime        string // image/jpeg
	kind        string // photo
	title       string
	description string
	content     string    // of the original
	taken       time.Time // wall clock; the first of July 2024
	failed      string    // an error code: then there are no derivatives
}

func (s *site) add(f file) uuid.UUID {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	pick := func(v *string, otherwise string) {
		if *v == "" {
			*v = otherwise
		}
	}
	pick(&f.name, "photo.jpg")
	pick(&f.mime, "image/jpeg")
	pick(&f.kind, "photo")
	pick(&f.content, "original of "+id.String())
	if f.owner.ID == uuid.Nil {
		f.owner = s.admin
	}
	if f.taken.IsZero() {
		f.taken = time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	}
	status := "ready"
	if f.failed != "" {
		status = "failed"
	}
	sum := sha256.Sum256([]byte(f.content + id.String()))
	s.exec(`INSERT INTO media (id, owner_id, kind, status, error_code, processed_at, filename, mime, bytes, sha256, width, height,
		title, description, taken_at, taken_at_local, taken_at_source)
		VALUES ($1, $2, $3, $4, $5, now(), $6, $7, $8, $9, 400, 300, $10, $11, $12::timestamp AT TIME ZONE 'UTC', $12::timestamp, 'exif')`,
		id, f.owner.ID, f.kind, status, f.failed, f.name, f.mime, len(f.content), sum[:], f.title, f.description, f.taken)
	s.exec(`INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		VALUES ($1, $2, 'original', $3, $4, $5, $6, $7)`, uuid.New(), id, "media/"+id.String(), f.name, f.mime, len(f.content), sum[:])
	s.exec("UPDATE users SET used_bytes = used_bytes + $2 WHERE id = $1", f.owner.ID, len(f.content))
	s.put("media/"+id.String(), f.content)
	if f.failed != "" || f.kind == "video" {
		return id
	}
	for _, kind := range []string{"thumb", "preview"} {
		key, content := "derivatives/"+kind+id.String(), kind+" of "+id.String()
		s.exec(`INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes)
			VALUES ($1, $2, 3, $3, 'image/webp', 400, 300, $4)`, id, kind, key, len(content))
		s.put(key, content)
	}
	return id
}

func (s *site) put(key, content string) {
	s.t.Helper()
	if _, err := s.store.Put(context.Background(), key, strings.NewReader(content)); err != nil {
		s.t.Fatal(err)
	}
}

// ok fails the test unless the page came, and returns its HTML.
func (b *browser) ok(path string, headers ...string) string {
	b.t.Helper()
	a := b.get(path, headers...)
	if a.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %v", path, a)
	}
	return a.body
}

func contains(t testing.TB, html string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("%q is not in\n%s", w, html)
		}
	}
}

func lacks(t testing.TB, html string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(html, w) {
			t.Errorf("%q is in\n%s", w, html)
		}
	}
}
