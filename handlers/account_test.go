package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"albumen/app"
)

func TestSettingsForm(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	good := url.Values{"name": {"Ann"}, "language": {"en"}, "time_zone": {"Europe/Berlin"}, "theme": {"dark"}}
	b.post("/account", good).want(t, http.StatusSeeOther, "/account")
	a := b.get("/account")
	if !strings.Contains(a.body, "Saved.") || !strings.Contains(a.body, `value="Europe/Berlin"`) || !strings.Contains(a.body, `data-theme="dark"`) {
		t.Fatal(a)
	}
	if a := b.get("/account"); strings.Contains(a.body, "Saved.") {
		t.Error("the receipt is shown twice")
	}
	bad := url.Values{"name": {"Ann"}, "language": {"en"}, "time_zone": {"Nowhere"}, "theme": {"dark"}}
	if a := b.post("/account", bad); a.StatusCode != 422 || !strings.Contains(a.body, "Enter a time zone") || !strings.Contains(a.body, `value="Nowhere"`) {
		t.Error(a)
	}
}

func TestTheme(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.post("/account/theme", url.Values{"theme": {"dark"}, "back": {"/login?next=%2Ftrash"}}).want(t, http.StatusSeeOther, "/login?next=%2Ftrash")
	if a := b.get("/login"); !strings.Contains(a.body, `data-theme="dark"`) {
		t.Errorf("a visitor's choice is forgotten: %v", a)
	}
	b.post("/account/theme", url.Values{"theme": {"system"}, "back": {"https://evil.example"}}).want(t, http.StatusSeeOther, "/")
	if a := b.get("/login"); strings.Contains(a.body, `data-theme=`) {
		t.Error(a)
	}
	in := s.signedIn("admin@example.org")
	in.post("/account/theme", url.Values{"theme": {"light"}, "back": {"/account"}}).want(t, http.StatusSeeOther, "/account")
	elsewhere := s.signedIn("admin@example.org")
	if a := elsewhere.get("/account"); !strings.Contains(a.body, `data-theme="light"`) {
		t.Error("a user's choice does not follow them")
	}
	if a := in.post("/account/theme", url.Values{"theme": {"\"><script>"}}); a.StatusCode != 422 {
		t.Error(a)
	}
}

func TestTokensPage(t *testing.T) {
	s := newSite(t)
	s.user("ann@example.org", false)
	b := s.signedIn("ann@example.org")
	a := b.get("/account/tokens")
	if a.StatusCode != 200 || strings.Contains(a.body, `value="admin"`) || !strings.Contains(a.body, "366 days") {
		t.Fatal(a)
	}
	fields := url.Values{"name": {"Backup"}, "scopes": {"media.read", "account"}, "expires": {"30"}}
	a = b.post("/account/tokens", fields)
	secret := regexp.MustCompile(`albumen_[a-z2-7]{52}`).FindString(a.body)
	if a.StatusCode != 200 || secret == "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(a)
	}
	actor, err := s.app.ActorOfToken(t.Context(), secret)
	if err != nil || !actor.Has(app.ScopeAccount) || actor.Has(app.ScopeMediaWrite) {
		t.Fatalf("%v, %v", actor, err)
	}
	a = b.get("/account/tokens")
	if strings.Contains(a.body, secret) || !strings.Contains(a.body, "Backup") || !strings.Contains(a.body, secret[:12]) {
		t.Error(a)
	}
	revoke := regexp.MustCompile(`/account/tokens/[0-9a-f-]{36}/revoke`).FindString(a.body)
	s.signedIn("admin@example.org").post(revoke, nil).want(t, http.StatusNotFound, "")
	if _, err := s.app.ActorOfToken(t.Context(), secret); err != nil {
		t.Fatalf("somebody else has revoked it: %v", err)
	}
	b.post(revoke, nil).want(t, http.StatusSeeOther, "/account/tokens")
	if _, err := s.app.ActorOfToken(t.Context(), secret); app.CodeOf(err) != app.CodeUnauthenticated {
		t.Errorf("a revoked token: %v", err)
	}
	for _, bad := range []url.Values{
		{"name": {"x"}, "expires": {"30"}},
		{"name": {"x"}, "scopes": {"admin"}, "expires": {"30"}},
		{"name": {""}, "scopes": {"media.read"}, "expires": {"30"}},
		{"name": {"x"}, "scopes": {"media.read"}, "expires": {"3000"}},
	} {
		a := b.post("/account/tokens", bad)
		if a.StatusCode != 422 || strings.Contains(a.body, "error.") {
			t.Errorf("%v: %v", bad, a)
		}
	}
	b.post("/account/tokens/nonsense/revoke", nil).want(t, http.StatusNotFound, "")
	b.get("/account/tokens").want(t, http.StatusOK, "")
}
