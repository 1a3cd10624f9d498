package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"albumen/app"
)

// Somebody who only signs in with a provider deletes the account: each form that
// asks for the password asks for a mailed code instead.
func TestAMailedCodeStandsInForThePassword(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	b := s.signedIn("ann@example.org")
	s.exec("UPDATE users SET password_hash = '' WHERE id = $1", ann.ID)
	for _, path := range []string{"/account/data", "/account/email", "/account/password", "/account/security/totp"} {
		a := b.get(path)
		a.has(t, "Code from the e-mail", `href="/account/proof?next=`+url.QueryEscape(path)+`"`, `autocomplete="one-time-code"`)
		if strings.Contains(a.body, `autocomplete="current-password"`) {
			t.Errorf("%s asks for a password", path)
		}
	}
	b.get("/account/proof?next=/account/data").has(t, "ann@example.org", "Send me a code")
	b.post("/account/proof?next=//evil.example", nil).want(t, http.StatusSeeOther, "/account")
	b.post("/account/proof?next=/account/data", nil).want(t, http.StatusSeeOther, "/account/data")
	b.get("/account/data").has(t, "on its way to ann@example.org")
	if _, err := s.app.SendMails(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	files, err := s.outbox.List(1)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	text, err := s.outbox.Read(files[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	code := strings.TrimSpace(regexp.MustCompile(`\n[a-z2-7]{4}-[a-z2-7]{4}\r?\n`).FindString(string(text)))
	b.post("/account/data/delete", url.Values{"current": {"wrong"}}).has(t, "This code is wrong", "Send me a code")
	b.post("/account/data/delete", url.Values{"current": {code}}).want(t, http.StatusSeeOther, "/login?leaving")

	// Nobody else needs one.
	admin := s.signedIn("admin@example.org")
	admin.get("/account/data").has(t, `autocomplete="current-password"`)
	admin.get("/account/proof").want(t, http.StatusSeeOther, "/account")
	if a := admin.post("/account/proof", nil); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "has a password") {
		t.Error(a)
	}
	s.browser().get("/account/proof").want(t, http.StatusSeeOther, "/login?next="+url.QueryEscape("/account/proof"))
}
