package clip

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"albumen/bench/ml/randomclip"
	"albumen/ml/clip/kernel"
)

// Both towers agree with transformers' on every instruction set, whatever the batch
// and the number of threads.
func TestEmbeddingsEqualTheGoldens(t *testing.T) {
	index := readGoldenIndex(t)
	for _, name := range smallModels {
		golden := openGolden(t, name)
		c, err := ReadConfig(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		images := goldenVectors(t, golden, "image_embeds", len(index.Pictures), c.Projection)
		texts := goldenVectors(t, golden, "text_embeds", len(index.Texts), c.Projection)
		crops, size := goldenBytes(t, golden, "crops"), c.Pixels.Size
		var pixels []Pixels
		for i := range index.Pictures {
			pixels = append(pixels, Pixels{Size: size, RGB: crops[i*size*size*3:][:size*size*3]})
		}
		for _, set := range kernel.Sets() {
			for _, threads := range []int{1, 2, 3} {
				m := loadFor(t, filepath.Join("testdata", name), threads, set)
				for _, batch := range []int{1, 2, 7, len(index.Texts)} {
					what := fmt.Sprintf("%s %s %d threads batch %d", name, set.Name(), threads, batch)
					for i := 0; i < len(pixels); i += batch {
						end := min(i+batch, len(pixels))
						got, err := m.EmbedImages(t.Context(), pixels[i:end])
						if err != nil {
							t.Fatal(err)
						}
						for j := range got {
							same(t, what+" picture "+index.Pictures[i+j], got[j], images[i+j], 1e-4)
						}
					}
					for i := 0; i < len(index.Texts); i += batch {
						end := min(i+batch, len(index.Texts))
						got, err := m.EmbedTexts(t.Context(), index.Texts[i:end])
						if err != nil {
							t.Fatal(err)
						}
						for j := range got {
							same(t, fmt.Sprintf("%s text %q", what, index.Texts[i+j]), got[j], texts[i+j], 1e-4)
						}
					}
				}
			}
		}
	}
}

// goldenVectors reads vectors and divides them by their lengths.
func goldenVectors(t *testing.T, w *Weights, name string, count, length int) [][]float32 {
	t.Helper()
	all, err := w.Float32(name, count, length)
	if err != nil {
		t.Fatal(err)
	}
	vectors := make([][]float32, count)
	for i := range vectors {
		vectors[i] = all[i*length:][:length]
		unit(vectors[i])
	}
	return vectors
}

func TestVectorsHaveUnitLength(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 2, kernel.Best())
	got, err := m.EmbedTexts(t.Context(), []string{"", "a dog", strings.Repeat("long ", 200)})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		var square float64
		for _, x := range v {
			square += float64(x) * float64(x)
		}
		if len(v) != m.Config().Projection || math.Abs(square-1) > 1e-6 {
			t.Errorf("%d values, squares %v", len(v), square)
		}
	}
}

// Pictures and texts at once, from many callers, give what they give alone. Run with
// -race too.
func TestConcurrentUse(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 2, kernel.Best())
	pictures := randomPictures(rand.New(rand.NewPCG(3, 3)), m.Config().Vision.ImageSize, 9)
	texts := []string{"a dog", "two cats and a very long list of other animals", "sea"}
	wantImages, err := m.EmbedImages(t.Context(), pictures)
	if err != nil {
		t.Fatal(err)
	}
	wantTexts, err := m.EmbedTexts(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for i := range 4 {
		callers.Go(func() {
			for j := range 10 {
				first := (i + j) % len(pictures)
				got, err := m.EmbedImages(context.Background(), pictures[first:])
				if err != nil {
					t.Error(err)
					return
				}
				for k := range got {
					if furthestApart(got[k], wantImages[first+k]) > 1e-6 {
						t.Errorf("picture %d differs", first+k)
					}
				}
			}
		})
		callers.Go(func() {
			for range 40 {
				got, err := m.EmbedTexts(context.Background(), texts[i%3:])
				if err != nil {
					t.Error(err)
					return
				}
				for k := range got {
					if furthestApart(got[k], wantTexts[i%3+k]) > 1e-6 {
						t.Errorf("text %d differs", i%3+k)
					}
				}
			}
		})
	}
	callers.Wait()
}

func furthestApart(a, b []float32) (most float64) {
	for i := range a {
		most = max(most, math.Abs(float64(a[i])-float64(b[i])))
	}
	return most
}

func TestCancelledAndClosed(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 2, kernel.Best())
	pictures := randomPictures(rand.New(rand.NewPCG(3, 3)), m.Config().Vision.ImageSize, 3)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.EmbedImages(cancelled, pictures); !errors.Is(err, context.Canceled) {
		t.Errorf("pictures: %v", err)
	}
	if _, err := m.EmbedTexts(cancelled, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("texts: %v", err)
	}
	if _, err := m.EmbedImages(t.Context(), pictures); err != nil {
		t.Errorf("after a cancelled call: %v", err)
	}
	m.Close()
	m.Close()
	if _, err := m.EmbedImages(t.Context(), pictures); !errors.Is(err, ErrClosed) {
		t.Errorf("pictures: %v", err)
	}
	if _, err := m.EmbedTexts(t.Context(), []string{"a"}); !errors.Is(err, ErrClosed) {
		t.Errorf("texts: %v", err)
	}
}

// cancelAfter is a context that is cancelled at the n-th look at it.
type cancelAfter struct {
	context.Context
	mu   sync.Mutex
	left int
}

func (c *cancelAfter) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A context that ends within a run ends the run, and the next is right again.
func TestCancelledWithin(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 1, kernel.Best())
	want, err := m.EmbedTexts(t.Context(), []string{"a dog"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.EmbedTexts(&cancelAfter{Context: t.Context(), left: 9}, []string{"two cats"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled within: %v", err)
	}
	got, err := m.EmbedTexts(t.Context(), []string{"a dog"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "afterwards", got[0], want[0], 0)
}

func TestWrongPixels(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 1, kernel.Best())
	size := m.Config().Vision.ImageSize
	for _, p := range []Pixels{{}, {Size: size}, {Size: size + 1, RGB: make([]byte, (size+1)*(size+1)*3)}} {
		if _, err := m.EmbedImages(t.Context(), []Pixels{p}); err == nil {
			t.Errorf("no error for %d, %d bytes", p.Size, len(p.RGB))
		}
	}
	if v, err := m.EmbedImages(t.Context(), nil); err != nil || len(v) != 0 {
		t.Errorf("no pictures: %v, %v", v, err)
	}
	if v, err := m.EmbedTexts(t.Context(), nil); err != nil || len(v) != 0 {
		t.Errorf("no texts: %v, %v", v, err)
	}
}

// Weights that do not belong to config.json are told by file and tensor.
func TestFolderWithOtherWeights(t *testing.T) {
	small := randomclip.Shape{
		Vision: randomclip.Tower{Width: 16, Inner: 24, Layers: 2, Heads: 2}, Text: randomclip.Tower{Width: 12, Inner: 20, Layers: 2, Heads: 2},
		ImageSize: 16, Patch: 8, Vocabulary: 514, Context: 10, Projection: 8, Activation: "gelu",
	}
	for _, test := range []struct {
		change func(s *randomclip.Shape)
		field  string
	}{
		{func(s *randomclip.Shape) { s.Vision.Layers = 1 }, "vision_model.encoder.layers.1.layer_norm1.weight"},
		{func(s *randomclip.Shape) { s.Vision.Layers = 3 }, "vision_model.encoder.layers.2.layer_norm1.weight"},
		{func(s *randomclip.Shape) { s.Text.Layers = 3 }, "text_model.encoder.layers.2.layer_norm1.weight"},
		{func(s *randomclip.Shape) { s.ImageSize = 24 }, "vision_model.embeddings.position_embedding.weight"},
		{func(s *randomclip.Shape) { s.Projection = 9 }, "visual_projection.weight"},
		{func(s *randomclip.Shape) { s.Text.Inner = 21 }, "text_model.encoder.layers.0.mlp.fc1.weight"},
	} {
		dir, other := t.TempDir(), t.TempDir()
		if err := randomclip.Write(dir, small, 1); err != nil {
			t.Fatal(err)
		}
		changed := small
		test.change(&changed)
		if err := randomclip.Write(other, changed, 1); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(other, weightsFile), filepath.Join(dir, weightsFile)); err != nil {
			t.Fatal(err)
		}
		m, err := Load(dir, Options{Threads: 1})
		if err == nil {
			m.Close()
			t.Errorf("no error for %s", test.field)
			continue
		}
		var folder *FolderError
		if !errors.As(err, &folder) || folder.File != weightsFile || folder.Field != test.field {
			t.Errorf("for %s: %v", test.field, err)
		}
	}
}

// Few patches may be large ones: a thread's memory stays bounded.
func TestLargePatchesAreComputedOneByOne(t *testing.T) {
	dir, one := t.TempDir(), randomclip.Tower{Width: 2, Inner: 2, Layers: 1, Heads: 1}
	s := randomclip.Shape{Vision: one, Text: one, ImageSize: 900, Patch: 900, Vocabulary: 514, Context: 10, Projection: 2, Activation: "gelu"}
	if err := randomclip.Write(dir, s, 1); err != nil {
		t.Fatal(err)
	}
	m := loadFor(t, dir, 1, kernel.Best())
	if n := len(m.each[0].pixels); n > pixelsAtOnce {
		t.Errorf("%d bytes of pixels for one thread", n)
	}
	pictures := randomPictures(rand.New(rand.NewPCG(3, 3)), s.ImageSize, 3)
	vectors, err := m.EmbedImages(t.Context(), pictures)
	if err != nil || len(vectors) != len(pictures) {
		t.Errorf("%d vectors, %v", len(vectors), err)
	}
}
