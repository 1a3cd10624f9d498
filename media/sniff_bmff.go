package media

import (
	"bytes"
	"encoding/binary"
)

// isBMFF reports whether b starts with an ISO base media box: "ftyp", or one of
// the boxes with which QuickTime files older than "ftyp" begin.
func isBMFF(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	size := binary.BigEndian.Uint32(b)
	switch string(b[4:8]) {
	case "ftyp":
		return size >= 8
	case "moov", "mdat", "wide", "pnot":
		return size == 0 || size == 1 || size >= 8
	case "free", "skip":
		// Only where a media box follows: four letters alone prove little.
		next := int64(size) + 4
		return size >= 8 && next+4 <= int64(len(b)) &&
			bytes.Contains([]byte("moov mdat ftyp wide free"), b[next:next+4])
	}
	return false
}

// sniffBMFF decides between HEIF, AVIF, RAW, video and audio by the brands.
func sniffBMFF(b []byte) (Type, error) {
	if string(b[4:8]) != "ftyp" || len(b) < 12 {
		return video("video/quicktime", "mov"), nil
	}
	end := min(int(binary.BigEndian.Uint32(b)), len(b))
	major := string(b[8:12])
	brands := []string{major}
	if major == "mif3" { // the short form, which names its codec beside
		brands = append(brands, string(b[12:min(16, len(b))]))
	}
	for i := 16; i+4 <= end; i += 4 {
		brands = append(brands, string(b[i:i+4]))
	}
	switch major {
	case "qt  ":
		return video("video/quicktime", "mov"), nil
	case "crx ":
		return raw("image/x-canon-cr3", "cr3"), nil
	case "M4A ", "M4B ", "M4P ", "F4A ", "F4B ", "aax ", "aaxc":
		return Type{}, &RefusedError{RefusedAudio}
	case "jp2 ", "jpx ", "jpm ", "mjp2":
		return Type{}, &RefusedError{RefusedImageType}
	}
	// A generic HEIF brand may stand for either codec: the specific one decides.
	for _, class := range []struct {
		brands []string
		typ    Type
	}{
		{[]string{"avif", "avis"}, photo("image/avif", "avif")},
		{[]string{"heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1", "mif2", "miaf"}, photo("image/heic", "heic")},
	} {
		for _, brand := range brands {
			for _, want := range class.brands {
				if brand == want {
					return class.typ, nil
				}
			}
		}
	}
	if major[:3] == "3gp" || major[:3] == "3g2" {
		return video("video/3gpp", "3gp"), nil
	}
	return video("video/mp4", "mp4"), nil
}
