package clip

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// smallModels are the folders below testdata, by name.
var smallModels = []string{"tiny", "tiny-gelu", "tiny-bf16"}

// goldenIndex says what the golden files hold; scripts/tiny-clip made them.
type goldenIndex struct {
	// Texts and Pictures are in the order of the tensors' first axis; a picture is
	// golden/pictures/NAME.png.
	Texts    []string `json:"texts"`
	Pictures []string `json:"pictures"`
	// HiddenTexts are the indices of the texts whose hidden states are kept, and
	// HiddenPictures the number of pictures, from the first.
	HiddenTexts    []int `json:"hidden_texts"`
	HiddenPictures int   `json:"hidden_pictures"`
	Models         map[string]struct {
		IDs [][]int32 `json:"ids"`
	} `json:"models"`
}

func readGoldenIndex(t testing.TB) goldenIndex {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index goldenIndex
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Texts) < 50 || len(index.Pictures) < 20 || len(index.Models) != len(smallModels) {
		t.Fatalf("only %d texts, %d pictures, %d models", len(index.Texts), len(index.Pictures), len(index.Models))
	}
	return index
}

// openGolden opens the tensors that transformers computed with a small model.
func openGolden(t testing.TB, model string) *Weights {
	t.Helper()
	w, err := OpenWeights(filepath.Join("testdata", "golden", model+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// goldenBytes returns a tensor that is stored as bytes.
func goldenBytes(t testing.TB, w *Weights, name string) []byte {
	t.Helper()
	info, ok := w.tensors[name]
	if !ok || info.dtype != "U8" {
		t.Fatalf("no bytes called %s", name)
	}
	return w.data[info.begin:info.end]
}

// The bytes after resizing and cropping become the numbers that transformers feeds to
// the tower by Scale alone.
func TestScaleEqualsTheGoldens(t *testing.T) {
	for _, model := range smallModels {
		c, err := ReadConfig(filepath.Join("testdata", model))
		if err != nil {
			t.Fatal(err)
		}
		golden := openGolden(t, model)
		crops := goldenBytes(t, golden, "crops")
		size := c.Pixels.Size
		count := readGoldenIndex(t).HiddenPictures
		want, err := golden.Float32("pixels", count, 3, size, size)
		if err != nil {
			t.Fatal(err)
		}
		scale, shift := c.Pixels.Scale()
		for i := range want {
			picture, channel, pixel := i/(3*size*size), i/(size*size)%3, i%(size*size)
			b := crops[(picture*size*size+pixel)*3+channel]
			if got := float32(b)*scale[channel] + shift[channel]; got-want[i] > 1e-6 || want[i]-got > 1e-6 {
				t.Fatalf("%s: number %d is %g, want %g", model, i, got, want[i])
			}
		}
	}
}
