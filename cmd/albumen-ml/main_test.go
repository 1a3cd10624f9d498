package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tiny is the small model with random weights.
const tiny = "../../ml/clip/testdata/tiny"

// albumenML runs the program to its end.
func albumenML(t *testing.T, environ []string, args ...string) (code int, out, complaints string) {
	t.Helper()
	var o, e bytes.Buffer
	p := &program{environ: environ, dir: t.TempDir(), out: &o, err: &e}
	code = p.run(t.Context(), args)
	return code, o.String(), e.String()
}

func redisURL(t *testing.T) string {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	return address
}

// withTiny is an environment with the small model.
func withTiny(t *testing.T, more ...string) []string {
	t.Helper()
	folder, err := filepath.Abs(tiny)
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"CLIP_MODEL=" + folder, "DATA_DIR=" + t.TempDir(), "REDIS_URL=" + redisURL(t)}, more...)
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"nonsense"}, {"serve", "extra"}, {"serve", "--nonsense"}, {"embed-text"}, {"embed-text", "red", "bike"}, {"embed-image"},
		{"bench", "extra"}, {"bench", "--seconds", "-1"}, {"fetch-model", "a", "b"}, {"check", "extra"}, {"version", "extra"},
	} {
		code, out, complaints := albumenML(t, nil, args...)
		if code != exitUsage || out != "" || complaints == "" {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, complaints)
		}
	}
	if code, out, _ := albumenML(t, nil, "--help"); code != exitDone || !strings.Contains(out, "fetch-model") {
		t.Errorf("--help: %d, %s", code, out)
	}
	if code, out, _ := albumenML(t, nil, "version"); code != exitDone || out != "albumen-ml unknown\n" {
		t.Errorf("version: %d, %q", code, out)
	}
}

func TestConfigurationIsRefusedWithTheRemedy(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"embed-text", "x"}, {"embed-image", "x"}, {"bench"}, {"fetch-model"}} {
		code, _, complaints := albumenML(t, []string{"ML_THREADS=-3", "CLIP_MODEL=?"}, args...)
		if code != exitFailed || !strings.Contains(complaints, "ML_THREADS is -3. Write") || !strings.Contains(complaints, "CLIP_MODEL is") {
			t.Errorf("%v: %d, %s", args, code, complaints)
		}
	}
}

func TestEmbedText(t *testing.T) {
	env := withTiny(t)
	code, out, complaints := albumenML(t, env, "embed-text", "a child on a red bike", "--json")
	var got struct {
		Model     string
		Dimension int
		Random    bool
		Text      string
		Vector    []float64
	}
	if err := json.Unmarshal([]byte(out), &got); code != exitDone || err != nil {
		t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
	}
	if !strings.HasPrefix(got.Model, "tiny@") || !got.Random || got.Text != "a child on a red bike" || got.Dimension != len(got.Vector) || math.Abs(length(got.Vector)-1) > 1e-3 {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(complaints, "random") {
		t.Errorf("nobody says that the model is random: %s", complaints)
	}
	code, plain, _ := albumenML(t, env, "embed-text", "a child on a red bike")
	if numbers := strings.Fields(plain); code != exitDone || len(numbers) != got.Dimension {
		t.Errorf("%d, %d numbers", code, len(numbers))
	}
}

func length(v []float64) (sum float64) {
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

func TestEmbedImage(t *testing.T) {
	env, dir := withTiny(t), t.TempDir()
	good, bad := filepath.Join(dir, "good.jpg"), filepath.Join(dir, "bad.jpg")
	for path, content := range map[string][]byte{good: photo(t), bad: []byte("no picture")} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got struct {
		Dimension int
		Images    []struct {
			File, Error string
			Vector      []float64
		}
	}
	code, out, complaints := albumenML(t, env, "embed-image", bad, filepath.Join(dir, "missing.jpg"), good, "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitFailed || !strings.Contains(complaints, "2 of 3") {
		t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
	}
	if len(got.Images) != 3 || got.Images[0].Error == "" || got.Images[1].Error == "" || got.Images[2].Error != "" || len(got.Images[2].Vector) != got.Dimension {
		t.Errorf("got %+v", got)
	}
	code, plain, _ := albumenML(t, env, "embed-image", good)
	if name, numbers, _ := strings.Cut(plain, "\t"); code != exitDone || name != good || len(strings.Fields(numbers)) != got.Dimension {
		t.Errorf("%d, %.100q", code, plain)
	}
}

func TestBench(t *testing.T) {
	var got benchResult
	code, out, complaints := albumenML(t, withTiny(t, "ML_BATCH=3", "ML_THREADS=1"), "bench", "--seconds", "0.01", "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitDone {
		t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
	}
	if len(got.Cells) != 5 || got.Cells[2].Batch != 3 || got.PeakBytes == 0 || !strings.HasSuffix(got.Device, "×1") {
		t.Errorf("got %+v", got)
	}
	for _, c := range got.Cells {
		if c.PerSecond <= 0 {
			t.Errorf("got %+v", c)
		}
	}
}

func TestCheck(t *testing.T) {
	look := func(environ []string) (int, map[string]finding) {
		t.Helper()
		code, out, complaints := albumenML(t, environ, "check", "--json")
		var r struct {
			OK       bool
			Findings []finding
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil || r.OK != (code == exitDone) {
			t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
		}
		found := map[string]finding{}
		for _, f := range r.Findings {
			found[f.Name] = f
			if !f.OK && (f.Detail == "" || f.Remedy == "") {
				t.Errorf("%+v does not say what to do", f)
			}
		}
		return code, found
	}
	if _, found := look(withTiny(t)); !found["device"].OK || !found["model"].OK || !found["loading"].OK || !found["self-test"].OK || !found["redis"].OK {
		t.Errorf("the small model: %+v", found)
	}
	code, found := look(withTiny(t, "CLIP_MODEL=openai/clip-vit-base-patch32", "ML_DEVICE=cuda", "REDIS_URL=redis://127.0.0.1:1/0"))
	if code != exitFailed || found["model"].OK || found["device"].OK || found["redis"].OK || !strings.Contains(found["model"].Detail, "is not in") {
		t.Errorf("nothing is there: %+v", found)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if code, found := look(withTiny(t, "CLIP_MODEL="+nowhere)); code != exitFailed || found["model"].OK || !strings.Contains(found["model"].Detail, nowhere+", which is not there") || strings.Contains(found["model"].Remedy, "fetch-model") {
		t.Errorf("a folder that is not there: %+v", found)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, found := look(withTiny(t, "CLIP_MODEL="+broken)); code != exitFailed || found["loading"].OK || !strings.Contains(found["loading"].Detail, "config.json") {
		t.Errorf("a broken folder: %+v", found)
	}
	if code, found := look([]string{"ML_BATCH=x"}); code != exitFailed || found["ML_BATCH"].Remedy == "" || found["REDIS_URL"].Remedy == "" {
		t.Errorf("no configuration: %+v", found)
	}
}

// photo is a JPEG of the size of a preview.
func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 2048, 1536), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = uint8(i >> 4)
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(i>>3), uint8(i>>11)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
