package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

func TestThePageOfLinks(t *testing.T) {
	s := newShared(t)
	b := s.signedIn("admin@example.org")
	path := "/albums/" + s.album.String() + "/links"
	if a := b.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Nobody has a link") || !strings.Contains(a.body, `aria-current="page"`) {
		t.Fatalf("empty: %s", a)
	}
	fields := url.Values{"name": {"Gran"}, "password": {"swordfish"}, "expires_at": {"2031-05-06T07:08"}, "strip": {"1"}, "upload": {"1"}, "upload_count": {"7"}, "upload_mb": {"50"}}
	b.post(path, fields).want(t, http.StatusSeeOther, path)
	links, err := s.app.Links(t.Context(), s.owner, s.album)
	if err != nil || len(links) != 1 {
		t.Fatalf("%d links, %v", len(links), err)
	}
	l := links[0]
	if l.Name != "Gran" || !l.HasPassword() || l.AllowDownload || !l.StripMetadata || !l.AllowUpload || l.MaxUploads != 7 || l.MaxUploadBytes != 50_000_000 ||
		l.ExpiresAt == nil || !l.ExpiresAt.Equal(time.Date(2031, 5, 6, 7, 8, 0, 0, time.UTC)) {
		t.Errorf("made %+v", l)
	}
	one := path + "/" + l.ID.String()
	a := b.get(path)
	for _, part := range []string{"https://photos.example.org/s/" + l.Token, one + "/qr", one + "/revoke", one + "/rotate", "Gran"} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the list lacks %q", part)
		}
	}
	if a := b.get(one + "/qr"); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(a.body, "<svg") {
		t.Errorf("QR: %s", a)
	}
	if a := b.get(one); !strings.Contains(a.body, `value="2031-05-06T07:08"`) || strings.Contains(a.body, "swordfish") {
		t.Errorf("the form: %s", a)
	}
	wrong := url.Values{"name": {"Gran"}, "password": {"abc"}, "expires_at": {"2001-01-01T00:00"}, "upload_count": {"x"}, "upload_mb": {"0"}}
	if a := b.post(one, wrong); a.StatusCode != http.StatusUnprocessableEntity || strings.Count(a.body, `class="wrong"`) < 1 {
		t.Errorf("bad input: %s", a)
	}
	b.post(one, url.Values{"name": {"Grandpa"}, "no_password": {"1"}, "download": {"1"}}).want(t, http.StatusSeeOther, path)
	if l, err = s.app.Link(t.Context(), s.owner, s.album, l.ID); err != nil || l.HasPassword() || !l.AllowDownload || l.StripMetadata || l.ExpiresAt != nil || !l.AllowUpload {
		t.Errorf("changed %+v, %v", l, err)
	}
	b.post(one+"/rotate", nil).want(t, http.StatusSeeOther, path)
	if a := s.browser().get("/s/" + l.Token); a.StatusCode != http.StatusNotFound {
		t.Errorf("the old address: %d", a.StatusCode)
	}
	b.post(one+"/revoke", nil).want(t, http.StatusSeeOther, path)
	if a := b.get(path); !strings.Contains(a.body, "Revoked") || strings.Contains(a.body, one+"/qr") {
		t.Errorf("after revoking: %s", a.body)
	}
	if a := s.browser().get(path); a.StatusCode != http.StatusSeeOther || strings.Contains(a.body, "Grandpa") {
		t.Errorf("a visitor: %s", a)
	}
}

func TestTheAPIOfLinks(t *testing.T) {
	s := newShared(t)
	secret := func(scopes ...app.Scope) string {
		token, _, err := s.app.CreateToken(t.Context(), s.owner, app.NewToken{Name: "t", Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	full := secret(app.ScopeShare, app.ScopeMediaRead, app.ScopeMediaWrite)
	call := func(token, method, path, body string) answer {
		return s.browser().do(request(method, "/api/v1/albums/"+s.album.String()+"/links"+path, strings.NewReader(body), "Authorization", token, "Content-Type", "application/json", "Accept", "application/json"))
	}
	a := call(full, http.MethodPost, "", `{"name": "Gran", "password": "swordfish", "upload": true, "expires_at": "2031-05-06T07:08:09+02:00"}`)
	if a.StatusCode != http.StatusCreated || !strings.Contains(a.body, `"url":"https://photos.example.org/s/`) || strings.Contains(a.body, "swordfish") ||
		!strings.Contains(a.body, `"strip_metadata":true`) {
		t.Fatalf("create: %s", a)
	}
	links, err := s.app.Links(t.Context(), s.owner, s.album)
	if err != nil || len(links) != 1 || links[0].ExpiresAt.UTC().Hour() != 5 {
		t.Fatalf("%+v, %v", links, err)
	}
	one := "/" + links[0].ID.String()
	for _, c := range []struct {
		token, method, path, body string
		status                    int
		part                      string
	}{
		{full, http.MethodGet, "", "", http.StatusOK, links[0].Token},
		{full, http.MethodGet, one, "", http.StatusOK, links[0].Token},
		{full, http.MethodPatch, one, `{"download": true, "forever": true}`, http.StatusOK, `"download":true`},
		{full, http.MethodPatch, one, `{"password": "abc"}`, http.StatusUnprocessableEntity, "body.password"},
		{full, http.MethodPost, one + "/rotate", "", http.StatusOK, `"url"`},
		{full, http.MethodGet, "/" + uuid.NewString(), "", http.StatusNotFound, "not_found"},
		{secret(app.ScopeMediaRead, app.ScopeMediaWrite), http.MethodGet, "", "", http.StatusForbidden, "scope"},
		{secret(app.ScopeShare), http.MethodGet, "", "", http.StatusForbidden, "media.read"},
		{secret(app.ScopeShare), http.MethodPost, "", "{}", http.StatusForbidden, "media.read"},
		{secret(app.ScopeShare, app.ScopeMediaRead), http.MethodPost, "", `{"upload": true}`, http.StatusForbidden, "media.write"},
		{"", http.MethodGet, "", "", http.StatusNotFound, "not_found"},
		{full, http.MethodDelete, one, "", http.StatusNoContent, ""},
		{full, http.MethodGet, one, "", http.StatusOK, `"state":"revoked"`},
	} {
		a := call(c.token, c.method, c.path, c.body)
		if a.StatusCode != c.status || !strings.Contains(a.body, c.part) {
			t.Errorf("%s %s: %s, want %d with %q", c.method, c.path, a, c.status, c.part)
		}
	}
	if !strings.Contains(fmt.Sprint(s.browser().get("/api/v1/openapi.json").body), "/albums/{id}/links/{link}/rotate") {
		t.Error("the API's description lacks the links")
	}
}
