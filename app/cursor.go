package app

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"albumen/db"
)

// A cursor is a place in a list, opaque to whoever passes it on. It starts with
// a letter for the kind of list, so that one of another list is refused.
const (
	cursorTaken   = 't'
	cursorTrashed = 'x'
	cursorUpload  = 'u'
)

// encodeCursor packs the place; a time outside what a date column holds does not occur.
func encodeCursor(kind byte, k db.Key) string {
	b := []byte{kind}
	b = binary.BigEndian.AppendUint64(b, uint64(k.At.UnixMicro()))
	b = append(b, k.ID[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor is the inverse; "" is no place. field names the input in the error.
func decodeCursor(field string, kind byte, s string) (*db.Key, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 25 || b[0] != kind {
		return nil, Invalid(field, "page.cursor_bad")
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(b[1:9]))).UTC()
	if at.Year() < -4000 || at.Year() > 200000 {
		return nil, Invalid(field, "page.cursor_bad")
	}
	return &db.Key{At: at, ID: uuid.UUID(b[9:25])}, nil
}

// storable reports text that PostgreSQL can take: valid UTF-8 without NUL.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
