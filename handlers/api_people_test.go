package handlers_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// asks sends JSON with a token and fails unless the answer has that status.
func (s *site) asks(token, method, path, body string, want int, out any) {
	s.t.Helper()
	if got := s.call(method, path, token, body, out); got != want {
		s.t.Errorf("%s %s: %d, want %d", method, path, got, want)
	}
}

func TestMembersInTheAPI(t *testing.T) {
	s := newSite(t)
	owner, bob := s.user("owner@example.org", false), s.user("bob@example.org", false)
	s.acquaint(owner, bob)
	id, page := s.albumOf(owner, "Summer")
	path := page
	share, read := s.tokenOf(owner, []app.Scope{app.ScopeShare}), s.tokenOf(owner, []app.Scope{app.ScopeMediaRead, app.ScopeMediaWrite})
	s.asks(read, "GET", path+"/members", "", http.StatusForbidden, nil)
	s.asks(read, "POST", path+"/members", `{"email":"bob@example.org","role":"viewer"}`, http.StatusForbidden, nil)
	for _, email := range []string{"bob@example.org", "nobody@example.org"} {
		var added map[string]any
		s.asks(share, "POST", path+"/members", `{"email":"`+email+`","role":"viewer"}`, http.StatusCreated, &added)
		if len(added) != 2 || added["email"] != email || added["role"] != "viewer" {
			t.Errorf("%v", added)
		}
	}
	s.asks(share, "POST", path+"/members", `{"email":"bob@example.org","role":"owner"}`, 422, nil)
	s.asks(share, "POST", path+"/members", `{"role":"viewer"}`, 422, nil)
	s.asks(share, "POST", path+"/members", `{"group_id":"`+uuid.NewString()+`","role":"viewer"}`, http.StatusNotFound, nil)
	type member struct {
		ID     *uuid.UUID
		UserID uuid.UUID `json:"user_id"`
		Email  string
		Role   string
	}
	var list struct{ Items []member }
	s.asks(share, "GET", path+"/members", "", http.StatusOK, &list)
	if len(list.Items) != 2 || list.Items[0].UserID != bob.ID || list.Items[0].ID == nil || list.Items[1].ID != nil || list.Items[1].Role != "owner" {
		t.Fatalf("%+v", list)
	}
	one := path + "/members/" + list.Items[0].ID.String()
	_, otherPage := s.albumOf(owner, "Other")
	s.asks(share, "PATCH", otherPage+"/members/"+list.Items[0].ID.String(), `{"role":"admin"}`, http.StatusNotFound, nil)
	s.asks(share, "PATCH", one, `{"role":"admin"}`, http.StatusNoContent, nil)
	s.asks(share, "POST", path+"/transfer", `{"owner_id":"`+uuid.NewString()+`"}`, 422, nil)
	s.asks(share, "POST", path+"/transfer", `{"owner_id":"`+bob.ID.String()+`"}`, http.StatusNoContent, nil)
	var left map[string]any
	s.asks(share, "POST", path+"/leave", "", http.StatusOK, &left)
	if left["role"] != nil {
		t.Errorf("%v", left)
	}
	s.asks(share, "GET", path+"/members", "", http.StatusNotFound, nil)
	if n, err := s.db.CountAlbumPeople(t.Context(), db.CountAlbumPeopleParams{AlbumID: id}); err != nil || n != 1 {
		t.Errorf("%d people, %v", n, err)
	}
}

func TestAccountsAndGroupsInTheAPI(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	admin := s.tokenOf(s.admin, app.AllScopes())
	// An administrator's token without the scope, and somebody else's with all.
	s.asks(s.tokenOf(s.admin, []app.Scope{app.ScopeAccount, app.ScopeShare}), "GET", "/users", "", http.StatusForbidden, nil)
	s.asks(s.tokenOf(ann, app.AllScopes()), "GET", "/users", "", http.StatusForbidden, nil)
	type user struct {
		ID    uuid.UUID
		Email string
		State string
		Quota *int64 `json:"quota_bytes"`
		Admin bool
	}
	var bob user
	s.asks(admin, "POST", "/users", `{"email":"bob@example.org","password":"`+goodPassword+`","quota_bytes":1000}`, http.StatusCreated, &bob)
	if bob.State != "active" || bob.Quota == nil || *bob.Quota != 1000 {
		t.Errorf("%+v", bob)
	}
	s.asks(admin, "POST", "/users", `{"email":"bob@example.org","password":"`+goodPassword+`"}`, 422, nil)
	path := "/users/" + bob.ID.String()
	s.asks(admin, "PATCH", path, `{"admin":true,"suspended":true}`, http.StatusOK, &bob)
	if !bob.Admin || bob.State != "suspended" || bob.Quota == nil {
		t.Errorf("%+v", bob)
	}
	s.asks(admin, "PATCH", path, `{"quota_bytes":null,"suspended":false}`, http.StatusOK, &bob)
	if bob.State != "active" || bob.Quota != nil {
		t.Errorf("%+v", bob)
	}
	s.asks(admin, "PATCH", path, `{"quota_bytes":-1}`, 422, nil)
	var list struct {
		Items []user
		Next  string
	}
	s.asks(admin, "GET", "/users?limit=2", "", http.StatusOK, &list)
	if len(list.Items) != 2 || list.Next == "" {
		t.Errorf("%+v", list)
	}
	s.asks(admin, "GET", "/users?limit=2&cursor="+list.Next, "", http.StatusOK, &list)
	if len(list.Items) != 1 || list.Items[0].Email != "bob@example.org" {
		t.Errorf("%+v", list)
	}

	var group struct{ ID uuid.UUID }
	s.asks(admin, "POST", "/groups", `{"name":"Family"}`, http.StatusCreated, &group)
	family := "/groups/" + group.ID.String()
	s.asks(admin, "PUT", family+"/members/"+ann.ID.String(), "", http.StatusNoContent, nil)
	s.asks(admin, "GET", family+"/members", "", http.StatusOK, &list)
	if len(list.Items) != 1 || list.Items[0].ID != ann.ID {
		t.Errorf("%+v", list)
	}
	s.asks(admin, "PATCH", family, `{"name":"The family"}`, http.StatusNoContent, nil)
	s.asks(admin, "DELETE", family+"/members/"+ann.ID.String(), "", http.StatusNoContent, nil)
	s.asks(admin, "DELETE", family, "", http.StatusNoContent, nil)
	s.asks(admin, "GET", family+"/members", "", http.StatusNotFound, nil)

	s.asks(admin, "DELETE", path+"?confirm=wrong@example.org", "", 422, nil)
	var gone struct{ Done bool }
	s.asks(admin, "DELETE", path+"?confirm=bob@example.org&heir_id="+ann.ID.String(), "", http.StatusOK, &gone)
	if !gone.Done {
		t.Error("there was nothing to do in the background")
	}
	s.asks(admin, "GET", path, "", http.StatusNotFound, nil)
	s.asks(admin, "DELETE", "/users/"+s.admin.ID.String()+"?confirm=admin@example.org", "", http.StatusConflict, nil)
}
