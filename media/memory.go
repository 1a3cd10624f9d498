package media

import (
	"strings"

	"albumen/media/internal/vips"
)

const (
	mib = 1 << 20
	// headerMemory is what a child may take to read a header. HEIF and
	// animations are read in full for that.
	headerMemory = 64 * mib
	// canvasMemory covers what every picture needs besides decoding: the
	// canvas, its copies and the WebP encoder.
	canvasMemory = 112 * mib
	// addressSlack is address space that a child reserves and hardly uses: the
	// stacks of libvips' threads and the arenas of glibc and Go (64 MiB each).
	// Without it a good 12-megapixel photograph now and then hit the limit.
	addressSlack = 320 * mib
	// bombPixels and bombBits: a picture with more pixels than this, and fewer
	// bits of file for each, is no photograph but a trap.
	bombPixels = 50_000_000
	bombBits   = 0.05
)

// isBomb reports whether a file is far too small for the size that it claims.
func isBomb(pixels, fileBytes int64) bool {
	return pixels > bombPixels && float64(fileBytes)*8/float64(pixels) < bombBits
}

// decodeMemory estimates the bytes that decoding takes until the picture has
// been reduced to its canvas. It errs on the large side.
func decodeMemory(h vips.Header, c claims, fileBytes int64) int64 {
	full := int64(h.Width) * int64(h.Height)
	pixel := int64(h.Bands * h.BandBytes)
	const lines = 512 // held by a streaming decoder and the reducing steps
	stream := int64(h.Width) * min(lines, int64(h.Height)) * pixel
	switch {
	case strings.HasPrefix(h.Loader, "jpeg"):
		if h.Interlaced {
			// All coefficients are held, two bytes for each of every component.
			if h.QuarterChroma {
				return full*3 + stream
			}
			return full*2*int64(h.Bands) + stream
		}
		return stream
	case strings.HasPrefix(h.Loader, "png"):
		if h.Interlaced {
			return full*pixel + stream
		}
		return stream
	case strings.HasPrefix(h.Loader, "webp"):
		if c.streams {
			return fileBytes + full + stream
		}
		return fileBytes + full*8
	case strings.HasPrefix(h.Loader, "gif"):
		return fileBytes + full*12
	case strings.HasPrefix(h.Loader, "heif"):
		return fileBytes + full*5*int64(h.BandBytes) // measured: 12 megapixels take 76 MB in all
	default: // TIFF: a strip may be the whole picture
		return full*pixel + stream
	}
}
