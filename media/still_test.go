package media

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func mustStill(t *testing.T, p *Processor, path string) Result {
	t.Helper()
	typ, err := sniffFile(t, path)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	r, err := p.Still(context.Background(), path, typ)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return r
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var pe *ProcessError
	if !errors.As(err, &pe) || pe.Code != code {
		t.Fatalf("got error %v, want code %q", err, code)
	}
	if pe.Reason == "" {
		t.Error("the error has no reason")
	}
}

func TestStillJPEG(t *testing.T) {
	p := newTestProcessor(t)
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 2400, 1600, path)
	r := mustStill(t, p, path)
	if r.Width != 2400 || r.Height != 1600 || r.Damaged || r.Animated || r.HasAlpha {
		t.Errorf("got %d×%d damaged=%v animated=%v alpha=%v", r.Width, r.Height, r.Damaged, r.Animated, r.HasAlpha)
	}
	if r.ThumbW != 512 || r.ThumbH != 341 || r.PreviewW != 2048 || r.PreviewH != 1365 {
		t.Errorf("thumb %d×%d, preview %d×%d", r.ThumbW, r.ThumbH, r.PreviewW, r.PreviewH)
	}
	for _, b := range [][]byte{r.Thumb, r.Preview} {
		if typ, err := Sniff(b); err != nil || typ.Ext != "webp" {
			t.Errorf("picture is %v, %v; want WebP", typ, err)
		}
		if bytes.Contains(b, []byte("EXIF")) || bytes.Contains(b, []byte("ICCP")) {
			t.Error("picture carries metadata")
		}
		if d := difference(t, b, path); d > 2 {
			t.Errorf("picture differs by %.1f levels", d)
		}
	}
	if len(r.Thumbhash) < 15 || r.PHash == 0 {
		t.Errorf("thumbhash %x, phash %x", r.Thumbhash, r.PHash)
	}
}

func TestStillNeverEnlarges(t *testing.T) {
	p := newTestProcessor(t)
	path := filepath.Join(t.TempDir(), "small.png")
	photograph(t, 300, 700, path)
	r := mustStill(t, p, path)
	if r.ThumbW != 219 || r.ThumbH != 512 || r.PreviewW != 300 || r.PreviewH != 700 {
		t.Errorf("thumb %d×%d, preview %d×%d", r.ThumbW, r.ThumbH, r.PreviewW, r.PreviewH)
	}
}

// Each orientation stores the same scene turned or mirrored the other way.
func TestOrientationsAgree(t *testing.T) {
	stored := map[int][][]string{
		1: {}, 2: {{"flip", "horizontal"}}, 3: {{"rot", "d180"}}, 4: {{"flip", "vertical"}},
		5: {{"rot", "d90"}, {"flip", "horizontal"}}, 6: {{"rot", "d270"}},
		7: {{"rot", "d90"}, {"flip", "vertical"}}, 8: {{"rot", "d90"}},
	}
	p := newTestProcessor(t)
	dir := t.TempDir()
	scene := filepath.Join(dir, "scene.png")
	photograph(t, 540, 360, scene)
	upright := mustStill(t, p, scene)
	for o, steps := range stored {
		from := scene
		for i, step := range steps {
			to := filepath.Join(dir, strconv.Itoa(o)+strconv.Itoa(i)+".png")
			run(t, "vips", step[0], from, to, step[1])
			from = to
		}
		path := filepath.Join(dir, strconv.Itoa(o)+".jpg")
		run(t, "vips", "copy", from, path+"[Q=95,strip]")
		run(t, "exiftool", "-q", "-overwrite_original", "-n", "-Orientation="+strconv.Itoa(o), path)
		r := mustStill(t, p, path)
		if r.Orientation != o || r.Width != 540 || r.Height != 360 {
			t.Errorf("orientation %d: got %d, %d×%d", o, r.Orientation, r.Width, r.Height)
		}
		if d := difference(t, r.Thumb, scene); d > 3 {
			t.Errorf("orientation %d: thumb differs by %.1f levels", o, d)
		}
		if d := PHashDistance(r.PHash, upright.PHash); d > 4 {
			t.Errorf("orientation %d: perceptual hash differs in %d bits", o, d)
		}
	}
}

func TestColoursBecomeSRGB(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	srgb := filepath.Join(dir, "srgb.png")
	colours(t, 320, 240, srgb)
	in := func(name string) string { return filepath.Join(dir, name) }
	run(t, "vips", "icc_transform", srgb, in("p3.jpg")+"[Q=95]", "p3", "--input-profile", "srgb")
	run(t, "vips", "icc_transform", srgb, in("cmyk.jpg")+"[Q=95]", "cmyk", "--input-profile", "srgb")
	run(t, "vips", "icc_transform", srgb, in("p3-16.png"), "p3", "--input-profile", "srgb", "--depth", "16")
	run(t, "vips", "colourspace", srgb, in("rgb16.png"), "rgb16")
	run(t, "vips", "colourspace", srgb, in("rgb16.tif"), "rgb16")
	run(t, "vips", "colourspace", srgb, in("float.tif"), "scrgb")
	run(t, "vips", "colourspace", srgb, in("lab.tif"), "lab")
	for _, name := range []string{"p3.jpg", "p3-16.png", "rgb16.png", "rgb16.tif", "float.tif", "lab.tif"} {
		if d := difference(t, mustStill(t, p, in(name)).Preview, srgb); d > 3 {
			t.Errorf("%s: differs from sRGB by %.1f levels", name, d)
		}
	}
	// Ink cannot show all of these colours: compare with what it does show. libvips' thumbnail goes from the
	// profile to XYZ and from there by a matrix, which cuts off by 3.3 levels otherwise than the sRGB profile does;
	// WebP adds 0.8.
	ink := mustStill(t, p, in("cmyk.jpg")).Preview
	run(t, "vipsthumbnail", "--size", "2048x2048>", "--eprofile", "srgb", "-o", in("tool.png"), in("cmyk.jpg"))
	if d := difference(t, ink, in("tool.png")); d > 1.5 {
		t.Errorf("CMYK: differs from the reference tool by %.1f levels", d)
	}
	run(t, "vips", "icc_transform", in("cmyk.jpg"), in("cmyk.png"), "srgb", "--embedded")
	if d := difference(t, ink, in("cmyk.png")); d > 4 {
		t.Errorf("CMYK: differs from its profile's sRGB by %.1f levels", d)
	}
	// Without its profile the P3 file would look clearly different.
	run(t, "vips", "copy", in("p3.jpg"), in("stripped.jpg")+"[strip]")
	if d := difference(t, mustStill(t, p, in("stripped.jpg")).Preview, srgb); d < 5 {
		t.Errorf("the test picture is not wide enough to prove anything: %.1f levels", d)
	}
}

func TestBrokenProfileIsIgnored(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "photo.jpg")
	photograph(t, 640, 480, path)
	run(t, "vips", "icc_export", path, path+".tagged.jpg", "--output-profile", "srgb")
	b, err := os.ReadFile(path + ".tagged.jpg")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("ICC_PROFILE"))
	if at < 0 {
		t.Fatal("the fixture has no profile")
	}
	clear(b[at+14+128 : at+14+400]) // the table of what the profile holds
	writeFile(t, path, b)
	if r := mustStill(t, p, path); r.Damaged || r.PreviewW != 640 {
		t.Errorf("damaged=%v, preview %d wide", r.Damaged, r.PreviewW)
	}
}

func TestGreyAndAlpha(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	photograph(t, 640, 480, in("photo.png"))
	run(t, "vips", "colourspace", in("photo.png"), in("grey.jpg"), "b-w")
	run(t, "vips", "colourspace", in("photo.png"), in("grey16.png"), "grey16")
	run(t, "vips", "extract_area", in("photo.png"), in("mask.png"), "0", "0", "640", "480")
	run(t, "vips", "colourspace", in("mask.png"), in("mask-grey.png"), "b-w")
	run(t, "vips", "bandjoin", in("photo.png")+" "+in("mask-grey.png"), in("alpha.png"))
	run(t, "ffmpeg", "-v", "error", "-i", in("photo.png"), "-pix_fmt", "rgba", in("opaque.png"))
	for _, name := range []string{"grey.jpg", "grey16.png", "alpha.png", "opaque.png"} {
		r := mustStill(t, p, in(name))
		if r.HasAlpha != (name == "alpha.png") {
			t.Errorf("%s: alpha is %v", name, r.HasAlpha)
		}
		if d := difference(t, r.Thumb, in(name)); d > 3 {
			t.Errorf("%s: differs by %.1f levels", name, d)
		}
	}
}

func TestFormats(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	photograph(t, 320, 240, in("photo.png"))
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x240:d=1:r=5", in("moving.gif"))
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x240:d=1:r=5", "-f", "apng", in("moving.png"))
	run(t, "vips", "copy", in("moving.gif")+"[n=-1]", in("moving.webp"))
	for _, out := range []string{"still.webp", "lossless.webp[lossless]", "still.gif", "still.avif[compression=av1,speed=8]", "still.heic[compression=hevc]",
		"ten.heic[compression=hevc,bitdepth=10]", "classic.tif", "big.tif[bigtiff]", "tiled.tif[tile,compression=deflate]", "progressive.jpg[interlace]", "interlaced.png[interlace]"} {
		run(t, "vips", "copy", in("photo.png"), in(out))
	}
	heix, err := os.ReadFile(in("ten.heic"))
	if err != nil {
		t.Fatal(err)
	}
	copy(heix[8:], "heix") // as Canon and Sony write it; bimg refuses the brand
	writeFile(t, in("heix.heic"), heix)
	for name, animated := range map[string]bool{
		"still.webp": false, "lossless.webp": false, "still.gif": false, "still.avif": false, "still.heic": false, "ten.heic": false, "heix.heic": false,
		"classic.tif": false, "big.tif": false, "tiled.tif": false, "progressive.jpg": false, "interlaced.png": false,
		"moving.gif": true, "moving.webp": true, "moving.png": true,
	} {
		r := mustStill(t, p, in(name))
		if r.Animated != animated || r.Damaged {
			t.Errorf("%s: animated=%v damaged=%v", name, r.Animated, r.Damaged)
		}
		want := in("photo.png")
		if animated {
			want = in("moving.gif")
		}
		if d := difference(t, r.Thumb, want); d > 7 { // GIF has 256 colours
			t.Errorf("%s: differs by %.1f levels", name, d)
		}
	}
}

func TestTruncated(t *testing.T) {
	p := newTestProcessor(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	photograph(t, 800, 600, in("photo.jpg"))
	for _, out := range []string{"photo.png", "photo.webp", "photo.gif", "photo.tif", "photo.heic", "photo.avif[speed=8]", "progressive.jpg[interlace]"} {
		run(t, "vips", "copy", in("photo.jpg"), in(out))
	}
	for _, name := range []string{"photo.jpg", "progressive.jpg", "photo.png"} {
		cut(t, in(name), in("cut-"+name), 0.6)
		r := mustStill(t, p, in("cut-"+name))
		if !r.Damaged || r.Width != 800 || len(r.Thumb) == 0 {
			t.Errorf("cut %s: damaged=%v, %d wide, thumb of %d bytes", name, r.Damaged, r.Width, len(r.Thumb))
		}
	}
	// Wherever a progressive file is cut, in the middle of a table too, what came before is shown.
	whole, err := os.ReadFile(in("progressive.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for at := bytes.Index(whole, []byte{0xff, 0xda}); ; tables++ {
		next := bytes.Index(whole[at:], []byte{0xff, 0xc4})
		if next < 0 {
			break
		}
		at += next + 6
		writeFile(t, in("cut-table.jpg"), whole[:at])
		if r := mustStill(t, p, in("cut-table.jpg")); !r.Damaged {
			t.Errorf("cut in a table at byte %d: not damaged", at)
		}
	}
	if tables < 3 {
		t.Errorf("the file has only %d tables between its scans", tables)
	}
	for _, name := range []string{"photo.webp", "photo.gif", "photo.tif", "photo.heic", "photo.avif"} {
		cut(t, in(name), in("cut-"+name), 0.6)
		typ, err := sniffFile(t, in("cut-"+name))
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Still(context.Background(), in("cut-"+name), typ)
		if err == nil {
			t.Errorf("cut %s is shown (damaged=%v), want it to fail", name, r.Damaged)
			continue
		}
		wantCode(t, err, CodeBroken)
	}
	// The upper part of a cut JPEG is there.
	w, h, all := look(t, in("photo.jpg"))
	r := mustStill(t, p, in("cut-photo.jpg"))
	writeFile(t, in("own.webp"), r.Thumb)
	_, _, part := look(t, in("own.webp"))
	for y := range h / 3 {
		for x := range w {
			for c := range 3 {
				if d := int(all[(y*w+x)*4+c]) - int(part[(y*w+x)*4+c]); d > 40 || d < -40 {
					t.Fatalf("pixel %d,%d of the upper part differs by %d", x, y, d)
				}
			}
		}
	}
}

func TestNotDecodable(t *testing.T) {
	p := newTestProcessor(t)
	_, err := p.Still(context.Background(), "/nowhere", video("video/mp4", "mp4"))
	wantCode(t, err, CodeUnsupported)
	if _, err = p.Still(context.Background(), "/nowhere", photo("image/jpeg", "jpg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}
