package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Markers of a JPEG.
const (
	jpegSOI, jpegEOI, jpegSOS = 0xd8, 0xd9, 0xda
	jpegAPP0, jpegAPP1        = 0xe0, 0xe1
	jpegAPP2, jpegAPP14       = 0xe2, 0xee
)

// stripJPEG copies the segments that decoders need, up to the end of the first
// picture: what follows (further pictures, videos, makers' data) is no part of it.
func stripJPEG(r *bufio.Reader, w *bufio.Writer) error {
	var soi [2]byte
	if _, err := io.ReadFull(r, soi[:]); err != nil {
		return cutOff(err)
	}
	w.Write([]byte{0xff, jpegSOI}) //nolint:errcheck // a bufio.Writer keeps its error for Flush
	orientation, scans, turned := 0, 0, false
	for {
		marker, err := nextMarker(r)
		if errors.Is(err, io.EOF) && scans > 0 {
			marker, err = jpegEOI, nil // shown as far as it goes
		}
		if err != nil {
			return cutOff(err)
		}
		switch {
		case marker == jpegEOI:
			if scans == 0 {
				return notStrippable("a JPEG without a picture")
			}
			w.Write([]byte{0xff, jpegEOI}) //nolint:errcheck // see above
			return nil
		case marker >= 0xd0 && marker <= 0xd7, marker == 0x01, marker == jpegSOI:
			continue // stand alone
		}
		segment, err := readSegment(r)
		if errors.Is(err, io.ErrUnexpectedEOF) && scans > 0 {
			w.Write([]byte{0xff, jpegEOI}) //nolint:errcheck // see above
			return nil
		}
		if err != nil {
			return cutOff(err)
		}
		if marker == jpegAPP1 && orientation == 0 && bytes.HasPrefix(segment, []byte("Exif\x00")) {
			orientation = exifOrientation(segment)
		}
		segment = keptSegment(marker, segment)
		if segment == nil {
			continue
		}
		// The orientation goes before the first table, behind JFIF's header, or
		// before the first scan if it comes late.
		if marker < jpegAPP0 && orientation > 1 && !turned && scans == 0 {
			turned = true
			writeSegment(w, jpegAPP1, append([]byte("Exif\x00\x00"), orientationEXIF(orientation)...))
		}
		writeSegment(w, marker, segment)
		if marker == jpegSOS {
			scans++
			if err := copyScan(r, w); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
	}
}

// keptSegment returns what the copy holds of a segment, nil for nothing.
func keptSegment(marker byte, s []byte) []byte {
	switch {
	case marker >= 0xc0 && marker <= 0xdf && marker != 0xc8: // tables, frames, scans
		return s
	case marker == jpegAPP0 && bytes.HasPrefix(s, []byte("JFIF\x00")) && len(s) >= 14:
		s = bytes.Clone(s[:14])
		s[12], s[13] = 0, 0 // the size of a thumbnail
		return s
	case marker == jpegAPP2 && bytes.HasPrefix(s, []byte("ICC_PROFILE\x00")):
		return s
	case marker == jpegAPP14 && bytes.HasPrefix(s, []byte("Adobe")) && len(s) >= 12:
		return s[:12] // how the colours are coded
	}
	return nil
}

// nextMarker skips to the next marker, over filling and what does not belong.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

func readSegment(r *bufio.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	n := int(binary.BigEndian.Uint16(size[:]))
	if n < 2 {
		return nil, notStrippable("a JPEG segment of no length")
	}
	b := make([]byte, n-2)
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

func writeSegment(w *bufio.Writer, marker byte, s []byte) {
	w.Write([]byte{0xff, marker, byte((len(s) + 2) >> 8), byte(len(s) + 2)}) //nolint:errcheck // kept for Flush
	w.Write(s)                                                               //nolint:errcheck // the same
}

// copyScan copies compressed data up to the marker that follows, which stays
// unread.
func copyScan(r *bufio.Reader, w *bufio.Writer) error {
	for {
		next, err := r.Peek(2)
		if len(next) == 2 && next[0] == 0xff {
			if next[1] != 0 && next[1] != 0xff && (next[1] < 0xd0 || next[1] > 0xd7) {
				return nil
			}
			n := 2
			if next[1] == 0xff {
				n = 1
			}
			w.Write(next[:n]) //nolint:errcheck // kept for Flush
			r.Discard(n)      //nolint:errcheck // it was peeked at
			continue
		}
		if len(next) == 0 || len(next) == 1 && next[0] == 0xff {
			if err == nil {
				err = io.EOF
			}
			return err
		}
		part, err := r.ReadSlice(0xff)
		if len(part) > 0 && part[len(part)-1] == 0xff {
			part = part[:len(part)-1]
			if e := r.UnreadByte(); e != nil {
				return fmt.Errorf("strip: %w", e)
			}
		}
		w.Write(part) //nolint:errcheck // kept for Flush
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
