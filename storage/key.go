package storage

import (
	"errors"
	"fmt"
	"strings"
)

// ErrBadKey reports a key that breaks the rules of CheckKey.
var ErrBadKey = errors.New("bad object key")

// temporaryExt ends the name of a file that is still being written; CheckKey
// keeps objects away from it.
const temporaryExt = ".tmp"

const maxKeyBytes = 512

// CheckKey accepts slash-separated names of letters, digits, '-', '_' and '.'
// that do not start with a dot, and nothing else, so that a key is the same
// safe path on every kind of store. The error is ErrBadKey.
func CheckKey(key string) error {
	if len(key) > maxKeyBytes {
		return fmt.Errorf("%w: longer than %d bytes", ErrBadKey, maxKeyBytes)
	}
	for name := range strings.SplitSeq(key, "/") {
		if name == "" || name[0] == '.' || len(name) > 200 ||
			strings.HasSuffix(name, temporaryExt) || strings.HasSuffix(name, ".attrs") || strings.ContainsFunc(name, notInKey) {
			return fmt.Errorf("%w: %q", ErrBadKey, key)
		}
	}
	return nil
}

func notInKey(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
}
