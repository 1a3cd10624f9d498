package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// claims is what the first bytes of a file say, read without any C code. It
// comes first because libvips allocates a WebP's whole frame for its header.
type claims struct {
	width, height int // 0: not known here, libvips will tell
	animated      bool
	// streams: a WebP that is decoded row by row; no alpha, no animation and no
	// lossless coding, which all need every pixel at once.
	streams bool
}

func readClaims(path string, t Type) (claims, error) {
	f, err := os.Open(path)
	if err != nil {
		return claims{}, fmt.Errorf("read claims: %w", err)
	}
	defer f.Close()
	head := make([]byte, SniffLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return claims{}, fmt.Errorf("read claims: %w", err)
	}
	return claimsOf(head[:n], t), nil
}

func claimsOf(b []byte, t Type) (c claims) {
	switch {
	case t.Ext == "png" && len(b) >= 24 && string(b[12:16]) == "IHDR":
		c.width = int(binary.BigEndian.Uint32(b[16:]))
		c.height = int(binary.BigEndian.Uint32(b[20:]))
		control, data := bytes.Index(b, []byte("acTL")), bytes.Index(b, []byte("IDAT"))
		c.animated = control > 0 && (data < 0 || control < data)
	case t.Ext == "gif" && len(b) >= 10:
		c.width = int(binary.LittleEndian.Uint16(b[6:]))
		c.height = int(binary.LittleEndian.Uint16(b[8:]))
	case t.Ext == "webp" && len(b) >= 30:
		c = webpClaims(b)
	case t.Ext == "avif" && len(b) >= 12:
		c.animated = string(b[8:12]) == "avis"
	}
	return c
}

func webpClaims(b []byte) (c claims) {
	body := b[20:]
	switch string(b[12:16]) {
	case "VP8 ":
		c.width = int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff)
		c.height = int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
		c.streams = true
	case "VP8L":
		bits := binary.LittleEndian.Uint32(body[1:])
		c.width, c.height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	case "VP8X":
		const animation, alpha = 0x02, 0x10
		c.width = int(binary.LittleEndian.Uint32(body[3:])>>8) + 1
		c.height = int(binary.LittleEndian.Uint32(body[6:])>>8) + 1
		c.animated = body[0]&animation != 0
		c.streams = body[0]&(animation|alpha) == 0 && bytes.Contains(b, []byte("VP8 "))
	}
	return c
}
