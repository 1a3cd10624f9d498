package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

var linkInMail = regexp.MustCompile(`https://photos\.example\.org(/invitations/[a-z2-7]+)`)

// lastLink is the path of the invitation in the newest mail.
func (s *site) lastLink() string {
	s.t.Helper()
	text := s.lastMail()
	found := linkInMail.FindStringSubmatch(text)
	if found == nil {
		s.t.Fatalf("no invitation in\n%s", text)
	}
	return found[1]
}

func (s *site) summer(owner db.User) uuid.UUID {
	id := uuid.Must(uuid.NewV7())
	s.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, 'Summer')", id, owner.ID)
	return id
}

func TestInvitationFromMailToAlbum(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	album := s.summer(ann)
	b := s.signedIn("ann@example.org")
	page := "/albums/" + album.String() + "/invitations"
	if a := b.get(page); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "No invitation is open") {
		t.Fatalf("%v", a)
	}
	b.post(page, url.Values{"list": {"new@example.org"}, "role": {"contributor"}, "message": {"Come!"}}).want(t, http.StatusSeeOther, page)
	if a := b.get(page); !strings.Contains(a.body, "new@example.org") || !strings.Contains(a.body, "The invitation is on its way.") {
		t.Errorf("%v", a)
	}
	link := s.lastLink()

	guest := s.browser()
	a := guest.get(link)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "ann invites you to “Summer”") || !strings.Contains(a.body, "new@example.org") || !strings.Contains(a.body, "Come!") {
		t.Fatalf("%v", a)
	}
	for header, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive", "Cache-Control": "no-store"} {
		if a.Header.Get(header) != want {
			t.Errorf("%s: %q", header, a.Header.Get(header))
		}
	}
	if a := guest.post(link, url.Values{"name": {"New"}, "password": {"short"}, "terms": {"0"}}); a.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(a.body, `value="New"`) || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", a)
	}
	guest.post(link, url.Values{"name": {"New"}, "password": {goodPassword}, "terms": {"0"}}).want(t, http.StatusSeeOther, "/albums/"+album.String())
	if a := guest.get("/albums/" + album.String()); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Summer") {
		t.Errorf("%v", a)
	}
	guest.get(link).want(t, http.StatusSeeOther, "/albums/"+album.String()) // one's own, opened again
	if a := s.browser().get(link); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, "This invitation is no longer valid") {
		t.Errorf("used up: %v", a)
	}
	if a := s.browser().post(link, url.Values{"name": {"Eve"}, "password": {goodPassword}, "terms": {"0"}}); a.StatusCode != http.StatusNotFound {
		t.Errorf("used twice: %v", a)
	}
}

func TestInvitationWithAnAccount(t *testing.T) {
	s := newSite(t)
	ann, _ := s.user("ann@example.org", false), s.user("bob@example.org", false)
	s.user("eve@example.org", false)
	album := s.summer(ann)
	page := "/albums/" + album.String() + "/invitations"
	s.signedIn("ann@example.org").post(page, url.Values{"list": {"bob@example.org"}, "role": {"viewer"}})
	link := s.lastLink()
	if a := s.browser().get(link); !strings.Contains(a.body, "/login?next=%2Finvitations%2F") {
		t.Errorf("%v", a)
	}
	eve := s.signedIn("eve@example.org")
	for _, a := range []answer{eve.get(link), eve.post(link, nil)} {
		if !strings.Contains(a.body, "This invitation is for bob@example.org, and you are signed in as eve@example.org.") {
			t.Errorf("%v", a)
		}
	}
	bob := s.browser()
	bob.post("/login", url.Values{"email": {"bob@example.org"}, "password": {goodPassword}, "next": {link}}).want(t, http.StatusSeeOther, link)
	if a := bob.get(link); !strings.Contains(a.body, "Accept the invitation") {
		t.Errorf("%v", a)
	}
	if a := bob.post(link, nil, "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %v", a)
	}
	bob.post(link, nil).want(t, http.StatusSeeOther, "/albums/"+album.String())
}

func TestForgedHostNeverReachesMails(t *testing.T) {
	s := newSite(t)
	album := s.summer(s.user("ann@example.org", false))
	b := s.signedIn("ann@example.org")
	page := "/albums/" + album.String() + "/invitations"
	fields := url.Values{"list": {"new@example.org"}, "role": {"viewer"}}
	for _, headers := range [][]string{
		{"X-Forwarded-Host", "evil.example.com"}, {"X-Forwarded-Host", "evil.example.com", "X-Forwarded-Proto", "http", "Forwarded", "host=evil.example.com"},
		{"X-Original-Host", "evil.example.com", "X-Host", "evil.example.com", "Origin", "https://photos.example.org"},
	} {
		if a := b.post(page, fields, headers...); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%v", a)
		}
		if text := s.lastMail(); strings.Contains(text, "evil") || !strings.Contains(text, "https://photos.example.org/invitations/") {
			t.Errorf("%v:\n%s", headers, text)
		}
	}
	r := request(http.MethodPost, page, strings.NewReader(fields.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	r.Host = "evil.example.com"
	if a := b.do(r); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a forged Host: %v", a)
	}
}

func TestInvitationTokensAreNotLogged(t *testing.T) {
	s := newSite(t)
	album := s.summer(s.user("ann@example.org", false))
	s.signedIn("ann@example.org").post("/albums/"+album.String()+"/invitations", url.Values{"list": {"new@example.org"}, "role": {"viewer"}})
	link := s.lastLink()
	guest := s.browser()
	guest.get(link)
	guest.post(link, url.Values{"name": {""}})
	guest.get("/login?next=" + url.QueryEscape(link))
	guest.get("/INVITATIONS/" + strings.TrimPrefix(link, "/invitations/"))
	guest.post(link, url.Values{"name": {"New"}, "password": {goodPassword}, "terms": {"0"}})
	token := strings.TrimPrefix(link, "/invitations/")
	if log := s.log.String(); strings.Contains(log, token) || !strings.Contains(log, "/invitations/{token}") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestInvitationsOfTheSite(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	group := uuid.New()
	s.exec("INSERT INTO groups (id, name) VALUES ($1, 'Family')", group)
	if a := b.get("/admin/invitations"); !strings.Contains(a.body, "Family") {
		t.Errorf("%v", a)
	}
	a := b.post("/admin/invitations", url.Values{"list": {"one@example.org\nnonsense\ntwo@example.org"}, "groups": {group.String()}})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "2 invitations are on their way.") ||
		!strings.Contains(a.body, "Line 2, nonsense: Enter an e-mail address") || !strings.Contains(a.body, "To the site, into Family") {
		t.Errorf("%v", a)
	}
	first := s.lastLink()
	var id string
	if err := s.db.QueryRow(t.Context(), "SELECT invitation_id::text FROM mails ORDER BY id DESC LIMIT 1").Scan(&id); err != nil {
		t.Fatal(err)
	}
	b.post("/admin/invitations/"+id+"/resend", nil).want(t, http.StatusSeeOther, "/admin/invitations")
	if a := s.browser().get(first); a.StatusCode != http.StatusNotFound && s.lastLink() != first {
		t.Errorf("the old link still works: %v", a)
	}
	b.post("/admin/invitations/"+id+"/revoke", nil).want(t, http.StatusSeeOther, "/admin/invitations")
	if a := b.post("/admin/invitations/"+id+"/revoke", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("%v", a)
	}
}

func TestInvitationAPI(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	album := s.summer(ann)
	share := s.tokenOf(ann, []app.Scope{app.ScopeShare})
	read := s.tokenOf(ann, []app.Scope{app.ScopeMediaRead})
	call := func(token, method, path, body string) answer {
		return s.browser().do(request(method, "/api/v1"+path, strings.NewReader(body), "Authorization", "Bearer "+token, "Content-Type", "application/json", "Accept", "application/json"))
	}
	body := `{"email":"new@example.org","role":"viewer","album_id":"` + album.String() + `"}`
	if a := call(read, http.MethodPost, "/invitations", body); a.StatusCode != http.StatusForbidden {
		t.Errorf("a token without the scope: %v", a)
	}
	a := call(share, http.MethodPost, "/invitations", body)
	var made struct{ ID, Email, Role string }
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.StatusCode != http.StatusCreated || made.Email != "new@example.org" || made.Role != "viewer" {
		t.Fatalf("%v, %v", a, err)
	}
	if link := s.lastLink(); strings.Contains(a.body, strings.TrimPrefix(link, "/invitations/")) {
		t.Error("the answer holds the token")
	}
	if a := call(share, http.MethodGet, "/invitations?album_id="+album.String(), ""); !strings.Contains(a.body, made.ID) {
		t.Errorf("%v", a)
	}
	if a := call(share, http.MethodGet, "/invitations", ""); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusNotFound {
		t.Errorf("all of the site: %v", a)
	}
	if a := call(share, http.MethodPost, "/invitations/"+made.ID+"/resend", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"sends":2`) {
		t.Errorf("%v", a)
	}
	if a := call(share, http.MethodDelete, "/invitations/"+made.ID, ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("%v", a)
	}
	if a := call(share, http.MethodDelete, "/invitations/"+made.ID, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("%v", a)
	}
	if a := call(share, http.MethodPost, "/invitations", `{"email":"x@example.org"}`); a.StatusCode == http.StatusCreated {
		t.Errorf("to the site: %v", a)
	}
}
