package app_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func (w *world) actions(actor app.Actor, q app.AuditQuery) (all []string) {
	w.t.Helper()
	for {
		page, err := w.Audit(w.t.Context(), actor, q)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page.Entries {
			all = append(all, e.Action)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

func TestTheAuditLogIsSifted(t *testing.T) {
	w := newWorld(t, nil)
	admin, actor := w.auditAdmin(0)
	ann := w.user("ann")
	ctx := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("2001:db8::7"), RequestID: "r1"})
	group, err := w.CreateGroup(ctx, actor, "Summer friends")
	if err != nil {
		t.Fatal(err)
	}
	first := w.now
	w.now = w.now.Add(24 * time.Hour)
	if err := w.AddGroupMember(t.Context(), actor, group.ID, ann.ID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(24 * time.Hour)
	album, err := w.CreateAlbum(t.Context(), app.UserActor(ann), app.NewAlbum{Title: "It's a 100% \\ private one"})
	if err != nil {
		t.Fatal(err)
	}
	newest, grown, made := "album.create", "group.add_member", "group.create"
	for name, c := range map[string]struct {
		q    app.AuditQuery
		want []string
	}{
		"all":                {app.AuditQuery{}, []string{newest, grown, made}},
		"page by page":       {app.AuditQuery{Limit: 1}, []string{newest, grown, made}},
		"by name":            {app.AuditQuery{Who: "ANN"}, []string{newest, grown}},
		"by address":         {app.AuditQuery{Who: "admin@exam"}, []string{grown, made}},
		"by id":              {app.AuditQuery{Who: admin.ID.String()}, []string{grown, made}},
		"nobody":             {app.AuditQuery{Who: "zoe"}, nil},
		"no wildcard":        {app.AuditQuery{Who: "%"}, nil},
		"a group of actions": {app.AuditQuery{Action: "group"}, []string{grown, made}},
		"an action":          {app.AuditQuery{Action: "group.create"}, []string{made}},
		"not half a name":    {app.AuditQuery{Action: "grou"}, nil},
		"kind":               {app.AuditQuery{Kind: "album"}, []string{newest}},
		"object":             {app.AuditQuery{Object: &group.ID}, []string{grown, made}},
		"since":              {app.AuditQuery{Since: first.Add(time.Hour)}, []string{newest, grown}},
		"until":              {app.AuditQuery{Until: first.Add(time.Hour)}, []string{made}},
		"address":            {app.AuditQuery{IP: "2001:0DB8:0:0::7"}, []string{made}},
		"how it begins":      {app.AuditQuery{IP: "2001:db8:"}, []string{made}},
		"words":              {app.AuditQuery{Text: "friend summ"}, []string{grown, made}},
		"e-mail":             {app.AuditQuery{Text: "ann@example.org"}, []string{grown}},
		"not a field's name": {app.AuditQuery{Text: "title"}, nil},
		"a quote":            {app.AuditQuery{Text: `it's \ 100`}, []string{newest}},
		"only signs":         {app.AuditQuery{Text: "!!! & |"}, nil},
		"several":            {app.AuditQuery{Who: "ann", Kind: "group", Text: "summer"}, []string{grown}},
	} {
		if got := w.actions(actor, c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for field, q := range map[string]app.AuditQuery{"cursor": {Cursor: "x"}, "text": {Text: "\x00"}, "ip": {IP: string(make([]rune, 300))}} {
		_, err := w.Audit(t.Context(), actor, q)
		if e, ok := errors.AsType[*app.Error](err); !ok || e.Code != app.CodeInvalid || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if got, err := w.AuditActions(t.Context(), actor); err != nil || !slices.Equal(got, []string{newest, grown, made}) {
		t.Errorf("%v, %v", got, err)
	}
	// The log opens nothing: the administrator sees that there was an album, and no way into it.
	page, err := w.Audit(t.Context(), actor, app.AuditQuery{})
	if err != nil || page.Entries[0].ObjectOpen || !page.Entries[1].ObjectOpen || page.Entries[0].ActorName != "ann" || page.Entries[1].SubjectName != "ann" {
		t.Errorf("%+v, %v", page.Entries, err)
	}
	w.grant(album.ID, admin.ID, db.AlbumRoleViewer)
	if page, err = w.Audit(t.Context(), actor, app.AuditQuery{Limit: 1}); err != nil || !page.Entries[0].ObjectOpen {
		t.Errorf("once a member: %v", err)
	}
}

func TestOwnActivityIsOnlyOnesOwn(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(1)
	ann, bob := w.user("ann"), w.user("bob")
	from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("192.0.2.1"), RequestID: "r1"})
	for _, u := range []db.User{ann, bob} {
		if err := w.SuspendUser(from, admin, u.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		w.now = w.now.Add(time.Second)
		if _, err := w.CreateAlbum(from, app.UserActor(ann), app.NewAlbum{Title: fmt.Sprint("Album ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	q := app.AuditQuery{Limit: 2}
	for {
		page, err := w.OwnActivity(t.Context(), app.UserActor(ann), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			got = append(got, e.Action+" "+e.Ip)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	own := "album.create 192.0.2.1"
	if want := []string{own, own, own, "user.suspend "}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAnExportIsWrittenDown(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(3)
	n := 0
	err := w.ExportAudit(t.Context(), admin, app.AuditQuery{Action: "group", Text: "group"}, func(app.AuditEntry) error { n++; return nil })
	if err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	if got := w.count("SELECT count(*) FROM audit_log WHERE action = 'audit.export' AND detail->>'text' = 'group' AND detail->>'action' = 'group'"); got != 1 {
		t.Errorf("%d entries about it", got)
	}
	stop := errors.New("stop")
	if err := w.ExportAudit(t.Context(), admin, app.AuditQuery{}, func(app.AuditEntry) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// Acts outside albums and accounts that are written down.
func TestActsAreWrittenDown(t *testing.T) {
	w := newAccounts(t)
	u := w.user("ann@example.org", false)
	ann := app.UserActor(u)
	count := func(action, where string, args ...any) (n int) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), "SELECT count(*) FROM audit_log WHERE action = '"+action+"' AND "+where, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	_, token, err := w.CreateToken(t.Context(), ann, app.NewToken{Name: "Script"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RevokeToken(t.Context(), ann, token.ID); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"token.create", "token.revoke"} {
		if n := count(action, "actor_id = $1 AND object_id = $2 AND detail->>'name' = 'Script'", u.ID, token.ID); n != 1 {
			t.Errorf("%s: %d", action, n)
		}
	}
	// Tries that fail: of the account that there is, and of one that there is not; what was typed is not kept.
	for i := range 14 {
		if _, err := w.SignIn(t.Context(), "ann@example.org", "wrong", somewhere); err == nil {
			t.Fatal(i)
		}
	}
	if _, err := w.SignIn(t.Context(), "my secret", "wrong", somewhere); err == nil {
		t.Fatal("got in")
	}
	if n := count("session.fail", "subject_id = $1 AND actor_kind = 'visitor'", u.ID); n != 10 {
		t.Errorf("%d failures", n)
	}
	if n := count("session.fail", "subject_id IS NULL AND detail = '{}'"); n != 1 {
		t.Errorf("%d failures of nobody", n)
	}
	if n := count("session.lock", "subject_id = $1", u.ID); n != 1 {
		t.Errorf("%d lockouts, however often it was tried", n)
	}
	if err := w.NoteSignOut(t.Context(), ann); err != nil || count("session.leave", "actor_id = $1", u.ID) != 1 {
		t.Error(err)
	}
}

func TestDeletingForEverIsWrittenDown(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann := app.UserActor(u)
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, w.media(u, uuid.Nil))
		if _, err := w.TrashMedia(t.Context(), ann, ids[len(ids)-1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.DeleteMedia(t.Context(), ann, ids[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing
		if _, err := w.EmptyTrash(t.Context(), ann); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE action = 'media.delete' AND object_id = $1 AND detail = '{\"items\": 1}'", ids[0]); n != 1 {
		t.Errorf("%d of the one", n)
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE action = 'trash.empty' AND detail = '{\"items\": 2}'"); n != 1 {
		t.Errorf("%d of the trash", n)
	}
}
