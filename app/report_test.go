package app_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/storage"
)

// reported is a site with an administrator, and a photo in an album that a
// viewer has reported.
type reported struct {
	*world
	admin, owner, viewer app.Actor
	album, photo, id     uuid.UUID
}

func newReported(t *testing.T) *reported {
	t.Helper()
	store, err := storage.Open("file://" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := newWorld(t, store)
	w.now = time.Now().Truncate(time.Second)
	owner, viewer, admin := w.user("owner"), w.user("viewer"), w.user("admin")
	w.exec("UPDATE users SET is_admin = true WHERE id = $1", admin.ID)
	admin.IsAdmin = true
	r := &reported{world: w, admin: app.UserActor(admin), owner: app.UserActor(owner), viewer: app.UserActor(viewer)}
	r.album = w.album(owner, db.AlbumVisibilityPrivate)
	w.grant(r.album, viewer.ID, db.AlbumRoleViewer)
	r.photo = w.media(owner, r.album)
	if _, err := store.Put(t.Context(), "media/"+r.photo.String(), strings.NewReader(strings.Repeat("x", 1000))); err != nil {
		t.Fatal(err)
	}
	from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("192.0.2.7")})
	if err := w.ReportMedia(from, r.viewer, r.photo, app.NewReport{Reason: "consent", Message: " That is me. "}); err != nil {
		t.Fatal(err)
	}
	page, err := w.Reports(t.Context(), r.admin, app.ReportsQuery{})
	if err != nil || len(page.Items) != 1 || page.Open != 1 {
		t.Fatal(page, err)
	}
	r.id = page.Items[0].ID
	return r
}

func (r *reported) see(who app.Actor) app.Code {
	_, err := r.Media(context.Background(), who, r.photo)
	if err == nil {
		return ""
	}
	return app.CodeOf(err)
}

func (r *reported) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *reported) strings(sql string, args ...any) string {
	r.t.Helper()
	var text string
	if err := r.db.QueryRow(context.Background(), "SELECT coalesce(string_agg(x, ' ' ORDER BY n), '') FROM ("+sql+") t(n, x)", args...).Scan(&text); err != nil {
		r.t.Fatal(err)
	}
	return text
}

func TestReportsTellWhatWhoAndFromWhere(t *testing.T) {
	r := newReported(t)
	visitor := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("198.51.100.9")})
	r.exec("UPDATE albums SET visibility = 'public' WHERE id = $1", r.album)
	stamp := app.Guard{Stamp: app.OldStamp(r.App, 0)}
	r.must(r.ReportMedia(visitor, app.Actor{}, r.photo, app.NewReport{Reason: "something_else", Message: "Look again", Email: "Vera@Example.org", Guard: stamp}))
	link := r.shareLink(r.album, mustUser(r.owner))
	r.must(r.ReportMedia(visitor, app.LinkActor(app.Link{ID: link}), r.photo, app.NewReport{Reason: "hate", Guard: stamp}))

	c, err := r.ReportCase(t.Context(), r.admin, r.id)
	r.must(err)
	if len(c.Reports) != 3 || c.Count != 3 || !c.There || !c.Pictured || c.Hidden {
		t.Fatalf("%+v", c)
	}
	for i, want := range []app.Report{
		{Reason: "hate", Kind: "link", IP: "198.51.100.9"},
		{Reason: "something_else", Kind: "visitor", Message: "Look again", Email: "vera@example.org", IP: "198.51.100.9"},
		{Reason: "consent", Kind: "user", Message: "That is me.", Email: "viewer@example.org", Name: "viewer", UserID: r.viewer.UserID(), IP: "192.0.2.7"},
	} {
		got := c.Reports[i]
		got.ID, got.At = uuid.Nil, time.Time{}
		if got != want {
			t.Errorf("report %d:\n got %+v\nwant %+v", i, got, want)
		}
	}
	sum := hex.EncodeToString(append(r.photo[:], r.photo[:]...))
	if e := c.Evidence; e.SHA256 != sum || e.Owner != "owner" || e.Album != "Album" || e.Filename != "photo.jpg" || e.Bytes != 1000 {
		t.Errorf("evidence %+v", e)
	}
	// One mail for each administrator and case.
	if got := r.strings("SELECT 1, template || ' ' || recipient FROM mails"); got != "report admin@example.org" {
		t.Errorf("mails: %s", got)
	}
	if got := r.strings("SELECT id, action || ':' || actor_kind || ':' || ip FROM audit_log"); got != "report.create:user:192.0.2.7 report.create:visitor:198.51.100.9 report.create:link:198.51.100.9" {
		t.Errorf("audit log: %s", got)
	}
}

func mustUser(a app.Actor) db.User {
	u, _ := a.User()
	return u
}

func TestWhatIsHiddenIsThereForItsOwnerAlone(t *testing.T) {
	r := newReported(t)
	link := app.LinkActor(app.Link{ID: r.shareLink(r.album, mustUser(r.owner)), Download: true})
	r.must(r.HideReported(t.Context(), r.admin, r.id))
	r.must(r.HideReported(t.Context(), r.admin, r.id)) // twice is once
	for who, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"owner": {r.owner, ""}, "viewer": {r.viewer, app.CodeNotFound}, "link": {link, app.CodeNotFound},
		"admin": {r.admin, app.CodeNotFound}, "visitor": {app.Actor{}, app.CodeNotFound},
	} {
		if got := r.see(c.actor); got != c.want {
			t.Errorf("%s: %q, want %q", who, got, c.want)
		}
		if _, err := r.Derivative(t.Context(), c.actor, r.photo, app.Thumb); c.want != "" && app.CodeOf(err) != c.want {
			t.Errorf("%s gets the bytes: %v", who, err)
		}
	}
	items, err := r.AlbumItems(t.Context(), r.viewer, r.album, app.AlbumItemsQuery{})
	if err != nil || len(items.Items) != 0 {
		t.Errorf("the album shows %v, %v", items.Items, err)
	}
	// Administrators look at it only as what was reported, and that is written down.
	if _, err := r.ReportedPreview(t.Context(), r.admin, r.id); err != nil {
		t.Error(err)
	}
	if err := r.ReportMedia(t.Context(), r.viewer, r.photo, app.NewReport{Reason: "hate"}); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("a hidden photo can be reported: %v", err)
	}
	r.must(r.RestoreReported(t.Context(), r.admin, r.id))
	if got := r.see(r.viewer); got != "" {
		t.Errorf("shown again: %q", got)
	}
	r.must(r.HideReported(t.Context(), r.admin, r.id))
	r.must(r.DismissReport(t.Context(), r.admin, r.id))
	if got := r.see(r.viewer); got != "" {
		t.Errorf("dismissed: %q", got)
	}
	if err := r.HideReported(t.Context(), r.admin, r.id); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("a closed case: %v", err)
	}
	if got := r.strings("SELECT id, template FROM mails"); got != "report report_hidden report_restored report_hidden report_restored" {
		t.Errorf("mails: %s", got)
	}
	if got := r.strings("SELECT id, action FROM audit_log"); got != "report.create report.hide report.view report.restore report.hide report.dismiss" {
		t.Errorf("audit log: %s", got)
	}
	drift, err := r.CheckDrift(t.Context(), app.SystemActor())
	if err != nil || drift != (app.Drift{}) {
		t.Errorf("drift: %+v, %v", drift, err)
	}
}

// What a guest has sent and nobody approved stays with the album's admins when
// it is shown again.
func TestShowingAgainKeepsWhatWasWithheldBefore(t *testing.T) {
	r := newReported(t)
	r.exec("UPDATE media SET withheld = 'guest' WHERE id = $1", r.photo)
	r.must(r.HideReported(t.Context(), r.admin, r.id))
	r.must(r.RestoreReported(t.Context(), r.admin, r.id))
	if got := r.strings("SELECT 1, withheld FROM media WHERE id = $1", r.photo); got != "guest" {
		t.Errorf("withheld: %q", got)
	}
}

func TestOwnersHearNothingWhereTheSiteSaysSo(t *testing.T) {
	r := newReported(t)
	s := app.DefaultSiteSettings()
	s.MailOnReport = false
	_, err := r.UpdateSiteSettings(t.Context(), r.admin, s)
	r.must(err)
	r.must(r.HideReported(t.Context(), r.admin, r.id))
	r.must(r.DeleteReported(t.Context(), r.admin, r.id))
	if got := r.strings("SELECT id, template FROM mails"); got != "report" {
		t.Errorf("mails: %s", got)
	}
}

// evidence reads the original as an administrator does.
func (r *reported) evidence() (string, error) {
	o, err := r.ReportedOriginal(context.Background(), r.admin, r.id)
	if err != nil {
		return "", err
	}
	f, err := o.Open(context.Background())
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}

func (r *reported) sweep() {
	r.t.Helper()
	_, err := r.SweepReports(context.Background(), app.SystemActor())
	r.must(err)
	_, err = r.SweepObjects(context.Background(), app.SystemActor())
	r.must(err)
}

func TestEvidenceOutlivesThePhotoAndThenGoes(t *testing.T) {
	for how, remove := range map[string]func(*reported){
		"by its owner": func(r *reported) {
			_, err := r.TrashMedia(t.Context(), r.owner, r.photo)
			r.must(err)
			r.must(r.DeleteMedia(t.Context(), r.owner, r.photo))
			r.now = r.now.Add(time.Minute)
			r.sweep()
			c, err := r.ReportCase(t.Context(), r.admin, r.id)
			if err != nil || c.There || c.Pictured || c.Outcome != "" {
				t.Errorf("the case of a deleted photo: %+v, %v", c, err)
			}
			if err := r.HideReported(t.Context(), r.admin, r.id); app.CodeOf(err) != app.CodeConflict {
				t.Errorf("hiding what is gone: %v", err)
			}
			r.must(r.DismissReport(t.Context(), r.admin, r.id))
		},
		"by an administrator": func(r *reported) { r.must(r.DeleteReported(t.Context(), r.admin, r.id)) },
		"with its owner": func(r *reported) {
			_, err := r.DeleteUser(t.Context(), r.admin, r.owner.UserID(), app.UserDeletion{Confirm: "owner@example.org"})
			r.must(err)
			_, err = r.DoChores(t.Context(), app.SystemActor())
			r.must(err)
			r.must(r.DismissReport(t.Context(), r.admin, r.id))
		},
	} {
		t.Run("deleted "+how, func(t *testing.T) {
			r := newReported(t)
			remove(r)
			if got := r.see(r.owner); got != app.CodeNotFound {
				t.Errorf("the photo is still there: %q", got)
			}
			r.now = r.now.AddDate(0, 0, app.DefaultSiteSettings().EvidenceDays).Add(-time.Hour)
			r.sweep()
			if got, err := r.evidence(); got != strings.Repeat("x", 1000) || err != nil {
				t.Errorf("the evidence: %d bytes, %v", len(got), err)
			}
			r.now = r.now.Add(2 * time.Hour)
			r.sweep()
			if _, err := r.ReportCase(t.Context(), r.admin, r.id); app.CodeOf(err) != app.CodeNotFound {
				t.Errorf("the case is still there: %v", err)
			}
			if _, err := r.store.Stat(t.Context(), "media/"+r.photo.String()); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("the object is still there: %v", err)
			}
		})
	}
}

// A dismissed case goes, the photo stays.
func TestForgettingACaseLeavesThePhoto(t *testing.T) {
	r := newReported(t)
	r.must(r.DismissReport(t.Context(), r.admin, r.id))
	r.now = r.now.AddDate(1, 0, 0)
	r.sweep()
	if _, err := r.store.Stat(t.Context(), "media/"+r.photo.String()); err != nil {
		t.Error(err)
	}
	if got := r.see(r.viewer); got != "" {
		t.Errorf("the photo: %q", got)
	}
	// A new report is a new case.
	r.must(r.ReportMedia(t.Context(), r.viewer, r.photo, app.NewReport{Reason: "hate"}))
	if page, err := r.Reports(t.Context(), r.admin, app.ReportsQuery{}); err != nil || page.Open != 1 || page.Items[0].ID == r.id {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestReportsAreCheckedAndMachinesFooled(t *testing.T) {
	r := newReported(t)
	r.exec("UPDATE albums SET visibility = 'public' WHERE id = $1", r.album)
	good, visitor := app.Guard{Stamp: app.OldStamp(r.App, 0)}, app.Actor{}
	fresh, old := app.Guard{Stamp: r.FormStamp()}, app.Guard{Stamp: app.OldStamp(r.App, 13*time.Hour)}
	for name, c := range map[string]struct {
		who  app.Actor
		n    app.NewReport
		want string // field or key
	}{
		"no reason":        {r.viewer, app.NewReport{}, "reason"},
		"unknown reason":   {r.viewer, app.NewReport{Reason: "boredom"}, "reason"},
		"other, no word":   {r.viewer, app.NewReport{Reason: "something_else", Message: " \n"}, "message"},
		"too long":         {r.viewer, app.NewReport{Reason: "hate", Message: strings.Repeat("é", 5001)}, "message"},
		"not storable":     {r.viewer, app.NewReport{Reason: "hate", Message: "a\x00b"}, "message"},
		"no address":       {visitor, app.NewReport{Reason: "hate", Email: "nobody", Guard: good}, "email"},
		"no stamp":         {visitor, app.NewReport{Reason: "hate"}, "error.form_stale"},
		"a forged stamp":   {visitor, app.NewReport{Reason: "hate", Guard: app.Guard{Stamp: strings.Repeat("A", 32)}}, "error.form_stale"},
		"a very old stamp": {visitor, app.NewReport{Reason: "hate", Guard: old}, "error.form_stale"},
		"too fast":         {visitor, app.NewReport{Reason: "hate", Guard: fresh}, "error.form_fast"},
		"just right":       {visitor, app.NewReport{Reason: "hate", Guard: good}, ""},
		"a machine":        {visitor, app.NewReport{Reason: "hate", Guard: app.Guard{Stamp: good.Stamp, Trap: "https://spam.example"}}, ""},
	} {
		before := r.strings("SELECT 1, count(*)::text FROM reports")
		err := r.ReportMedia(t.Context(), c.who, r.photo, c.n)
		e, _ := errors.AsType[*app.Error](err)
		switch {
		case c.want == "" && err != nil, c.want != "" && e == nil:
			t.Errorf("%s: %v", name, err)
		case e != nil && e.Key != c.want && e.Fields[c.want] == "":
			t.Errorf("%s: %v, %v", name, e.Key, e.Fields)
		}
		if stored := r.strings("SELECT 1, count(*)::text FROM reports") != before; stored != (name == "just right") {
			t.Errorf("%s: stored %v", name, stored)
		}
	}
}
