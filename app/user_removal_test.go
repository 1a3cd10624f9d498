package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// siteAdmin makes an administrator.
func (w *world) siteAdmin(name string) (db.User, app.Actor) {
	w.t.Helper()
	u := w.user(name)
	w.exec("UPDATE users SET is_admin = true WHERE id = $1", u.ID)
	u.IsAdmin = true
	return u, app.UserActor(u)
}

// gone tells whether nothing of an account is left in any table that names it.
func (w *world) gone(id uuid.UUID) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), `SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass`)
	if err != nil {
		w.t.Fatal(err)
	}
	var places [][2]string
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			w.t.Fatal(err)
		}
		places = append(places, p)
	}
	if len(places) < 10 {
		w.t.Fatalf("only %d columns name accounts", len(places))
	}
	for _, p := range append(places, [2]string{"users", "id"}, [2]string{"album_access", "subject_id"}) {
		if n := w.count("SELECT count(*) FROM "+p[0]+" WHERE "+p[1]+" = $1", id); n != 0 {
			w.t.Errorf("%d rows of %s", n, p[0])
		}
	}
}

func TestDeletingAnAccountWithAllThatIsThere(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	ann, bob := w.user("ann"), w.user("bob")
	album, below := w.album(ann, db.AlbumVisibilityPublic), w.album(bob, db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET parent_id = $2 WHERE id = $1", below, album)
	w.grant(album, bob.ID, db.AlbumRoleContributor)
	for range 3 {
		w.media(ann, album)
	}
	w.trashed(ann, 1_200, w.now)
	theirs := w.media(bob, album)
	w.shareLink(below, ann)
	w.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", ann.ID, theirs)
	if _, err := w.DeleteUser(t.Context(), admin, ann.ID, app.UserDeletion{Confirm: "ann@example.com"}); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("the wrong address: %v", err)
	}
	done, err := w.DeleteUser(t.Context(), admin, ann.ID, app.UserDeletion{Confirm: " Ann@example.org "})
	if err != nil || done.Left {
		t.Fatalf("%+v, %v", done, err)
	}
	w.gone(ann.ID)
	if n := w.count("SELECT count(*) FROM pending_objects"); n != 3*3+1_200 {
		t.Errorf("%d objects wait to be deleted", n)
	}
	m, err := w.Media(t.Context(), app.UserActor(bob), theirs)
	if err != nil || m.AlbumID != nil {
		t.Errorf("bob's photo in ann's album: %+v, %v", m.AlbumID, err)
	}
	if w.roleOn(below, bob) != "owner" || w.count("SELECT count(*) FROM albums WHERE id = $1 AND parent_id IS NULL", below) != 1 {
		t.Error("bob's album below is not where it should be")
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE action IN ('user.delete', 'user.erase', 'audit.erase') AND object_id = subject_id AND object_id <> $1", ann.ID); n != 3 {
		t.Errorf("%d rows in the audit log", n)
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE $1 IN (actor_id, object_id, subject_id)", ann.ID); n != 0 {
		t.Errorf("%d rows of the audit log still name the account", n)
	}
	if s := w.verify(); s.Fault != "" {
		t.Errorf("the audit log: %+v", s)
	}
	w.noDrift()
	if drift, err := w.db.MonthCountsDrift(t.Context()); err != nil || len(drift) > 0 {
		t.Errorf("the counters drift: %+v, %v", drift, err)
	}
}

// same makes item a copy of what other is.
func (w *world) same(item, other uuid.UUID) {
	w.t.Helper()
	w.exec("UPDATE media SET sha256 = (SELECT sha256 FROM media WHERE id = $2) WHERE id = $1", item, other)
}

func TestHandingPhotosOver(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	ann, bob, carl := w.user("ann"), w.user("bob"), w.user("carl")
	w.exec("UPDATE users SET language = 'de' WHERE id = $1", bob.ID)
	album := w.album(ann, db.AlbumVisibilityPrivate)
	w.grant(album, bob.ID, db.AlbumRoleViewer)
	w.grant(album, carl.ID, db.AlbumRoleContributor)
	plain, trashed, twin := w.media(ann, album), w.media(ann, uuid.Nil), w.media(ann, album)
	w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", trashed)
	w.exec("UPDATE media SET title = 'Häuser', description = 'By the sea' WHERE id = $1", twin)
	w.exec("UPDATE media SET title = 'Häuser' WHERE id = $1", plain)
	w.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", carl.ID, twin)
	kept := w.media(bob, uuid.Nil)
	w.exec("UPDATE media SET trashed_at = now(), title = 'Mine' WHERE id = $1", kept)
	w.same(kept, twin)
	if done, err := w.DeleteUser(t.Context(), admin, ann.ID, app.UserDeletion{Confirm: ann.Email, Heir: bob.ID}); err != nil || done.Left {
		t.Fatalf("%+v, %v", done, err)
	}
	w.gone(ann.ID)
	heir := app.UserActor(bob)
	if w.roleOn(album, bob) != "owner" || w.roleOn(album, carl) != "contributor" {
		t.Errorf("bob is %s, carl %s", w.roleOn(album, bob), w.roleOn(album, carl))
	}
	for _, id := range []uuid.UUID{plain, kept} {
		m, err := w.Media(t.Context(), app.UserActor(carl), id)
		if err != nil || m.AlbumID == nil || *m.AlbumID != album {
			t.Errorf("carl does not see %s in the album: %v", id, err)
		}
	}
	m, err := w.Media(t.Context(), heir, kept)
	if err != nil || m.Title != "Mine" || m.Description != "By the sea" || m.TrashedAt != nil {
		t.Errorf("what was there twice: %+v, %v", m, err)
	}
	if n := w.count("SELECT count(*) FROM favourites WHERE user_id = $1 AND media_id = $2", carl.ID, kept); n != 1 {
		t.Error("carl's favourite is gone")
	}
	if m, err := w.Media(t.Context(), heir, trashed); err != nil || m.TrashedAt == nil {
		t.Errorf("what lay in the trash: %v", err)
	}
	if n := w.count("SELECT used_bytes FROM users WHERE id = $1", bob.ID); n != 3000 {
		t.Errorf("bob uses %d bytes", n)
	}
	if n := w.count("SELECT count(*) FROM pending_objects"); n != 3 {
		t.Errorf("%d objects go", n)
	}
	bob.Language = "de"
	if p, err := w.Search(t.Context(), app.UserActor(bob), app.SearchQuery{Q: "Haus "}); err != nil || p.Total != 1 {
		t.Errorf("%d found in the heir's language, %v", p.Total, err)
	}
	w.noDrift()
	if drift, err := w.db.MonthCountsDrift(t.Context()); err != nil || len(drift) > 0 {
		t.Errorf("the counters drift: %+v, %v", drift, err)
	}
}

func TestAnHeirNeedsTheSpace(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	ann, bob := w.user("ann"), w.user("bob")
	first := w.media(ann, uuid.Nil)
	w.media(ann, uuid.Nil)
	w.same(w.media(bob, uuid.Nil), first)
	quota := int64(1_999)
	if err := w.SetUserQuota(t.Context(), admin, bob.ID, &quota); err != nil {
		t.Fatal(err)
	}
	handOver := app.UserDeletion{Confirm: ann.Email, Heir: bob.ID}
	err := second(w.DeleteUser(t.Context(), admin, ann.ID, handOver))
	if e := wantCode(t, err, app.CodeTooLarge); e.Args["Bytes"] != app.ByteCount(1000) || e.Args["Free"] != app.ByteCount(999) {
		t.Errorf("%+v", e.Args)
	}
	if n := w.count("SELECT count(*) FROM user_removals"); n != 0 || w.count("SELECT count(*) FROM users WHERE suspended_at IS NOT NULL") != 0 {
		t.Error("it has begun all the same")
	}
	quota++
	if err := w.SetUserQuota(t.Context(), admin, bob.ID, &quota); err != nil {
		t.Fatal(err)
	}
	if err := second(w.DeleteUser(t.Context(), admin, ann.ID, handOver)); err != nil {
		t.Error(err)
	}
	for _, heir := range []uuid.UUID{bob.ID, uuid.New()} {
		if e := wantCode(t, second(w.DeleteUser(t.Context(), admin, bob.ID, app.UserDeletion{Confirm: bob.Email, Heir: heir})), app.CodeInvalid); e.Fields["heir"] == "" {
			t.Error(e)
		}
	}
}

// What is begun goes on in any process; meanwhile the account can do nothing
// and nothing can be done to it.
func TestDeletingGoesOnInTheBackground(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	ann, bob := w.user("ann"), w.user("bob")
	for range 25 {
		w.album(ann, db.AlbumVisibilityPublic)
	}
	w.trashed(ann, 1_100, w.now)
	if err := w.db.AddUserRemoval(t.Context(), db.AddUserRemovalParams{UserID: ann.ID, HeirID: &bob.ID, AskedAt: w.now}); err != nil {
		t.Fatal(err)
	}
	if err := w.db.AddRemoveUser(t.Context(), db.AddRemoveUserParams{UserID: ann.ID, Asked: w.now}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"reactivate":         w.SuspendUser(t.Context(), admin, ann.ID, false),
		"promote":            w.SetUserAdmin(t.Context(), admin, ann.ID, true),
		"again":              second(w.DeleteUser(t.Context(), admin, ann.ID, app.UserDeletion{Confirm: ann.Email})),
		"the heir meanwhile": second(w.DeleteUser(t.Context(), admin, bob.ID, app.UserDeletion{Confirm: bob.Email})),
	} {
		if app.CodeOf(err) != app.CodeConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := w.UserDetail(t.Context(), admin, ann.ID)
	if err != nil || d.State() != app.UserLeaving || d.Heir != bob.Email || d.Items != 1_100 || d.Albums != 25 {
		t.Errorf("%+v, %v", d, err)
	}
	w.restart()
	if _, err := w.DoChores(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	w.gone(ann.ID)
	if n := w.count("SELECT count(*) FROM albums WHERE owner_id = $1", bob.ID); n != 25 {
		t.Errorf("bob has %d albums", n)
	}
	if n := w.count("SELECT count(*) FROM media WHERE owner_id = $1", bob.ID); n != 1_100 {
		t.Errorf("bob has %d items", n)
	}
	if n := w.count("SELECT count(*) FROM chores"); n != 0 {
		t.Errorf("%d chores are left", n)
	}
	w.noDrift()
}

func TestLastAdminStaysWhateverIsTried(t *testing.T) {
	w := newWorld(t, nil)
	u, admin := w.siteAdmin("admin")
	for name, err := range map[string]error{
		"suspend": w.SuspendUser(t.Context(), app.SystemActor(), u.ID, true),
		"demote":  w.SetUserAdmin(t.Context(), admin, u.ID, false),
		"delete":  second(w.DeleteUser(t.Context(), app.SystemActor(), u.ID, app.UserDeletion{Confirm: u.Email})),
		"oneself": second(w.DeleteUser(t.Context(), admin, u.ID, app.UserDeletion{Confirm: u.Email})),
	} {
		if app.CodeOf(err) != app.CodeConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := w.UserDetail(t.Context(), admin, u.ID); err != nil || !d.LastAdmin || !d.Self {
		t.Errorf("%+v, %v", d, err)
	}
	// A suspended administrator does not count.
	other, _ := w.siteAdmin("other")
	if err := w.SuspendUser(t.Context(), admin, other.ID, true); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.SetUserAdmin(t.Context(), admin, u.ID, false), app.CodeConflict)
}

// Two administrators who take each other's rights at once leave one.
func TestTwoAdministratorsDemoteEachOther(t *testing.T) {
	a := newAccounts(t)
	ann, bob := a.user("ann@example.org", true), a.user("bob@example.org", true)
	release := a.holdAdmins()
	results := make(chan error, 2)
	go func() { results <- a.SetUserAdmin(t.Context(), app.UserActor(ann), bob.ID, false) }()
	go func() {
		results <- second(a.DeleteUser(t.Context(), app.UserActor(bob), ann.ID, app.UserDeletion{Confirm: ann.Email}))
	}()
	a.awaitHeld(2)
	release()
	failed := 0
	for range 2 {
		select {
		case err := <-results:
			if err != nil {
				wantCode(t, err, app.CodeConflict)
				failed++
			}
		case <-time.After(time.Minute):
			t.Fatal("it hangs")
		}
	}
	if admins, err := a.db.CountAdmins(t.Context()); failed != 1 || admins != 1 || err != nil {
		t.Errorf("%d failed, %d administrators, %v", failed, admins, err)
	}
}

func TestAccountsPageByPage(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("zoe")
	for _, n := range []string{"ann", "bob", "carl", "dora"} {
		w.user(n)
	}
	w.exec("UPDATE users SET name = 'Zoë Smith' WHERE email = 'carl@example.org'")
	w.exec("UPDATE users SET suspended_at = now() WHERE email = 'dora@example.org'")
	names := func(q app.UserQuery) (out string, p app.UserPage) {
		t.Helper()
		p, err := w.UserPage(t.Context(), admin, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Users {
			out += u.Email[:1]
		}
		return out, p
	}
	group := w.grantGroup(w.album(w.user("eve"), db.AlbumVisibilityPrivate), db.AlbumRoleViewer)
	carl, err := w.UserByEmail(t.Context(), admin, "carl@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddGroupMember(t.Context(), admin, group, carl.ID); err != nil {
		t.Fatal(err)
	}
	for want, q := range map[string]app.UserQuery{
		"abcdez": {}, "z": {Role: app.UserRoleAdmin}, "abcde": {Role: app.UserRoleMember}, "d": {State: app.UserSuspended},
		"abcez": {State: app.UserActive}, "": {State: app.UserLeaving}, "c": {Group: group}, "a": {Q: " ANN@"},
	} {
		if got, _ := names(q); got != want {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	if got, _ := names(app.UserQuery{Q: "zo", State: app.UserActive}); got != "cz" {
		t.Errorf("by a part of the name: %q", got)
	}
	first, p := names(app.UserQuery{Limit: 2})
	then, q := names(app.UserQuery{Limit: 2, After: p.Next})
	last, r := names(app.UserQuery{Limit: 2, After: q.Next})
	back, s := names(app.UserQuery{Limit: 2, Before: r.Prev})
	if first != "ab" || then != "cd" || last != "ez" || back != "cd" || p.Prev != "" || r.Next != "" || s.Next == "" || s.Prev == "" {
		t.Errorf("%s %s %s, back %s", first, then, last, back)
	}
	for _, bad := range []app.UserQuery{{Role: "king"}, {State: "asleep"}, {After: "nonsense"}, {Before: "%%"}, {Limit: -1}} {
		wantCode(t, second(w.UserPage(t.Context(), admin, bad)), app.CodeInvalid)
	}
}

func TestQuotas(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.siteAdmin("admin")
	w.exec(`INSERT INTO site_settings (settings) VALUES ('{"default_quota": 5000}')`)
	w.restart()
	none := int64(0)
	u, err := w.CreateUser(t.Context(), admin, app.NewUser{Email: "ann@example.org", Password: goodPassword})
	if err != nil || u.QuotaBytes == nil || *u.QuotaBytes != 5000 || w.audited("user.create", u.ID) != 1 {
		t.Fatalf("%+v, %v", u, err)
	}
	if u, err := w.CreateUser(t.Context(), admin, app.NewUser{Email: "bob@example.org", Password: goodPassword, Quota: &none}); err != nil || *u.QuotaBytes != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if err := w.SetUserQuota(t.Context(), admin, u.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.SetUserQuota(t.Context(), admin, u.ID, nil); err != nil || w.audited("user.quota", u.ID) != 1 {
		t.Errorf("what changes nothing: %v, %d rows", err, w.audited("user.quota", u.ID))
	}
	none = -1
	wantCode(t, w.SetUserQuota(t.Context(), admin, u.ID, &none), app.CodeInvalid)
}
