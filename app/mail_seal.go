package app

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// mailCipher is AES-256-GCM under a key of SECRET_KEY: mails hold tokens, and
// whoever reads the database or a backup of it must not be able to use them.
func (a *App) mailCipher() cipher.AEAD {
	block, err := aes.NewCipher(a.derive("mail data", nil))
	if err == nil {
		var sealed cipher.AEAD
		if sealed, err = cipher.NewGCM(block); err == nil {
			return sealed
		}
	}
	panic(err) // only for a key of another length
}

// sealMail encrypts the data of the mail id; it opens for no other mail.
func (a *App) sealMail(id uuid.UUID, text []byte) []byte {
	sealed := a.mailCipher()
	nonce := randomBytes(sealed.NonceSize())
	return sealed.Seal(nonce, nonce, text, id[:])
}

var errSealedShort = errors.New("it is too short")

func (a *App) openMail(id uuid.UUID, data []byte) ([]byte, error) {
	sealed := a.mailCipher()
	if len(data) < sealed.NonceSize() {
		return nil, fmt.Errorf("open the data of mail %s: %w", id, errSealedShort)
	}
	text, err := sealed.Open(nil, data[:sealed.NonceSize()], data[sealed.NonceSize():], id[:])
	if err != nil {
		return nil, fmt.Errorf("open the data of mail %s (was SECRET_KEY changed?): %w", id, err)
	}
	return text, nil
}
