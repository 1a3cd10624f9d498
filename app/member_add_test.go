package app_test

import (
	"slices"
	"strings"
	"testing"

	"albumen/app"
	"albumen/db"
)

// acquaint lets owner see the addresses of others: they are in an album of theirs.
func (w *world) acquaint(owner db.User, others ...db.User) {
	w.t.Helper()
	album := w.album(owner, db.AlbumVisibilityPrivate)
	for _, u := range others {
		w.grant(album, u.ID, db.AlbumRoleViewer)
	}
}

// Nobody learns from adding members which addresses have an account: not by the
// answer, nor by what the album's pages show then, nor by what others hear.
func TestAddingTellsNothingAboutAccounts(t *testing.T) {
	w := newWorld(t, nil)
	owner, known := w.user("owner"), w.user("known")
	album, x := w.album(owner, db.AlbumVisibilityPrivate), app.UserActor(owner)
	add := func(email string) {
		t.Helper()
		if err := w.AddMember(t.Context(), x, album, app.NewMember{Email: email, Role: db.AlbumRoleViewer}); err != nil {
			t.Errorf("%s: %v", email, err)
		}
	}
	shown := func() (int, string) {
		t.Helper()
		m, err := w.Members(t.Context(), x, album, app.MembersQuery{})
		if err != nil {
			t.Fatal(err)
		}
		page, err := w.Invitations(t.Context(), x, app.InvitationsQuery{Album: album})
		if err != nil {
			t.Fatal(err)
		}
		var open []string
		for _, i := range page.Items {
			open = append(open, i.Email)
		}
		slices.Sort(open)
		return m.Total + len(m.Grants), strings.Join(open, " ")
	}
	for range 2 {
		add("known@example.org")
		add("unknown@example.org")
		if n, open := shown(); n != 1 || open != "known@example.org unknown@example.org" || w.roleOn(album, known) != "" {
			t.Errorf("%d people and grants, invited: %s", n, open)
		}
	}
	if got := w.mails(); !slices.Equal(got, []string{"invitation_album known", "invitation_album unknown"}) {
		t.Error(got)
	}
	// Whose address the owner sees anyway is a member at once, and the invitation ends.
	w.acquaint(owner, known)
	add("known@example.org")
	if n, open := shown(); n != 3 || open != "unknown@example.org" || w.roleOn(album, known) != "viewer" {
		t.Errorf("%d people and grants, invited: %s", n, open)
	}
	// To see somebody in an album of others without seeing the address is not enough.
	other := w.user("other")
	elsewhere := w.album(w.user("third"), db.AlbumVisibilityPrivate)
	w.grant(elsewhere, owner.ID, db.AlbumRoleContributor)
	w.grant(elsewhere, other.ID, db.AlbumRoleViewer)
	add("other@example.org")
	if w.roleOn(album, other) != "" {
		t.Error("other is a member at once")
	}
}
