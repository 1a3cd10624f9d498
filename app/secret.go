package app

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
)

// base32Lower has no characters that break a double click or look alike in
// upper and lower case.
var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the runtime stops the program instead
	return b
}

// randomText returns n random bytes as lower-case letters and digits.
func randomText(n int) string { return base32Lower.EncodeToString(randomBytes(n)) }

// derive returns 32 bytes that only holders of SECRET_KEY can compute. purpose
// keeps one use from standing in for another.
func (a *App) derive(purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write(data)
	return mac.Sum(nil)
}

func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
