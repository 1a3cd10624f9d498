package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"albumen/app"
	"albumen/handlers"
)

func TestDeletingOnesOwnAccount(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	b, other := s.signedIn("ann@example.org"), s.signedIn("ann@example.org")
	if a := b.get("/account/data"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "14 days") || !strings.Contains(a.body, `name="current"`) {
		t.Fatal(a)
	}
	if a := b.post("/account/data/delete", url.Values{"current": {"wrong"}}); a.StatusCode != 422 || !strings.Contains(a.body, "is-wrong") {
		t.Error(a)
	}
	b.post("/account/data/delete", url.Values{"current": {goodPassword}}).want(t, http.StatusSeeOther, "/login?leaving")
	if a := b.get("/login?leaving"); !strings.Contains(a.body, "will be deleted") {
		t.Error(a)
	}
	if a := other.get("/account"); a.StatusCode == http.StatusOK {
		t.Error("another browser is still signed in")
	}
	b.signIn("ann@example.org", goodPassword)
	if a := b.get("/account"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "will not be deleted") {
		t.Errorf("nothing tells that the account stays: %v", a)
	}
	// The same through the API; then an administrator sees nobody gone, yet.
	token := s.tokenOf(ann, app.AllScopes())
	s.asks(token, "POST", "/me/deletion", `{"password":"wrong"}`, 422, nil)
	var asked struct {
		DueAt string `json:"due_at"`
	}
	s.asks(token, "POST", "/me/deletion", `{"password":"`+goodPassword+`"}`, http.StatusAccepted, &asked)
	if asked.DueAt == "" {
		t.Error("it is not told when")
	}
	s.asks(token, "GET", "/me", "", http.StatusUnauthorized, nil)
	admin := s.signedIn("admin@example.org")
	if a := admin.post("/account/data/delete", url.Values{"current": {goodPassword}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "last administrator") {
		t.Errorf("the last administrator: %v", a)
	}
}

func TestACopyOfOnesDataInTheBrowser(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	b := s.signedIn("ann@example.org")
	b.post("/account/data/export", nil).want(t, http.StatusSeeOther, "/account/data")
	a := b.get("/account/data")
	if !strings.Contains(a.body, "will be made in a moment") || a.Header.Get("Refresh") == "" {
		t.Error(a)
	}
	if a := b.post("/account/data/export", nil); a.StatusCode != http.StatusConflict {
		t.Error(a)
	}
	if _, err := s.app.RunExports(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	a = b.get("/account/data")
	link := regexp.MustCompile(`/exports/[a-z2-7]{52}`).FindString(a.body)
	if link == "" || a.Header.Get("Refresh") != "" {
		t.Fatal(a)
	}
	zip := b.get(link)
	if zip.StatusCode != http.StatusOK || !strings.HasPrefix(zip.body, "PK") || zip.Header.Get("Referrer-Policy") != "no-referrer" ||
		!strings.HasPrefix(zip.Header.Get("Content-Disposition"), `attachment; filename="albumen-`) {
		t.Errorf("%d %v", zip.StatusCode, zip.Header)
	}
	// Nobody else, and not without signing in.
	if a := s.signedIn("admin@example.org").get(link); a.StatusCode != http.StatusNotFound {
		t.Error(a)
	}
	s.browser().get(link).want(t, http.StatusSeeOther, "/login?next="+url.QueryEscape(link))
	if logged := handlers.LoggedPath(link); logged != "/exports/{token}" {
		t.Error(logged)
	}
	var export struct{ State, URL string }
	token := s.tokenOf(ann, app.AllScopes())
	s.asks(token, "GET", "/me/export", "", http.StatusOK, &export)
	if export.State != "ready" || export.URL != link {
		t.Errorf("%+v", export)
	}
	s.asks(token, "DELETE", "/me/export", "", http.StatusNoContent, nil)
	s.asks(token, "GET", "/me/export", "", http.StatusNotFound, nil)
	s.asks(token, "POST", "/me/export", "", http.StatusAccepted, &export)
	if export.State != "waiting" {
		t.Errorf("%+v", export)
	}
	b.post("/account/data/export/remove", nil).want(t, http.StatusSeeOther, "/account/data")
}
