package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

const (
	benchPhotos = 24
	// As package media makes them.
	benchPreview, benchPreviewQuality = 2048, 82
	benchThumb, benchThumbQuality     = 512, 80
)

// BenchmarkImport12MP brings 12-megapixel JPEGs in with albumen import, from
// the command to the last picture, and lets vipsthumbnail make the same two
// sizes of each with the same encoder settings, as many at a time as there are
// processors. "ratio" is Albumen's time over vipsthumbnail's. The
// memory of each process, children included, is measured on the way.
func BenchmarkImport12MP(b *testing.B) {
	i := start(b)
	seed := filepath.Join(b.TempDir(), "seed.jpg")
	run(b, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
		"gradients=s=4000x3000:c0=orange:c1=navy:c2=olive:c3=white:n=4:seed=7:d=1,noise=alls=12:allf=u,format=rgb24", "-frames:v", "1", "-q:v", "3", seed)
	idle := map[string]float64{}
	for _, name := range []string{"web", "worker", "ml"} {
		idle[name] = megabytesOf(i, name)
	}
	peaks := watchMemory(b, i)
	var ours, theirs time.Duration
	round := 0
	for b.Loop() {
		round++
		dir := manyOf(b, seed, round)
		from := time.Now()
		if out, err := i.command("", "albumen", "import", dir, "--owner", adminEmail, "--wait"); err != nil {
			b.Fatalf("import: %v\n%s", err, out)
		}
		ours += time.Since(from)
		from = time.Now()
		thumbnailAll(b, dir)
		theirs += time.Since(from)
	}
	for name, peak := range peaks() {
		b.ReportMetric(idle[name], name+"-idle-MB")
		b.ReportMetric(peak, name+"-load-MB")
	}
	photos := float64(round * benchPhotos)
	b.ReportMetric(float64(ours.Milliseconds())/photos, "albumen-ms/photo")
	b.ReportMetric(float64(theirs.Milliseconds())/photos, "vipsthumbnail-ms/photo")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

// manyOf makes files of the same picture that differ in a comment.
func manyOf(b *testing.B, seed string, round int) string {
	b.Helper()
	dir := b.TempDir()
	content, err := os.ReadFile(seed)
	if err != nil {
		b.Fatal(err)
	}
	for n := range benchPhotos {
		comment := fmt.Sprintf("round %d photo %03d", round, n)
		marker := append([]byte{0xff, 0xfe, 0, byte(len(comment) + 2)}, comment...)
		marked := append(append(append([]byte{}, content[:2]...), marker...), content[2:]...)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.jpg", n)), marked, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// thumbnailAll is the floor: the pictures alone.
func thumbnailAll(b *testing.B, dir string) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	out := b.TempDir()
	var all sync.WaitGroup
	slots := make(chan struct{}, runtime.NumCPU())
	for _, file := range files {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			for edge, quality := range map[int]int{benchPreview: benchPreviewQuality, benchThumb: benchThumbQuality} {
				to := filepath.Join(out, fmt.Sprintf("%s-%d.webp[Q=%d,strip]", filepath.Base(file), edge, quality))
				cmd := exec.Command("vipsthumbnail", file, "--size", fmt.Sprintf("%dx%d>", edge, edge), "-o", to)
				if said, err := cmd.CombinedOutput(); err != nil {
					b.Errorf("vipsthumbnail: %v\n%s", err, said)
				}
			}
		})
	}
	all.Wait()
}
