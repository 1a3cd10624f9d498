// Package randomclip writes model folders in Hugging Face's layout whose weights are
// random numbers: for timing, and for tests on unusual shapes. They know nothing.
package randomclip

import "fmt"

// Tower is the size of one transformer.
type Tower struct{ Width, Inner, Layers, Heads int }

// Shape is the size of a model.
type Shape struct {
	Vision, Text        Tower
	ImageSize, Patch    int
	Vocabulary, Context int
	Projection          int
	Activation          string  // as in config.json
	Epsilon             float64 // of the layer norms; 0: 1e-5
}

// Published gives the size of a published model by its usual name: ViT-B/32, ViT-B/16,
// ViT-L/14 or ViT-L/14@336px.
func Published(name string) (Shape, error) {
	s := Shape{
		Vision: Tower{768, 3072, 12, 12}, Text: Tower{512, 2048, 12, 8},
		ImageSize: 224, Patch: 32, Vocabulary: 49408, Context: 77, Projection: 512, Activation: "quick_gelu",
	}
	switch name {
	case "ViT-B/32":
	case "ViT-B/16":
		s.Patch = 16
	case "ViT-L/14", "ViT-L/14@336px":
		s.Vision, s.Text = Tower{1024, 4096, 24, 16}, Tower{768, 3072, 12, 12}
		s.Patch, s.Projection = 14, 768
		if name != "ViT-L/14" {
			s.ImageSize = 336
		}
	default:
		return s, fmt.Errorf("no model is called %q; there are ViT-B/32, ViT-B/16, ViT-L/14 and ViT-L/14@336px", name)
	}
	return s, nil
}
