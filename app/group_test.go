package app_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func TestGroups(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	owner, ann := w.user("owner"), w.user("ann")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	family, err := w.CreateGroup(t.Context(), admin, " Family ")
	if err != nil || family.Name != "Family" {
		t.Fatalf("%+v, %v", family, err)
	}
	for _, name := range []string{"", "   ", "FAMILY", strings.Repeat("x", 101), "a\nb", "\xff"} {
		if e := wantCode(t, second(w.CreateGroup(t.Context(), admin, name)), app.CodeInvalid); e.Fields["name"] == "" {
			t.Errorf("%q: %v", name, e)
		}
	}
	err = w.AddMember(t.Context(), admin, album, app.NewMember{GroupID: family.ID, Role: db.AlbumRoleContributor})
	wantCode(t, err, app.CodeNotFound) // site admins share no albums of others
	w.exec("INSERT INTO album_grants (id, album_id, group_id, role) VALUES ($1, $2, $3, 'contributor')", uuid.New(), album, family.ID)
	for range 2 { // the second time changes nothing
		if err := w.AddGroupMember(t.Context(), admin, family.ID, ann.ID); err != nil || w.roleOn(album, ann) != "contributor" {
			t.Fatalf("%v, ann is %q", err, w.roleOn(album, ann))
		}
	}
	if err := w.RenameGroup(t.Context(), admin, family.ID, "family"); err != nil { // its own name in another spelling
		t.Error(err)
	}
	other, err := w.CreateGroup(t.Context(), admin, "Club")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RenameGroup(t.Context(), admin, other.ID, "Family"), app.CodeInvalid)
	list, err := w.Groups(t.Context(), admin)
	if err != nil || len(list) != 2 || list[1].Name != "family" || list[1].Members != 1 || list[1].Albums != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	d, err := w.Group(t.Context(), admin, family.ID, "", 0)
	if err != nil || d.Total != 1 || d.Members[0].ID != ann.ID || d.Next != "" {
		t.Errorf("%+v, %v", d, err)
	}
	if err := w.RemoveGroupMember(t.Context(), admin, family.ID, ann.ID); err != nil || w.roleOn(album, ann) != "" {
		t.Errorf("%v, ann is %q", err, w.roleOn(album, ann))
	}
	wantCode(t, w.RemoveGroupMember(t.Context(), admin, family.ID, ann.ID), app.CodeNotFound)
	wantCode(t, w.AddGroupMember(t.Context(), admin, family.ID, uuid.New()), app.CodeNotFound)
	wantCode(t, w.AddGroupMember(t.Context(), admin, uuid.New(), ann.ID), app.CodeNotFound)
	if err := w.AddGroupMember(t.Context(), admin, family.ID, ann.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteGroup(t.Context(), admin, family.ID); err != nil || w.roleOn(album, ann) != "" {
		t.Errorf("%v, ann is %q", err, w.roleOn(album, ann))
	}
	for action, n := range map[string]int{"group.create": 1, "group.rename": 1, "group.add_member": 2, "group.remove_member": 1, "group.delete": 1} {
		if got := w.audited(action, family.ID); got != n {
			t.Errorf("%d rows of %s, want %d", got, action, n)
		}
	}
	w.noDrift()
}

func TestMembersOfAGroupPageByPage(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	album := w.album(w.user("owner"), db.AlbumVisibilityPrivate)
	var ids []uuid.UUID
	for _, n := range []string{"a", "b", "c"} {
		ids = append(ids, w.user(n).ID)
	}
	group := w.grantGroup(album, db.AlbumRoleViewer, ids...)
	first, err := w.Group(t.Context(), admin, group, "", 2)
	if err != nil || len(first.Members) != 2 || first.Total != 3 {
		t.Fatalf("%+v, %v", first, err)
	}
	rest, err := w.Group(t.Context(), admin, group, first.Next, 2)
	if err != nil || len(rest.Members) != 1 || rest.Members[0].Name != "c" || rest.Next != "" {
		t.Errorf("%+v, %v", rest, err)
	}
}
