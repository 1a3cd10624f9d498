package archive

import (
	"archive/zip"
	"encoding/binary"
	"math"
	"time"
)

const utf8Names = 0x800

// Header is that of a stored file, with its local time for old readers and the
// instant for others.
func Header(name string, taken time.Time) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: zip.Store, Flags: utf8Names, CreatorVersion: 20, ReaderVersion: 20}
	old := taken
	if y := taken.Year(); y < 1980 {
		old = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if y > 2107 {
		old = time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)
	}
	//lint:ignore SA1019 Modified cannot tell local time and instant before 1980
	h.ModifiedDate = uint16(old.Day() + int(old.Month())<<5 + (old.Year()-1980)<<9)
	//lint:ignore SA1019 the same
	h.ModifiedTime = uint16(old.Second()/2 + old.Minute()<<5 + old.Hour()<<11)
	if at := taken.Unix(); at >= math.MinInt32 && at <= math.MaxInt32 {
		h.Extra = binary.LittleEndian.AppendUint32([]byte{0x55, 0x54, 5, 0, 1}, uint32(int32(at)))
	}
	return h
}
