package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func (s *site) albumOf(owner db.User, title string) (uuid.UUID, string) {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	s.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, $3)", id, owner.ID, title)
	return id, "/albums/" + id.String()
}

// acquaint lets owner see another's address: they are in an album of theirs.
func (s *site) acquaint(owner, other db.User) {
	s.t.Helper()
	album, _ := s.albumOf(owner, "Both")
	s.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", uuid.New(), album, other.ID)
}

func TestMembersPage(t *testing.T) {
	s := newSite(t)
	owner, ann := s.user("owner@example.org", false), s.user("ann@example.org", false)
	bob := s.user("bob@example.org", false)
	s.acquaint(owner, bob)
	album, path := s.albumOf(owner, "Summer")
	group, err := s.app.CreateGroup(t.Context(), app.SystemActor(), "Family")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []db.User{owner, ann} {
		if err := s.app.AddGroupMember(t.Context(), app.SystemActor(), group.ID, u.ID); err != nil {
			t.Fatal(err)
		}
	}
	b := s.signedIn("owner@example.org")
	b.get(path).has(t, `href="`+path+`/members"`)
	b.get(path+"/members").has(t, "Add people", "Owns this album", "Nobody yet.", "Family", "Make somebody an admin")

	// The same answer whether there is an account or not.
	for _, email := range []string{"bob@example.org", "nobody@example.org"} {
		b.post(path+"/members", url.Values{"email": {email}, "role": {"viewer"}}).want(t, http.StatusSeeOther, path+"/members")
		b.get(path+"/members").has(t, email+" was added, or invited by e-mail")
	}
	for _, bad := range []url.Values{{"email": {"x"}, "role": {"viewer"}}, {"email": {"bob@example.org"}, "role": {"owner"}}, {"email": {"owner@example.org"}, "role": {"viewer"}}} {
		if a := b.post(path+"/members", bad); a.StatusCode != 422 && a.StatusCode != 409 || !strings.Contains(a.body, `value="`+bad.Get("email")+`"`) {
			t.Errorf("%v: %v", bad, a)
		}
	}
	b.post(path+"/members", url.Values{"group": {group.ID.String()}, "role": {"contributor"}}).want(t, http.StatusSeeOther, path+"/members")
	b.post(path+"/members", url.Values{"group": {"nonsense"}, "role": {"viewer"}}).want(t, http.StatusNotFound, "")
	page := b.get(path + "/members")
	page.has(t, "Contributor, through the group Family", "Viewer, added in person", "bob@example.org", "2 people")

	// Those who may not share see names and no addresses.
	seen := s.signedIn("bob@example.org").get(path + "/members")
	seen.has(t, "owner", "Viewer", "Leave this album")
	if strings.Contains(seen.body, "owner@example.org") || strings.Contains(seen.body, "ann@example.org") || strings.Contains(seen.body, "Add people") || strings.Contains(seen.body, "through the group") {
		t.Errorf("a viewer learns too much: %v", seen)
	}
	if a := s.signedIn("ann@example.org").get(path + "/members"); strings.Contains(a.body, "Leave this album") {
		t.Error("ann is here through a group, which cannot be left here")
	}

	grant := regexp.MustCompile(`id="role-([0-9a-f-]{36})" name="role"><option value="viewer" selected`).FindStringSubmatch(page.body)
	if grant == nil {
		t.Fatal(page)
	}
	one := path + "/members/" + grant[1]
	s.signedIn("bob@example.org").post(one, url.Values{"role": {"admin"}}).want(t, http.StatusForbidden, "")
	b.post(one, url.Values{"role": {"admin"}}).want(t, http.StatusSeeOther, path+"/members")
	b.get(path+"/members").has(t, "The role is now Admin.")
	// The grant of this album below the address of another.
	_, other := s.albumOf(ann, "Other")
	s.signedIn("ann@example.org").post(other+"/members/"+grant[1], url.Values{"role": {"viewer"}}).want(t, http.StatusNotFound, "")
	s.signedIn("ann@example.org").post(other+"/members/"+grant[1]+"/remove", nil).want(t, http.StatusNotFound, "")

	if a := b.post(path+"/transfer", url.Values{"owner": {ann.ID.String()}}); a.StatusCode != 422 || !strings.Contains(a.body, "Choose one of the album") {
		t.Error(a)
	}
	b.post(path+"/transfer", url.Values{"owner": {bob.ID.String()}}).want(t, http.StatusSeeOther, path+"/members")
	b.get(path+"/members").has(t, "one of its admins", "Leave this album")
	b.post(path+"/leave", url.Values{"links": {"1"}}).want(t, http.StatusSeeOther, path)
	b.get(path).has(t, "still here as Contributor")
	role, err := s.db.RoleOfUser(t.Context(), db.RoleOfUserParams{AlbumID: album, UserID: owner.ID})
	if err != nil || role != "contributor" {
		t.Errorf("%s, %v", role, err)
	}
	s.browser().get(path+"/members").want(t, http.StatusSeeOther, "/login?next="+url.QueryEscape(path+"/members"))
	s.signedIn("admin@example.org").get(path+"/members").want(t, http.StatusNotFound, "")
}
