package handlers_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/handlers"
)

const wantPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

func checkHeaders(t *testing.T, what string, a answer) {
	t.Helper()
	referrer := "same-origin"
	for _, path := range []string{" /invitations/", " /reset/", " /verify/", " /email/", " /email-back/", " /exports/", " /login/oidc/callback", " /s/"} {
		if strings.Contains(what, path) { // the address holds a secret
			referrer = "no-referrer"
		}
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": wantPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": referrer,
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security": "max-age=31536000",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s (%d): %s is %q", what, a.StatusCode, name, got)
		}
	}
	if a.Header.Get("Permissions-Policy") == "" || len(a.Header.Get("X-Request-Id")) != 16 {
		t.Errorf("%s (%d): %v", what, a.StatusCode, a.Header)
	}
	if a.Header.Get("Server") != "" || a.Header.Get("X-Powered-By") != "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s tells too much: %v", what, a.Header)
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	s := newSite(t)
	for _, b := range []*browser{s.browser(), s.signedIn("admin@example.org")} {
		for _, route := range s.web.Routes() {
			if route.Method == echo.RouteNotFound || strings.HasPrefix(route.Method, "echo_") || route.Path == "/events" {
				continue
			}
			path := strings.NewReplacer(":id", "0190a0b0-0000-7000-8000-000000000001", "*", "x").Replace(route.Path)
			checkHeaders(t, route.Method+" "+path, b.do(request(route.Method, path, nil)))
		}
	}
	b := s.browser()
	checkHeaders(t, "no such page", b.get("/nowhere"))
	checkHeaders(t, "wrong method", b.do(request(http.MethodDelete, "/login", nil)))
	checkHeaders(t, "API", b.get("/api/v1/nowhere"))
	checkHeaders(t, "cross origin", b.post("/login", nil, "Sec-Fetch-Site", "cross-site"))
	wrong := request(http.MethodGet, "/login", nil)
	wrong.Host = "evil.example"
	checkHeaders(t, "wrong host", b.do(wrong))
}

func TestWithoutTLSThereIsNoHSTS(t *testing.T) {
	s := newSite(t, "BASE_URL=http://photos.example.org")
	a := s.browser().get("/login")
	if got := a.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("got %q", got)
	}
	if c := s.signedInPlain().Cookies(); len(c) != 1 || c[0].Name != "albumen_session" || c[0].Secure || !c[0].HttpOnly {
		t.Errorf("got %v", c)
	}
}

func (s *site) signedInPlain() answer { return s.browser().signIn("admin@example.org", goodPassword) }

func TestWrongHostIsMisdirected(t *testing.T) {
	s := newSite(t)
	for host, want := range map[string]int{
		"photos.example.org": 200, "PHOTOS.example.org:443": 200, "photos.example.org.": 200,
		"evil.example": 421, "photos.example.org.evil.example": 421, "": 421, "localhost": 421, "photos.example.org@evil.example": 421,
	} {
		r := request(http.MethodGet, "/login", nil, "X-Forwarded-Host", "photos.example.org")
		r.Host = host
		a := s.browser().do(r)
		if a.StatusCode != want {
			t.Errorf("Host %q: %d, want %d", host, a.StatusCode, want)
		}
		if want == 421 && host != "" && strings.Contains(a.body, host) {
			t.Errorf("the answer repeats the forged host %q", host)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		r := request(http.MethodGet, path, nil)
		r.Host = "10.0.0.7:8080"
		if a := s.browser().do(r); a.StatusCode != 200 {
			t.Errorf("%s by address: %v", path, a)
		}
	}
}

func TestOtherSitesChangeNothing(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "", "Origin", "https://photos.example.org.evil.example"},
		{"Sec-Fetch-Site", "", "Origin", "null"},
	} {
		for _, route := range s.web.Routes() {
			if route.Method != http.MethodPost && route.Method != http.MethodPut && route.Method != http.MethodPatch && route.Method != http.MethodDelete {
				continue
			}
			if headers[len(headers)-1] == "null" && strings.Contains(route.Path, "/:token") {
				continue // whoever makes such a form up must know the secret: see TestFormsOfSecretAddressesWorkOverPlainHTTP
			}
			path := strings.ReplaceAll(route.Path, ":id", "0190a0b0-0000-7000-8000-000000000001")
			r := request(route.Method, path, strings.NewReader("theme=dark"), headers...)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if a := b.do(r); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s with %v: %d", route.Method, path, headers, a.StatusCode)
			}
		}
	}
	if a := b.get("/account"); a.StatusCode != http.StatusOK {
		t.Errorf("another site has signed the user out: %v", a)
	}
	// The site's own pages may, and programs that are no browsers.
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "", "Origin", "https://photos.example.org"}, {"Sec-Fetch-Site", ""}} {
		if a := b.post("/account/theme", url.Values{"theme": {"dark"}}, headers...); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%v: %v", headers, a)
		}
	}
}

// Over plain http a page that sends no referrer sends no origin either. The rule is
// one for all pages whose address is a secret.
func TestFormsOfSecretAddressesWorkOverPlainHTTP(t *testing.T) {
	s := newSite(t, "BASE_URL=http://photos.example.org")
	seen := 0
	for _, route := range s.web.Routes() {
		if route.Method != http.MethodPost || !strings.Contains(route.Path, "/:token") {
			continue
		}
		seen++
		path := strings.NewReplacer(":token", "abcdefghijkmnpqr", ":id", "0190a0b0-0000-7000-8000-000000000001", "*", "x").Replace(route.Path)
		for _, c := range []struct {
			headers []string
			refused bool
		}{
			{[]string{"Origin", "null"}, false},
			{[]string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, true}, // a sandbox elsewhere
			{[]string{"Origin", "https://evil.example"}, true},
			{[]string{"Origin", "http://photos.example.org"}, false},
		} {
			a := s.browser().do(request(http.MethodPost, path, strings.NewReader("a=b"), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, c.headers...)...))
			if refused := a.StatusCode == http.StatusForbidden; refused != c.refused || a.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s with %v: %d, referrer policy %q", path, c.headers, a.StatusCode, a.Header.Get("Referrer-Policy"))
			}
		}
	}
	if seen < 6 {
		t.Errorf("%d forms", seen)
	}
	for _, path := range []string{"/login", "/reset", "/signup", "/verify", "/account/theme", "/invitations"} {
		if a := s.browser().do(request(http.MethodPost, path, strings.NewReader("a=b"), "Origin", "null", "Content-Type", "application/x-www-form-urlencoded")); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s from nowhere: %d", path, a.StatusCode)
		}
	}
}

func TestFormsAreBounded(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	big := url.Values{"email": {strings.Repeat("x", 2<<20)}}
	if a := b.post("/login", big); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("declared length: %d", a.StatusCode)
	}
	r := request(http.MethodPost, "/login", io.NopCloser(strings.NewReader(big.Encode())), "Content-Type", "application/x-www-form-urlencoded")
	r.ContentLength = -1
	if a := b.do(r); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("no length: %d", a.StatusCode)
	}
	if a := b.do(request(http.MethodPost, "/login", strings.NewReader("email=%zz"), "Content-Type", "application/x-www-form-urlencoded")); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a broken form: %d", a.StatusCode)
	}
}

func TestErrorsTellNothingButAReference(t *testing.T) {
	s := newSite(t)
	const inner = "dial tcp 10.1.2.3:5432: password=hunter2"
	s.web.Handle(http.MethodGet, "/broken", func(echo.Context) error { return errors.New(inner) })
	s.web.Handle(http.MethodGet, "/panic", func(echo.Context) error { panic(inner) })
	s.web.Handle(http.MethodGet, "/api/v1/broken", func(echo.Context) error { return errors.New(inner) })
	s.web.Handle(http.MethodGet, "/internal", func(echo.Context) error {
		return &app.Error{Code: app.CodeInternal, Key: inner, Err: errors.New(inner)}
	})
	for _, path := range []string{"/broken", "/panic", "/api/v1/broken", "/internal"} {
		a := s.browser().get(path)
		id := a.Header.Get("X-Request-Id")
		if a.StatusCode != 500 || strings.Contains(a.body, "10.1.2.3") || strings.Contains(a.body, "hunter2") || !strings.Contains(a.body, id) {
			t.Errorf("%s: %v", path, a)
		}
		found := false
		for line := range strings.SplitSeq(s.log.String(), "\n") {
			found = found || strings.Contains(line, id) && strings.Contains(line, "10.1.2.3") && strings.Contains(line, `"level":"ERROR"`)
		}
		if !found {
			t.Errorf("%s: the log does not know reference %s", path, id)
		}
	}
}

func TestProblemsForPrograms(t *testing.T) {
	s := newSite(t)
	s.web.Handle(http.MethodGet, "/api/v1/bad", func(echo.Context) error { return app.Invalid("email", "error.email_invalid") })
	s.web.Handle(http.MethodGet, "/api/v1/busy", func(echo.Context) error {
		return &app.Error{Code: app.CodeRateLimited, Key: "error.rate_limited", Args: map[string]any{"Seconds": 90, "Minutes": 2}}
	})
	for _, one := range []struct {
		path    string
		headers []string
		status  int
		code    string
	}{
		{"/api/v1/nowhere", nil, 404, "not_found"},
		{"/api/v1/bad", nil, 422, "invalid"},
		{"/api/v1/busy", nil, 429, "rate_limited"},
		{"/api/v1/nowhere", []string{"Authorization", "Bearer albumen_wrong"}, 401, "unauthenticated"},
		{"/api/v1/nowhere", []string{"Authorization", "Basic YTpi"}, 401, "unauthenticated"},
		{"/nowhere", []string{"Accept", "application/json"}, 404, "not_found"},
		{"/account", []string{"Sec-Fetch-Mode", "no-cors", "Accept", "image/avif,*/*"}, 401, "unauthenticated"},
	} {
		a := s.browser().get(one.path, one.headers...)
		var p struct {
			Type, Title, Detail, Code, Reference string
			Status                               int
			Errors                               []struct{ Location, Message string }
		}
		if err := json.Unmarshal([]byte(a.body), &p); err != nil {
			t.Errorf("%s: %v: %v", one.path, err, a)
			continue
		}
		if a.StatusCode != one.status || p.Status != one.status || p.Code != one.code || p.Type != "about:blank" || p.Title == "" || p.Detail == "" ||
			p.Reference != a.Header.Get("X-Request-Id") || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %v: %v", one.path, one.headers, a)
		}
		if strings.Contains(p.Detail, "error.") {
			t.Errorf("%s: a message is missing: %s", one.path, p.Detail)
		}
		if one.status == 422 && (len(p.Errors) != 1 || p.Errors[0].Location != "body.email" || p.Errors[0].Message == "") {
			t.Errorf("fields: %+v", p.Errors)
		}
		if one.status == 429 && a.Header.Get("Retry-After") != "90" {
			t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
		}
		if strings.HasPrefix(one.path, "/api/") && one.status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("WWW-Authenticate %q", a.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestTheAPITakesNoCookies(t *testing.T) {
	s := newSite(t)
	var actor app.Actor
	s.web.Handle(http.MethodGet, "/api/v1/who", func(c echo.Context) error {
		actor, _ = c.Get("actor").(app.Actor)
		return c.NoContent(http.StatusNoContent)
	})
	s.web.Handle(http.MethodGet, "/who", func(c echo.Context) error {
		actor, _ = c.Get("actor").(app.Actor)
		return c.NoContent(http.StatusNoContent)
	})
	b := s.signedIn("admin@example.org")
	if b.get("/api/v1/who"); actor.SignedIn() {
		t.Error("the API took a cookie")
	}
	secret, _, err := s.app.CreateToken(t.Context(), app.UserActor(s.admin), app.NewToken{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if s.browser().get("/who", "Authorization", "Bearer "+secret); actor.SignedIn() {
		t.Error("a page took a token")
	}
	if s.browser().get("/api/v1/who", "Authorization", "bearer "+secret); actor.UserID() != s.admin.ID || actor.IsAdmin() {
		t.Errorf("the token's actor is %v", actor)
	}
	s.exec("UPDATE api_tokens SET expires_at = now()")
	if a := s.browser().get("/api/v1/who", "Authorization", "Bearer "+secret); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("an expired token: %v", a)
	}
}

func TestVisitorsComeBackAfterSigningIn(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.get("/account/tokens?a=b").want(t, http.StatusSeeOther, "/login?next=%2Faccount%2Ftokens%3Fa%3Db")
	b.post("/account", url.Values{}).want(t, http.StatusSeeOther, "/login")
	edit := "/media/" + uuid.NewString() + "/edit"
	b.post(edit, url.Values{}, "Referer", "https://photos.example.org"+edit).want(t, http.StatusSeeOther, "/login?next="+url.QueryEscape(edit))
	b.post(edit, url.Values{}, "Referer", "https://evil.example"+edit).want(t, http.StatusSeeOther, "/login")
	a := b.get("/account", "HX-Request", "true", "HX-Current-URL", "https://photos.example.org/trash?x=1")
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("HX-Redirect") != "/login?next=%2Ftrash%3Fx%3D1" {
		t.Errorf("htmx: %v", a)
	}
	if a := b.get("/account", "HX-Request", "true", "HX-Current-URL", "https://evil.example//evil"); a.Header.Get("HX-Redirect") != "/login" {
		t.Errorf("htmx from elsewhere: %v", a.Header)
	}
}

func TestPagesAndCompression(t *testing.T) {
	s := newSite(t)
	a := s.browser().get("/login", "Accept-Encoding", "br, gzip;q=0.5")
	if a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("got %v", a.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(page), "<html") {
		t.Errorf("got %.200s, %v", page, err)
	}
	for _, refused := range []string{"", "gzip;q=0", "gzip; q=0.0", "identity"} {
		if a := s.browser().get("/login", "Accept-Encoding", refused); a.Header.Get("Content-Encoding") != "" || !strings.Contains(a.body, "<html") {
			t.Errorf("Accept-Encoding %q: %v", refused, a.Header)
		}
	}
	if vary := strings.Join(a.Header.Values("Vary"), ","); !strings.Contains(vary, "HX-Request") || !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary is %q", vary)
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	secret, _, err := s.app.CreateToken(t.Context(), app.UserActor(s.admin), app.NewToken{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	b.signIn("admin@example.org", "a-wrong-password-of-mine")
	b.signIn("admin@example.org", goodPassword)
	b.get("/login?next=/x&password=query-secret")
	b.get("/s/link-secret/media/1")
	b.get("/S//link-secret")
	b.get("/invitations/invite-secret")
	b.get("/reset/reset-secret")
	b.get("/reset?token=query-secret")
	b.get("/api/v1/x", "Authorization", "Bearer "+secret)
	b.get("/api/v1/x", "Authorization", "Bearer albumen_another-secret")
	log := s.log.String()
	if !strings.Contains(log, `"path":"/login"`) || !strings.Contains(log, `"path":"/s/{token}/media/1"`) {
		t.Fatalf("the access log is not as expected:\n%s", log)
	}
	cookies := b.jar.Cookies(request(http.MethodGet, "/", nil).URL)
	if len(cookies) != 1 {
		t.Fatal(cookies)
	}
	for _, word := range []string{
		goodPassword, "a-wrong-password-of-mine", "query-secret", "link-secret", "invite-secret", "reset-secret", secret, "another-secret", cookies[0].Value,
	} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q", word)
		}
	}
}

func TestLoggedPath(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/media/1": "/media/1", "/s": "/s", "/s/abc": "/s/{token}", "/s/abc/media/1/thumb": "/s/{token}/media/1/thumb",
		"//s//abc": "/s/{token}", "/S/abc": "/S/{token}", "/x/../s/abc": "/s/{token}", "/reset/abc": "/reset/{token}",
	} {
		if got := handlers.LoggedPath(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}

func TestRequestIDIsOurs(t *testing.T) {
	s := newSite(t)
	a := s.browser().get("/login", "X-Request-Id", "forged\" level=ERROR")
	if id := a.Header.Get("X-Request-Id"); len(id) != 16 || strings.Contains(s.log.String(), "forged") {
		t.Errorf("the request's id is %q", id)
	}
}

func TestHealth(t *testing.T) {
	s := newSite(t)
	if a := s.browser().get("/healthz"); a.StatusCode != 200 || a.body != "ok\n" {
		t.Error(a)
	}
	if a := s.browser().get("/readyz"); a.StatusCode != 200 || a.body != `{"parts":{"database":"ok"},"status":"ok"}`+"\n" {
		t.Error(a)
	}
	down := newSite(t)
	down.db.Close()
	if a := down.browser().get("/healthz"); a.StatusCode != 200 {
		t.Error(a)
	}
	if a := down.browser().get("/readyz"); a.StatusCode != 503 || a.body != `{"parts":{"database":"failed"},"status":"unavailable"}`+"\n" {
		t.Error(a)
	}
	if a := down.browser().get("/login"); a.StatusCode != 500 || strings.Contains(a.body, "pool") {
		t.Error(a)
	}
}
