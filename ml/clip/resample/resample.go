// Package resample makes pictures smaller or larger exactly as Pillow does.
//
// Source of the algorithm: src/libImaging/Resample.c of Pillow 13.0 (and
// ImagingScaleAffine in Geometry.c for Nearest), which every version since 3.x
// shares but for one thing: since Pillow 13, the vertical pass comes first where the
// height shrinks by over twice as many pixels as the width. The filter is widened by
// the factor of shrinking (antialiasing), its values are normalised to a sum of 1 and
// rounded to 1/2^22 (PRECISION_BITS = 32-8-2), and both passes round to 8 bits.
package resample

// #cgo CFLAGS: -O3 -Wall -Werror
// #include "resample.h"
import "C"

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"
)

// precisionBits are the binary places of a coefficient.
const precisionBits = 32 - 8 - 2

// Image is Width×Height pixels of three bytes, rows on end without gaps.
type Image struct {
	Width, Height int
	Pix           []byte
}

// Region is the part of a resized picture from column X and row Y on.
type Region struct{ X, Y, Width, Height int }

// RGB resizes im to width×height and returns region r of that, which must lie
// inside. Only what the region shows is computed.
func RGB(im Image, width, height int, r Region, f Filter) (Image, error) {
	switch {
	case im.Width < 1 || im.Height < 1 || len(im.Pix) != im.Width*im.Height*3:
		return Image{}, fmt.Errorf("resample: %d bytes are no picture of %d×%d", len(im.Pix), im.Width, im.Height)
	case r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 || r.X+r.Width > width || r.Y+r.Height > height:
		return Image{}, fmt.Errorf("resample: region %+v is not inside %d×%d", r, width, height)
	}
	if f == Nearest && (im.Width != width || im.Height != height) {
		return nearest(im, width, height, r), nil
	}
	if im.Width == width && im.Height == height {
		f = Box // one coefficient of 1: a copy, as in Pillow
	}
	k, ok := kernels[f]
	if !ok {
		return Image{}, fmt.Errorf("resample: unknown filter %d", f)
	}
	across := newTaps(im.Width, width, r.X, r.Width, k)
	down := newTaps(im.Height, height, r.Y, r.Height, k)
	shrinksBy := im.Height - height
	if shrinksBy > 0 && shrinksBy > 2*(im.Width-width) {
		return across.rows(down.columns(im)), nil
	}
	// Rows that no output looks at need no horizontal pass.
	from, to := down.span()
	part := Image{im.Width, to - from, im.Pix[from*im.Width*3 : to*im.Width*3]}
	down.shift(from)
	return down.columns(across.rows(part)), nil
}

// taps says, for each output along one side, which inputs it is the sum of.
type taps struct {
	first, count []int32
	kernel       []int32 // width for each output
	width        int
}

// newTaps computes the outputs from skip to skip+outputs of resizing a side of
// `in` pixels to `out`.
func newTaps(in, out, skip, outputs int, k kernel) taps {
	if in == out {
		k = kernels[Box]
	}
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	support := k.support * wide
	t := taps{first: make([]int32, outputs), count: make([]int32, outputs)}
	t.width = 2*int(math.Ceil(support)) + 1
	t.kernel = make([]int32, outputs*t.width)
	weights := make([]float64, t.width)
	inverse := 1 / wide
	for i := range outputs {
		centre := (float64(i+skip) + 0.5) * scale
		first := max(0, int(centre-support+0.5))
		last := min(in, int(centre+support+0.5))
		sum := 0.0
		for j := first; j < last; j++ {
			w := k.at((float64(j) - centre + 0.5) * inverse)
			weights[j-first] = w
			sum += w
		}
		for j := range last - first {
			w := weights[j]
			if sum != 0 {
				w /= sum
			}
			if w *= 1 << precisionBits; w < 0 {
				w -= 0.5
			} else {
				w += 0.5
			}
			t.kernel[i*t.width+j] = int32(w)
		}
		t.first[i], t.count[i] = int32(first), int32(last-first)
	}
	return t
}

// span returns the first input that is looked at and the one behind the last.
func (t taps) span() (from, to int) {
	n := len(t.first) - 1
	return int(t.first[0]), int(t.first[n] + t.count[n])
}

// shift makes t fit a side that lacks its first n inputs.
func (t taps) shift(n int) {
	for i := range t.first {
		t.first[i] -= int32(n)
	}
}

// rows is the horizontal pass.
func (t taps) rows(im Image) Image {
	out := Image{len(t.first), im.Height, make([]byte, len(t.first)*im.Height*3)}
	var pin runtime.Pinner
	defer pin.Unpin()
	pairs := t.pairs()
	pin.Pin(&pairs[0])
	c := t.c(&pin)
	c.pairs = (*C.int32_t)(unsafe.Pointer(&pairs[0]))
	C.albumen_resample_rows(bytesOf(im.Pix), C.size_t(im.Width*3), C.int(im.Height), c, bytesOf(out.Pix))
	return out
}

// pairs is the kernel as AlbumenTaps wants it.
func (t taps) pairs() []int32 {
	const split = 12
	width := t.width + 1
	list := make([]int32, len(t.first)*width)
	for i := range t.first {
		for j := 0; j < t.width; j += 2 {
			a, b := t.kernel[i*t.width+j], int32(0)
			if j+1 < t.width {
				b = t.kernel[i*t.width+j+1]
			}
			list[i*width+j] = a>>split&0xffff | b>>split<<16
			list[i*width+j+1] = a&(1<<split-1) | b&(1<<split-1)<<16
		}
	}
	return list
}

// columns is the vertical pass.
func (t taps) columns(im Image) Image {
	out := Image{im.Width, len(t.first), make([]byte, im.Width*len(t.first)*3)}
	var pin runtime.Pinner
	defer pin.Unpin()
	C.albumen_resample_columns(bytesOf(im.Pix), C.size_t(im.Width*3), C.int(im.Width*3), t.c(&pin), bytesOf(out.Pix))
	return out
}

// c is t for C code, which may use it until pin is undone.
func (t taps) c(pin *runtime.Pinner) C.AlbumenTaps {
	pin.Pin(&t.first[0])
	pin.Pin(&t.count[0])
	pin.Pin(&t.kernel[0])
	return C.AlbumenTaps{
		first:  (*C.int32_t)(unsafe.Pointer(&t.first[0])),
		count:  (*C.int32_t)(unsafe.Pointer(&t.count[0])),
		kernel: (*C.int32_t)(unsafe.Pointer(&t.kernel[0])),
		width:  C.int(t.width), outputs: C.int(len(t.first)),
	}
}

func bytesOf(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(&b[0])) }

// nearest takes the pixel under the middle of each output pixel. The position is
// added up step by step, as Pillow does, because the last bit of it counts.
func nearest(im Image, width, height int, r Region) Image {
	columns := positions(im.Width, width, r.X, r.Width)
	out := Image{r.Width, r.Height, make([]byte, 0, r.Width*r.Height*3)}
	for _, y := range positions(im.Height, height, r.Y, r.Height) {
		row := im.Pix[y*im.Width*3:]
		for _, x := range columns {
			out.Pix = append(out.Pix, row[x*3:x*3+3]...)
		}
	}
	return out
}

func positions(in, out, skip, outputs int) []int {
	scale := float64(in) / float64(out)
	at := float64(scale * 0.5)
	list := make([]int, 0, outputs)
	for i := range skip + outputs {
		if i >= skip {
			list = append(list, min(int(at), in-1))
		}
		at += scale
	}
	return list
}
