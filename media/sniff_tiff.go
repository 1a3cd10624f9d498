package media

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// The TIFF tags that tell a camera's RAW file from a picture.
const (
	tagNewSubfileType = 0x00fe
	tagMake           = 0x010f
	tagSubIFDs        = 0x014a
	tagDNGVersion     = 0xc612
)

// sniffTIFF recognises TIFF, BigTIFF and the RAW types built on TIFF.
func sniffTIFF(b []byte) (Type, bool) {
	tiff := photo("image/tiff", "tif")
	switch {
	case bytes.HasPrefix(b, []byte("II+\x00")), bytes.HasPrefix(b, []byte("MM\x00+")):
		return tiff, true
	case !bytes.HasPrefix(b, []byte("II*\x00")) && !bytes.HasPrefix(b, []byte("MM\x00*")):
		return Type{}, false
	case len(b) > 10 && string(b[8:10]) == "CR":
		return raw("image/x-canon-cr2", "cr2"), true
	}
	d := firstIFD(b)
	if d.dng {
		return raw("image/x-adobe-dng", "dng"), true
	}
	// In RAW files the first directory is the small preview and the sensor's
	// data lie in a sub-directory; a picture has its pixels in the first.
	if d.reduced && d.subIFDs {
		for prefix, t := range tiffRawMakes {
			if strings.HasPrefix(strings.ToUpper(d.maker), prefix) {
				return t, true
			}
		}
	}
	return tiff, true
}

var tiffRawMakes = map[string]Type{
	"NIKON":   raw("image/x-nikon-nef", "nef"),
	"SONY":    raw("image/x-sony-arw", "arw"),
	"PENTAX":  raw("image/x-pentax-pef", "pef"),
	"RICOH":   raw("image/x-pentax-pef", "pef"),
	"SAMSUNG": raw("image/x-samsung-srw", "srw"),
	"HASSEL":  raw("image/x-hasselblad-3fr", "3fr"),
	"KODAK":   raw("image/x-kodak-dcr", "dcr"),
	"EPSON":   raw("image/x-epson-erf", "erf"),
}

type tiffDirectory struct {
	reduced, subIFDs, dng bool
	maker                 string
}

// firstIFD reads what sniffTIFF needs of the first directory, as far as it lies
// within b.
func firstIFD(b []byte) (d tiffDirectory) {
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	if len(b) < 8 {
		return d
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return d
	}
	n := int64(order.Uint16(b[at:]))
	for i := range n {
		e := at + 2 + i*12
		if e+12 > int64(len(b)) {
			break
		}
		switch order.Uint16(b[e:]) {
		case tagNewSubfileType:
			d.reduced = order.Uint32(b[e+8:])&1 == 1
		case tagSubIFDs:
			d.subIFDs = true
		case tagDNGVersion:
			d.dng = true
		case tagMake:
			from := int64(order.Uint32(b[e+8:]))
			to := min(from+int64(order.Uint32(b[e+4:])), from+32, int64(len(b)))
			if from < to {
				d.maker = strings.TrimSpace(string(b[from:to]))
			}
		}
	}
	return d
}
