package app

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// cipherFor is AES-256-GCM under a key of SECRET_KEY: whoever reads the
// database or a backup of it must not be able to use what is sealed. purpose
// keeps one use from standing in for another.
func (a *App) cipherFor(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(a.derive(purpose, nil))
	if err == nil {
		var sealed cipher.AEAD
		if sealed, err = cipher.NewGCM(block); err == nil {
			return sealed
		}
	}
	panic(err) // only for a key of another length
}

// seal encrypts text for the row id; it opens for no other.
func (a *App) seal(purpose string, id uuid.UUID, text []byte) []byte {
	sealed := a.cipherFor(purpose)
	nonce := randomBytes(sealed.NonceSize())
	return sealed.Seal(nonce, nonce, text, id[:])
}

var errSealedShort = errors.New("it is too short")

// open is the opposite of seal.
func (a *App) open(purpose string, id uuid.UUID, data []byte) ([]byte, error) {
	sealed := a.cipherFor(purpose)
	if len(data) < sealed.NonceSize() {
		return nil, fmt.Errorf("open the %s of %s: %w", purpose, id, errSealedShort)
	}
	text, err := sealed.Open(nil, data[:sealed.NonceSize()], data[sealed.NonceSize():], id[:])
	if err != nil {
		return nil, fmt.Errorf("open the %s of %s (was SECRET_KEY changed?): %w", purpose, id, err)
	}
	return text, nil
}
