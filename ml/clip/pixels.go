package clip

import (
	"fmt"

	"albumen/ml/clip/resample"
)

// RGBImage is a decoded picture: 8 bits, sRGB, right way up. Pix holds
// Width×Height×3 bytes, rows on end without gaps.
type RGBImage = resample.Image

// Pixels is one picture as a model looks at it, resized and cropped but not yet
// normalised: Size×Size×3 bytes, rows on end.
type Pixels struct {
	Size int
	RGB  []byte
}

// Prepare resizes and crops im as Hugging Face's CLIPImageProcessor does with
// Pillow, byte for byte: the longer side is size·long/short truncated, the filter
// widens where it shrinks (see package resample), the crop is centred rounding up
// and to the left, and black surrounds what is smaller than the crop. It fails for
// pictures without pixels and for a configuration that does not lead to a square of
// p.Size.
func (p PixelConfig) Prepare(im RGBImage) (Pixels, error) {
	width, height := im.Width, im.Height
	if width < 1 || height < 1 || len(im.Pix) != width*height*3 {
		return Pixels{}, fmt.Errorf("prepare picture: %d bytes are no picture of %d×%d", len(im.Pix), width, height)
	}
	if p.Resize {
		width, height = p.resized(width, height)
	}
	cut := cropped{shown: resample.Region{Width: width, Height: height}, width: width, height: height}
	if p.Crop {
		cut = crop(width, height, p.CropWidth, p.CropHeight)
	}
	if p.Size < 1 || cut.width != p.Size || cut.height != p.Size {
		return Pixels{}, fmt.Errorf("prepare picture: comes out as %d×%d, the model looks at %d×%d", cut.width, cut.height, p.Size, p.Size)
	}
	out, err := resample.RGB(im, width, height, cut.shown, resample.Filter(p.Resample))
	if err != nil {
		return Pixels{}, fmt.Errorf("prepare picture: %w", err)
	}
	return Pixels{p.Size, cut.pad(out)}, nil
}

// resized returns the size to which a picture is resized.
func (p PixelConfig) resized(width, height int) (int, int) {
	switch {
	case p.ShortestEdge == 0:
		return p.Width, p.Height
	case width <= height:
		return p.ShortestEdge, int(float64(p.ShortestEdge*height) / float64(width))
	}
	return int(float64(p.ShortestEdge*width) / float64(height)), p.ShortestEdge
}

// cropped says which part of a picture is shown where in what is cut out of it.
type cropped struct {
	shown         resample.Region
	left, top     int // of the shown part in the result
	width, height int // of the result
}

func crop(width, height, toWidth, toHeight int) cropped {
	c := cropped{width: toWidth, height: toHeight}
	c.shown.X, c.shown.Width, c.left = cropSide(width, toWidth)
	c.shown.Y, c.shown.Height, c.top = cropSide(height, toHeight)
	return c
}

// cropSide returns where the shown part begins, its length, and where it is put.
func cropSide(have, want int) (from, length, at int) {
	if have >= want {
		return (have - want) / 2, want, 0
	}
	return 0, have, (want - have + 1) / 2
}

// pad puts the shown part onto black.
func (c cropped) pad(im resample.Image) []byte {
	if im.Width == c.width && im.Height == c.height {
		return im.Pix
	}
	out := make([]byte, c.width*c.height*3)
	for y := range im.Height {
		copy(out[((c.top+y)*c.width+c.left)*3:], im.Pix[y*im.Width*3:(y+1)*im.Width*3])
	}
	return out
}
