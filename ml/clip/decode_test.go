package clip

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"albumen/media"
)

func newRasters(t testing.TB) *media.Rasters {
	t.Helper()
	r, err := media.NewRasters(media.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func prepareFile(t *testing.T, p PixelConfig, r *media.Rasters, path string) Pixels {
	t.Helper()
	im, err := DecodeFile(context.Background(), r, path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	px, err := p.Prepare(im)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return px
}

func wantSame(t *testing.T, name string, got, want []byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d bytes, want %d", name, len(got), len(want))
	}
	differ := 0
	for i := range got {
		if got[i] != want[i] {
			differ++
		}
	}
	if differ > 0 {
		t.Errorf("%s: %d of %d bytes are not those of Hugging Face", name, differ, len(want))
	}
}

// Every picture comes out byte for byte as transformers and Pillow make it: grey,
// palette, alpha, tiny and oblong ones too.
func TestPreparedFilesEqualTheGoldens(t *testing.T) {
	r := newRasters(t)
	names := readGoldenIndex(t).Pictures
	for _, model := range smallModels {
		c, err := ReadConfig(filepath.Join("testdata", model))
		if err != nil {
			t.Fatal(err)
		}
		crops := goldenBytes(t, openGolden(t, model), "crops")
		size := 3 * c.Pixels.Size * c.Pixels.Size
		for i, name := range names {
			px := prepareFile(t, c.Pixels, r, filepath.Join("testdata", "golden", "pictures", name+".png"))
			wantSame(t, model+": "+name, px.RGB, crops[i*size:(i+1)*size])
		}
	}
}

// The same at the size of real models; the golden crops are pictures themselves.
func TestPreparedFilesEqualTheLargeGoldens(t *testing.T) {
	r := newRasters(t)
	p := PixelConfig{Resize: true, ShortestEdge: 224, Resample: Bicubic, Crop: true, CropWidth: 224, CropHeight: 224, Size: 224}
	crops, err := filepath.Glob(filepath.Join("testdata", "golden", "clip224", "*.png"))
	if err != nil || len(crops) < 5 {
		t.Fatalf("%d crops, %v", len(crops), err)
	}
	for _, path := range crops {
		name := filepath.Base(path)
		want, err := DecodeFile(context.Background(), r, path)
		if err != nil {
			t.Fatal(err)
		}
		px := prepareFile(t, p, r, filepath.Join("testdata", "golden", "pictures", name))
		wantSame(t, name, px.RGB, want.Pix)
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	r := newRasters(t)
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "text": "hello", "page": "<html>", "vector": "<svg xmlns='http://www.w3.org/2000/svg'/>"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var refused *media.RefusedError
		if _, err := DecodeFile(context.Background(), r, path); !errors.As(err, &refused) {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	if _, err := DecodeFile(context.Background(), r, filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	cut, err := os.ReadFile(filepath.Join("testdata", "golden", "pictures", "noise.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(cut); err == nil || !strings.Contains(err.Error(), "not a WebP") {
		t.Errorf("a PNG as preview: %v", err)
	}
}

// A preview goes through the same steps in this process as its file does in a child.
func TestPreviewEqualsItsFile(t *testing.T) {
	r := newRasters(t)
	path := filepath.Join("testdata", "preview.webp")
	webp, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inside, err := Decode(webp)
	if err != nil {
		t.Fatal(err)
	}
	child, err := DecodeFile(context.Background(), r, path)
	if err != nil {
		t.Fatal(err)
	}
	if inside.Width != 240 || inside.Height != 150 || !bytes.Equal(inside.Pix, child.Pix) {
		t.Errorf("%d×%d; pixels equal: %t", inside.Width, inside.Height, bytes.Equal(inside.Pix, child.Pix))
	}
	for name, bad := range map[string][]byte{"cut off": webp[:len(webp)/2], "header alone": webp[:40], "empty": nil} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A picture in a wider space than sRGB is embedded as its twin in sRGB is.
func TestWideGamutFilesEqualTheirTwins(t *testing.T) {
	r, dir := newRasters(t), t.TempDir()
	twin, wide, bare := filepath.Join(dir, "srgb.png"), filepath.Join(dir, "p3.png"), filepath.Join(dir, "bare.png")
	for _, args := range [][]string{
		{"copy", filepath.Join("testdata", "golden", "pictures", "scene-1.png"), twin + "[strip]"},
		{"icc_transform", twin, wide, "p3", "--input-profile", "srgb"},
		{"copy", wide, bare + "[strip]"},
	} {
		if out, err := exec.Command("vips", args...).CombinedOutput(); err != nil {
			t.Fatalf("vips %v: %v: %s", args, err, out)
		}
	}
	c, err := ReadConfig(filepath.Join("testdata", "tiny"))
	if err != nil {
		t.Fatal(err)
	}
	want := prepareFile(t, c.Pixels, r, twin).RGB
	away := func(path string) (most int) {
		for i, v := range prepareFile(t, c.Pixels, r, path).RGB {
			most = max(most, int(v)-int(want[i]), int(want[i])-int(v))
		}
		return most
	}
	if got := away(wide); got > 3 {
		t.Errorf("a value is %d levels away from its twin's", got)
	}
	if got := away(bare); got < 10 {
		t.Errorf("without its profile the picture is only %d levels away: it proves nothing", got)
	}
}
