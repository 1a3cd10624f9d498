package handlers_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"albumen/app"
	"albumen/oidc"
)

// provider is a real OpenID Connect provider on a port of its own.
type provider struct {
	*httptest.Server
	users   people
	expired atomic.Bool // codes are
	*storage.Storage
}

type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User { return p[id] }

func (p people) GetUserByUsername(name string) *storage.User { return p[name] }

func (people) ExampleClientID() string { return "service" }

// AuthRequestByCode forgets codes that have expired, as a provider does.
func (p *provider) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	if p.expired.Load() {
		return nil, errors.New("the code has expired")
	}
	return p.Storage.AuthRequestByCode(ctx, code)
}

const backURL = "https://photos.example.org/login/oidc/callback"

func newProvider(t *testing.T) *provider {
	p := &provider{Server: httptest.NewUnstartedServer(nil), users: people{}}
	for name, verified := range map[string]bool{"ann": true, "admin": true, "liar": false} {
		p.users[name] = &storage.User{
			ID: name, Username: name, Password: "verysecure", FirstName: "Ann", LastName: "Elsewhere", Email: name + "@example.org", EmailVerified: verified,
		}
	}
	p.users["liar"].Email = "ann@example.org"
	storage.RegisterClients(storage.WebClient("albumen", "secret", backURL))
	p.Storage = storage.NewStorage(p.users)
	issuer := "http://" + p.Listener.Addr().String()
	p.Config.Handler = exampleop.SetupServer(issuer, p, nil, false)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// with signs in at the provider, whose page leads back to where it says.
func (p *provider) with(t testing.TB, authURL, name string) (back string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), backURL) {
			back = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := client.Get(authURL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if back != "" {
		return back
	}
	id := res.Request.URL.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("no page to sign in: %s\n%s", res.Request.URL, body)
	}
	res, err = client.PostForm(p.URL+"/login/username", url.Values{"id": {id}, "username": {name}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	body, _ = io.ReadAll(res.Body)
	res.Body.Close()
	if back == "" {
		t.Fatalf("did not come back: %s\n%s", res.Status, body)
	}
	return back
}

// withProvider gives the site the provider.
func (s *site) withProvider(issuer string, signUp bool) {
	s.identity = app.IdentityDeps{Name: "Example ID", SignUp: signUp, Provider: oidc.New(oidc.Config{
		Issuer: issuer, ClientID: "albumen", ClientSecret: "secret", RedirectURL: backURL, Scopes: []string{"email", "profile"},
	})}
	s.start(slog.New(slog.DiscardHandler))
}

// leave begins to sign in and returns where the browser is sent.
func (b *browser) leave() string {
	b.t.Helper()
	a := b.get("/login/oidc?next=/trash")
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("begin: %v", a)
	}
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("nonce") == "" || u.Query().Get("state") == "" {
		b.t.Fatalf("%s, %v", a.Header.Get("Location"), err)
	}
	if c := a.Cookies()[0]; c.Name != "__Host-albumen_oidc" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
		b.t.Fatalf("the cookie is %v", c)
	}
	return u.String()
}

// link links the signed-in account of the browser.
func (b *browser) link(p *provider, name string) answer {
	b.t.Helper()
	if a := b.post("/account/security/link", url.Values{"current": {"not the password"}}); a.StatusCode != http.StatusUnprocessableEntity {
		b.t.Fatalf("linked with a wrong password: %v", a)
	}
	a := b.post("/account/security/link", url.Values{"current": {goodPassword}})
	_, rest, found := strings.Cut(a.body, `href="`+p.URL)
	to, _, _ := strings.Cut(rest, `"`)
	if a.StatusCode != http.StatusOK || !found {
		b.t.Fatalf("begin to link: %v", a)
	}
	return b.get(p.with(b.t, p.URL+strings.ReplaceAll(to, "&amp;", "&"), name))
}

func TestSignInWithAProvider(t *testing.T) {
	s, p := newSite(t), newProvider(t)
	s.user("ann@example.org", false)
	s.withProvider(p.URL, false)
	if a := s.browser().get("/login?next=/trash"); !strings.Contains(a.body, `href="/login/oidc?next=%2Ftrash"`) || !strings.Contains(a.body, "Sign in with Example ID") {
		t.Errorf("the sign-in page: %v", a)
	}
	ann := s.signedIn("ann@example.org")
	ann.link(p, "ann").want(t, http.StatusSeeOther, "/account/security")
	if a := ann.get("/account/security"); !strings.Contains(a.body, "Linked with ann@example.org") {
		t.Errorf("how one signs in: %v", a)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "linked") {
		t.Errorf("the mail: %s", mail)
	}
	b := s.browser()
	b.get(p.with(t, b.leave(), "ann")).want(t, http.StatusSeeOther, "/trash")
	if a := b.get("/account"); !strings.Contains(a.body, "ann@example.org") {
		t.Errorf("who is it? %v", a)
	}
	// Somebody else's account is not to be had by linking.
	if a := s.signedIn("admin@example.org").link(p, "ann"); a.StatusCode != http.StatusConflict {
		t.Errorf("linked twice: %v", a)
	}
	// A second factor is asked for all the same.
	_, codes := ann.enrol()
	b = s.browser()
	b.get(p.with(t, b.leave(), "ann")).want(t, http.StatusSeeOther, "/login/code")
	b.post("/login/code", url.Values{"code": {codes[0]}}).want(t, http.StatusSeeOther, "/trash")
	// A suspended person stays out.
	s.exec("UPDATE users SET suspended_at = now() WHERE email = 'ann@example.org'")
	b = s.browser()
	if a := b.get(p.with(t, b.leave(), "ann")); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("suspended: %v", a)
	}
}

func TestTheWayBackProvesItself(t *testing.T) {
	s, p := newSite(t), newProvider(t)
	s.user("ann@example.org", false)
	s.withProvider(p.URL, false)
	s.signedIn("ann@example.org").link(p, "ann").want(t, http.StatusSeeOther, "/account/security")
	in := func(a answer) bool {
		return a.StatusCode == http.StatusSeeOther && a.Header.Get("Location") == "/trash"
	}
	changed := func(path, name, value string) string {
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	b := s.browser()
	back := p.with(t, b.leave(), "ann")
	if a := s.browser().get(back); in(a) || a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("in another browser: %v", a)
	}
	other := s.browser()
	other.leave()
	if a := other.get(back); in(a) {
		t.Errorf("with another's state: %v", a)
	}
	if a := b.get(back); !in(a) {
		t.Fatalf("after all that: %v", a)
	}
	if a := b.get(back); a.StatusCode == http.StatusSeeOther && len(a.Cookies()) > 0 && in(a) {
		t.Errorf("twice: %v", a)
	}
	b = s.browser()
	back = p.with(t, b.leave(), "ann")
	if a := b.get(changed(back, "state", "x")); in(a) {
		t.Errorf("a wrong state: %v", a)
	}
	b = s.browser()
	if a := b.get(p.with(t, changed(b.leave(), "nonce", "x"), "ann")); in(a) {
		t.Errorf("a wrong nonce: %v", a)
	}
	b = s.browser()
	if a := b.get(p.with(t, changed(b.leave(), "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), "ann")); in(a) {
		t.Errorf("a wrong verifier: %v", a)
	}
	b = s.browser()
	back = p.with(t, b.leave(), "ann")
	s.exec("UPDATE oidc_attempts SET expires_at = now()")
	if a := b.get(back); in(a) {
		t.Errorf("too late: %v", a)
	}
	b = s.browser()
	back = p.with(t, b.leave(), "ann")
	p.expired.Store(true)
	if a := b.get(back); in(a) || a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an expired code: %v", a)
	}
	p.expired.Store(false)
	// A used code, in a browser that waits for one.
	b = s.browser()
	back = p.with(t, b.leave(), "ann")
	code := mustQuery(t, back).Get("code")
	b.get(back).want(t, http.StatusSeeOther, "/trash")
	b = s.browser()
	state := mustQuery(t, b.leave()).Get("state")
	if a := b.get("/login/oidc/callback?code=" + url.QueryEscape(code) + "&state=" + url.QueryEscape(state)); in(a) {
		t.Errorf("a used code: %v", a)
	}
	b = s.browser()
	state = mustQuery(t, b.leave()).Get("state")
	if a := b.get("/login/oidc/callback?error=access_denied&state=" + url.QueryEscape(state)); in(a) || !strings.Contains(a.body, "Nothing came of") {
		t.Errorf("denied: %v", a)
	}
}

func mustQuery(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestUnverifiedAddressesLinkNothing(t *testing.T) {
	s, p := newSite(t), newProvider(t)
	s.user("ann@example.org", false)
	s.withProvider(p.URL, true)
	try := func(name string) answer {
		b := s.browser()
		return b.get(p.with(t, b.leave(), name))
	}
	unknown := func(name string) {
		t.Helper()
		if a := try(name); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "No account here is linked") {
			t.Errorf("%s: %v", name, a)
		}
	}
	// The address has an account: nobody gets into it, nor another one, by that.
	unknown("liar")
	unknown("ann")
	unknown("admin")
	settings := app.DefaultSiteSettings()
	settings.LinkByEmail = true
	if _, err := s.app.UpdateSiteSettings(context.Background(), app.SystemActor(), settings); err != nil {
		t.Fatal(err)
	}
	unknown("liar")
	unknown("admin") // administrators link by hand
	try("ann").want(t, http.StatusSeeOther, "/trash")
	// Whom nobody knows gets an account where the site is set so, and the provider has looked.
	p.users["new"] = &storage.User{ID: "new", Username: "new", Password: "verysecure", FirstName: "New", LastName: "Comer", Email: "new@example.org", EmailVerified: true}
	p.users["odd"] = &storage.User{ID: "odd", Username: "odd", Password: "verysecure", Email: "odd@example.org"}
	unknown("odd")
	try("new").want(t, http.StatusSeeOther, "/trash")
	if n := s.number("SELECT count(*) FROM users WHERE email = 'new@example.org' AND name = 'New Comer' AND password_hash = '' AND email_verified_at IS NOT NULL AND NOT is_admin"); n != 1 {
		t.Errorf("%d accounts", n)
	}
	// The address may go to another person there; the account does not go with it.
	p.users["heir"] = &storage.User{ID: "heir", Username: "heir", Password: "verysecure", Email: "new@example.org", EmailVerified: true}
	settings.LinkByEmail = false
	if _, err := s.app.UpdateSiteSettings(context.Background(), app.SystemActor(), settings); err != nil {
		t.Fatal(err)
	}
	unknown("heir")
	s.withProvider(p.URL, false)
	p.users["late"] = &storage.User{ID: "late", Username: "late", Password: "verysecure", Email: "late@example.org", EmailVerified: true}
	unknown("late")
}

func TestAProviderThatIsAway(t *testing.T) {
	s, p := newSite(t), newProvider(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	s.withProvider(gone.URL, false)
	if a := s.browser().get("/login"); a.StatusCode != http.StatusOK {
		t.Errorf("the sign-in page: %v", a)
	}
	if a := s.browser().get("/login/oidc"); a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, "does not answer at the moment") {
		t.Errorf("away: %v", a)
	}
	s.browser().signIn("admin@example.org", goodPassword).want(t, http.StatusSeeOther, "/timeline")
	// While one is there, it goes away: the next try says so, and so it does when it was never there.
	s.withProvider(p.URL, false)
	b := s.browser()
	back := p.with(t, b.leave(), "ann")
	p.Close()
	if a := b.get(back); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("gone meanwhile: %v", a)
	}
	s.identity = app.IdentityDeps{}
	s.start(slog.New(slog.DiscardHandler))
	if a := s.browser().get("/login/oidc"); a.StatusCode != http.StatusNotFound {
		t.Errorf("without a provider: %v", a)
	}
}
