package e2e

import (
	"strings"
	"testing"
)

// Somebody turns on codes of an app, comes in with one, and with a recovery code
// once; guesses end; and turns them off again.
func TestSecondFactor(t *testing.T) {
	t.Run("with scripts", func(t *testing.T) { factorStory(t, true) })
	t.Run("without scripts", func(t *testing.T) { factorStory(t, false) })
}

func factorStory(t *testing.T, scripts bool) {
	i := start(t)
	b := i.open(scripts)
	inspect := b.inspector(t, scripts)
	answer := func(code string) {
		t.Helper()
		b.fill("#f-code", code)
		b.click(`form[action="/login/code"] button[type=submit]`)
	}
	in := func() { t.Helper(); b.wait("#q") }
	half := func() {
		t.Helper()
		b.enter(adminEmail, adminPassword)
		b.wait("#f-code")
	}

	b.signIn()
	b.visit("/account/security/totp")
	inspect("totp")
	b.fill("#f-current", "not the password")
	b.click(`form[action="/account/security/totp"] button`)
	b.wait(".wrong")
	inspect("totp-wrong")
	secret, codes := b.enrol(adminPassword)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	inspect("recovery-codes")
	i.mailTo(adminEmail, "asks for a code now")
	b.visit("/account/security")
	inspect("security-totp-on")

	b.signOut()
	half()
	inspect("step")
	b.visit("/timeline") // the password alone is nobody
	b.wait("[name=password]")
	half()
	answer("000000")
	b.wait(".wrong")
	inspect("step-wrong")
	answer(codeNow(t, secret, 1)) // the one after that which turned it on
	in()

	b.signOut()
	half()
	answer(codes[4])
	in()
	i.mailTo(adminEmail, "recovery code")
	b.signOut()
	half()
	answer(codes[4])
	b.wait(".wrong") // once
	answer(codes[5])
	in()

	// Turning off takes both; new codes void the others.
	b.visit("/account/security/recovery")
	inspect("recovery-make")
	b.fill("#f-current", adminPassword)
	b.fill("#f-code", codes[6])
	b.click(`form[action="/account/security/recovery"] button`)
	b.wait(".codes")
	fresh := codesShown.FindStringSubmatch(b.html())[1]
	b.visit("/account/security/totp/off")
	inspect("totp-off")
	b.fill("#f-current", adminPassword)
	b.fill("#f-code", codes[7])
	b.click(`form[action="/account/security/totp/off"] button`)
	b.wait(".wrong")
	b.visit("/account/security/totp/off") // the field keeps what was typed
	b.fill("#f-current", adminPassword)
	b.fill("#f-code", fresh)
	b.click(`form[action="/account/security/totp/off"] button`)
	b.wait(".receipt-card")
	i.mailTo(adminEmail, "no code")
	b.signOut()
	b.enter(adminEmail, adminPassword)
	in()

	// Guesses end.
	b.enrol(adminPassword)
	b.signOut()
	half()
	for range 12 {
		answer("123456")
		b.wait(".wrong, .notice")
		if strings.Contains(b.page(), "Too many") {
			inspect("step-limited")
			return
		}
	}
	t.Errorf("one may guess on and on:\n%s", b.page())
}
