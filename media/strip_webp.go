package media

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// maxFramePart bounds one frame of an animated WebP.
const maxFramePart = 64 << 20

// stripRIFF copies the chunks of a WebP that make the picture, and of EXIF the
// orientation. Sizes and flags in the header are written last.
func stripRIFF(r *bufio.Reader, f *os.File) error {
	w := bufio.NewWriterSize(f, 64<<10)
	var header [12]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return cutOff(err)
	}
	w.Write(header[:]) //nolint:errcheck // kept for Flush
	left := int64(binary.LittleEndian.Uint32(header[4:])) - 4
	written, flagsAt, exif, pixels := int64(12), int64(0), false, false
	var flags byte
	for left >= 8 {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return cutOff(err)
		}
		name, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		padded := size + size&1
		left -= 8 + padded
		switch name {
		case "VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ICCP":
			w.Write(head[:]) //nolint:errcheck // kept for Flush
			if name == "VP8X" {
				next, err := r.Peek(1)
				if err != nil {
					return cutOff(err)
				}
				flags, flagsAt = next[0], written+8
			}
			if _, err := io.CopyN(w, r, size); err != nil {
				return cutOff(err)
			}
			if size&1 == 1 { // an odd chunk at the end may lack its padding
				w.WriteByte(0) //nolint:errcheck // kept for Flush
				r.Discard(1)   //nolint:errcheck // see above
			}
			written += 8 + padded
			pixels = pixels || name == "VP8 " || name == "VP8L"
		case "ANMF", "EXIF":
			limit := int64(maxFramePart)
			if name == "EXIF" {
				limit = maxSmallPart
			}
			if size > limit {
				return notStrippable("a very large WebP chunk")
			}
			b := make([]byte, size)
			if _, err := io.ReadFull(r, b); err != nil {
				return cutOff(err)
			}
			r.Discard(int(size & 1)) //nolint:errcheck // see above
			if name == "ANMF" {
				pixels = true
				if b = stripFrame(b); b == nil {
					return notStrippable("a WebP frame that is damaged")
				}
			} else {
				o := exifOrientation(b)
				if o < 2 || exif || flagsAt == 0 {
					continue
				}
				b, exif = orientationEXIF(o), true
			}
			written += writeRIFF(w, name, b)
		default:
			if _, err := io.CopyN(io.Discard, r, padded); err != nil && left > 0 {
				return cutOff(err)
			}
		}
	}
	if !pixels {
		return notStrippable("a WebP without a picture")
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	binary.LittleEndian.PutUint32(header[4:], uint32(written-8))
	if _, err := f.WriteAt(header[:8], 0); err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	if flagsAt > 0 {
		const hasEXIF, hasXMP = 0x08, 0x04
		flags &^= hasEXIF | hasXMP
		if exif {
			flags |= hasEXIF
		}
		if _, err := f.WriteAt([]byte{flags}, flagsAt); err != nil {
			return fmt.Errorf("strip: %w", err)
		}
	}
	return nil
}

// stripFrame keeps of a frame of an animation its place and its pixels; nil where
// its chunks do not add up.
func stripFrame(b []byte) []byte {
	if len(b) < 16 {
		return nil
	}
	out := append(make([]byte, 0, len(b)), b[:16]...)
	for rest := b[16:]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil
		}
		size := int64(binary.LittleEndian.Uint32(rest[4:])) + 8
		size += size & 1
		if size > int64(len(rest)) {
			return nil
		}
		if name := string(rest[:4]); name == "VP8 " || name == "VP8L" || name == "ALPH" {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	return out
}

func writeRIFF(w *bufio.Writer, name string, body []byte) int64 {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	if len(body)&1 == 1 {
		b = append(b, 0)
	}
	w.Write(b) //nolint:errcheck // kept for Flush
	return int64(len(b))
}
