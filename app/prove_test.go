package app_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"albumen/app"
)

// passwordless is somebody who only signs in with a provider.
func (p *post) passwordless() app.Actor {
	p.t.Helper()
	u := p.user("ann", false)
	p.exec("UPDATE users SET password_hash = '' WHERE id = $1", u.ID)
	u.PasswordHash = ""
	return app.UserActor(u)
}

// mailedCode asks for a code and returns what the mail says.
func (p *post) mailedCode(actor app.Actor) string {
	p.t.Helper()
	if err := p.MailProof(p.t.Context(), actor); err != nil {
		p.t.Fatal(err)
	}
	p.send()
	mails := p.server.Mails()
	code := strings.TrimSpace(regexp.MustCompile(`\n[a-z2-7]{4}-[a-z2-7]{4}\r?\n`).FindString(mails[len(mails)-1].Data))
	if code == "" {
		p.t.Fatal(mails[len(mails)-1].Data)
	}
	return code
}

func TestWhoHasNoPasswordProvesThemselvesByMail(t *testing.T) {
	p := newPost(t)
	p.user("admin", true)
	actor, ctx := p.passwordless(), t.Context()
	wrong := func(what string, err error) {
		t.Helper()
		if e := asError(err); e == nil || e.Fields["current"] != "error.proof_wrong" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, guess := range []string{"", goodPassword, "aaaa-aaaa", "\x00"} {
		wrong("a guess", second(p.RequestDeletion(ctx, actor, guess)))
	}
	first := p.mailedCode(actor)
	code := p.mailedCode(actor)
	wrong("an earlier code", p.BeginTOTP(ctx, actor, first))
	eve := p.user("eve", false)
	p.exec("UPDATE users SET password_hash = '' WHERE id = $1", eve.ID)
	eve.PasswordHash = ""
	wrong("somebody else's code", p.BeginTOTP(ctx, app.UserActor(eve), code))
	if dump := p.dump(); strings.Contains(dump, code) || strings.Contains(dump, strings.ReplaceAll(code, "-", "")) {
		t.Error("the code lies in the database")
	}
	// The one rule: wherever a password is asked for.
	if err := p.BeginTOTP(ctx, actor, " "+strings.ToUpper(code)); err != nil {
		t.Error(err)
	}
	if err := p.RequestEmailChange(ctx, actor, code, "ann@new.example.org"); err != nil {
		t.Error(err)
	}
	p.now = p.now.Add(app.ProofLife)
	wrong("an old code", second(p.RequestDeletion(ctx, actor, code)))
	if _, err := p.RequestDeletion(ctx, actor, p.mailedCode(actor)); err != nil {
		t.Error(err)
	}
}

// With the first password, codes are over.
func TestACodeSetsTheFirstPassword(t *testing.T) {
	p := newPost(t)
	actor, ctx := p.passwordless(), t.Context()
	code := p.mailedCode(actor)
	if err := p.ChangePassword(ctx, actor, code, goodPassword, "x"); err != nil {
		t.Fatal(err)
	}
	if e := asError(p.BeginTOTP(ctx, actor, code)); e == nil || e.Fields["current"] != "error.current_password" {
		t.Errorf("%v", e)
	}
	wantCode(t, p.MailProof(ctx, actor), app.CodeConflict)
	if err := p.BeginTOTP(ctx, actor, goodPassword); err != nil {
		t.Error(err)
	}
	if n := p.world().count("SELECT count(*) FROM mailed_links"); n != 0 {
		t.Errorf("%d codes are left", n)
	}
}

func TestMailedCodeAccess(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	p.exec("UPDATE users SET password_hash = '' WHERE id = $1", u.ID)
	u.PasswordHash = ""
	suspended := u
	suspended.SuspendedAt = &time.Time{}
	for name, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "suspended": {app.UserActor(suspended), app.CodeUnauthenticated},
		"system": {app.SystemActor(), app.CodeUnauthenticated}, "read token": {app.TokenActor(u, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden},
		"a link": {app.LinkActor(app.Link{}), app.CodeUnauthenticated},
		"user":   {app.UserActor(u), ""}, "account token": {app.TokenActor(u, []app.Scope{app.ScopeAccount}), ""},
	} {
		if err := p.MailProof(t.Context(), c.actor); (err == nil) != (c.want == "") || err != nil && app.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var last error
	for range 6 {
		last = p.MailProof(t.Context(), app.UserActor(u))
	}
	wantCode(t, last, app.CodeRateLimited)
}
