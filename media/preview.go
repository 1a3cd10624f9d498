package media

// #cgo pkg-config: libwebp
// #include <webp/decode.h>
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// MaxPreviewBytes is more than any preview takes: those of noise at the full size
// take 6 MB. Longer files are refused unread.
const MaxPreviewBytes = 32 << 20

// DecodePreview decodes a preview or thumb that Processor.Still made, in this
// process, with libwebp alone: it takes a fraction of the time that a child would,
// and half of what libvips takes around libwebp. It must not get files of strangers;
// what is no still WebP within PreviewEdge is refused unread.
func DecodePreview(webp []byte) (Raster, error) {
	t, err := Sniff(webp[:min(len(webp), SniffLen)])
	if err != nil || t.Ext != "webp" {
		return Raster{}, errors.New("decode preview: not a WebP picture")
	}
	if len(webp) > MaxPreviewBytes {
		return Raster{}, fmt.Errorf("decode preview: %d bytes are too many", len(webp))
	}
	data, size := (*C.uint8_t)(unsafe.Pointer(&webp[0])), C.size_t(len(webp))
	var is C.WebPBitstreamFeatures
	if C.WebPGetFeatures(data, size, &is) != C.VP8_STATUS_OK {
		return Raster{}, errors.New("decode preview: the file is damaged or incomplete")
	}
	r := Raster{Width: int(is.width), Height: int(is.height)}
	if is.has_animation != 0 || r.Width < 1 || r.Height < 1 || r.Width > PreviewEdge || r.Height > PreviewEdge {
		return Raster{}, fmt.Errorf("decode preview: %d × %d pixels, animated %t: not a preview of ours", r.Width, r.Height, is.has_animation != 0)
	}
	r.Pix = make([]byte, r.Width*r.Height*3)
	if C.WebPDecodeRGBInto(data, size, (*C.uint8_t)(unsafe.Pointer(&r.Pix[0])), C.size_t(len(r.Pix)), C.int(r.Width*3)) == nil {
		return Raster{}, errors.New("decode preview: the file is damaged or incomplete")
	}
	return r, nil
}
