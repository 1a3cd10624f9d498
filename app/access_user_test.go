package app_test

import (
	"testing"

	"albumen/app"
	"albumen/db"
)

func TestUserManagementAccess(t *testing.T) {
	w := newWorld(t, nil)
	u, admin := w.user("user"), w.user("admin")
	w.exec("UPDATE users SET is_admin = true WHERE id = $1", admin.ID)
	admin.IsAdmin = true
	target, gone := w.user("target"), w.user("gone")
	album := w.album(target, db.AlbumVisibilityPrivate)
	group, spare := w.grantGroup(album, db.AlbumRoleViewer, admin.ID), w.grantGroup(album, db.AlbumRoleViewer)
	for who, c := range map[string]struct {
		actor app.Actor
		want  string
	}{
		"anonymous": {app.Actor{}, "u"}, "user": {app.UserActor(u), "n"}, "admin": {app.UserActor(admin), "o"},
		"admin without the scope": {app.TokenActor(admin, []app.Scope{app.ScopeMediaRead}), "f"},
	} {
		for name, err := range map[string]error{
			"UserByEmail":       second(w.UserByEmail(t.Context(), c.actor, target.Email)),
			"SuspendUser":       w.SuspendUser(t.Context(), c.actor, target.ID, true),
			"ResetPassword":     w.ResetPassword(t.Context(), c.actor, target.ID, "correct horse battery"),
			"UserDetail":        second(w.UserDetail(t.Context(), c.actor, target.ID)),
			"SetUserAdmin":      w.SetUserAdmin(t.Context(), c.actor, target.ID, true),
			"SetUserQuota":      w.SetUserQuota(t.Context(), c.actor, target.ID, nil),
			"DeleteUser":        second(w.DeleteUser(t.Context(), c.actor, gone.ID, app.UserDeletion{Confirm: gone.Email})),
			"Group":             second(w.Group(t.Context(), c.actor, group, "", 0)),
			"RenameGroup":       w.RenameGroup(t.Context(), c.actor, group, "Family"),
			"AddGroupMember":    w.AddGroupMember(t.Context(), c.actor, group, target.ID),
			"RemoveGroupMember": w.RemoveGroupMember(t.Context(), c.actor, group, admin.ID),
			"DeleteGroup":       w.DeleteGroup(t.Context(), c.actor, spare),
		} {
			got := "o"
			if err != nil {
				got = letters[app.CodeOf(err)]
			}
			if got != c.want {
				t.Errorf("%s as %s: %v, want %s", name, who, err, c.want)
			}
		}
	}
}
