package media

import (
	"bytes"
	"encoding/binary"
	"os"
)

// wholeSegments returns a JPEG that was cut short without the segment in which
// it was cut: libjpeg shows what came before a missing row, but gives up on a
// table that ends in the middle, as those between the scans of a progressive
// file do. It returns nil where that is not what is wrong, or where the file is
// larger than limit bytes.
func wholeSegments(path string, limit int64) []byte {
	info, err := os.Stat(path)
	if err != nil || info.Size() > limit {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
		return nil
	}
	for at := 2; at+4 <= len(b); {
		if b[at] != 0xff || b[at+1] == 0 || b[at+1] == 0xff || b[at+1] >= 0xd0 && b[at+1] <= 0xd9 {
			at++ // compressed data, filling, or a marker without a segment
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if end > len(b) {
			return append(b[:at:at], 0xff, 0xd9)
		}
		at = end
	}
	return nil
}
