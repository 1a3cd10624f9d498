package media

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
)

// encodeTinyPNG writes a PNG of fewer than 64 kB of pixels without compressing
// it: for a placeholder, image/png would cost more time than it saves bytes.
func encodeTinyPNG(w, h int, rgba []byte) []byte {
	opaque := true
	for i := 3; i < len(rgba); i += 4 {
		opaque = opaque && rgba[i] == 255
	}
	channels, colourType := 4, byte(6)
	if opaque {
		channels, colourType = 3, 2
	}
	pixels := make([]byte, 0, h*(1+w*channels))
	for y := range h {
		pixels = append(pixels, 0) // no filter
		for x := range w {
			at := (y*w + x) * 4
			pixels = append(pixels, rgba[at:at+channels]...)
		}
	}
	ihdr := make([]byte, 13)
	binary.BigEndian.PutUint32(ihdr, uint32(w))
	binary.BigEndian.PutUint32(ihdr[4:], uint32(h))
	ihdr[8], ihdr[9] = 8, colourType

	// zlib: header, one stored block, checksum.
	idat := make([]byte, 0, len(pixels)+11)
	idat = append(idat, 0x78, 0x01, 1)
	idat = binary.LittleEndian.AppendUint16(idat, uint16(len(pixels)))
	idat = binary.LittleEndian.AppendUint16(idat, ^uint16(len(pixels)))
	idat = append(idat, pixels...)
	idat = binary.BigEndian.AppendUint32(idat, adler32.Checksum(pixels))

	png := make([]byte, 0, len(idat)+64)
	png = append(png, "\x89PNG\r\n\x1a\n"...)
	png = appendChunk(png, "IHDR", ihdr)
	png = appendChunk(png, "IDAT", idat)
	return appendChunk(png, "IEND", nil)
}

func appendChunk(png []byte, name string, data []byte) []byte {
	png = binary.BigEndian.AppendUint32(png, uint32(len(data)))
	start := len(png)
	png = append(png, name...)
	png = append(png, data...)
	return binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(png[start:]))
}
