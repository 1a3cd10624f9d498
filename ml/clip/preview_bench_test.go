package clip

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"albumen/media"
)

// photograph is a preview with the content of one: soft shapes, edges and noise.
func photograph(b *testing.B, width, height int) []byte {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			v := 120 + 60*math.Sin(float64(x)/90) + 40*math.Cos(float64(y)/70)
			if (x/160+y/120)%2 == 0 {
				v -= 30
			}
			noise := 4 * r.NormFloat64()
			im.SetRGBA(x, y, color.RGBA{byte(v + noise), byte(v*0.8 + noise), byte(200 - v*0.6 + noise), 255})
		}
	}
	path := filepath.Join(b.TempDir(), "photo.png")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := png.Encode(f, im); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	p, err := media.NewProcessor(media.Config{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	still, err := p.Still(context.Background(), path, media.Type{MIME: "image/png", Ext: "png", Kind: media.KindPhoto, Decodable: true})
	if err != nil {
		b.Fatal(err)
	}
	return still.Preview
}

// BenchmarkPreview is what a picture costs before the model sees it, on one core.
func BenchmarkPreview(b *testing.B) {
	preview := photograph(b, 1440, 1080)
	p := PixelConfig{Resize: true, ShortestEdge: 224, Resample: Bicubic, Crop: true, CropWidth: 224, CropHeight: 224, Size: 224}
	b.Logf("preview of %d KB", len(preview)/1000)
	im, err := Decode(preview)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := Decode(preview); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepare", func(b *testing.B) {
		b.SetBytes(int64(len(im.Pix)))
		for b.Loop() {
			if _, err := p.Prepare(im); err != nil {
				b.Fatal(err)
			}
		}
	})
}
