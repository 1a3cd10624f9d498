package clip

import (
	"bytes"
	"testing"

	"albumen/ml/clip/resample"
)

// ramp is a picture whose pixel at column x and row y is (x, y, x+y).
func ramp(width, height int) RGBImage {
	im := RGBImage{Width: width, Height: height}
	for y := range height {
		for x := range width {
			im.Pix = append(im.Pix, byte(x), byte(y), byte(x+y))
		}
	}
	return im
}

func (px Pixels) at(x, y int) [3]byte {
	return [3]byte(px.RGB[(y*px.Size+x)*3:])
}

func TestPrepareCropsTheMiddle(t *testing.T) {
	p := PixelConfig{Crop: true, CropWidth: 4, CropHeight: 4, Size: 4}
	for _, c := range []struct {
		width, height int
		x, y          int // of the crop in the picture; negative: black before it
	}{
		{4, 4, 0, 0}, {10, 8, 3, 2}, {9, 7, 2, 1}, {2, 8, -1, 2}, {8, 3, 2, -1}, {1, 1, -2, -2}, {3, 3, -1, -1},
	} {
		px, err := p.Prepare(ramp(c.width, c.height))
		if err != nil {
			t.Fatal(err)
		}
		for y := range 4 {
			for x := range 4 {
				var want [3]byte
				if from, row := x+c.x, y+c.y; from >= 0 && from < c.width && row >= 0 && row < c.height {
					want = [3]byte{byte(from), byte(row), byte(from + row)}
				}
				if got := px.at(x, y); got != want {
					t.Errorf("%d×%d: pixel %d,%d is %v, want %v", c.width, c.height, x, y, got, want)
				}
			}
		}
	}
}

func TestPrepareTruncatesTheLongerSide(t *testing.T) {
	p := PixelConfig{Resize: true, ShortestEdge: 224}
	for _, c := range [][4]int{
		{640, 480, 298, 224}, {480, 640, 224, 298}, {3, 1000, 224, 74666}, {224, 224, 224, 224}, {299, 100, 669, 224},
	} {
		if w, h := p.resized(c[0], c[1]); w != c[2] || h != c[3] {
			t.Errorf("%d×%d becomes %d×%d, want %d×%d", c[0], c[1], w, h, c[2], c[3])
		}
	}
	if w, h := (PixelConfig{Resize: true, Width: 7, Height: 9}).resized(100, 10); w != 7 || h != 9 {
		t.Errorf("squeezed to %d×%d, want 7×9", w, h)
	}
}

// Resizing and cropping at once gives what one after the other would.
func TestPrepareIsResizeThenCrop(t *testing.T) {
	p := PixelConfig{Resize: true, ShortestEdge: 16, Resample: Bicubic, Crop: true, CropWidth: 16, CropHeight: 16, Size: 16}
	im := ramp(91, 50)
	px, err := p.Prepare(im)
	if err != nil {
		t.Fatal(err)
	}
	full, err := resample.RGB(im, 29, 16, resample.Region{Width: 29, Height: 16}, resample.Bicubic)
	if err != nil {
		t.Fatal(err)
	}
	want, err := PixelConfig{Crop: true, CropWidth: 16, CropHeight: 16, Size: 16}.Prepare(full)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(px.RGB, want.RGB) {
		t.Error("pixels differ")
	}
}

func TestPrepareRefusesWhatIsNoSquare(t *testing.T) {
	square := PixelConfig{Resize: true, Width: 8, Height: 8, Resample: Bicubic, Size: 8}
	if _, err := square.Prepare(ramp(20, 9)); err != nil {
		t.Fatal(err)
	}
	oblong, wrongSize := square, square
	oblong.Width, wrongSize.Size = 9, 7
	for name, p := range map[string]PixelConfig{
		"oblong": oblong, "other size": wrongSize, "shortest edge alone": {Resize: true, ShortestEdge: 8, Size: 8}, "zero": {},
	} {
		if _, err := p.Prepare(ramp(20, 9)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := square.Prepare(RGBImage{Width: 3, Height: 3, Pix: make([]byte, 26)}); err == nil {
		t.Error("missing pixels: no error")
	}
}
