package handlers_test

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

var (
	shownSecret = regexp.MustCompile(`class="secret-text">([A-Z2-7 ]+)<`)
	shownCode   = regexp.MustCompile(`<li><code>([a-z2-7-]+)</code>`)
	codesFile   = regexp.MustCompile(`href="(data:text/plain[^"]+)"`)
)

// enrol sets an authenticator app up as a person does, and returns what the app
// keeps and the recovery codes.
func (b *browser) enrol() (secret string, codes []string) {
	b.t.Helper()
	b.post("/account/security/totp", url.Values{"current": {goodPassword}}).want(b.t, http.StatusSeeOther, "/account/security/totp")
	page := b.get("/account/security/totp")
	if page.Header.Get("Cache-Control") != "no-store" || !strings.Contains(page.body, `src="data:image/svg+xml;base64,`) {
		b.t.Fatalf("the secret: %v", page)
	}
	secret = strings.ReplaceAll(shownSecret.FindStringSubmatch(page.body)[1], " ", "")
	if a := b.post("/account/security/totp/confirm", url.Values{"code": {"000000"}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This code is wrong") {
		b.t.Fatalf("a wrong code: %v", a)
	}
	a := b.post("/account/security/totp/confirm", url.Values{"code": {codeAt(b.t, secret, 0)}})
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("confirm: %v", a)
	}
	for _, m := range shownCode.FindAllStringSubmatch(a.body, -1) {
		codes = append(codes, m[1])
	}
	file := html.UnescapeString(codesFile.FindStringSubmatch(a.body)[1])
	_, data, _ := strings.Cut(file, "base64,")
	text, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(codes) != 10 || !strings.Contains(string(text), codes[9]) || !strings.Contains(string(text), "photos.example.org") {
		b.t.Fatalf("%d codes, %v, the file: %s", len(codes), err, text)
	}
	return secret, codes
}

func codeAt(t testing.TB, secret string, after time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(after))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSigningInWithTwoSteps(t *testing.T) {
	s := newSite(t)
	_, codes := s.signedIn("admin@example.org").enrol()
	b := s.browser()
	a := b.post("/login", url.Values{"email": {"admin@example.org"}, "password": {goodPassword}, "remember": {"on"}, "next": {"/trash?x=1"}})
	a.want(t, http.StatusSeeOther, "/login/code")
	cookie := a.Cookies()[0]
	if len(a.Cookies()) != 1 || cookie.Name != "__Host-albumen_step" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.MaxAge != 600 || strings.Contains(cookie.Value, s.admin.ID.String()) {
		t.Errorf("the cookies: %v", a.Cookies())
	}
	if a := b.get("/login/code"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `autocomplete="one-time-code"`) || strings.Contains(a.body, "admin@example.org") {
		t.Errorf("the form: %v", a)
	}
	if a := b.post("/login/code", url.Values{"code": {"123456"}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This code is wrong") {
		t.Errorf("a wrong code: %v", a)
	}
	a = b.post("/login/code", url.Values{"code": {codes[0]}})
	a.want(t, http.StatusSeeOther, "/trash?x=1")
	remembered := false
	for _, c := range a.Cookies() {
		remembered = remembered || c.Name == "__Host-albumen_session" && c.MaxAge > 0
	}
	if !remembered {
		t.Errorf("not remembered: %v", a.Cookies())
	}
	if a := b.get("/account/security"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "9 codes left") {
		t.Errorf("how one signs in: %v", a)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "recovery code") {
		t.Errorf("no mail about the recovery code: %s", mail)
	}
}

// Whoever has shown the password only is nobody.
func TestHalfASignInIsNoSession(t *testing.T) {
	s := newSite(t)
	_, codes := s.signedIn("admin@example.org").enrol()
	s.user("eve@example.org", false)
	b := s.browser()
	a := b.signIn("admin@example.org", goodPassword)
	a.want(t, http.StatusSeeOther, "/login/code")
	for _, path := range []string{"/timeline", "/account", "/account/security", "/admin"} {
		if a := b.get(path); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/login?next=") {
			t.Errorf("%s: %v", path, a)
		}
	}
	if a := b.get("/api/v1/me"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the API: %v", a)
	}
	// The cookie is no session's, nor the other way round.
	step := a.Cookies()[0].Value
	r := request(http.MethodGet, "/account", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-albumen_session", Value: step})
	s.browser().do(r).want(t, http.StatusSeeOther, "/login?next=%2Faccount")
	// It is bound to its user, even in the browser of somebody else.
	eve := s.signedIn("eve@example.org")
	r = request(http.MethodPost, "/login/code", strings.NewReader("code="+codes[1]), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "__Host-albumen_step", Value: step})
	eve.do(r).want(t, http.StatusSeeOther, "/timeline")
	if a := eve.get("/account"); !strings.Contains(a.body, "admin@example.org") || strings.Contains(a.body, "eve@example.org") {
		t.Errorf("who is it? %v", a)
	}
	b.post("/login/code", url.Values{"code": {codes[2]}}).want(t, http.StatusSeeOther, "/login?again")
	s.browser().get("/login/code").want(t, http.StatusSeeOther, "/login?again")
}

// A forged address header is no way around the limit.
func TestCodesAreLimitedWhateverTheClientSays(t *testing.T) {
	s := newSite(t)
	s.signedIn("admin@example.org").enrol()
	b := s.browser()
	b.signIn("admin@example.org", goodPassword).want(t, http.StatusSeeOther, "/login/code")
	last := 0
	for i := range 12 {
		forged := "203.0.113." + string(rune('0'+i%10))
		a := b.post("/login/code", url.Values{"code": {"000000"}}, "X-Forwarded-For", forged, "X-Real-IP", forged, "Forwarded", "for="+forged)
		last = a.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth guess gets %d", last)
	}
}

func TestTurningTheSecondStepOff(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	b.get("/account/security/totp/off").want(t, http.StatusSeeOther, "/account/security")
	_, codes := b.enrol()
	off := func(password, code string) answer {
		return b.post("/account/security/totp/off", url.Values{"current": {password}, "code": {code}})
	}
	if a := off("not the password", codes[0]); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This is not your password.") {
		t.Errorf("a wrong password: %v", a)
	}
	if a := off(goodPassword, "000000"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This code is wrong") {
		t.Errorf("a wrong code: %v", a)
	}
	a := b.post("/account/security/recovery", url.Values{"current": {goodPassword}, "code": {codes[0]}})
	fresh := shownCode.FindAllStringSubmatch(a.body, -1)
	if a.StatusCode != http.StatusOK || len(fresh) != 10 {
		t.Fatalf("new codes: %v", a)
	}
	off(goodPassword, fresh[0][1]).want(t, http.StatusSeeOther, "/account/security")
	s.browser().signIn("admin@example.org", goodPassword).want(t, http.StatusSeeOther, "/timeline")
}

func TestAdministratorsTakeALostFactorAway(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	s.signedIn("ann@example.org").enrol()
	admin := s.signedIn("admin@example.org")
	path := "/admin/users/" + ann.ID.String()
	if a := admin.get(path); !strings.Contains(a.body, path+"/factor") {
		t.Errorf("the page of the account: %v", a)
	}
	admin.post(path+"/factor", nil).want(t, http.StatusSeeOther, path)
	if a := admin.get(path); strings.Contains(a.body, path+"/factor") {
		t.Errorf("still there: %v", a)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "administrator") {
		t.Errorf("the mail: %s", mail)
	}
	s.browser().signIn("ann@example.org", goodPassword).want(t, http.StatusSeeOther, "/timeline")
	admin.enrol()
	if a := admin.post("/admin/users/"+s.admin.ID.String()+"/factor", nil); a.StatusCode != http.StatusConflict {
		t.Errorf("one's own: %v", a)
	}
}

func TestTokensOfTheAPINeedTheCode(t *testing.T) {
	s := newSite(t)
	_, codes := s.signedIn("admin@example.org").enrol()
	for body, want := range map[string]int{
		`{"email":"admin@example.org","password":"` + goodPassword + `"}`:                           http.StatusUnprocessableEntity,
		`{"email":"admin@example.org","password":"` + goodPassword + `","code":"000000"}`:           http.StatusUnprocessableEntity,
		`{"email":"admin@example.org","password":"` + goodPassword + `","code":"` + codes[0] + `"}`: http.StatusCreated,
	} {
		a := s.browser().do(request(http.MethodPost, "/api/v1/tokens", strings.NewReader(body), "Content-Type", "application/json", "Accept", "application/json"))
		if a.StatusCode != want {
			t.Errorf("%s: %v", body, a)
		}
	}
}
