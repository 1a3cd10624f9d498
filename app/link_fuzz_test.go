package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// FuzzLinkSecrets: no text but the genuine one unlocks a link, under no clock;
// and a token is told from all others whatever it is made of.
func FuzzLinkSecrets(f *testing.F) {
	now := time.Date(2026, 7, 14, 12, 0, 0, 0, time.UTC)
	a := &App{secret: []byte("0123456789abcdef0123456789abcdef"), now: func() time.Time { return now }}
	l := db.ShareLink{ID: uuid.MustParse("0190b0a0-0000-7000-8000-000000000001"), Nonce: []byte("0123456789abcdef"), Version: 3}
	other := db.ShareLink{ID: uuid.MustParse("0190b0a0-0000-7000-8000-000000000002"), Nonce: l.Nonce, Version: 3}
	later := l
	later.Version++
	token, genuine := a.linkToken(l), a.unlockText(l, now.Add(time.Hour))
	over := a.unlockText(l, now.Add(-time.Second))
	for _, s := range []string{"", ".", genuine, over, a.unlockText(other, now.Add(time.Hour)), a.unlockText(later, now.Add(time.Hour)), token,
		"+" + genuine, "0" + genuine, genuine + "a", genuine + ".", " " + genuine, strings.ToUpper(genuine), genuine + "\n",
		"9223372036854775807." + strings.Repeat("a", 52), "-1." + strings.Repeat("7", 52), "99999999999999999999.a"} {
		f.Add(s)
	}
	if !a.unlocks(l, genuine) || a.unlocks(l, over) {
		f.Fatal("the genuine text does not unlock, or one that is over does")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a.unlocks(l, s) != (s == genuine) {
			t.Errorf("%q unlocks", s)
		}
		if a.unlocks(other, s) != (s == a.unlockText(other, now.Add(time.Hour))) {
			t.Errorf("%q unlocks another link", s)
		}
		if s != token && string(hashSecret(s)) == string(hashSecret(token)) {
			t.Errorf("%q stands for the token", s)
		}
	})
}
