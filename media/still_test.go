package media

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// newTestProcessor returns a processor that is closed when the test ends.
func newTestProcessor(t testing.TB) *Processor {
	t.Helper()
	p, err := NewProcessor(Config{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// run executes a tool that fixtures are made with.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// photograph makes a picture with photographic content: soft gradients, edges
// and noise.
func photograph(t testing.TB, w, h int, path string) {
	t.Helper()
	run(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
		"gradients=s="+strconv.Itoa(w)+"x"+strconv.Itoa(h)+":c0=orange:c1=navy:c2=olive:c3=white:n=4:seed=7:d=1,noise=alls=12:allf=u",
		"-frames:v", "1", "-q:v", "3", path)
}

func TestStillJPEG(t *testing.T) {
	p := newTestProcessor(t)
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 3000, 2000, path)
	r, err := p.Still(context.Background(), path, photo("image/jpeg", "jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Width != 3000 || r.Height != 2000 || r.Damaged || r.Animated || r.HasAlpha {
		t.Errorf("got %d×%d damaged=%v animated=%v alpha=%v", r.Width, r.Height, r.Damaged, r.Animated, r.HasAlpha)
	}
	if r.ThumbW != 512 || r.ThumbH != 341 || r.PreviewW != 2048 || r.PreviewH != 1365 {
		t.Errorf("thumb %d×%d, preview %d×%d", r.ThumbW, r.ThumbH, r.PreviewW, r.PreviewH)
	}
	for _, b := range [][]byte{r.Thumb, r.Preview} {
		if typ, err := Sniff(b); err != nil || typ.Ext != "webp" {
			t.Errorf("picture is %v, %v; want WebP", typ, err)
		}
	}
	if len(r.Thumbhash) < 15 || r.PHash == 0 {
		t.Errorf("thumbhash %x, phash %x", r.Thumbhash, r.PHash)
	}
}
