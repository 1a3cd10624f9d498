package media

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func newTestRasters(t testing.TB, cfg Config) *Rasters {
	t.Helper()
	r, err := NewRasters(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func mustRaster(t *testing.T, r *Rasters, path string) Raster {
	t.Helper()
	typ, err := sniffFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	raster, err := r.Decode(context.Background(), path, typ)
	if err != nil {
		t.Fatal(err)
	}
	if len(raster.Pix) != raster.Width*raster.Height*3 {
		t.Fatalf("%d bytes for %d×%d", len(raster.Pix), raster.Width, raster.Height)
	}
	return raster
}

func TestRasterIsTheRightWayUp(t *testing.T) {
	r := newTestRasters(t, Config{Workers: 1})
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 320, 200, path) // its upper left corner is red
	plain := mustRaster(t, r, path)
	if plain.Width != 320 || plain.Height != 200 {
		t.Errorf("%d×%d, want 320×200", plain.Width, plain.Height)
	}
	run(t, "exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6", path)
	turned := mustRaster(t, r, path)
	if turned.Width != 200 || turned.Height != 320 {
		t.Fatalf("turned %d×%d, want 200×320", turned.Width, turned.Height)
	}
	// Turned clockwise, what was on the left is at the top: (x, y) goes to (h-1-y, x).
	for y := range 200 {
		for x := range 320 {
			a, b := plain.Pix[(y*320+x)*3:][:3], turned.Pix[(x*200+199-y)*3:][:3]
			if [3]byte(a) != [3]byte(b) {
				t.Fatalf("pixel %d,%d is %v, turned %v", x, y, a, b)
			}
		}
	}
}

func TestRasterIsReducedWhereMemoryIsShort(t *testing.T) {
	r := newTestRasters(t, Config{Workers: 1, MemoryLimitBytes: 200 * mib})
	path := filepath.Join(t.TempDir(), "large.jpg")
	photograph(t, 5000, 4500, path)
	if raster := mustRaster(t, r, path); raster.Width != reducedEdge || raster.Height != 3686 {
		t.Errorf("%d×%d, want 4096×3686", raster.Width, raster.Height)
	}
}

func TestRasterRefusesBombs(t *testing.T) {
	r := newTestRasters(t, Config{Workers: 1})
	path := filepath.Join(t.TempDir(), "huge.png")
	writeFile(t, path, bombPNG(30000, 30000, 1, 0))
	typ, err := sniffFile(t, path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Decode(context.Background(), path, typ)
	wantCode(t, err, CodeTooManyPixels)
	_, err = r.Decode(context.Background(), filepath.Join(t.TempDir(), "absent"), typ)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func TestPreviewsAreDecodedHere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "photo.png")
	photograph(t, 600, 400, path)
	still := mustStill(t, newTestProcessor(t), path)
	for _, webp := range [][]byte{still.Preview, still.Thumb} {
		raster, err := DecodePreview(webp)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "made.webp"), webp)
		child := mustRaster(t, newTestRasters(t, Config{Workers: 1}), filepath.Join(dir, "made.webp"))
		if raster.Width != child.Width || string(raster.Pix) != string(child.Pix) {
			t.Errorf("%d×%d differs from what a child makes of it", raster.Width, raster.Height)
		}
	}
	tooWide := append([]byte(nil), still.Preview...)
	tooWide[27] = 0x30 // 12 thousand columns, says the frame
	for name, bad := range map[string][]byte{"a PNG": bombPNG(9, 9, 0, 0), "too wide": tooWide, "cut off": still.Preview[:999], "empty": nil} {
		if _, err := DecodePreview(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
