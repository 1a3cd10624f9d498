package media

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"

	"albumen/media/internal/vips"
)

// A decoder child reads requests from its standard input and writes one answer
// to each on its standard output.

// decodeRequest asks for the header of a file, or for its pictures.
type decodeRequest struct {
	Path   string
	HEIF   bool
	Decode bool
	// Raster asks for the pixels that fit Edge×Edge, instead of pictures.
	Raster bool
	// Whole asks for one picture that fits Edge×Edge, to be kept in the
	// original's place; it comes as the Result's Preview.
	Whole bool
	Edge  int
	// Profile converts through the profile that the header says is there.
	Profile bool
	// MemoryBytes is how much address space the child may take beyond what it
	// has when the request arrives.
	MemoryBytes int64
	// AllowDamaged shows a truncated picture as far as it goes.
	AllowDamaged bool
	// Width and Height are the original's, as shown.
	Width, Height int
}

// decodeAnswer is the answer; Failure is libvips' message, "" for success.
type decodeAnswer struct {
	Failure string
	Header  vips.Header // of a header request
	Result  Result      // of a decode request; original's size not filled in
	Flat    bool        // every pixel is the same
	// Of a raster request. Width×Height×3 bytes follow the frame.
	Width, Height int
	rgb           []byte // those
}

// readRGB reads the pixels that a raster answer announces, at most most bytes.
func (a *decodeAnswer) readRGB(r io.Reader, most int64) error {
	if a.Width == 0 {
		return nil
	}
	if a.Width < 0 || a.Height < 1 || int64(a.Height) > most/3/int64(a.Width) {
		return fmt.Errorf("a raster of %d × %d is too large", a.Width, a.Height)
	}
	a.rgb = make([]byte, a.Width*a.Height*3)
	_, err := io.ReadFull(r, a.rgb)
	return err
}

// maxFrame bounds what one side believes of the other: two WebP pictures.
const maxFrame = 64 << 20

func writeFrame(w io.Writer, v any) error {
	var b bytes.Buffer
	b.Write(make([]byte, 4))
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	binary.BigEndian.PutUint32(b.Bytes(), uint32(b.Len()-4))
	_, err := w.Write(b.Bytes())
	return err
}

func readFrame(r io.Reader, v any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return fmt.Errorf("frame of %d bytes is too long", n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("decode frame: %w", err)
	}
	return nil
}
