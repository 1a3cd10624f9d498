package media

// #cgo pkg-config: libwebp
// #include <stdlib.h>
// #include <webp/encode.h>
import "C"

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"unsafe"

	"albumen/media/internal/vips"
)

const squareQuality = 85

// Square returns the middle of the still at path, which Sniff said to be t, as a
// WebP picture of edge×edge pixels, or smaller where the still is. Errors are
// those of Processor.Still.
func (r *Rasters) Square(ctx context.Context, path string, t Type, edge int) ([]byte, error) {
	path, err := filepath.Abs(path) // a child works in another folder
	if err != nil {
		return nil, fmt.Errorf("still: %w", err)
	}
	d, err := r.decode(ctx, path, t, func(h vips.Header, _ int64) (decodeRequest, int64) {
		// The longer side, when the shorter one is as long as asked.
		long := math.Ceil(float64(edge) * float64(max(h.Width, h.Height)) / float64(max(1, min(h.Width, h.Height))))
		return decodeRequest{Raster: true, Edge: int(min(long, reducedEdge))}, canvasMemory
	})
	if err != nil {
		return nil, err
	}
	square := middle(Raster{d.answer.Width, d.answer.Height, d.answer.rgb}, edge)
	return square.webP(squareQuality)
}

// middle is the largest square in the middle, at most edge pixels wide.
func middle(r Raster, edge int) Raster {
	side := min(r.Width, r.Height, edge)
	left, top := (r.Width-side)/2, (r.Height-side)/2
	out := Raster{side, side, make([]byte, 0, side*side*3)}
	for y := top; y < top+side; y++ {
		from := (y*r.Width + left) * 3
		out.Pix = append(out.Pix, r.Pix[from:from+side*3]...)
	}
	return out
}

// webP encodes pixels of our own making, in this process.
func (r Raster) webP(quality float32) ([]byte, error) {
	if len(r.Pix) == 0 || len(r.Pix) != r.Width*r.Height*3 {
		return nil, errors.New("encode WebP: there are no pixels")
	}
	var out *C.uint8_t
	n := C.WebPEncodeRGB((*C.uint8_t)(unsafe.Pointer(&r.Pix[0])), C.int(r.Width), C.int(r.Height), C.int(r.Width*3), C.float(quality), &out)
	if n == 0 {
		return nil, errors.New("encode WebP: libwebp failed")
	}
	defer C.WebPFree(unsafe.Pointer(out))
	return C.GoBytes(unsafe.Pointer(out), C.int(n)), nil
}
