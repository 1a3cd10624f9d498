package app_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// mails are the queued ones, as "template to address", in order of their names.
func (w *world) mails() []string {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), "SELECT template || ' ' || split_part(recipient, '@', 1) FROM mails ORDER BY 1")
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, s)
	}
	w.exec("DELETE FROM mails")
	return out
}

func TestThoseConcernedHearByMail(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann, bob, gone := w.user("owner"), w.user("ann"), w.user("bob"), w.user("gone")
	w.exec("UPDATE users SET suspended_at = now() WHERE id = $1", gone.ID)
	album, x := w.album(owner, db.AlbumVisibilityPrivate), app.UserActor(owner)
	elsewhere := w.album(owner, db.AlbumVisibilityPrivate)
	w.acquaint(owner, ann, gone)
	w.acquaint(ann, bob)
	group := w.grantGroup(elsewhere, db.AlbumRoleViewer, owner.ID, ann.ID, bob.ID, gone.ID)
	step := func(what string, err error, want ...string) {
		t.Helper()
		if got := w.mails(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", what, err, got, want)
		}
	}
	add := func(n app.NewMember) error { return w.AddMember(t.Context(), x, album, n) }
	step("added", add(app.NewMember{Email: ann.Email, Role: db.AlbumRoleViewer}), "member_added ann")
	step("suspended", add(app.NewMember{Email: gone.Email, Role: db.AlbumRoleViewer}))
	step("group", add(app.NewMember{GroupID: group, Role: db.AlbumRoleViewer}), "member_added ann", "member_added bob")
	grant := w.grantOf(album, ann.ID)
	step("changed", w.SetMemberRole(t.Context(), x, album, grant, db.AlbumRoleAdmin), "member_changed ann")
	step("nothing changed", w.SetMemberRole(t.Context(), x, album, grant, db.AlbumRoleAdmin))
	step("transferred", w.TransferAlbum(t.Context(), x, album, ann.ID), "album_transferred ann")
	step("left", second(w.LeaveAlbum(t.Context(), x, album, false)))
	var groupGrant uuid.UUID
	if err := w.db.QueryRow(t.Context(), "SELECT id FROM album_grants WHERE album_id = $1 AND group_id = $2", album, group).Scan(&groupGrant); err != nil {
		t.Fatal(err)
	}
	// The owner is in the group as well, and loses nothing.
	step("removed", second(w.RemoveMember(t.Context(), app.UserActor(ann), album, groupGrant, false)), "member_removed bob", "member_removed owner")
	w.exec(`INSERT INTO site_settings (settings) VALUES ('{"mail_on_change": false}')`)
	step("not wanted", w.AddMember(t.Context(), app.UserActor(ann), album, app.NewMember{Email: bob.Email, Role: db.AlbumRoleViewer}))
}

// An address without an account is invited; the answer is the same.
func TestAddingAStrangerInvites(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("owner")
	album, x := w.album(owner, db.AlbumVisibilityPrivate), app.UserActor(owner)
	n := app.NewMember{Email: "New@example.org", Role: db.AlbumRoleContributor}
	for range 2 { // once more replaces the first
		if err := w.AddMember(t.Context(), x, album, n); err != nil {
			t.Fatal(err)
		}
	}
	page, err := w.Invitations(t.Context(), x, app.InvitationsQuery{Album: album})
	if err != nil || len(page.Items) != 1 || page.Items[0].Email != "new@example.org" || page.Items[0].Role != "contributor" {
		t.Fatalf("%+v, %v", page, err)
	}
	if got := w.mails(); !slices.Equal(got, []string{"invitation_album new"}) {
		t.Error(got)
	}
	// With an account since, whose address the owner sees, adding once more makes a
	// member and ends the invitation.
	w.acquaint(owner, w.user("new"))
	if err := w.AddMember(t.Context(), x, album, n); err != nil {
		t.Fatal(err)
	}
	if page, err := w.Invitations(t.Context(), x, app.InvitationsQuery{Album: album}); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	if n := w.audited("member.add", album); n != 1 {
		t.Errorf("%d members were added", n)
	}
}
