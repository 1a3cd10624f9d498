package media

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"albumen/media/internal/vips"
)

// Raster is a decoded picture: 8 bits, sRGB, right way up, without alpha (the
// colours below it are kept as they are stored). Pix holds Width×Height×3 bytes.
type Raster struct {
	Width, Height int
	Pix           []byte
}

// reducedEdge bounds pictures that do not fit into memory at full size.
const reducedEdge = 4096

// Rasters decodes stills of strangers to pixels, in decoder children. Its methods
// may be called from many goroutines.
type Rasters struct{ *decoder }

// NewRasters checks cfg and fills in its defaults. exiftool is not needed.
func NewRasters(cfg Config) (*Rasters, error) {
	d, err := newDecoder(cfg)
	if err != nil {
		return nil, err
	}
	return &Rasters{d}, nil
}

// Decode returns the pixels of the still at path, which Sniff said to be t: the
// first frame in full size, or reduced to fit 4096×4096 where the memory that one
// file may have is not enough for that. Errors are those of Processor.Still.
func (r *Rasters) Decode(ctx context.Context, path string, t Type) (Raster, error) {
	path, err := filepath.Abs(path) // a child works in another folder
	if err != nil {
		return Raster{}, fmt.Errorf("still: %w", err)
	}
	d, err := r.decode(ctx, path, t, func(h vips.Header, decoding int64) (decodeRequest, int64) {
		// Held at once: the picture with an alpha band, and what is sent of it.
		const bytesPerPixel = 4 + 3
		full := int64(h.Width) * int64(h.Height) * bytesPerPixel
		if decoding+headerMemory+full <= r.cfg.MemoryLimitBytes {
			return decodeRequest{Raster: true, Edge: max(h.Width, h.Height)}, headerMemory + full
		}
		return decodeRequest{Raster: true, Edge: reducedEdge}, headerMemory + reducedEdge*reducedEdge*bytesPerPixel
	})
	if err != nil {
		return Raster{}, err
	}
	return Raster{d.answer.Width, d.answer.Height, d.answer.rgb}, nil
}

// Close ends the children after their present file.
func (r *Rasters) Close() { r.pool.close() }

// answerRaster writes the answer to a raster request and then the pixels.
func answerRaster(w io.Writer, r decodeRequest) error {
	if err := limitMemory(r.MemoryBytes + addressSlack); err != nil {
		return writeFrame(w, decodeAnswer{Failure: err.Error()})
	}
	im, _, err := open(r)
	if err != nil {
		return writeFrame(w, decodeAnswer{Failure: err.Error()})
	}
	defer im.Close()
	width, height := im.Size()
	if err := writeFrame(w, decodeAnswer{Width: width, Height: height}); err != nil {
		return err
	}
	return im.WriteRGB(w)
}
