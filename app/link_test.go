package app_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func init() {
	for _, name := range []string{"Links", "Link", "CreateLink", "EditLink", "RotateLink", "RevokeLink"} {
		testedElsewhere[name] = "TestLinkAccess"
	}
	for _, name := range []string{"CountLinkView", "ReceiveGuestMedia", "GuestUploads", "Pending", "ApprovePending", "RejectPending"} {
		testedElsewhere[name] = "TestGuestAccess"
	}
}

// newLinked is a world whose use-cases count attempts, with an album of Anna's.
func newLinked(t *testing.T) (w *world, anna app.Actor, album uuid.UUID) {
	w = newStored(t)
	w.attempts = app.NewRateLimiter(redisPool(t), "test:"+uuid.NewString()+":")
	w.restart()
	owner := w.user("anna")
	return w, app.UserActor(owner), w.album(owner, db.AlbumVisibilityPrivate)
}

// link makes a link of the album's.
func (w *world) link(actor app.Actor, album uuid.UUID, e app.LinkEdit) app.AlbumLink {
	w.t.Helper()
	l, err := w.CreateLink(w.t.Context(), actor, album, e)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// open opens a link without password.
func (w *world) open(l app.AlbumLink) app.Actor {
	w.t.Helper()
	actor, _, err := w.OpenLink(w.t.Context(), l.Token, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

// unlock gives the password of a link.
func (w *world) unlock(l app.AlbumLink, password string) string {
	w.t.Helper()
	text, until, err := w.UnlockLink(w.t.Context(), l.Token, password, somewhere)
	if err != nil || !until.After(w.now) {
		w.t.Fatalf("UnlockLink until %v, %v", until, err)
	}
	return text
}

func (w *world) wantDead(token, unlock string) {
	w.t.Helper()
	_, _, err := w.OpenLink(w.t.Context(), token, unlock)
	wantError(w.t.(*testing.T), err, app.CodeNotFound, "not_found.link")
}

func (w *world) wantLocked(token, unlock string) {
	w.t.Helper()
	actor, _, err := w.OpenLink(w.t.Context(), token, unlock)
	wantError(w.t.(*testing.T), err, app.CodeUnauthenticated, "error.link_locked")
	if _, ok := actor.Link(); ok {
		w.t.Error("a locked link gave an actor")
	}
}

func TestALinkIsKeptAsAHashAndShownAgain(t *testing.T) {
	w, anna, album := newLinked(t)
	made := w.link(anna, album, app.LinkEdit{Name: new("Grandma"), Password: new("secret words")})
	if !made.StripMetadata || made.AllowDownload || made.AllowUpload || made.ExpiresAt != nil || made.Name != "Grandma" || made.Creator != "anna" {
		t.Errorf("made %+v", made)
	}
	if len(made.Token) != 32 || strings.Trim(made.Token, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("token %q", made.Token)
	}
	links, err := w.Links(t.Context(), anna, album)
	if err != nil || len(links) != 1 || links[0].Token != made.Token || links[0].State != app.LinkGood {
		t.Fatalf("Links = %+v, %v", links, err)
	}
	// Neither token nor password is anywhere in the database.
	for _, table := range []string{"share_links", "audit_log"} {
		var all string
		if err := w.db.QueryRow(t.Context(), "SELECT string_agg(x::text, ' ') FROM "+table+" x").Scan(&all); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{made.Token, "secret words"} {
			if strings.Contains(all, secret) || strings.Contains(all, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s holds %q", table, secret)
			}
		}
	}
	// A link that was made under another SECRET_KEY works, but cannot be shown.
	w.exec("UPDATE share_links SET nonce = '\\x00' WHERE id = $1", made.ID)
	if l, err := w.Link(t.Context(), anna, album, made.ID); err != nil || l.Token != "" {
		t.Errorf("shown %q, %v", l.Token, err)
	}
	w.wantLocked(made.Token, "")
}

func TestALinkStopsAtOnce(t *testing.T) {
	w, anna, album := newLinked(t)
	ctx := t.Context()
	for name, end := range map[string]func(app.AlbumLink){
		"revoked": func(l app.AlbumLink) {
			if err := w.RevokeLink(ctx, anna, album, l.ID); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(app.AlbumLink) { w.now = w.now.Add(time.Hour) }, // at the very instant
		"rotated": func(l app.AlbumLink) {
			if _, err := w.RotateLink(ctx, anna, album, l.ID); err != nil {
				t.Fatal(err)
			}
		},
		"album in the trash": func(app.AlbumLink) { w.exec("UPDATE albums SET trashed_at = now() WHERE id = $1", album) },
		"links switched off": func(app.AlbumLink) {
			w.exec(`INSERT INTO site_settings (settings) VALUES ('{"share_links": false}')`)
			w.now = w.now.Add(5 * time.Second)
		},
	} {
		hour := w.now.Add(time.Hour)
		until := &hour
		l := w.link(anna, album, app.LinkEdit{ExpiresAt: &until})
		w.open(l)
		end(l)
		t.Log(name)
		w.wantDead(l.Token, "")
		if _, _, err := w.UnlockLink(ctx, l.Token, "", somewhere); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s: unlocking gives %v", name, err)
		}
		w.exec("UPDATE albums SET trashed_at = NULL")
		w.exec("DELETE FROM site_settings")
		w.now = w.now.Add(5 * time.Second)
	}
	w.wantDead("", "")
	w.wantDead(strings.Repeat("a", 32), "")
	w.wantDead("\x00\xff", "")
}

func TestAChangedPasswordLocksAtOnce(t *testing.T) {
	w, anna, album := newLinked(t)
	l := w.link(anna, album, app.LinkEdit{Password: new("first one")})
	w.wantLocked(l.Token, "")
	unlock := w.unlock(l, "first one")
	if _, share, err := w.OpenLink(t.Context(), l.Token, unlock); err != nil || share.ID != l.ID || !share.Password {
		t.Fatalf("OpenLink = %+v, %v", share, err)
	}
	edit := func(e app.LinkEdit) {
		t.Helper()
		if _, err := w.EditLink(t.Context(), anna, album, l.ID, e); err != nil {
			t.Fatal(err)
		}
	}
	edit(app.LinkEdit{Name: new("another name")}) // changes no password
	if _, _, err := w.OpenLink(t.Context(), l.Token, unlock); err != nil {
		t.Errorf("after a new name: %v", err)
	}
	edit(app.LinkEdit{Password: new("second one")})
	w.wantLocked(l.Token, unlock)
	edit(app.LinkEdit{Password: new("first one")}) // the same words again are another password
	w.wantLocked(l.Token, unlock)
	edit(app.LinkEdit{Password: new("")})
	w.open(l)
	edit(app.LinkEdit{Password: new("first one")})
	w.wantLocked(l.Token, unlock)
}

func TestUnlockingOneLinkOpensNoOther(t *testing.T) {
	w, anna, album := newLinked(t)
	one := w.link(anna, album, app.LinkEdit{Password: new("the same")})
	two := w.link(anna, album, app.LinkEdit{Password: new("the same")})
	unlock := w.unlock(one, "the same")
	w.wantLocked(two.Token, unlock)

	until, proof, _ := strings.Cut(unlock, ".")
	for _, forged := range []string{
		"", ".", until, until + ".", "." + proof, "0." + proof, "9" + until + "." + proof, until + "." + proof[:len(proof)-2],
		until + "." + strings.ToUpper(proof), until + "." + proof + "a", "-" + until + "." + proof, strings.Repeat("9", 5000) + "." + proof,
		until + "." + strings.Repeat("a", len(proof)), until + "\x00." + proof, unlock + " ",
	} {
		w.wantLocked(one.Token, forged)
	}
	if _, _, err := w.OpenLink(t.Context(), one.Token, unlock); err != nil {
		t.Fatalf("the genuine one: %v", err)
	}
	w.now = w.now.Add(app.LinkUnlockLife)
	w.wantLocked(one.Token, unlock)
}

func TestGuessingTheWordOfALinkIsLimited(t *testing.T) {
	w, anna, album := newLinked(t)
	l := w.link(anna, album, app.LinkEdit{Password: new("the word")})
	other := w.link(anna, album, app.LinkEdit{Password: new("the word")})
	guess := func(l app.AlbumLink, from netip.Addr) app.Code {
		_, _, err := w.UnlockLink(t.Context(), l.Token, "a guess", from)
		return app.CodeOf(err)
	}
	for range 10 {
		if code := guess(l, somewhere); code != app.CodeUnauthenticated {
			t.Fatalf("a guess: %s", code)
		}
	}
	if code := guess(l, somewhere); code != app.CodeRateLimited {
		t.Errorf("the eleventh guess: %s", code)
	}
	if _, _, err := w.UnlockLink(t.Context(), l.Token, "the word", somewhere); app.CodeOf(err) != app.CodeRateLimited {
		t.Errorf("the right word among too many guesses: %v", err)
	}
	if code := guess(other, somewhere); code != app.CodeUnauthenticated {
		t.Errorf("a guess at another link: %s", code)
	}
	limited := 0
	for i := range 120 { // each from a network of its own
		if guess(l, netip.AddrFrom4([4]byte{10, byte(i), 0, 1})) == app.CodeRateLimited {
			limited++
		}
	}
	if limited != 30 {
		t.Errorf("%d of 120 guesses from many addresses were stopped, want 30", limited)
	}
}

// A link of one album shows nothing of another, whatever is asked.
func TestALinkShowsItsOwnAlbumOnly(t *testing.T) {
	w, anna, album := newLinked(t)
	owner, _ := anna.User()
	other, below := w.album(owner, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate)
	w.exec("UPDATE albums SET parent_id = $1 WHERE id = $2", album, below)
	public := w.album(owner, db.AlbumVisibilityPublic)
	l := w.link(anna, album, app.LinkEdit{Download: new(true), Strip: new(false)})
	actor := w.open(l)
	reads := map[string]func(uuid.UUID) error{
		"Media":    func(id uuid.UUID) error { return second(w.Media(t.Context(), actor, id)) },
		"Record":   func(id uuid.UUID) error { return second(w.Record(t.Context(), actor, id)) },
		"Original": func(id uuid.UUID) error { return second(w.Original(t.Context(), actor, id)) },
		"thumb":    func(id uuid.UUID) error { return second(w.Derivative(t.Context(), actor, id, app.Thumb)) },
		"preview":  func(id uuid.UUID) error { return second(w.Derivative(t.Context(), actor, id, app.Preview)) },
	}
	for _, c := range []struct {
		where string
		album uuid.UUID
		sees  bool
	}{{"its album", album, true}, {"an album below", below, true}, {"another album", other, false}, {"a public album", public, false}, {"no album", uuid.Nil, false}} {
		item := w.media(owner, c.album)
		for name, read := range reads {
			if err := read(item); c.sees != (err == nil) || !c.sees && app.CodeOf(err) != app.CodeNotFound {
				t.Errorf("%s of an item in %s: %v", name, c.where, err)
			}
		}
	}
	if _, err := w.EditLink(t.Context(), anna, album, l.ID, app.LinkEdit{Download: new(false)}); err != nil {
		t.Fatal(err)
	}
	actor = w.open(l)
	if err := reads["Original"](w.media(owner, album)); app.CodeOf(err) != app.CodeForbidden {
		t.Errorf("the original without downloads: %v", err)
	}
}

func TestVisitsOfALinkAreCountedOnce(t *testing.T) {
	w, anna, album := newLinked(t)
	l := w.link(anna, album, app.LinkEdit{})
	for _, agent := range []string{"one", "one", "two", "one"} {
		if err := w.CountLinkView(t.Context(), w.open(l), agent); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.Link(t.Context(), anna, album, l.ID)
	if err != nil || got.Views != 2 || got.LastUsedAt == nil {
		t.Errorf("%d views, used %v, %v", got.Views, got.LastUsedAt, err)
	}
	// Counting fails where Redis or the row is not to be had; looking does not.
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // nothing is to be kept
	if _, err := tx.Exec(t.Context(), "SELECT 1 FROM share_links FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if err := w.CountLinkView(t.Context(), w.open(l), "three"); err != nil {
		t.Errorf("while the row is locked: %v", err)
	}
}

func TestLinksRefuseBadInput(t *testing.T) {
	w, anna, album := newLinked(t)
	ptr := func(d time.Duration) **time.Time { at := w.now.Add(d); p := &at; return &p }
	for field, e := range map[string]app.LinkEdit{
		"name": {Name: new(strings.Repeat("x", 101))}, "password": {Password: new("short")}, "expires_at": {ExpiresAt: ptr(-time.Second)},
		"upload_bytes": {UploadBytes: new(int64(0))}, "upload_count": {UploadCount: new(int32(-1))},
	} {
		_, err := w.CreateLink(t.Context(), anna, album, e)
		if e := asError(err); e == nil || e.Code != app.CodeInvalid || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	for name, e := range map[string]app.LinkEdit{
		"two lines": {Name: new("a\nb")}, "no text": {Name: new("\xff")}, "spaces": {Password: new("          ")},
		"too long": {Password: new(strings.Repeat("x", 73))}, "now": {ExpiresAt: ptr(0)}, "far": {ExpiresAt: ptr(20 * 366 * 24 * time.Hour)},
	} {
		if err := second(w.CreateLink(t.Context(), anna, album, e)); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := w.link(anna, album, app.LinkEdit{})
	for range 2 {
		if err := w.RevokeLink(t.Context(), anna, album, l.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.EditLink(t.Context(), anna, album, l.ID, app.LinkEdit{Name: new("x")})
	wantError(t, err, app.CodeConflict, "error.link_revoked")
	for range 100 {
		w.link(anna, album, app.LinkEdit{})
	}
	_, err = w.CreateLink(t.Context(), anna, album, app.LinkEdit{})
	wantError(t, err, app.CodeConflict, "error.link_count")
}

// Whoever may share the album has to do with its links; a token needs media.read
// too, because a link shows the album, and media.write to let guests upload.
func TestLinkAccess(t *testing.T) {
	w := newWorld(t, nil)
	_, actors := stage(w, "private")
	album := w.firstAlbum()
	owner, _ := actors["albumowner"].User()
	for name, scopes := range map[string][]app.Scope{
		"sharetoken": {app.ScopeShare}, "readsharetoken": {app.ScopeShare, app.ScopeMediaRead}, "writetoken": {app.ScopeMediaRead, app.ScopeMediaWrite},
	} {
		actors[name] = app.TokenActor(owner, scopes)
	}
	ctx := t.Context()
	first := func() uuid.UUID { return w.link(actors["albumowner"], album, app.LinkEdit{Name: new("made")}).ID }
	uses := map[string]func(app.Actor) error{
		"Links":      func(x app.Actor) error { return second(w.Links(ctx, x, album)) },
		"Link":       func(x app.Actor) error { return second(w.Link(ctx, x, album, first())) },
		"CreateLink": func(x app.Actor) error { return second(w.CreateLink(ctx, x, album, app.LinkEdit{Name: new("made")})) },
		"EditLink": func(x app.Actor) error {
			return second(w.EditLink(ctx, x, album, first(), app.LinkEdit{Download: new(true)}))
		},
		"RotateLink": func(x app.Actor) error { return second(w.RotateLink(ctx, x, album, first())) },
		"RevokeLink": func(x app.Actor) error { return w.RevokeLink(ctx, x, album, first()) },
	}
	for who, want := range map[string]string{
		"anonymous": "n", "stranger": "n", "viewer": "f", "contributor": "f", "albumadmin": "o", "albumowner": "o", "uploader": "f",
		"siteadmin": "n", "link": "u", "revoked": "n", "readtoken": "f", "suspended": "n",
		"sharetoken": "f", "readsharetoken": "o", "writetoken": "f",
	} {
		for name, use := range uses {
			got := "o"
			if err := use(actors[who]); err != nil {
				got = letters[app.CodeOf(err)]
			}
			if got != want {
				t.Errorf("%s as %s: %s, want %s", name, who, got, want)
			}
			w.exec("DELETE FROM share_links WHERE name = 'made'") // far from the limit
		}
	}
	_, err := w.CreateLink(ctx, actors["readsharetoken"], album, app.LinkEdit{Upload: new(true)})
	wantError(t, err, app.CodeForbidden, "error.scope")

	// A link of another album does not exist in this one.
	other := w.link(actors["albumowner"], w.album(owner, db.AlbumVisibilityPrivate), app.LinkEdit{})
	for name, err := range map[string]error{
		"Link":       second(w.Link(ctx, actors["albumowner"], album, other.ID)),
		"EditLink":   second(w.EditLink(ctx, actors["albumowner"], album, other.ID, app.LinkEdit{})),
		"RotateLink": second(w.RotateLink(ctx, actors["albumowner"], album, other.ID)),
		"RevokeLink": w.RevokeLink(ctx, actors["albumowner"], album, other.ID),
	} {
		wantError(t, err, app.CodeNotFound, "not_found.link")
		_ = name
	}
}

func TestWhatIsDoneToLinksIsInTheAuditLog(t *testing.T) {
	w, anna, album := newLinked(t)
	l := w.link(anna, album, app.LinkEdit{Name: new("Gran")})
	for _, err := range []error{
		second(w.EditLink(t.Context(), anna, album, l.ID, app.LinkEdit{Password: new("very secret"), Name: new("Grandpa")})),
		second(w.RotateLink(t.Context(), anna, album, l.ID)),
		w.RevokeLink(t.Context(), anna, album, l.ID), w.RevokeLink(t.Context(), anna, album, l.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	rows, err := w.db.Query(t.Context(), "SELECT action, detail::text FROM audit_log WHERE object_id = $1 ORDER BY id", l.ID)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	var details bytes.Buffer
	for rows.Next() {
		var action, detail string
		if err := rows.Scan(&action, &detail); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, action)
		details.WriteString(detail)
	}
	if want := []string{"link.create", "link.edit", "link.rotate", "link.revoke"}; !slices.Equal(actions, want) {
		t.Errorf("actions %q, want %q", actions, want)
	}
	for _, part := range []string{`"Gran"`, `"Grandpa"`, `"password_changed": true`} {
		if !strings.Contains(details.String(), part) {
			t.Errorf("no %s in %s", part, details.String())
		}
	}
}
