package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/storage"
)

func (p *post) runExports() {
	p.t.Helper()
	if _, err := p.RunExports(p.t.Context(), app.SystemActor()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) opened(actor app.Actor, token string) *zip.Reader {
	p.t.Helper()
	o, err := p.OpenExport(p.t.Context(), actor, token)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := o.Open(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil || int64(len(all)) != o.Bytes {
		p.t.Fatalf("%d of %d bytes: %v", len(all), o.Bytes, err)
	}
	z, err := zip.NewReader(bytes.NewReader(all), int64(len(all)))
	if err != nil {
		p.t.Fatal(err)
	}
	return z
}

func TestACopyOfOnesData(t *testing.T) {
	p := newPost(t)
	user, _ := p.leaver()
	actor := app.UserActor(user)
	if err := p.RequestExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.RequestExport(t.Context(), actor), app.CodeConflict)
	p.runExports()
	e, err := p.OwnExport(t.Context(), actor)
	if err != nil || e.State != db.ExportStateReady || e.Done != 2 || e.Total != 2 || !e.ExpiresAt.Equal(p.now.AddDate(0, 0, app.ExportDays)) {
		t.Fatalf("%+v, %v", e, err)
	}
	p.send()
	mailed := false
	for _, m := range p.server.Mails() {
		mailed = mailed || m.To == user.Email && strings.Contains(m.Data, e.Token[:20])
	}
	if !mailed {
		t.Error("no mail has the link")
	}
	z := p.opened(actor, e.Token)
	month := time.Now().UTC().Format("2006-01")
	first := "originals/" + month + "/zwicknagl-am-see.jpg"
	if got := read(t, z, first); got != "zwicknagl's pixels" {
		t.Errorf("%q", got)
	}
	if got := read(t, z, "originals/"+month+"/zwicknagl-am-see (2).jpg"); got != "zwicknagl's pixels" {
		t.Errorf("%q", got)
	}
	var media []struct {
		Files []string
		Item  map[string]any
	}
	if err := json.Unmarshal([]byte(read(t, z, "data/media-00001.json")), &media); err != nil || len(media) != 2 || media[0].Files[0] != first || media[0].Item["title"] != "Xanthippe by the lake" {
		t.Errorf("%+v, %v", media, err)
	}
	if page := read(t, z, "pages/00001.html"); !strings.Contains(page, `href="../`+first+`"`) || !strings.Contains(page, "../thumbs/") {
		t.Error(page)
	}
	if index := read(t, z, "index.html"); !strings.Contains(index, "Zwicknagl") || !strings.Contains(index, `href="pages/00001.html"`) || strings.Contains(index, "Not in this copy") {
		t.Error(index)
	}
	for name, want := range map[string]int{"account": 1, "albums": 1, "tokens": 1, "sessions": 1, "links": 1, "invitations": 2, "favourites": 1, "policies": 1, "messages": 2} {
		text := read(t, z, "data/"+name+".json")
		var rows []map[string]any
		if err := json.Unmarshal([]byte(text), &rows); err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, %v\n%s", name, len(rows), err, text)
		}
		for _, secret := range []string{"token_hash", "password_hash", "nonce", "$2a$"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %s", name, secret)
			}
		}
	}
	if activity := read(t, z, "data/activity.json"); !strings.Contains(activity, "token.create") {
		t.Error(activity)
	}
	// It is for her alone.
	for name, c := range map[string]struct {
		actor app.Actor
		token string
		want  app.Code
	}{
		"anonymous":    {app.Actor{}, e.Token, app.CodeUnauthenticated},
		"an admin":     {app.UserActor(p.user("carl", true)), e.Token, app.CodeNotFound},
		"a read token": {app.TokenActor(user, []app.Scope{app.ScopeMediaRead}), e.Token, app.CodeForbidden},
		"a guess":      {actor, "aaaa", app.CodeNotFound},
	} {
		if err := second(p.OpenExport(t.Context(), c.actor, c.token)); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// After a week it is gone, with its object.
	p.now = e.ExpiresAt
	wantCode(t, second(p.OpenExport(t.Context(), actor, e.Token)), app.CodeNotFound)
	for _, step := range []func(context.Context, app.Actor) (int, error){p.SweepExports, p.SweepObjects} {
		if n, err := step(t.Context(), app.SystemActor()); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
	}
	if strings.Contains(p.objects(), "exports/") {
		t.Error("the zip is still there")
	}
}

// Also what else is kept about somebody: what was edited, how they sign in,
// what they accepted and reported.
func TestACopyTellsWhatElseIsKept(t *testing.T) {
	p := newPost(t)
	user, _ := p.leaver()
	p.plantEverywhere(user)
	p.exec("UPDATE users SET time_zone = 'Asia/Tokyo' WHERE id = $1", user.ID)
	actor := app.UserActor(user)
	if err := p.RemoveExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	var theirs uuid.UUID
	if err := p.db.QueryRow(t.Context(), "SELECT m.id FROM media m JOIN users u ON u.id = m.owner_id WHERE u.name = 'bob'").Scan(&theirs); err != nil {
		t.Fatal(err)
	}
	title := "Bob's lake"
	if _, err := p.EditMedia(t.Context(), actor, theirs, app.MediaEdit{Title: &title}); err != nil {
		t.Fatal(err)
	}
	if err := p.RequestExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	p.runExports()
	e, err := p.OwnExport(t.Context(), actor)
	if err != nil {
		t.Fatal(err)
	}
	z := p.opened(actor, e.Token)
	for name, want := range map[string]string{
		"media-00001": `"after": "Xanthippe by the lake"`, "edits": `"after": "Bob's lake"`, "policies": `"version": 0`,
		"reports": "Xanthippe Zwicknagl saw this", "sign_in": `"issuer": "https://id.example.org"`,
	} {
		if text := read(t, z, "data/"+name+".json"); !strings.Contains(text, want) {
			t.Errorf("%s lacks %s:\n%s", name, want, text)
		}
	}
	if text := read(t, z, "data/sign_in.json"); !strings.Contains(text, `"name": "Zwicknagl's key"`) || strings.Contains(text, "credential_id") || strings.Contains(text, "public_key") {
		t.Errorf("her passkeys:\n%s", text)
	}
	for name, secret := range map[string]string{
		"sign_in": "secret", "reports": "zwicknagl writes", "messages": "From before", // that may be anybody's
	} {
		if text := read(t, z, "data/"+name+".json"); strings.Contains(text, secret) {
			t.Errorf("%s tells %s:\n%s", name, secret, text)
		}
	}
	reader := i18n.With(t.Context(), i18n.Match("en", "", time.FixedZone("", 9*3600)))
	if index := read(t, z, "index.html"); !strings.Contains(index, `lang="en"`) || !strings.Contains(index, "A copy from "+i18n.Moment(reader, p.now)) || !strings.Contains(index, "Policies accepted") {
		t.Error(index)
	}
}

// A copy whose worker died is begun anew; one that cannot be made is given up.
func TestACopyIsBegunAnew(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	actor := app.UserActor(ann)
	if err := p.RequestExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	p.exec("UPDATE data_exports SET state = 'running', attempts = 1, lease_until = $1", p.now.Add(time.Minute))
	p.runExports()
	if e, err := p.OwnExport(t.Context(), actor); err != nil || e.State != db.ExportStateRunning {
		t.Errorf("taken from a living worker: %+v, %v", e, err)
	}
	p.now = p.now.Add(2 * time.Minute)
	p.runExports()
	if e, err := p.OwnExport(t.Context(), actor); err != nil || e.State != db.ExportStateReady {
		t.Errorf("%+v, %v", e, err)
	}
	if err := p.RemoveExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.RemoveExport(t.Context(), actor), app.CodeNotFound)
	if err := p.RequestExport(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	whole := p.store
	p.store = fullStore{whole}
	p.restart()
	for range 3 {
		if _, err := p.RunExports(t.Context(), app.SystemActor()); err == nil {
			t.Error("a full storage is no error")
		}
	}
	if e, err := p.OwnExport(t.Context(), actor); err != nil || e.State != db.ExportStateFailed {
		t.Errorf("%+v, %v", e, err)
	}
	if err := p.RequestExport(t.Context(), actor); err != nil {
		t.Errorf("another try: %v", err)
	}
}

// fullStore takes nothing.
type fullStore struct{ storage.Store }

func (fullStore) Put(context.Context, string, io.Reader) (int64, error) {
	return 0, io.ErrShortWrite
}
