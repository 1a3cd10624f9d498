package media

import (
	"bytes"
	"encoding/binary"
)

// tagOrientation is EXIF's, 1-8.
const tagOrientation = 0x0112

// exifOrientation reads the orientation from an EXIF block, with or without the
// name that stands before it in a JPEG; 0 where there is none.
func exifOrientation(b []byte) int {
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	var order binary.ByteOrder
	switch {
	case len(b) < 14:
		return 0
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 0
	}
	for i := range int64(order.Uint16(b[at:])) {
		e := at + 2 + i*12
		if e+12 > int64(len(b)) {
			return 0
		}
		if order.Uint16(b[e:]) == tagOrientation {
			if v := int(order.Uint16(b[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
	}
	return 0
}

// orientationEXIF is an EXIF block that holds the orientation and nothing else.
func orientationEXIF(orientation int) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	b[18] = byte(orientation)
	return b
}
