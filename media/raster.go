package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

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

// maxPreviewBytes is more than any preview takes: those of noise at the full size
// take 6 MB.
const maxPreviewBytes = 32 << 20

var startLibrary = sync.OnceValue(vips.InitHere)

// DecodePreview decodes a preview or thumb that Processor.Still made, in this
// process: it takes a third of the time that a child and a file would. It must not
// get files of strangers; what is no still WebP within PreviewEdge is refused unread.
func DecodePreview(webp []byte) (Raster, error) {
	t, err := Sniff(webp[:min(len(webp), SniffLen)])
	if err != nil || t.Ext != "webp" {
		return Raster{}, errors.New("decode preview: not a WebP picture")
	}
	c := claimsOf(webp, t)
	switch {
	case len(webp) > maxPreviewBytes:
		return Raster{}, fmt.Errorf("decode preview: %d bytes are too many", len(webp))
	case c.animated, c.width < 1, c.height < 1, c.width > PreviewEdge, c.height > PreviewEdge:
		return Raster{}, fmt.Errorf("decode preview: %d × %d pixels, animated %t: not a preview of ours", c.width, c.height, c.animated)
	}
	if err := startLibrary(); err != nil {
		return Raster{}, fmt.Errorf("decode preview: start libvips: %w", err)
	}
	width, height, rgb, err := vips.WebP(webp)
	if err != nil {
		return Raster{}, fmt.Errorf("decode preview: %w", err)
	}
	return Raster{width, height, rgb}, nil
}
