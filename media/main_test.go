package media

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"albumen/media/internal/vips"
)

// TestMain lets the test binary be its own decoder child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == DecoderArg {
		os.Exit(DecoderMain())
	}
	if err := vips.Init(); err != nil { // to look at pictures in tests
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newTestProcessor returns a processor that is closed when the test ends.
func newTestProcessor(t testing.TB) *Processor {
	t.Helper()
	return newProcessorWith(t, Config{Workers: 2})
}

func newProcessorWith(t testing.TB, cfg Config) *Processor {
	t.Helper()
	p, err := NewProcessor(cfg)
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

// photograph makes a picture with photographic content: soft gradients and
// noise. The extension chooses the format; no two quarters look alike.
func photograph(t testing.TB, w, h int, path string) {
	t.Helper()
	run(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
		"gradients=s="+strconv.Itoa(w)+"x"+strconv.Itoa(h)+
			":c0=orange:c1=navy:c2=olive:c3=white:n=4:seed=7:d=1,drawbox=x=0:y=0:w=iw/4:h=ih/5:color=red:t=fill,noise=alls=12:allf=u,format=rgb24",
		"-frames:v", "1", "-q:v", "3", path)
}

// colours makes a smooth picture of strong colours.
func colours(t testing.TB, w, h int, path string) {
	t.Helper()
	run(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
		"gradients=s="+strconv.Itoa(w)+"x"+strconv.Itoa(h)+":c0=red:c1=green:c2=blue:c3=orange:n=4:seed=3:d=1,format=rgb24",
		"-frames:v", "1", path)
}

// cut writes the first part of a file to another.
func cut(t testing.TB, from, to string, share float64) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, to, b[:int(float64(len(b))*share)])
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sniffFile is what an upload does first.
func sniffFile(t testing.TB, path string) (Type, error) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Sniff(b[:min(len(b), SniffLen)])
}

// look reduces a picture file to fit 64×64.
func look(t testing.TB, path string) (w, h int, rgba []byte) {
	t.Helper()
	header, err := vips.ReadHeader(path, false, false)
	if err != nil {
		t.Fatalf("look at %s: %v", path, err)
	}
	im, err := vips.Open(path, vips.Options{Edge: 64, Profile: header.Profile})
	if err != nil {
		t.Fatalf("look at %s: %v", path, err)
	}
	defer im.Close()
	w, h, rgba, err = im.Pixels()
	if err != nil {
		t.Fatal(err)
	}
	return w, h, rgba
}

// difference is the mean absolute difference of two pictures, in levels of 255.
// Transparent pixels are compared on white.
func difference(t testing.TB, webp []byte, path string) float64 {
	t.Helper()
	own := filepath.Join(t.TempDir(), "own.webp")
	writeFile(t, own, webp)
	w, h, a := look(t, own)
	w2, h2, b := look(t, path)
	if max(w-w2, w2-w) > 1 || max(h-h2, h2-h) > 1 {
		t.Errorf("%s: shown as %d×%d, want %d×%d", path, w, h, w2, h2)
		return 255
	}
	sum, n := 0.0, 0
	for y := range min(h, h2) {
		for x := range min(w, w2) {
			p, q := a[(y*w+x)*4:], b[(y*w2+x)*4:]
			for c := range 3 {
				sum += math.Abs(onWhite(p, c) - onWhite(q, c))
				n++
			}
		}
	}
	return sum / float64(n)
}

func onWhite(px []byte, c int) float64 {
	alpha := float64(px[3]) / 255
	return float64(px[c])*alpha + 255*(1-alpha)
}
