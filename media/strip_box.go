package media

import (
	"bufio"
	"encoding/binary"
	"io"
)

// box is one box of the ISO base media format; body is what follows its header.
type box struct {
	name string
	body []byte
}

// boxes splits b into its boxes; nil where they do not add up.
func boxes(b []byte) []box {
	list := []box{}
	for len(b) > 0 {
		if len(b) < 8 {
			return nil
		}
		size, head := int64(binary.BigEndian.Uint32(b)), int64(8)
		switch size {
		case 0:
			size = int64(len(b))
		case 1:
			if len(b) < 16 {
				return nil
			}
			size, head = int64(binary.BigEndian.Uint64(b[8:])), 16
		}
		if size < head || size > int64(len(b)) {
			return nil
		}
		list = append(list, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return list
}

// appendBox adds a box with that content.
func appendBox(to []byte, name string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}
	to = append(binary.BigEndian.AppendUint32(to, uint32(size)), name...)
	for _, p := range parts {
		to = append(to, p...)
	}
	return to
}

// boxHeader is where a box lies in a file. bytes is its size without the header,
// negative where it reaches to the end.
type boxHeader struct {
	name  string
	bytes int64
}

func readBoxHeader(r *bufio.Reader) (boxHeader, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:8]); err != nil {
		return boxHeader{}, err
	}
	h := boxHeader{string(b[4:8]), int64(binary.BigEndian.Uint32(b[:])) - 8}
	switch h.bytes {
	case -8:
		h.bytes = -1
		return h, nil
	case -7:
		if _, err := io.ReadFull(r, b[8:]); err != nil {
			return boxHeader{}, err
		}
		h.bytes = int64(binary.BigEndian.Uint64(b[8:])) - 16
	}
	if h.bytes < 0 {
		return boxHeader{}, notStrippable("a box of no size")
	}
	return h, nil
}

// jxlKept are the boxes of a JPEG XL that make the picture. jbrd is not among
// them: it holds the headers of the JPEG that the picture once was.
var jxlKept = map[string]bool{"JXL ": true, "ftyp": true, "jxll": true, "jxlc": true, "jxlp": true}

// stripJXL copies those boxes. A bare codestream has no place for metadata.
func stripJXL(r *bufio.Reader, w *bufio.Writer) error {
	if head, err := r.Peek(2); err == nil && head[0] == 0xff && head[1] == 0x0a {
		_, err := io.Copy(w, r)
		return err
	}
	pixels := false
	for {
		h, err := readBoxHeader(r)
		if err == io.EOF && pixels {
			return nil
		}
		if err != nil {
			return cutOff(err)
		}
		to := io.Discard
		if jxlKept[h.name] {
			to = w
			head := binary.BigEndian.AppendUint32(nil, 1)
			head = append(head, h.name...)
			if h.bytes < 0 {
				head = append([]byte{0, 0, 0, 0}, h.name...)
			} else if h.bytes+8 < 1<<32 {
				head = append(binary.BigEndian.AppendUint32(nil, uint32(h.bytes+8)), h.name...)
			} else {
				head = binary.BigEndian.AppendUint64(head, uint64(h.bytes+16))
			}
			w.Write(head) //nolint:errcheck // a bufio.Writer keeps its error for Flush
			pixels = pixels || h.name == "jxlc" || h.name == "jxlp"
		}
		if h.bytes < 0 {
			_, err = io.Copy(to, r)
			return err
		}
		if _, err := io.CopyN(to, r, h.bytes); err != nil {
			return cutOff(err)
		}
	}
}
