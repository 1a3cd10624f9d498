package app_test

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// guestWorld is a link through which guests may send, and its album of Anna's.
func guestWorld(t *testing.T, e app.LinkEdit) (w *world, anna app.Actor, album uuid.UUID, l app.AlbumLink) {
	w, anna, album = newLinked(t)
	e.Upload = new(true)
	return w, anna, album, w.link(anna, album, e)
}

var browser = app.Guest{Name: "Uncle Bob", Browser: "the browser of uncle bob"}

func (w *world) sendAsGuest(actor app.Actor, name, content string) error {
	ctx := app.WithOrigin(w.t.Context(), app.Origin{Addr: somewhere})
	return second(w.ReceiveGuestMedia(ctx, actor, browser, app.Incoming{Filename: name, Size: -1, Body: strings.NewReader(content)}))
}

// sent sends one file and returns the item that it became.
func (w *world) sent(actor app.Actor, name, content string) (id uuid.UUID) {
	w.t.Helper()
	if err := w.sendAsGuest(actor, name, content); err != nil {
		w.t.Fatal(err)
	}
	if err := w.db.QueryRow(w.t.Context(), "SELECT id FROM media ORDER BY id DESC LIMIT 1").Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	// As a worker leaves it.
	w.exec("UPDATE media SET status = 'ready', processed_at = now(), width = 4, height = 3 WHERE id = $1", id)
	w.exec("INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes) VALUES ($1, 'thumb', 1, $2, 'image/webp', 4, 3, 9)", id, "d/"+id.String())
	return id
}

func TestWhatAGuestSendsWaitsUnseen(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{Download: new(true), Strip: new(false)})
	owner, _ := anna.User()
	viewer, admin := w.user("viewer"), w.user("admin")
	w.grant(album, viewer.ID, db.AlbumRoleViewer)
	w.grant(album, admin.ID, db.AlbumRoleAdmin)
	guest := w.open(l)
	old := w.media(owner, album)
	id := w.sent(guest, "party.png", png("party"))

	m, err := w.db.MediaByID(t.Context(), id)
	if err != nil || m.OwnerID != owner.ID || m.AlbumID == nil || *m.AlbumID != album || m.Withheld == nil || *m.Withheld != "guest" {
		t.Fatalf("media = %+v, %v", m, err)
	}
	if used := w.count("SELECT used_bytes FROM users WHERE id = $1", owner.ID); used != 1000+int64(len(png("party"))) {
		t.Errorf("the owner uses %d bytes", used)
	}
	everywhere := func(x app.Actor) map[string]bool {
		sees := map[string]bool{}
		page, err := w.AlbumItems(t.Context(), x, album, app.AlbumItemsQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			sees["list"] = sees["list"] || i.ID == id
		}
		card, err := w.Album(t.Context(), x, album)
		if err != nil {
			t.Fatal(err)
		}
		sees["count"] = card.Items == 2
		sees["cover"] = card.Cover != nil && card.Cover.ID == id
		sees["item"] = second(w.Media(t.Context(), x, id)) == nil
		sees["record"] = second(w.Record(t.Context(), x, id)) == nil
		sees["thumb"] = second(w.Derivative(t.Context(), x, id, app.Thumb)) == nil
		sees["original"] = second(w.Original(t.Context(), x, id)) == nil
		if x.SignedIn() {
			hits, err := w.Search(t.Context(), x, app.SearchQuery{Q: "party"})
			if err != nil {
				t.Fatal(err)
			}
			sees["search"] = len(hits.Hits) > 0
			timeline, err := w.Timeline(t.Context(), x, app.TimelineQuery{Scope: db.ScopeAll})
			if err != nil {
				t.Fatal(err)
			}
			sees["timeline"] = len(timeline.Items) > 1
		}
		n, err := w.Neighbours(t.Context(), x, app.Set{Kind: app.SetAlbum, Album: album}, old)
		if err != nil {
			t.Fatal(err)
		}
		sees["neighbour"] = n.Previous != nil || n.Next != nil
		return sees
	}
	for who, x := range map[string]app.Actor{"viewer": app.UserActor(viewer), "guest": guest} {
		for what, sees := range everywhere(x) {
			if sees {
				t.Errorf("before approval the %s sees it: %s", who, what)
			}
		}
	}
	for who, x := range map[string]app.Actor{"owner": anna, "album admin": app.UserActor(admin)} {
		sees := everywhere(x)
		if !sees["thumb"] || !sees["item"] || sees["list"] || sees["count"] || sees["search"] || sees["timeline"] || sees["neighbour"] {
			t.Errorf("before approval the %s: %v", who, sees)
		}
		page, err := w.Pending(t.Context(), x, album, "")
		if err != nil || page.Total != 1 || len(page.Items) != 1 || page.Items[0].ID != id || page.Items[0].Guest != "Uncle Bob" || page.Items[0].ThumbVersion != 1 {
			t.Errorf("the queue of the %s: %+v, %v", who, page, err)
		}
	}
	sent, space, err := w.GuestUploads(t.Context(), guest, browser.Browser)
	if err != nil || len(sent) != 1 || sent[0].Filename != "party.png" || sent[0].Approved || space.Files != int(app.DefaultLinkUploads)-1 {
		t.Errorf("the guest's own list: %+v, %+v, %v", sent, space, err)
	}
	if sent, _, err := w.GuestUploads(t.Context(), guest, "another browser"); err != nil || len(sent) != 0 {
		t.Errorf("another guest's list: %+v, %v", sent, err)
	}

	n, err := w.ApprovePending(t.Context(), app.UserActor(admin), album, app.PendingChoice{IDs: []uuid.UUID{id}})
	if err != nil || n != 1 {
		t.Fatalf("ApprovePending = %d, %v", n, err)
	}
	for what, sees := range everywhere(app.UserActor(viewer)) {
		if !sees && what != "timeline" && what != "cover" { // which of two it is does not matter
			t.Errorf("after approval the viewer does not see it: %s", what)
		}
	}
	if sent, _, err := w.GuestUploads(t.Context(), guest, browser.Browser); err != nil || len(sent) != 1 || !sent[0].Approved {
		t.Errorf("the guest's own list after approval: %+v, %v", sent, err)
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE action IN ('guest.upload', 'guest.approve')"); n != 2 {
		t.Errorf("%d audit rows", n)
	}
}

func TestWhatIsRejectedGoesToTheOwnersTrash(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	guest := w.open(l)
	id := w.sent(guest, "bad.png", png("bad"))
	if n, err := w.RejectPending(t.Context(), anna, album, app.PendingChoice{Until: w.now}); err != nil || n != 1 {
		t.Fatalf("RejectPending = %d, %v", n, err)
	}
	trash, err := w.Trash(t.Context(), anna, app.ListQuery{})
	if err != nil || len(trash.Items) != 1 || trash.Items[0].ID != id {
		t.Errorf("trash %+v, %v", trash, err)
	}
	if err := w.sendAsGuest(guest, "bad.png", png("bad")); err != nil {
		t.Errorf("sending it again: %v", err)
	}
	m, err := w.db.MediaByID(t.Context(), id)
	if err != nil || m.TrashedAt == nil || m.AlbumID != nil || m.Withheld != nil {
		t.Errorf("a guest took it out of the trash: %+v, %v", m, err)
	}
	if _, err := w.RestoreMedia(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	if page, err := w.Pending(t.Context(), anna, album, ""); err != nil || page.Total != 0 {
		t.Errorf("queue %+v, %v", page, err)
	}
}

// What came after the page was shown is not decided on with "all".
func TestDecidingOnAllMeansWhatWasThere(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	guest := w.open(l)
	w.sent(guest, "a.png", png("a"))
	page, err := w.Pending(t.Context(), anna, album, "")
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(1e9)
	late := w.sent(w.open(l), "b.png", png("b"))
	if n, err := w.ApprovePending(t.Context(), anna, album, app.PendingChoice{Until: page.Until}); err != nil || n != 1 {
		t.Errorf("approved %d, %v", n, err)
	}
	if page, err := w.Pending(t.Context(), anna, album, ""); err != nil || page.Total != 1 || page.Items[0].ID != late {
		t.Errorf("queue %+v, %v", page, err)
	}
}

// Those who may approve hear of it by mail, once in an hour.
func TestAdminsAreMailedAboutGuestsOnceAnHour(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	admin, viewer, suspended := w.user("admin"), w.user("viewer"), w.user("suspended")
	w.grant(album, admin.ID, db.AlbumRoleAdmin)
	w.grant(album, suspended.ID, db.AlbumRoleAdmin)
	w.grant(album, viewer.ID, db.AlbumRoleContributor)
	w.exec("UPDATE users SET suspended_at = now() WHERE id = $1", suspended.ID)
	mails := func() int64 { return w.count("SELECT count(*) FROM mails WHERE template = 'guest_uploads'") }
	w.sent(w.open(l), "a.png", png("a"))
	if n := mails(); n != 2 || w.count("SELECT count(*) FROM mails WHERE recipient IN ('anna@example.org', 'admin@example.org')") != 2 {
		t.Errorf("%d mails after the first photo", n)
	}
	other := w.link(anna, album, app.LinkEdit{Upload: new(true)})
	w.now = w.now.Add(59 * time.Minute)
	w.sent(w.open(l), "b.png", png("b"))
	w.sent(w.open(other), "c.png", png("c"))
	if n := mails(); n != 2 {
		t.Errorf("%d mails within the hour", n)
	}
	w.now = w.now.Add(2 * time.Minute)
	w.sent(w.open(other), "d.png", png("d"))
	if n := mails(); n != 4 {
		t.Errorf("%d mails after the hour", n)
	}
}

// A guest must not find out what else the owner has.
func TestAGuestDoesNotLearnWhatTheOwnerHas(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	guest := w.open(l)
	for _, name := range []string{"loose", "trashed"} {
		got, err := w.send(anna, name+".png", png(name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "trashed" {
			w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", got.Media.ID)
		}
		if err := w.sendAsGuest(guest, "x.png", png(name)); err != nil {
			t.Fatal(err)
		}
		after, err := w.db.MediaByID(t.Context(), got.Media.ID)
		if err != nil || after.AlbumID != nil || after.Withheld != nil || (after.TrashedAt != nil) != (name == "trashed") {
			t.Errorf("%s: now %+v, %v", name, after, err)
		}
	}
	if err := w.sendAsGuest(guest, "new.png", png("new")); err != nil {
		t.Fatal(err)
	}
	sent, space, err := w.GuestUploads(t.Context(), guest, browser.Browser)
	if err != nil || len(sent) != 3 || space.Files != int(app.DefaultLinkUploads)-3 {
		t.Fatalf("sent %+v, left %+v, %v", sent, space, err)
	}
	for _, s := range sent {
		if s.Approved {
			t.Errorf("%+v tells that the owner had it", s)
		}
	}
	if page, err := w.Pending(t.Context(), anna, album, ""); err != nil || page.Total != 1 {
		t.Errorf("queue %+v, %v", page, err)
	}
}

func TestQuotasOfGuests(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{UploadCount: new(int32(2)), UploadBytes: new(int64(300))})
	owner, _ := anna.User()
	guest := w.open(l)
	wantError(t, w.sendAsGuest(guest, "big.png", png(strings.Repeat("x", 300))), app.CodeTooLarge, "receive.link_space")
	w.wantNothing()
	w.sent(guest, "a.png", png("a"))
	w.exec("UPDATE users SET quota_bytes = used_bytes + 10 WHERE id = $1", owner.ID)
	err := w.sendAsGuest(guest, "b.png", png("b"))
	wantError(t, err, app.CodeTooLarge, "receive.guest_full")
	if e := asError(err); e != nil && e.Args["Limit"] != nil {
		t.Errorf("a guest learns how much space the owner has: %v", e.Args)
	}
	w.exec("UPDATE users SET quota_bytes = NULL")
	w.sent(guest, "b.png", png("b"))
	wantError(t, w.sendAsGuest(guest, "c.png", png("c")), app.CodeTooLarge, "receive.link_full")
	wantError(t, w.sendAsGuest(guest, "page.png", "<html></html>"), app.CodeTooLarge, "receive.link_full")
	if _, err := w.EditLink(t.Context(), anna, album, l.ID, app.LinkEdit{UploadCount: new(int32(3))}); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.sendAsGuest(guest, "page.png", "<html></html>"), app.CodeUnsupported, "receive.refused.html")
}

// The right is asked for again when the bytes are there.
func TestAGuestsUploadEndsWithItsLink(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	ctx := t.Context()
	for name, end := range map[string]func() error{
		"a changed password": func() error {
			return second(w.EditLink(ctx, anna, album, l.ID, app.LinkEdit{Password: new("password")}))
		},
		"uploads switched off": func() error {
			return second(w.EditLink(ctx, anna, album, l.ID, app.LinkEdit{Upload: new(false)}))
		},
		"revocation": func() error { return w.RevokeLink(ctx, anna, album, l.ID) },
	} {
		l = w.link(anna, album, app.LinkEdit{Upload: new(true)})
		guest := w.open(l)
		body := io.MultiReader(strings.NewReader(png(strings.Repeat("x", 10_000))), &hook{func() {
			if err := end(); err != nil {
				t.Error(err)
			}
		}})
		_, err := w.ReceiveGuestMedia(ctx, guest, browser, app.Incoming{Filename: "a.png", Size: -1, Body: body})
		if code := app.CodeOf(err); code != app.CodeNotFound && code != app.CodeForbidden {
			t.Errorf("after %s in the middle: %v", name, err)
		}
		w.wantNothing()
	}
}

// What waits and loses its album is in the owner's trash, not nowhere.
func TestWhatWaitsInADeletedAlbumIsInTheTrash(t *testing.T) {
	w, anna, album, l := guestWorld(t, app.LinkEdit{})
	id := w.sent(w.open(l), "a.png", png("a"))
	w.exec("DELETE FROM albums WHERE id = $1", album)
	trash, err := w.Trash(t.Context(), anna, app.ListQuery{})
	if err != nil || len(trash.Items) != 1 || trash.Items[0].ID != id {
		t.Errorf("trash %+v, %v", trash, err)
	}
	if drift, err := w.CheckDrift(t.Context(), system); err != nil || drift != (app.Drift{}) {
		t.Errorf("drift %v, %v", drift, err)
	}
}

func TestFilesOfGuestsAreLimitedByTheHour(t *testing.T) {
	w, _, _, l := guestWorld(t, app.LinkEdit{UploadCount: new(int32(10_000))})
	guest := w.open(l)
	ctx := app.WithOrigin(context.Background(), app.Origin{Addr: netip.MustParseAddr("203.0.113.9")})
	var err error
	for range 501 { // refused files count too
		_, err = w.ReceiveGuestMedia(ctx, guest, browser, app.Incoming{Filename: "a.html", Size: -1, Body: strings.NewReader("<html>")})
	}
	if app.CodeOf(err) != app.CodeRateLimited {
		t.Errorf("the 501st file: %v", err)
	}
}

func TestGuestAccess(t *testing.T) {
	w := newStored(t)
	w.attempts = app.NewRateLimiter(redisPool(t), "test:"+uuid.NewString()+":")
	w.restart()
	_, actors := stage(w, "private")
	album := w.firstAlbum()
	for name, upload := range map[string]bool{"guest": true, "looker": false} {
		actors[name] = w.open(w.link(actors["albumowner"], album, app.LinkEdit{Upload: &upload}))
	}
	ctx := t.Context()
	send := func(x app.Actor) error {
		return second(w.ReceiveGuestMedia(ctx, x, browser, app.Incoming{Filename: "a.png", Size: -1, Body: strings.NewReader(png(uuid.NewString()))}))
	}
	list := func(x app.Actor) error {
		_, _, err := w.GuestUploads(ctx, x, "b")
		return err
	}
	count := func(x app.Actor) error { return w.CountLinkView(ctx, x, "agent") }
	choice := app.PendingChoice{Until: w.now}
	pending := func(x app.Actor) error { return second(w.Pending(ctx, x, album, "")) }
	approve := func(x app.Actor) error { return second(w.ApprovePending(ctx, x, album, choice)) }
	reject := func(x app.Actor) error { return second(w.RejectPending(ctx, x, album, choice)) }
	counting := map[string]string{"guest": "o", "looker": "o", "revoked": "o"} // of an actor whose link was opened
	for who, want := range map[string][2]string{                               // sending, deciding
		"anonymous": {"n", "n"}, "stranger": {"n", "n"}, "viewer": {"n", "f"}, "contributor": {"n", "f"}, "albumadmin": {"n", "o"},
		"albumowner": {"n", "o"}, "siteadmin": {"n", "n"}, "readtoken": {"n", "f"}, "suspended": {"n", "n"},
		"guest": {"o", "u"}, "looker": {"f", "u"}, "revoked": {"n", "n"},
	} {
		for name, c := range map[string]struct {
			use  func(app.Actor) error
			want string
		}{
			"ReceiveGuestMedia": {send, want[0]}, "GuestUploads": {list, want[0]}, "CountLinkView": {count, counting[who]},
			"Pending": {pending, want[1]}, "ApprovePending": {approve, want[1]}, "RejectPending": {reject, want[1]},
		} {
			if c.want == "" {
				c.want = "n"
			}
			got := "o"
			if err := c.use(actors[who]); err != nil {
				got = letters[app.CodeOf(err)]
			}
			if got != c.want {
				t.Errorf("%s as %s: %s, want %s", name, who, got, c.want)
			}
		}
	}
	// What waits in another album is not decided on through one's own.
	id := w.sent(actors["guest"], "z.png", png("zz"))
	mine := w.user("somebody")
	own := w.album(mine, db.AlbumVisibilityPrivate)
	if n, err := w.ApprovePending(ctx, app.UserActor(mine), own, app.PendingChoice{IDs: []uuid.UUID{id}}); n != 0 || err != nil {
		t.Errorf("approved %d of another album, %v", n, err)
	}
}
