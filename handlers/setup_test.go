package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"albumen/app"
)

func TestFirstRun(t *testing.T) {
	s := emptySite(t)
	code, err := s.app.FirstRunCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.get("/").want(t, http.StatusSeeOther, "/setup")
	b.get("/login").want(t, http.StatusSeeOther, "/setup")
	if a := b.get("/setup"); a.StatusCode != 200 || !strings.Contains(a.body, `name="code"`) || strings.Contains(a.body, code) {
		t.Fatal(a)
	}
	fields := url.Values{"code": {"wrong"}, "name": {"Ann <b>"}, "email": {"ann@example.org"}, "password": {goodPassword}}
	a := b.post("/setup", fields)
	if a.StatusCode != 422 || !strings.Contains(a.body, "This is not the code.") || !strings.Contains(a.body, "Ann &lt;b&gt;") || strings.Contains(a.body, goodPassword) {
		t.Fatal(a)
	}

	fields.Set("code", code)
	var group sync.WaitGroup
	answers := make([]answer, 6)
	for i := range answers {
		own := s.browser()
		fields := url.Values{"code": {code}, "email": {string(rune('a'+i)) + "@example.org"}, "password": {goodPassword}}
		group.Go(func() { answers[i] = own.post("/setup", fields) })
	}
	group.Wait()
	won := 0
	for _, a := range answers {
		switch a.StatusCode {
		case http.StatusSeeOther:
			won++
			if len(a.Cookies()) != 1 || a.Header.Get("Location") != "/timeline" {
				t.Error(a)
			}
		case http.StatusConflict:
			if len(a.Cookies()) != 0 {
				t.Error(a)
			}
		default:
			t.Error(a)
		}
	}
	users, err := s.app.Users(t.Context(), app.SystemActor())
	if err != nil || won != 1 || len(users) != 1 {
		t.Fatalf("%d succeeded, %d accounts, %v", won, len(users), err)
	}
	b.get("/setup").want(t, http.StatusSeeOther, "/")
	b.get("/").want(t, http.StatusSeeOther, "/login")
	if a := b.post("/setup", fields); a.StatusCode != http.StatusConflict {
		t.Error(a)
	}
}
