package media

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// BenchmarkStill12MP makes all pictures of a 12-megapixel JPEG, and lets
// vipsthumbnail make the same two sizes with the same encoder settings in the
// same run. "ratio" is Albumen's time over vipsthumbnail's.
func BenchmarkStill12MP(b *testing.B) {
	benchmarkAgainstVipsthumbnail(b, 1)
}

// BenchmarkStill12MPRotated is the same for a picture that lies on its side.
func BenchmarkStill12MPRotated(b *testing.B) {
	benchmarkAgainstVipsthumbnail(b, 6)
}

func benchmarkAgainstVipsthumbnail(b *testing.B, orientation int) {
	p, err := NewProcessor(Config{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	dir := b.TempDir()
	path := filepath.Join(dir, "photo.jpg")
	photograph(b, 4000, 3000, path)
	run(b, "exiftool", "-q", "-overwrite_original", "-n", "-Orientation="+strconv.Itoa(orientation), path)
	still := func() {
		if _, err := p.Still(context.Background(), path, photo("image/jpeg", "jpg")); err != nil {
			b.Fatal(err)
		}
	}
	still() // the child is started once for many files
	var ours, theirs time.Duration
	for b.Loop() {
		t := time.Now()
		still()
		ours += time.Since(t)
		t = time.Now()
		vipsthumbnail(b, path, PreviewEdge, previewQuality, filepath.Join(dir, "preview.webp"))
		vipsthumbnail(b, path, ThumbEdge, thumbQuality, filepath.Join(dir, "thumb.webp"))
		theirs += time.Since(t)
	}
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "albumen-ms/op")
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "vipsthumbnail-ms/op")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

func vipsthumbnail(t testing.TB, path string, edge, quality int, out string) {
	t.Helper()
	size := strconv.Itoa(edge) + "x" + strconv.Itoa(edge) + ">"
	cmd := exec.Command("vipsthumbnail", path, "--size", size, "-o", out+"[Q="+strconv.Itoa(quality)+",strip]")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("vipsthumbnail: %v\n%s", err, msg)
	}
}

// BenchmarkThumbhashPNG is what a page pays for each placeholder.
func BenchmarkThumbhashPNG(b *testing.B) {
	hash := Thumbhash(100, 75, testPattern(100, 75, 1))
	for b.Loop() {
		if _, err := ThumbhashPNG(hash); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMetadata reads a JPEG's tags through an exiftool that is kept open.
func BenchmarkMetadata(b *testing.B) {
	p := newTestProcessor(b)
	path := filepath.Join(b.TempDir(), "photo.jpg")
	photograph(b, 640, 480, path)
	for b.Loop() {
		if _, err := p.Metadata(context.Background(), path); err != nil {
			b.Fatal(err)
		}
	}
}
