package media

import (
	"bytes"
	"io"
	"os"
	"strings"

	"albumen/media/internal/vips"
)

const (
	mib = 1 << 20
	// headerMemory is what a child may take to read a header. Animations and
	// HEIF are read in full for that, which needs about the file's own size.
	headerMemory = 96 * mib
	// canvasMemory covers what every picture needs besides decoding: the
	// canvas, its copies and the WebP encoder.
	canvasMemory = 128 * mib
	// bombPixels and bombBits: a picture with more pixels than this, and fewer
	// bits of file for each, is no photograph but a trap.
	bombPixels = 50_000_000
	bombBits   = 0.05
)

// isBomb reports whether a file is far too small for the size that it claims.
func isBomb(pixels, fileBytes int64) bool {
	return pixels > bombPixels && float64(fileBytes)*8/float64(pixels) < bombBits
}

// decodeMemory estimates the bytes that decoding takes before the picture has
// been reduced to its canvas. It errs on the large side.
func decodeMemory(path string, h vips.Header, fileBytes int64) int64 {
	w, full := int64(h.Width), int64(h.Width)*int64(h.Height)
	pixel := int64(h.Bands * h.BandBytes)
	const lines = 512 // held by a streaming decoder and the reducing steps
	stream := w * lines * pixel
	switch {
	case strings.HasPrefix(h.Loader, "jpeg"):
		if h.Interlaced {
			// All coefficients are held, two bytes each, for every component.
			return full*2*int64(h.Bands) + stream
		}
		return stream
	case strings.HasPrefix(h.Loader, "png"):
		if h.Interlaced {
			return full*pixel + stream
		}
		return stream
	case strings.HasPrefix(h.Loader, "webp"):
		if isLossyWebP(path) {
			return fileBytes + stream // decoded row by row into the reduced size
		}
		return fileBytes + full*8
	case strings.HasPrefix(h.Loader, "gif"):
		return fileBytes + full*12
	case strings.HasPrefix(h.Loader, "heif"):
		return fileBytes + full*8*int64(h.BandBytes)
	default: // TIFF: a strip may be the whole picture
		return full*pixel + stream
	}
}

// isLossyWebP reports whether the file is a plain lossy picture: no alpha, no
// animation, no lossless coding, which all need every pixel at once.
func isLossyWebP(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && n < 30 {
		return false
	}
	head = head[12:n]
	if bytes.HasPrefix(head, []byte("VP8 ")) {
		return true
	}
	const alphaOrAnimation = 0x12
	return bytes.HasPrefix(head, []byte("VP8X")) && head[8]&alphaOrAnimation == 0 && bytes.Contains(head, []byte("VP8 "))
}
