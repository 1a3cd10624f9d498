package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

// has fails for every text that the answer lacks.
func (a answer) has(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%q is missing:\n%v", text, a)
			return
		}
	}
}

func TestAccountsPages(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	b := s.signedIn("admin@example.org")
	b.get("/admin/users").has(t, "ann@example.org", "admin@example.org", `href="/admin/users/`+ann.ID.String()+`"`)
	if a := b.get("/admin/users?q=ANN&role=member&state=active"); !strings.Contains(a.body, "ann@example.org") || strings.Contains(a.body, `href="/admin/users/`+s.admin.ID.String()) {
		t.Error(a)
	}
	b.get("/admin/users?q=nobody").has(t, "Nobody found")
	if a := b.get("/admin/users?role=king"); a.StatusCode != 422 {
		t.Error(a)
	}
	b.get("/admin/users?group=nonsense").want(t, http.StatusNotFound, "")
	b.get("/admin/users/nonsense").want(t, http.StatusNotFound, "")
	b.get("/admin/users/"+uuid.NewString()).want(t, http.StatusNotFound, "")

	// A new account, with what was typed wrong beside its field.
	bad := url.Values{"email": {"bob@example.org"}, "password": {"short"}, "quota": {"10 GB"}}
	a := b.post("/admin/users", bad)
	if a.StatusCode != 422 {
		t.Fatal(a)
	}
	a.has(t, `value="bob@example.org"`, `value="10 GB"`, "Use at least 10 characters")
	if strings.Contains(a.body, "short\"") {
		t.Error("the password comes back")
	}
	if a := b.post("/admin/users", url.Values{"email": {"bob@example.org"}, "password": {goodPassword}, "quota": {"lots"}}); a.StatusCode != 422 {
		t.Error(a)
	}
	a = b.post("/admin/users", url.Values{"email": {"bob@example.org"}, "password": {goodPassword}, "quota": {"10 GB"}})
	bob, err := s.app.UserByEmail(t.Context(), app.SystemActor(), "bob@example.org")
	if err != nil || bob.QuotaBytes == nil || *bob.QuotaBytes != 10e9 {
		t.Fatalf("%+v, %v", bob, err)
	}
	path := "/admin/users/" + bob.ID.String()
	a.want(t, http.StatusSeeOther, path)
	b.get(path).has(t, "The account of bob was created.", `value="10 GB"`)

	b.post(path+"/quota", url.Values{"quota": {""}}).want(t, http.StatusSeeOther, path)
	b.post(path+"/admin", url.Values{"admin": {"1"}}).want(t, http.StatusSeeOther, path)
	b.get(path).has(t, "is an administrator now", "Remove administrator rights")
	b.post(path+"/admin", url.Values{"admin": {"0"}}).want(t, http.StatusSeeOther, path)
	in := s.signedIn("bob@example.org")
	b.post(path+"/suspend", url.Values{"suspend": {"1"}}).want(t, http.StatusSeeOther, path)
	in.get("/timeline").want(t, http.StatusSeeOther, "/login?next=%2Ftimeline")
	b.get(path).has(t, "Suspended since", "Let in again")
	b.post(path+"/suspend", url.Values{"suspend": {"0"}}).want(t, http.StatusSeeOther, path)
	b.post(path+"/password", url.Values{"password": {"another good password"}}).want(t, http.StatusSeeOther, path)
	if a := s.browser().signIn("bob@example.org", "another good password"); a.StatusCode != http.StatusSeeOther {
		t.Error(a)
	}
	// Nobody else gets there, whatever they ask.
	for _, who := range []*browser{s.signedIn("ann@example.org")} {
		who.get("/admin/users").want(t, http.StatusNotFound, "")
		who.get("/admin/users/new").want(t, http.StatusNotFound, "")
		who.post(path+"/admin", url.Values{"admin": {"1"}}).want(t, http.StatusNotFound, "")
	}
}

func TestDeletingAccountsOnThePage(t *testing.T) {
	s := newSite(t)
	ann, bob := s.user("ann@example.org", false), s.user("bob@example.org", false)
	b := s.signedIn("admin@example.org")
	path := "/admin/users/" + ann.ID.String()
	b.get(path).has(t, "Delete for ever", `<option value="bob@example.org">`)
	if a := b.get("/admin/users/" + s.admin.ID.String()); strings.Contains(a.body, "Delete for ever") || !strings.Contains(a.body, "last administrator") {
		t.Error(a)
	}
	for _, bad := range []url.Values{
		{"what": {"remove"}, "confirm": {"bob@example.org"}},
		{"what": {"remove"}},
		{"what": {"give"}, "confirm": {"ann@example.org"}}, // to nobody
		{"what": {"give"}, "heir": {"nobody@example.org"}, "confirm": {"ann@example.org"}},
		{"what": {"give"}, "heir": {"ann@example.org"}, "confirm": {"ann@example.org"}},
		{"confirm": {"ann@example.org"}}, // neither
	} {
		if a := b.post(path+"/delete", bad); a.StatusCode != 422 || !strings.Contains(a.body, "<details id=\"delete\" class=\"danger-zone\" open") {
			t.Errorf("%v: %v", bad, a)
		}
	}
	s.exec("UPDATE users SET quota_bytes = 0 WHERE id = $1", bob.ID)
	s.photo(ann.ID)
	give := url.Values{"what": {"give"}, "heir": {"bob@example.org"}, "confirm": {"ann@example.org"}}
	a := b.post(path+"/delete", give)
	if a.StatusCode != 422 {
		t.Error(a)
	}
	a.has(t, "Raise the quota or choose somebody else")
	s.exec("UPDATE users SET quota_bytes = NULL WHERE id = $1", bob.ID)
	b.post(path+"/delete", give).want(t, http.StatusSeeOther, "/admin/users")
	b.get("/admin/users").has(t, "The account is deleted.")
	b.get(path).want(t, http.StatusNotFound, "")
	b.post("/admin/users/"+bob.ID.String()+"/delete", url.Values{"what": {"remove"}, "confirm": {"bob@example.org"}}).want(t, http.StatusSeeOther, "/admin/users")
	b.post("/admin/users/"+s.admin.ID.String()+"/delete", url.Values{"what": {"remove"}, "confirm": {"admin@example.org"}}).has(t, "Another administrator can delete it")
}

func TestGroupsPages(t *testing.T) {
	s := newSite(t)
	s.user("ann@example.org", false)
	b := s.signedIn("admin@example.org")
	b.get("/admin/groups").has(t, "No groups yet")
	a := b.post("/admin/groups", url.Values{"name": {"Family"}})
	path := a.Header.Get("Location")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(path, "/admin/groups/") {
		t.Fatal(a)
	}
	if a := b.post("/admin/groups", url.Values{"name": {"family"}}); a.StatusCode != 422 || !strings.Contains(a.body, `value="family"`) {
		t.Error(a)
	}
	b.get(path).has(t, "Nobody is in this group", `<option value="ann@example.org">`)
	if a := b.post(path+"/members", url.Values{"email": {"nobody@example.org"}}); a.StatusCode != 422 || !strings.Contains(a.body, "no account with this address") {
		t.Error(a)
	}
	b.post(path+"/members", url.Values{"email": {" Ann@example.org"}}).want(t, http.StatusSeeOther, path)
	b.get(path).has(t, "ann is in the group now.", "1 person", "Remove ann from the group")
	b.get("/admin/groups").has(t, "1 person · in 0 albums")
	b.get("/admin/users?group="+path[len("/admin/groups/"):]).has(t, "ann@example.org")
	ann, err := s.app.UserByEmail(t.Context(), app.SystemActor(), "ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	b.get("/admin/users/"+ann.ID.String()).has(t, "Family")
	b.post(path+"/name", url.Values{"name": {"The family"}}).want(t, http.StatusSeeOther, path)
	b.post(path+"/members/remove", url.Values{"user": {ann.ID.String()}}).want(t, http.StatusSeeOther, path)
	b.post(path+"/members/remove", url.Values{"user": {"nonsense"}}).want(t, http.StatusNotFound, "")
	b.post(path+"/delete", nil).want(t, http.StatusSeeOther, "/admin/groups")
	b.get(path).want(t, http.StatusNotFound, "")
	s.signedIn("ann@example.org").get("/admin/groups").want(t, http.StatusNotFound, "")
}
