package oidc_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"albumen/oidc"
)

const backURL = "https://photos.example.org/login/oidc/callback"

type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User { return p[id] }

func (p people) GetUserByUsername(name string) *storage.User { return p[name] }

func (people) ExampleClientID() string { return "service" }

// op is a real OpenID Connect provider on a port of its own.
func op(t *testing.T) *httptest.Server {
	ann := &storage.User{ID: "ann", Username: "ann", Password: "verysecure", FirstName: "Ann", LastName: "Elsewhere", Email: "ann@example.org", EmailVerified: true}
	server := httptest.NewUnstartedServer(nil)
	storage.RegisterClients(storage.WebClient("albumen", "secret", backURL), storage.WebClient("other", "secret", backURL))
	server.Config.Handler = exampleop.SetupServer("http://"+server.Listener.Addr().String(), storage.NewStorage(people{"ann": ann}), nil, false)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func at(issuer, client, secret string) *oidc.Provider {
	return oidc.New(oidc.Config{Issuer: issuer, ClientID: client, ClientSecret: secret, RedirectURL: backURL, Scopes: []string{"email", "profile"}})
}

var attempt = oidc.Attempt{State: "a state of its own", Nonce: "a nonce of its own", Verifier: strings.Repeat("verifier", 8)}

// signIn goes to the provider, signs in there, and returns what comes back.
func signIn(t *testing.T, server *httptest.Server, p *oidc.Provider, a oidc.Attempt) (code, state string) {
	t.Helper()
	to, err := p.AuthURL(a)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back *url.URL
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), backURL) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := client.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	res, err = client.PostForm(server.URL+"/login/username", url.Values{
		"id": {res.Request.URL.Query().Get("authRequestID")}, "username": {"ann"}, "password": {"verysecure"},
	})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if back == nil {
		t.Fatalf("did not come back: %s\n%s", res.Status, body)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}

func TestExchange(t *testing.T) {
	server := op(t)
	p := at(server.URL, "albumen", "secret")
	code, state := signIn(t, server, p, attempt)
	if state != attempt.State {
		t.Errorf("the state that came back is %q", state)
	}
	c, err := p.Exchange(t.Context(), attempt, code)
	if err != nil || c != (oidc.Claims{Issuer: server.URL, Subject: "ann", Email: "ann@example.org", EmailVerified: true, Name: "Ann Elsewhere"}) {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := p.Exchange(t.Context(), attempt, code); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("a code twice: %v", err)
	}
}

// What travels in the address is the challenge, never the verifier.
func TestAuthURL(t *testing.T) {
	server := op(t)
	to, err := at(server.URL, "albumen", "secret").AuthURL(attempt)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("state") != attempt.State || q.Get("nonce") != attempt.Nonce || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" ||
		q.Get("redirect_uri") != backURL || q.Get("scope") != "openid email profile" || strings.Contains(to, attempt.Verifier) {
		t.Error(to)
	}
}

func TestExchangeRefuses(t *testing.T) {
	server := op(t)
	p := at(server.URL, "albumen", "secret")
	for why, c := range map[string]struct {
		by   *oidc.Provider
		with func(*oidc.Attempt)
	}{
		"another nonce":    {p, func(a *oidc.Attempt) { a.Nonce = "another" }},
		"no nonce":         {p, func(a *oidc.Attempt) { a.Nonce = "" }},
		"another verifier": {p, func(a *oidc.Attempt) { a.Verifier = strings.Repeat("another!", 8) }},
		"no verifier":      {p, func(a *oidc.Attempt) { a.Verifier = "" }},
		"a wrong secret":   {at(server.URL, "albumen", "wrong"), func(*oidc.Attempt) {}},
		"another client":   {at(server.URL, "other", "secret"), func(*oidc.Attempt) {}},
	} {
		code, _ := signIn(t, server, p, attempt)
		a := attempt
		c.with(&a)
		if who, err := c.by.Exchange(t.Context(), a, code); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("%s: %+v, %v", why, who, err)
		}
	}
	if who, err := p.Exchange(t.Context(), attempt, "made up"); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("a code that was made up: %+v, %v", who, err)
	}
	// The nonce must be asked for, too: an empty one proves nothing.
	bare := attempt
	bare.Nonce = ""
	code, _ := signIn(t, server, p, bare)
	if who, err := p.Exchange(t.Context(), bare, code); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("without a nonce on both sides: %+v, %v", who, err)
	}
}

// A provider that is away, or is none, is asked again later.
func TestUnavailable(t *testing.T) {
	var there http.Handler = http.NotFoundHandler()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { there.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	p := at(front.URL, "albumen", "secret")
	if _, err := p.AuthURL(attempt); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("no provider: %v", err)
	}
	if _, err := p.Exchange(t.Context(), attempt, "x"); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("no provider: %v", err)
	}
	// Another one that answers under this address is not it.
	there = exampleop.SetupServer("http://127.0.0.1:1", storage.NewStorage(people{}), nil, false)
	if _, err := p.AuthURL(attempt); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("another issuer: %v", err)
	}
	there = exampleop.SetupServer(front.URL, storage.NewStorage(people{}), nil, false)
	if _, err := p.AuthURL(attempt); err != nil {
		t.Errorf("it is there now: %v", err)
	}
	there = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if _, err := p.Exchange(t.Context(), attempt, "x"); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("gone meanwhile: %v", err)
	}
}
