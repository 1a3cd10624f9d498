package media

import (
	"bufio"
	"io"
)

// gifKept are the application blocks that make the picture: how often an
// animation is shown, and the colour profile.
var gifKept = map[string]bool{"NETSCAPE2.0": true, "ANIMEXTS1.0": true, "ICCRGBG1012": true}

// stripGIF copies the frames of a GIF; comments and other texts stay behind.
func stripGIF(r *bufio.Reader, w *bufio.Writer) error {
	var screen [13]byte
	if _, err := io.ReadFull(r, screen[:]); err != nil {
		return cutOff(err)
	}
	w.Write(screen[:]) //nolint:errcheck // a bufio.Writer keeps its error for Flush
	if err := copyTable(r, w, screen[10]); err != nil {
		return err
	}
	frames := 0
	for {
		kind, err := r.ReadByte()
		if err == io.EOF && frames > 0 {
			kind, err = ';', nil
		}
		if err != nil {
			return cutOff(err)
		}
		switch kind {
		case ';':
			if frames == 0 {
				return notStrippable("a GIF without a picture")
			}
			w.WriteByte(';') //nolint:errcheck // see above
			return nil
		case ',':
			frames++
			w.WriteByte(',') //nolint:errcheck // see above
			err = copyFrame(r, w)
		case '!':
			err = copyExtension(r, w)
		case 0: // filling
		default:
			if frames == 0 {
				return notStrippable("an unknown GIF block")
			}
			w.WriteByte(';') //nolint:errcheck // see above
			return nil       // decoders stop here, too
		}
		if err == io.EOF && frames > 0 {
			return nil // the rest of its pixels is missing
		}
		if err != nil {
			return cutOff(err)
		}
	}
}

func copyTable(r *bufio.Reader, w *bufio.Writer, flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	_, err := io.CopyN(w, r, int64(3)<<(flags&7+1))
	return cutOff(err)
}

func copyFrame(r *bufio.Reader, w *bufio.Writer) error {
	var place [9]byte
	if _, err := io.ReadFull(r, place[:]); err != nil {
		return err
	}
	w.Write(place[:]) //nolint:errcheck // kept for Flush
	if err := copyTable(r, w, place[8]); err != nil {
		return err
	}
	if _, err := io.CopyN(w, r, 1); err != nil { // size of the codes
		return err
	}
	return copyBlocks(r, w)
}

// copyExtension copies how a frame is shown, and what gifKept names.
func copyExtension(r *bufio.Reader, w *bufio.Writer) error {
	label, err := r.ReadByte()
	if err != nil {
		return err
	}
	switch label {
	case 0xf9:
		w.Write([]byte{'!', label}) //nolint:errcheck // kept for Flush
		return copyBlocks(r, w)
	case 0xff:
		head, err := r.Peek(12)
		if err == nil && head[0] == 11 && gifKept[string(head[1:])] {
			w.Write([]byte{'!', label}) //nolint:errcheck // kept for Flush
			return copyBlocks(r, w)
		}
	}
	return copyBlocks(r, bufio.NewWriter(io.Discard))
}

func copyBlocks(r *bufio.Reader, w *bufio.Writer) error {
	for {
		n, err := r.ReadByte()
		if err != nil {
			return err
		}
		w.WriteByte(n) //nolint:errcheck // kept for Flush
		if n == 0 {
			return nil
		}
		if _, err := io.CopyN(w, r, int64(n)); err != nil {
			return err
		}
	}
}
