package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"albumen/app"
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
	if a := b.get("/login?leaving"); !strings.Contains(a.body, "is going to be deleted") {
		t.Error(a)
	}
	if a := other.get("/account"); a.StatusCode == http.StatusOK {
		t.Error("another browser is still signed in")
	}
	b.signIn("ann@example.org", goodPassword)
	if a := b.get("/account"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "not going to be deleted") {
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
