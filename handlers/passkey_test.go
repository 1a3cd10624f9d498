package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"albumen/internal/passkeytest"
)

const siteOrigin = "https://photos.example.org"

// send posts JSON as the script does.
func (b *browser) send(path string, body any, headers ...string) answer {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	headers = append([]string{"Content-Type", "application/json", "Accept", "application/json", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, headers...)
	return b.do(request(http.MethodPost, path, strings.NewReader(string(text)), headers...))
}

var keyLink = regexp.MustCompile(`/account/security/passkeys/[0-9a-f-]{36}`)

func cookieOf(t testing.TB, a answer, name string) *http.Cookie {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no cookie %s: %v", name, a)
	return nil
}

type fields map[string]any

// addKey makes a passkey as the page does.
func (b *browser) addKey(d *passkeytest.Device) answer {
	b.t.Helper()
	a := b.send("/account/security/passkeys/begin", fields{"name": "Laptop", "current": goodPassword})
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("begin: %v", a)
	}
	return b.send("/account/security/passkeys", fields{"credential": json.RawMessage(d.Create(b.t, []byte(a.body)))})
}

// useKey signs in with a passkey.
func (b *browser) useKey(d *passkeytest.Device, path string, more fields) answer {
	b.t.Helper()
	a := b.send(path+"/begin", fields{})
	if a.StatusCode != http.StatusOK {
		return a
	}
	if more == nil {
		more = fields{}
	}
	more["credential"] = json.RawMessage(d.Get(b.t, []byte(a.body)))
	return b.send(path, more)
}

func (a answer) wantNext(t testing.TB, path string) {
	t.Helper()
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" || strings.TrimSpace(a.body) != `{"next":"`+path+`"}` {
		t.Fatalf("want to go on to %s: %v", path, a)
	}
}

func TestPasskeysOverHTTP(t *testing.T) {
	s := newSite(t)
	d, ann := passkeytest.New(siteOrigin), s.signedIn("admin@example.org")
	if a := ann.get("/account/security"); !strings.Contains(a.body, `href="/account/security/passkeys"`) || !strings.Contains(a.body, "Asked for whenever") {
		t.Errorf("how one signs in: %v", a)
	}
	page := ann.get("/account/security/passkeys")
	for _, part := range []string{`data-passkey="add"`, "Passkeys need JavaScript", `src="/static/passkey.`, `data-begin="/account/security/passkeys/begin"`} {
		if !strings.Contains(page.body, part) {
			t.Errorf("the page lacks %s:\n%s", part, page.body)
		}
	}
	a := ann.send("/account/security/passkeys/begin", fields{"name": "Laptop", "current": "not the password"})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"location":"body.current"`) {
		t.Errorf("a wrong password: %v", a)
	}
	ann.addKey(d).wantNext(t, "/account/security/passkeys")
	if a := ann.get("/account/security/passkeys"); !strings.Contains(a.body, "The passkey Laptop is added") || !strings.Contains(a.body, "not used yet") {
		t.Errorf("the list: %v", a)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "Laptop") {
		t.Errorf("the mail: %s", mail)
	}

	b := s.browser()
	login := b.get("/login?next=/trash")
	for _, part := range []string{`autocomplete="username webauthn"`, "Sign in with a passkey", `data-finish="/login/passkey"`} {
		if !strings.Contains(login.body, part) {
			t.Errorf("the sign-in page lacks %s", part)
		}
	}
	if strings.Contains(login.body, "<script>") {
		t.Error("a script in the page")
	}
	a = b.useKey(d, "/login/passkey", fields{"remember": true, "next": "/trash"})
	a.wantNext(t, "/trash")
	if c := cookieOf(t, a, "__Host-albumen_session"); c.MaxAge <= 0 {
		t.Errorf("not remembered: %v", c)
	}
	if a := b.get("/account/sessions"); !strings.Contains(a.body, "with a passkey") || !strings.Contains(a.body, "with the password") {
		t.Errorf("the list of browsers: %v", a)
	}
	if n := s.number("SELECT count(*) FROM audit_log WHERE action = 'session.begin' AND detail->>'way' = 'passkey'"); n != 1 {
		t.Errorf("%d entries", n)
	}
	for _, away := range []string{"https://evil.example/", "//evil.example"} {
		s.browser().useKey(d, "/login/passkey", fields{"next": away}).wantNext(t, "/timeline")
	}

	// A passkey is both factors; after the password it is the second.
	ann.enrol()
	s.browser().useKey(d, "/login/passkey", nil).wantNext(t, "/timeline")
	b = s.browser()
	b.post("/login", url.Values{"email": {"admin@example.org"}, "password": {goodPassword}, "next": {"/trash"}}).want(t, http.StatusSeeOther, "/login/code")
	if a := b.get("/login/code"); !strings.Contains(a.body, `data-finish="/login/code/passkey"`) {
		t.Errorf("the second step: %v", a)
	}
	a = b.useKey(d, "/login/code/passkey", nil)
	a.wantNext(t, "/trash")
	if c := cookieOf(t, a, "__Host-albumen_step"); c.MaxAge >= 0 {
		t.Errorf("the half sign-in stays: %v", c)
	}
	if a := s.browser().useKey(d, "/login/code/passkey", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("without the password: %v", a)
	}

	path := keyLink.FindString(ann.get("/account/security/passkeys").body)
	ann.post(path, url.Values{"name": {"The grey one"}}).want(t, http.StatusSeeOther, "/account/security/passkeys")
	if a := ann.get(path); !strings.Contains(a.body, `value="The grey one"`) {
		t.Errorf("the name: %v", a)
	}
	if a := ann.post(path+"/remove", url.Values{"current": {"no"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("removed with a wrong password: %v", a)
	}
	ann.post(path+"/remove", url.Values{"current": {goodPassword}}).want(t, http.StatusSeeOther, "/account/security/passkeys")
	if a := s.browser().useKey(d, "/login/passkey", nil); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "does not let you in") {
		t.Errorf("a removed key: %v", a)
	}
}

// The answer is good in the browser that was asked, from our own pages, as JSON.
func TestAnswersOfPasskeysComeFromOurPages(t *testing.T) {
	s := newSite(t)
	d, ann := passkeytest.New(siteOrigin), s.signedIn("admin@example.org")
	ann.addKey(d).wantNext(t, "/account/security/passkeys")
	b := s.browser()
	asked := b.send("/login/passkey/begin", fields{})
	cookie := cookieOf(t, asked, "__Host-albumen_passkey")
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.MaxAge != 600 || strings.Contains(asked.body, cookie.Value) {
		t.Errorf("the cookie: %v", cookie)
	}
	sent := fields{"credential": json.RawMessage(d.Get(t, []byte(asked.body)))}
	in := func(a answer) bool { return a.StatusCode == http.StatusOK }
	if a := s.browser().send("/login/passkey", sent); in(a) {
		t.Errorf("in another browser: %v", a)
	}
	if a := b.send("/login/passkey", sent, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %v", a)
	}
	text, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
		if a := b.do(request(http.MethodPost, "/login/passkey", strings.NewReader(string(text)), "Content-Type", kind, "Accept", "application/json")); a.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("as %q: %v", kind, a)
		}
	}
	if a := b.send("/login/passkey", fields{"credential": strings.Repeat("x", 70_000)}); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", a.StatusCode)
	}
	if a := b.do(request(http.MethodPost, "/login/passkey", strings.NewReader("{"), "Content-Type", "application/json", "Accept", "application/json")); a.StatusCode != http.StatusBadRequest {
		t.Errorf("half of it: %v", a)
	}
	// The site is what BASE_URL says, whatever the request does.
	forged := request(http.MethodPost, "/login/passkey/begin", strings.NewReader("{}"), "Content-Type", "application/json", "Accept", "application/json", "X-Forwarded-Host", "evil.example", "Origin", siteOrigin)
	if a := b.do(forged); !strings.Contains(a.body, `"rpId":"photos.example.org"`) {
		t.Errorf("a forged host: %v", a)
	}
	if a := b.send("/login/passkey", sent); !in(a) {
		t.Fatalf("after all that: %v", a)
	}
	if a := b.send("/login/passkey", sent); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "took too long, was done already") {
		t.Errorf("sent again: %v", a)
	}
}

// Where browsers make no passkeys, nothing offers them.
func TestSitesWithoutPasskeys(t *testing.T) {
	for _, base := range []string{"http://photos.example.org", "https://192.0.2.7"} {
		s := newSite(t, "BASE_URL="+base, "ALLOWED_HOSTS=photos.example.org,192.0.2.7")
		b := s.browser()
		a := b.get("/login")
		if a.StatusCode != http.StatusOK || strings.Contains(a.body, "passkey") || strings.Contains(a.body, "webauthn") {
			t.Errorf("%s: %v", base, a)
		}
		if a := b.send("/login/passkey/begin", fields{}); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v", base, a)
		}
	}
}
