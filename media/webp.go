package media

import (
	"encoding/binary"
	"errors"
)

// stripWebP removes EXIF, XMP and profile chunks from a still WebP of our own:
// libvips 8.14 writes an EXIF block even when told to strip.
func stripWebP(b []byte) ([]byte, error) {
	if !isRIFF(b, "WEBP") {
		return nil, errors.New("encoder did not write WebP")
	}
	const icc, exif, xmp, alpha = 0x20, 0x08, 0x04, 0x10
	out := append(make([]byte, 0, len(b)), b[:12]...)
	for rest := b[12:]; len(rest) >= 8; {
		size := int64(binary.LittleEndian.Uint32(rest[4:])) + 8
		size += size & 1
		if size > int64(len(rest)) {
			return nil, errors.New("encoder wrote a WebP chunk that is cut off")
		}
		switch name := string(rest[:4]); {
		case name == "EXIF", name == "XMP ", name == "ICCP":
		case name == "VP8X" && rest[8]&alpha == 0: // plain lossy needs no such header
		case name == "VP8X":
			out = append(out, rest[:size]...)
			out[20] &^= icc | exif | xmp
		default:
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, nil
}
