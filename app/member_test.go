package app_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// grantOf is the id of what was granted to the user on the album in person.
func (w *world) grantOf(album, user uuid.UUID) uuid.UUID {
	w.t.Helper()
	var id uuid.UUID
	if err := w.db.QueryRow(w.t.Context(), "SELECT id FROM album_grants WHERE album_id = $1 AND user_id = $2", album, user).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// roleOn is what the relation says, "" for none.
func (w *world) roleOn(album uuid.UUID, user db.User) string {
	w.t.Helper()
	role, err := w.db.RoleOfUser(w.t.Context(), db.RoleOfUserParams{AlbumID: album, UserID: user.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return role
}

// audited counts the audit rows of an action on an object.
func (w *world) audited(action string, object uuid.UUID) int {
	w.t.Helper()
	return int(w.count("SELECT count(*) FROM audit_log WHERE action = $1 AND object_id = $2", action, object))
}

func TestMembersComeChangeAndGo(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	w.acquaint(owner, ann)
	x := app.UserActor(owner)
	if err := w.AddMember(t.Context(), x, album, app.NewMember{Email: " Ann@Example.org", Role: db.AlbumRoleViewer}); err != nil {
		t.Fatal(err)
	}
	if role := w.roleOn(album, ann); role != "viewer" {
		t.Fatalf("ann is %q", role)
	}
	again := w.AddMember(t.Context(), x, album, app.NewMember{Email: ann.Email, Role: db.AlbumRoleAdmin})
	if e := wantCode(t, again, app.CodeConflict); e.Key != "error.member_already" || w.roleOn(album, ann) != "viewer" {
		t.Errorf("%v, ann is %s", e, w.roleOn(album, ann))
	}
	grant := w.grantOf(album, ann.ID)
	if err := w.SetMemberRole(t.Context(), x, album, grant, db.AlbumRoleContributor); err != nil {
		t.Fatal(err)
	}
	if role := w.roleOn(album, ann); role != "contributor" {
		t.Errorf("ann is %q", role)
	}
	m, err := w.Members(t.Context(), x, album, app.MembersQuery{})
	if err != nil || len(m.Grants) != 1 || m.Grants[0].By != "owner" || m.Grants[0].Role != "contributor" || m.Total != 2 {
		t.Errorf("%+v, %v", m, err)
	}
	removed, err := w.RemoveMember(t.Context(), x, album, grant, false)
	if err != nil || removed != (app.MemberRemoved{}) || w.roleOn(album, ann) != "" {
		t.Errorf("%+v, %v; ann is %q", removed, err, w.roleOn(album, ann))
	}
	for action, want := range map[string]int{"member.add": 1, "member.change": 1, "member.remove": 1} {
		if n := w.audited(action, album); n != want {
			t.Errorf("%d rows of %s", n, action)
		}
	}
	var before, after string
	err = w.db.QueryRow(t.Context(), "SELECT detail->>'before', detail->>'after' FROM audit_log WHERE action = 'member.change'").Scan(&before, &after)
	if err != nil || before != "viewer" || after != "contributor" {
		t.Errorf("from %q to %q, %v", before, after, err)
	}
	for _, role := range []db.AlbumRole{"owner", "", "king"} {
		err := w.AddMember(t.Context(), x, album, app.NewMember{Email: ann.Email, Role: role})
		if e := wantCode(t, err, app.CodeInvalid); e.Fields["role"] == "" {
			t.Errorf("role %q: %v", role, e.Fields)
		}
	}
	w.noDrift()
}

// An admin of the album may do much, and nothing to its owner.
func TestAnAdminCannotDemoteTheOwner(t *testing.T) {
	w := newWorld(t, nil)
	owner, admin := w.user("owner"), w.user("admin")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	w.grant(album, admin.ID, db.AlbumRoleAdmin)
	x := app.UserActor(admin)
	stray := uuid.New() // left from a time before the album was the owner's
	w.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'contributor')", stray, album, owner.ID)
	for name, err := range map[string]error{
		"change":   w.SetMemberRole(t.Context(), x, album, stray, db.AlbumRoleViewer),
		"remove":   second(w.RemoveMember(t.Context(), x, album, stray, true)),
		"transfer": w.TransferAlbum(t.Context(), x, album, admin.ID),
	} {
		if app.CodeOf(err) != app.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := w.AddMember(t.Context(), x, album, app.NewMember{Email: owner.Email, Role: db.AlbumRoleViewer})
	if e := wantCode(t, err, app.CodeConflict); e.Key != "error.member_owner" {
		t.Error(e)
	}
	if role := w.roleOn(album, owner); role != "owner" {
		t.Errorf("the owner is %s", role)
	}
	if m, err := w.Members(t.Context(), x, album, app.MembersQuery{}); err != nil || m.CanTransfer || !slices.ContainsFunc(m.Grants, func(g app.MemberGrant) bool { return g.ID == stray && g.Fixed }) {
		t.Errorf("%+v, %v", m, err)
	}
}

// The album of the address counts, not only the id of the grant.
func TestGrantsOfAnotherAlbumCannotBeChanged(t *testing.T) {
	w := newWorld(t, nil)
	mallory, owner, ann := w.user("mallory"), w.user("owner"), w.user("ann")
	own, other := w.album(mallory, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate)
	w.grant(other, ann.ID, db.AlbumRoleAdmin)
	grant, x := w.grantOf(other, ann.ID), app.UserActor(mallory)
	wantCode(t, w.SetMemberRole(t.Context(), x, own, grant, db.AlbumRoleViewer), app.CodeNotFound)
	wantCode(t, second(w.RemoveMember(t.Context(), x, own, grant, true)), app.CodeNotFound)
	wantCode(t, w.SetMemberRole(t.Context(), x, other, grant, db.AlbumRoleViewer), app.CodeNotFound)
	if role := w.roleOn(other, ann); role != "admin" {
		t.Errorf("ann is %q on the other album", role)
	}
}

func TestRemovingOneGrantLeavesTheOthers(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	above, album := w.album(owner, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET parent_id = $2, title = 'Below' WHERE id = $1", album, above)
	w.grant(above, ann.ID, db.AlbumRoleViewer)
	group := w.grantGroup(album, db.AlbumRoleContributor, ann.ID)
	w.grant(album, ann.ID, db.AlbumRoleAdmin)
	x := app.UserActor(owner)

	m, err := w.Members(t.Context(), x, album, app.MembersQuery{})
	if err != nil || len(m.People) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	want := []app.RoleSource{
		{Kind: "group", Role: "contributor", Group: group.String()}, {Kind: "direct", Role: "admin"},
		{Kind: "direct", Role: "viewer", Above: true, Album: "Album"},
	}
	if p := m.People[0]; p.Name != "ann" || p.Role != "admin" || !slices.Equal(p.Sources, want) {
		t.Errorf("%+v", p)
	}
	removed, err := w.RemoveMember(t.Context(), x, album, w.grantOf(album, ann.ID), false)
	if err != nil || removed.Role != "contributor" || w.roleOn(album, ann) != "contributor" {
		t.Errorf("%+v, %v, ann is %q", removed, err, w.roleOn(album, ann))
	}
	// What comes from elsewhere cannot be left here.
	if e := wantCode(t, second(w.LeaveAlbum(t.Context(), app.UserActor(ann), album, true)), app.CodeConflict); e.Key != "error.leave_none" {
		t.Error(e)
	}
	var groupGrant uuid.UUID
	for _, g := range m.Grants {
		if g.GroupID == group {
			groupGrant = g.ID
		}
	}
	if _, err := w.RemoveMember(t.Context(), x, album, groupGrant, false); err != nil || w.roleOn(album, ann) != "viewer" {
		t.Errorf("%v, ann is %q", err, w.roleOn(album, ann))
	}
	w.noDrift()
}

// An album above is not named to somebody who may not see it.
func TestMembersDoNotTellOfAlbumsAbove(t *testing.T) {
	w := newWorld(t, nil)
	owner, admin := w.user("owner"), w.user("admin")
	above, album := w.album(owner, db.AlbumVisibilityPrivate), w.album(w.user("other"), db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET title = 'Secret' WHERE id = $1", above)
	w.exec("UPDATE albums SET parent_id = $2 WHERE id = $1", album, above)
	w.grant(album, admin.ID, db.AlbumRoleAdmin)
	m, err := w.Members(t.Context(), app.UserActor(admin), album, app.MembersQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.People {
		for _, s := range p.Sources {
			if s.Album != "" || p.Name == "owner" && (!s.Above || s.Role != "admin") {
				t.Errorf("%s: %+v", p.Name, s)
			}
		}
	}
}

func TestViewersSeeNamesOnly(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann, bob, gone := w.user("owner"), w.user("ann"), w.user("bob"), w.user("gone")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	for _, u := range []db.User{ann, bob, gone} {
		w.grant(album, u.ID, db.AlbumRoleViewer)
	}
	w.exec("UPDATE users SET suspended_at = now() WHERE id = $1", gone.ID)
	m, err := w.Members(t.Context(), app.UserActor(ann), album, app.MembersQuery{})
	if err != nil || m.CanManage || m.CanTransfer || !m.CanLeave || m.Grants != nil || m.Groups != nil || m.Total != 3 || len(m.People) != 3 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, p := range m.People {
		if p.Email != "" || p.Sources != nil || p.Name == "" || p.Role == "" {
			t.Errorf("%+v", p)
		}
	}
	if m, err := w.Members(t.Context(), app.UserActor(owner), album, app.MembersQuery{Limit: 3}); err != nil || m.Total != 4 || m.Next == "" || m.People[0].Email == "" {
		t.Errorf("%+v, %v", m, err)
	} else if rest, err := w.Members(t.Context(), app.UserActor(owner), album, app.MembersQuery{After: m.Next}); err != nil || len(rest.People) != 1 || rest.Next != "" {
		t.Errorf("%+v, %v", rest, err)
	}
	wantCode(t, second(w.Members(t.Context(), app.UserActor(owner), album, app.MembersQuery{After: "nonsense"})), app.CodeInvalid)
}

func TestGroupsOfOthersCannotBeGranted(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	album, elsewhere := w.album(owner, db.AlbumVisibilityPrivate), w.album(ann, db.AlbumVisibilityPrivate)
	theirs := w.grantGroup(elsewhere, db.AlbumRoleViewer, ann.ID)
	ours := w.grantGroup(elsewhere, db.AlbumRoleViewer, ann.ID, owner.ID)
	add := func(group uuid.UUID) error {
		return w.AddMember(t.Context(), app.UserActor(owner), album, app.NewMember{GroupID: group, Role: db.AlbumRoleViewer})
	}
	wantCode(t, add(theirs), app.CodeNotFound)
	wantCode(t, add(uuid.New()), app.CodeNotFound)
	if err := add(ours); err != nil || w.roleOn(album, ann) != "viewer" {
		t.Errorf("%v, ann is %q", err, w.roleOn(album, ann))
	}
	wantCode(t, add(ours), app.CodeConflict)
}

func TestNobodyRaisesThemselves(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	w.grant(album, ann.ID, db.AlbumRoleViewer)
	w.grantGroup(album, db.AlbumRoleAdmin, ann.ID)
	x, grant := app.UserActor(ann), w.grantOf(album, ann.ID)
	// It would outlive the group.
	wantCode(t, w.SetMemberRole(t.Context(), x, album, grant, db.AlbumRoleAdmin), app.CodeForbidden)
	if _, err := w.LeaveAlbum(t.Context(), x, album, false); err != nil {
		t.Fatal(err)
	}
	err := w.AddMember(t.Context(), x, album, app.NewMember{Email: ann.Email, Role: db.AlbumRoleAdmin})
	if e := wantCode(t, err, app.CodeConflict); e.Key != "error.member_self" {
		t.Error(e)
	}
}

func TestRemovingAMemberRevokesTheirLinks(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	album, below, open := w.album(owner, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET parent_id = $1 WHERE id = ANY ($2)", album, []uuid.UUID{below, open})
	w.grant(album, ann.ID, db.AlbumRoleAdmin)
	w.grant(open, ann.ID, db.AlbumRoleAdmin) // where ann stays an admin
	gone := []uuid.UUID{w.shareLink(album, ann), w.shareLink(below, ann)}
	stays := []uuid.UUID{w.shareLink(album, owner), w.shareLink(open, ann)}
	removed, err := w.RemoveMember(t.Context(), app.UserActor(owner), album, w.grantOf(album, ann.ID), true)
	if err != nil || removed.Links != 2 {
		t.Fatalf("%+v, %v", removed, err)
	}
	if n := w.count("SELECT count(*) FROM share_links WHERE revoked_at IS NOT NULL AND id = ANY ($1)", gone); n != 2 {
		t.Errorf("%d of ann's links are revoked", n)
	}
	if n := w.count("SELECT count(*) FROM share_links WHERE revoked_at IS NOT NULL AND id = ANY ($1)", stays); n != 0 {
		t.Errorf("%d other links are revoked", n)
	}
	if w.audited("link.revoke", gone[0]) != 1 {
		t.Error("nothing in the audit log")
	}
	w.noDrift()
}

func TestTransferringAnAlbum(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann, bob := w.user("owner"), w.user("ann"), w.user("bob")
	album := w.album(owner, db.AlbumVisibilityPrivate)
	item := w.media(owner, album)
	w.grant(album, ann.ID, db.AlbumRoleAdmin)
	w.grant(album, bob.ID, db.AlbumRoleContributor)
	x := app.UserActor(owner)
	if m, err := w.Members(t.Context(), x, album, app.MembersQuery{}); err != nil || !m.CanTransfer || len(m.Heirs) != 1 || m.Heirs[0].ID != ann.ID {
		t.Errorf("%+v, %v", m.Heirs, err)
	}
	for who, id := range map[string]uuid.UUID{"a contributor": bob.ID, "a stranger": w.user("stranger").ID, "oneself": owner.ID, "nobody": uuid.New()} {
		if e := wantCode(t, w.TransferAlbum(t.Context(), x, album, id), app.CodeInvalid); e.Fields["owner"] == "" {
			t.Errorf("%s: %v", who, e)
		}
	}
	if err := w.TransferAlbum(t.Context(), x, album, ann.ID); err != nil {
		t.Fatal(err)
	}
	if w.roleOn(album, ann) != "owner" || w.roleOn(album, owner) != "admin" || w.audited("album.transfer", album) != 1 {
		t.Errorf("ann is %s, the former owner %s", w.roleOn(album, ann), w.roleOn(album, owner))
	}
	if n := w.count("SELECT count(*) FROM album_grants WHERE user_id = $1", ann.ID); n != 0 {
		t.Error("the owner has a grant beside")
	}
	if n := w.count("SELECT count(*) FROM media WHERE id = $1 AND owner_id = $2", item, owner.ID); n != 1 {
		t.Error("the photo has changed hands")
	}
	wantCode(t, w.TransferAlbum(t.Context(), x, album, owner.ID), app.CodeForbidden)
	w.noDrift()
}

// Whichever comes first wins: no album ends with an owner who was just demoted,
// nor with an owner whom somebody demoted.
func TestTransferAndDemotionAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	owner, admin, ann := w.user("owner"), w.user("admin"), w.user("ann")
	for range 4 {
		album := w.album(owner, db.AlbumVisibilityPrivate)
		w.grant(album, admin.ID, db.AlbumRoleAdmin)
		w.grant(album, ann.ID, db.AlbumRoleAdmin)
		grant := w.grantOf(album, ann.ID)
		tx, err := w.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.db.Queries.WithTx(tx).LockAlbumForSharing(t.Context(), album); err != nil {
			t.Fatal(err)
		}
		var transfer, demotion error
		var wait sync.WaitGroup
		wait.Go(func() { transfer = w.TransferAlbum(t.Context(), app.UserActor(owner), album, ann.ID) })
		wait.Go(func() {
			demotion = w.SetMemberRole(t.Context(), app.UserActor(admin), album, grant, db.AlbumRoleViewer)
		})
		w.awaitRowLocks(2)
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait.Wait()
		switch role := w.roleOn(album, ann); {
		case transfer == nil && app.CodeOf(demotion) == app.CodeNotFound && role == "owner" && w.roleOn(album, owner) == "admin":
		case app.CodeOf(transfer) == app.CodeInvalid && demotion == nil && role == "viewer" && w.roleOn(album, owner) == "owner":
		default:
			t.Errorf("transfer: %v, demotion: %v, ann is %s", transfer, demotion, role)
		}
	}
	w.noDrift()
}

// awaitRowLocks waits until n statements of this database wait for a row.
func (w *world) awaitRowLocks(n int) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		waiting := int(w.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))
		if waiting == n {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d statements wait, want %d", waiting, n)
		}
	}
}

func TestLeavingAnAlbum(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann := w.user("owner"), w.user("ann")
	album := w.album(owner, db.AlbumVisibilityMembers)
	w.grant(album, ann.ID, db.AlbumRoleContributor)
	item := w.media(ann, album)
	if e := wantCode(t, second(w.LeaveAlbum(t.Context(), app.UserActor(owner), album, false)), app.CodeConflict); e.Key != "error.leave_owner" {
		t.Error(e)
	}
	left, err := w.LeaveAlbum(t.Context(), app.UserActor(ann), album, false)
	if err != nil || left.Role != "" || w.audited("member.leave", album) != 1 {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := w.Media(t.Context(), app.UserActor(ann), item); err != nil {
		t.Errorf("ann's own photo: %v", err)
	}
	// It is open to all who sign in, but they do not learn who is in it.
	wantCode(t, second(w.Members(t.Context(), app.UserActor(ann), album, app.MembersQuery{})), app.CodeForbidden)
	if strings.Contains(w.roleOn(album, ann), "viewer") {
		t.Error("ann is still a member in person")
	}
}
