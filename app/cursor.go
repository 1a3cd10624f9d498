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
	cursorOldest  = 'o'
	cursorManual  = 'm'
	cursorTitle   = 'n'
	cursorAudit   = 'a'
)

// keySize is the length of a packed place.
const keySize = 8 + 16

func appendKey(b []byte, k db.Key) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(k.At.UnixMicro())), k.ID[:]...)
}

// readKey is the inverse; it refuses times that a column cannot hold.
func readKey(b []byte) (db.Key, bool) {
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
	return db.Key{At: at, ID: uuid.UUID(b[8:keySize])}, at.Year() > -4000 && at.Year() < 200_000
}

func encodeCursor(kind byte, k db.Key) string {
	if kind == cursorManual { // a position in the place of the microseconds
		k.At = time.UnixMicro(k.Position)
	}
	return base64.RawURLEncoding.EncodeToString(appendKey([]byte{kind}, k))
}

// decodeCursor is the inverse; "" is no place. field names the input in the error.
func decodeCursor(field string, kind byte, s string) (*db.Key, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 1+keySize || b[0] != kind {
		return nil, Invalid(field, "page.cursor_bad")
	}
	k, ok := readKey(b[1:])
	if !ok {
		return nil, Invalid(field, "page.cursor_bad")
	}
	if kind == cursorManual {
		k.Position = k.At.UnixMicro()
	}
	return &k, nil
}

// storable reports text that PostgreSQL can take: valid UTF-8 without NUL.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
