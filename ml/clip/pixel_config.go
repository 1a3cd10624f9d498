package clip

import (
	"encoding/json"
	"io/fs"
)

// Resample is a resampling filter by the number that Pillow gives it.
type Resample int

const (
	Nearest  Resample = 0
	Lanczos  Resample = 1
	Bilinear Resample = 2
	Bicubic  Resample = 3
	Box      Resample = 4
	Hamming  Resample = 5
)

// PixelConfig says how a picture becomes the square of numbers that the vision tower
// looks at, in this order: convert to RGB, resize, crop, rescale, normalise.
type PixelConfig struct {
	ConvertRGB bool
	Resize     bool
	// ShortestEdge is the length that the shorter side gets, the longer one following
	// (truncated, not rounded); 0 when Height and Width are set instead, to which a
	// picture is then squeezed whatever its shape.
	ShortestEdge  int
	Height, Width int
	Resample      Resample
	// Crop cuts CropHeight×CropWidth out of the middle, adding black where the picture
	// is smaller.
	Crop                  bool
	CropHeight, CropWidth int
	Rescale               bool
	RescaleFactor         float64
	Normalize             bool
	// Mean and Deviation are per channel (red, green, blue), after rescaling.
	Mean, Deviation [3]float64
	// Size is the side of the square that comes out, in pixels: the vision tower's
	// ImageSize.
	Size int
}

// Scale returns what rescaling and normalising do together: a byte b of channel c
// becomes b·scale[c] + shift[c].
func (p PixelConfig) Scale() (scale, shift [3]float32) {
	for c := range 3 {
		factor, offset := 1.0, 0.0
		if p.Rescale {
			factor = p.RescaleFactor
		}
		if p.Normalize {
			factor, offset = factor/p.Deviation[c], -p.Mean[c]/p.Deviation[c]
		}
		scale[c], shift[c] = float32(factor), float32(offset)
	}
	return scale, shift
}

// readPixelConfig reads preprocessor_config.json for a tower whose pictures have the
// side imageSize.
func readPixelConfig(dir fs.FS, imageSize int) (PixelConfig, error) {
	f, err := readFields(dir, preprocessorFile)
	if err != nil {
		return PixelConfig{}, err
	}
	p := PixelConfig{
		ConvertRGB:    f.boolean("do_convert_rgb", true),
		Resize:        f.boolean("do_resize", true),
		Resample:      Resample(f.integer("resample", int(Bicubic), int(Nearest), int(Hamming))),
		Crop:          f.boolean("do_center_crop", true),
		Rescale:       f.boolean("do_rescale", true),
		RescaleFactor: f.number("rescale_factor", 1.0/255, 1e-9, 1e9),
		Normalize:     f.boolean("do_normalize", true),
		Mean:          f.triple("image_mean", [3]float64{0.48145466, 0.4578275, 0.40821073}, -1e6, 1e6),
		Deviation:     f.triple("image_std", [3]float64{0.26862954, 0.26130258, 0.27577711}, 1e-6, 1e6),
		Size:          imageSize,
	}
	if size := f.edges("size", edges{shortest: 224}, false); size.shortest > 0 {
		p.ShortestEdge = size.shortest
	} else {
		p.Height, p.Width = size.height, size.width
	}
	crop := f.edges("crop_size", edges{height: 224, width: 224}, true)
	p.CropHeight, p.CropWidth = crop.height, crop.width
	f.checkSquare(p)
	return p, f.err()
}

// checkSquare sees to it that every picture comes out as the square of p.Size.
func (f fields) checkSquare(p PixelConfig) {
	if f.err() != nil {
		return
	}
	const remedy = "config.json says image_size %d; take both files from the same model"
	switch {
	case p.Crop:
		if p.CropHeight != p.Size || p.CropWidth != p.Size {
			f.fail("crop_size", "is %d×%d, but "+remedy, p.CropHeight, p.CropWidth, p.Size)
		}
	case !p.Resize:
		f.fail("do_resize", "is false, as is do_center_crop: pictures would not have one size; set one of them")
	case p.ShortestEdge > 0:
		f.fail("do_center_crop", "is false, and size sets only the shorter side: pictures would not be square; set it to true")
	case p.Height != p.Size || p.Width != p.Size:
		f.fail("size", "is %d×%d, but "+remedy, p.Height, p.Width, p.Size)
	}
}

// edges is a size: either its shortest edge or both.
type edges struct{ shortest, height, width int }

// edges returns the size under key. A bare number is a square where square says so,
// else the shortest edge.
func (f fields) edges(key string, otherwise edges, square bool) edges {
	if !f.has(key) {
		return otherwise
	}
	var side int
	if json.Unmarshal(f.values[key], &side) == nil {
		side = f.integer(key, 0, 1, maxImageSize)
		if square {
			return edges{height: side, width: side}
		}
		return edges{shortest: side}
	}
	var pair []int
	if json.Unmarshal(f.values[key], &pair) == nil && len(pair) == 2 {
		for _, n := range pair {
			if n < 1 || n > maxImageSize {
				f.fail(key, "holds %d; must lie between 1 and %d", n, maxImageSize)
			}
		}
		return edges{height: pair[0], width: pair[1]}
	}
	o := f.object(key)
	switch {
	case o.has("shortest_edge") && !square:
		return edges{shortest: o.integer("shortest_edge", 0, 1, maxImageSize)}
	case o.has("height") && o.has("width"):
		return edges{height: o.integer("height", 0, 1, maxImageSize), width: o.integer("width", 0, 1, maxImageSize)}
	}
	f.fail(key, `is %s; must be a number, {"height": 224, "width": 224} or, for size, {"shortest_edge": 224}`, shorten(f.values[key]))
	return edges{}
}
