package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.get("/").want(t, http.StatusSeeOther, "/login")
	if a := b.get("/login"); a.StatusCode != http.StatusOK || len(a.Cookies()) != 0 {
		t.Fatalf("the sign-in page sets no cookies: %v", a)
	}
	b.get("/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")

	a := b.signIn("Admin@Example.org ", goodPassword)
	a.want(t, http.StatusSeeOther, "/timeline")
	cookie := a.Cookies()[0]
	if cookie.Name != "__Host-albumen_session" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" ||
		cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 0 || !cookie.Expires.IsZero() {
		t.Errorf("the session's cookie is %+v", cookie)
	}
	if a := b.get("/account"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "admin@example.org") {
		t.Fatalf("not signed in: %v", a)
	}
	b.get("/").want(t, http.StatusSeeOther, "/timeline")
	b.get("/login?next=/trash").want(t, http.StatusSeeOther, "/trash")

	a = b.post("/logout", nil)
	a.want(t, http.StatusSeeOther, "/login?signed-out")
	if a.Header.Get("Clear-Site-Data") == "" || a.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out leaves data behind: %v", a)
	}
	if a := b.get("/login?signed-out"); !strings.Contains(a.body, "You are signed out.") {
		t.Errorf("no word that one is signed out: %v", a)
	}
	// Nor is the cookie of before worth anything.
	r := request(http.MethodGet, "/account", nil)
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	s.browser().do(r).want(t, http.StatusSeeOther, "/login?next=%2Faccount")
}

func TestRememberedSignInOutlastsTheBrowser(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	a := b.post("/login", url.Values{"email": {"admin@example.org"}, "password": {goodPassword}, "remember": {"on"}})
	a.want(t, http.StatusSeeOther, "/timeline")
	if c := a.Cookies()[0]; c.MaxAge < 89*24*3600 {
		t.Errorf("the cookie is %+v", c)
	}
	s.exec("UPDATE sessions SET last_seen_at = now() - interval '13 days'")
	if a := b.get("/account"); a.StatusCode != http.StatusOK {
		t.Errorf("forgotten: %v", a)
	}
	brief := s.signedIn("admin@example.org")
	s.exec("UPDATE sessions SET last_seen_at = now() - interval '13 hours'")
	brief.get("/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")
}

func TestSignInNeverTellsWhichAccountsExist(t *testing.T) {
	s := newSite(t)
	s.user("suspended@example.org", false)
	s.exec("UPDATE users SET suspended_at = now() WHERE email = 'suspended@example.org'")
	var first string
	for _, try := range [][2]string{
		{"admin@example.org", "not the password"},
		{"nobody@example.org", "not the password"},
		{"nobody@example.org", goodPassword},
		{"suspended@example.org", goodPassword},
		{"admin@example.org", strings.Repeat("x", 5000)},
		{"admin@example.org", ""},
	} {
		a := s.browser().signIn(try[0], try[1])
		if a.StatusCode != http.StatusUnprocessableEntity || len(a.Cookies()) != 0 {
			t.Fatalf("%v: %v", try, a)
		}
		page := strings.ReplaceAll(a.body, try[0], "EMAIL")
		if first == "" {
			first = page
		}
		if page != first || !strings.Contains(page, "The e-mail address or the password is wrong.") {
			t.Errorf("%v: the answer differs:\n%s", try, a.body)
		}
	}
}

func TestSignInGoesOnlyToOurselves(t *testing.T) {
	s := newSite(t)
	for next, want := range map[string]string{
		"/media/1?x=%2F&y=2":            "/media/1?x=%2F&y=2",
		"":                              "/timeline",
		"/":                             "/timeline",
		"//evil.example":                "/timeline",
		"///evil.example":               "/timeline",
		"/\\evil.example":               "/timeline",
		"/%5cevil.example":              "/timeline",
		"/\t/evil.example":              "/timeline",
		"/%09/evil.example":             "/timeline",
		"https://evil.example":          "/timeline",
		"javascript:alert(1)":           "/timeline",
		"evil.example":                  "/timeline",
		"/%2Fevil.example":              "/timeline",
		"/a\r\nSet-Cookie: x=y":         "/timeline",
		"@evil.example":                 "/timeline",
		"/" + strings.Repeat("a", 3000): "/timeline",
	} {
		a := s.browser().post("/login", url.Values{"email": {"admin@example.org"}, "password": {goodPassword}, "next": {next}})
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("next=%q leads to %q, want %q", next, a.Header.Get("Location"), want)
		}
	}
}

func TestSignInBeginsANewSession(t *testing.T) {
	s := newSite(t)
	const planted = "a-token-that-an-attacker-knows"
	r := request(http.MethodPost, "/login", strings.NewReader(url.Values{
		"email": {"admin@example.org"}, "password": {goodPassword}}.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "__Host-albumen_session", Value: planted})
	a := s.browser().do(r)
	a.want(t, http.StatusSeeOther, "/timeline")
	token := a.Cookies()[0].Value
	if token == planted || len(token) < 40 {
		t.Fatalf("the token after signing in is %q", token)
	}
	// Signing in again from within a session changes the token and ends the old one.
	r = request(http.MethodPost, "/login", strings.NewReader(url.Values{
		"email": {"admin@example.org"}, "password": {goodPassword}}.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "__Host-albumen_session", Value: token})
	if again := s.browser().do(r).Cookies()[0].Value; again == token {
		t.Error("signing in kept the old token")
	}
	r = request(http.MethodGet, "/account", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-albumen_session", Value: token})
	s.browser().do(r).want(t, http.StatusSeeOther, "/login?next=%2Faccount")
}

func TestSuspendedUserIsOutAtOnce(t *testing.T) {
	s := newSite(t)
	s.user("someone@example.org", false)
	b := s.signedIn("someone@example.org")
	if a := b.get("/account"); a.StatusCode != http.StatusOK {
		t.Fatal(a)
	}
	s.exec("UPDATE users SET suspended_at = now() WHERE email = 'someone@example.org'")
	b.get("/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")
	if a := b.post("/account", url.Values{"name": {"x"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a suspended user can still change things: %v", a)
	}
}

func TestSessionEndsAfterAWhile(t *testing.T) {
	s := newSite(t)
	for _, change := range []string{
		"UPDATE sessions SET last_seen_at = now() - interval '13 hours'",
		"UPDATE sessions SET remembered = true, last_seen_at = now() - interval '15 days'",
		"UPDATE sessions SET expires_at = now() - interval '1 second'",
		"DELETE FROM sessions",
	} {
		b := s.signedIn("admin@example.org")
		s.exec(change)
		b.get("/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")
	}
}

func TestTooManyAttempts(t *testing.T) {
	s := newSite(t)
	s.user("other@example.org", false)
	b := s.browser()
	for range 10 {
		if a := b.signIn("admin@example.org", "wrong password"); a.StatusCode != http.StatusUnprocessableEntity {
			t.Fatal(a)
		}
	}
	// The right password is not even looked at, and forged headers change nothing.
	for i, forged := range []string{"", "203.0.113.1", "203.0.113.2, 203.0.113.3", "nonsense"} {
		a := b.post("/login", url.Values{"email": {"ADMIN@example.org"}, "password": {goodPassword}},
			"X-Forwarded-For", forged, "X-Real-Ip", forged, "Forwarded", "for="+forged, "CF-Connecting-IP", forged)
		if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || a.Header.Get("Retry-After") == "0" {
			t.Fatalf("attempt %d with X-Forwarded-For %q: %v", i, forged, a)
		}
		if !strings.Contains(a.body, "Too many attempts.") || !strings.Contains(a.body, `name="password"`) {
			t.Fatalf("the page does not say what to do: %v", a)
		}
	}
	// Others are not locked out with them.
	if a := b.signIn("other@example.org", goodPassword); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another account from the same address: %v", a)
	}
	elsewhere := s.browser()
	elsewhere.ip = "198.51.100.8"
	if a := elsewhere.signIn("admin@example.org", goodPassword); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the same account from another address: %v", a)
	}
}

func TestAttemptsAreCountedBehindTrustedProxies(t *testing.T) {
	s := newSite(t, "TRUSTED_PROXIES=198.51.100.0/24")
	b := s.browser() // its address is now a proxy's
	try := func(forwarded string) int {
		return b.post("/login", url.Values{"email": {"admin@example.org"}, "password": {"wrong password"}},
			"X-Forwarded-For", forwarded).StatusCode
	}
	for i := range 10 {
		// What the client itself wrote stands to the left of what the proxy saw.
		if got := try(strings.Repeat("9", 1+i%2) + ".1.1.1, 203.0.113.9"); got != http.StatusUnprocessableEntity {
			t.Fatal(got)
		}
	}
	if got := try("8.8.8.8, 203.0.113.9"); got != http.StatusTooManyRequests {
		t.Errorf("a forged left part dodges the limit: %d", got)
	}
	if got := try("203.0.113.10"); got != http.StatusUnprocessableEntity {
		t.Errorf("another client behind the same proxy is limited too: %d", got)
	}
}
