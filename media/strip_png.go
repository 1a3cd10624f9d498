package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// maxSmallPart bounds the parts of a file that are read as a whole: profiles and
// EXIF blocks.
const maxSmallPart = 16 << 20

// pngKept are the chunks that make the picture: critical ones, transparency,
// colours, animation. iCCP and eXIf are kept in part.
var pngKept = map[string]bool{
	"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "bKGD": true, "sBIT": true, "pHYs": true,
	"cHRM": true, "gAMA": true, "sRGB": true, "cICP": true, "mDCV": true, "cLLI": true,
	"acTL": true, "fcTL": true, "fdAT": true,
}

// stripPNG copies the chunks in pngKept; nothing follows the last one.
func stripPNG(r *bufio.Reader, w *bufio.Writer) error {
	if _, err := io.CopyN(w, r, 8); err != nil {
		return cutOff(err)
	}
	pixels := false
	for {
		head, err := r.Peek(8)
		if err != nil {
			if err == io.EOF && pixels {
				writeChunk(w, "IEND", nil) // shown as far as it goes
				return nil
			}
			return cutOff(err)
		}
		size, name := int64(binary.BigEndian.Uint32(head)), string(head[4:8])
		whole := 12 + size
		switch {
		case name == "IEND":
			writeChunk(w, "IEND", nil)
			return nil
		case pngKept[name]:
			_, err = io.CopyN(w, r, whole)
			if err == io.EOF && (pixels || name == "IDAT") {
				return nil // the rest of its pixels is missing
			}
			pixels = pixels || name == "IDAT"
		case name == "iCCP" || name == "eXIf":
			err = stripPNGChunk(r, w, name, size)
		case name[0]&0x20 == 0:
			return notStrippable("an unknown critical PNG chunk")
		default:
			_, err = io.CopyN(io.Discard, r, whole)
		}
		if err != nil {
			return cutOff(err)
		}
	}
}

// stripPNGChunk copies of a profile all but its name, which is free text, and of
// EXIF the orientation.
func stripPNGChunk(r *bufio.Reader, w *bufio.Writer, name string, size int64) error {
	if size > maxSmallPart {
		return notStrippable("a very large PNG chunk")
	}
	b := make([]byte, 12+size)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	body := b[8 : 8+size]
	if name == "eXIf" {
		if o := exifOrientation(body); o > 1 {
			writeChunk(w, name, orientationEXIF(o))
		}
		return nil
	}
	if _, profile, ok := bytes.Cut(body, []byte{0}); ok {
		writeChunk(w, name, append([]byte("icc\x00"), profile...))
	}
	return nil
}

func writeChunk(w *bufio.Writer, name string, body []byte) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	w.Write(b) //nolint:errcheck // a bufio.Writer keeps its error for Flush
}
