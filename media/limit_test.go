package media

import (
	"context"
	"path/filepath"
	"testing"
)

// The limit on address space is for hostile files: a photograph of an ordinary
// camera fits a fresh decoder every time, also where it must be turned.
func TestAnOrdinaryPhotographFitsTheLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 4000, 3000, path)
	run(t, "exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", path)
	for range 4 {
		p, err := NewProcessor(Config{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if r, err := p.Still(context.Background(), path, photo("image/jpeg", "jpg")); err != nil || r.Width != 3000 || r.Height != 4000 {
				t.Errorf("%d × %d, %v", r.Width, r.Height, err)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
