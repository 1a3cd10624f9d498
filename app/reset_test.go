package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/jobs"
)

const nextPassword = "a quite different one"

// What the web process does for an address does not depend on who has it: one
// job, and nothing read or written. A worker looks later.
func TestResetAsksNothingAboutTheAccount(t *testing.T) {
	p := newPost(t)
	p.user("ann", false)
	p.user("sue", false)
	p.exec("UPDATE users SET suspended_at = now() WHERE email = 'sue@example.org'")
	p.queue.jobs = nil
	for i, email := range []string{"Ann@example.org ", "sue@example.org", "nobody@example.org"} {
		compared := app.CountComparisons(p.App)
		if err := p.RequestLink(t.Context(), app.LinkReset, email, somewhere); err != nil {
			t.Fatal(err)
		}
		want := jobs.MailAccount{Purpose: "reset", Email: strings.ToLower(strings.TrimSpace(email)), Addr: somewhere.String()}
		if len(p.queue.jobs) != i+1 || p.queue.jobs[i] != jobs.Job(want) || compared.Load() != 0 {
			t.Errorf("%s: %v", email, p.queue.jobs)
		}
	}
	if n := p.count("SELECT (SELECT count(*) FROM mails) + (SELECT count(*) FROM mailed_links) + (SELECT count(*) FROM audit_log WHERE action LIKE 'user.reset%')"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
	p.work()
	if mails := p.server.Mails(); len(mails) != 1 || mails[0].To != "ann@example.org" {
		t.Errorf("mails %+v", mails)
	}
}

func TestReset(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	sessions := app.NewSessions(p.db, func() time.Time { return p.now })
	if err := sessions.Create(t.Context(), "browser", []byte("x"), p.now.Add(time.Hour), app.Visitor{UserID: u.ID}); err != nil {
		t.Fatal(err)
	}
	secret, _, err := p.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		t.Helper()
		if err := p.RequestLink(t.Context(), app.LinkReset, "ann@example.org", somewhere); err != nil {
			t.Fatal(err)
		}
		_, token := p.last("ann@example.org")
		if token == "" {
			t.Fatal("no link was mailed")
		}
		return token
	}
	first, token := ask(), ask()
	wantCode(t, p.ResetWithLink(t.Context(), first, nextPassword, somewhere), app.CodeNotFound) // the newer one counts
	e := wantCode(t, p.ResetWithLink(t.Context(), token, "password1234", somewhere), app.CodeInvalid)
	if e.Fields["password"] == "" {
		t.Error(e.Fields)
	}
	if err := p.ResetWithLink(t.Context(), token, nextPassword, somewhere); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.ResetWithLink(t.Context(), token, "and yet another one", somewhere), app.CodeNotFound)
	if _, err := p.SignIn(t.Context(), "ann@example.org", nextPassword, somewhere); err != nil {
		t.Error(err)
	}
	if _, found, err := sessions.Find(t.Context(), "browser", app.Visitor{}); err != nil || found {
		t.Errorf("a session outlives the reset: %v", err)
	}
	_, err = p.ActorOfToken(t.Context(), secret)
	wantCode(t, err, app.CodeUnauthenticated)
	if text, _ := p.last("ann@example.org"); !strings.Contains(text, "was changed") {
		t.Errorf("the owner is told:\n%s", text)
	}
	// Not for longer than an hour.
	late := ask()
	p.now = p.now.Add(time.Hour + time.Second)
	wantCode(t, p.ResetWithLink(t.Context(), late, goodPassword, somewhere), app.CodeNotFound)
	wantCode(t, p.ResetWithLink(t.Context(), "", goodPassword, somewhere), app.CodeNotFound)
}

func TestResetOfASuspendedAccountDoesNothing(t *testing.T) {
	p := newPost(t)
	u := p.user("sue", false)
	if err := p.RequestLink(t.Context(), app.LinkReset, "sue@example.org", somewhere); err != nil {
		t.Fatal(err)
	}
	_, token := p.last("sue@example.org")
	if err := p.SuspendUser(t.Context(), app.SystemActor(), u.ID, true); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.ResetWithLink(t.Context(), token, nextPassword, somewhere), app.CodeNotFound)
	sent := len(p.server.Mails())
	if err := p.RequestLink(t.Context(), app.LinkReset, "sue@example.org", somewhere); err != nil {
		t.Fatal(err)
	}
	if p.work(); len(p.server.Mails()) != sent {
		t.Error("a suspended account got a mail")
	}
}

func TestResetIsLimited(t *testing.T) {
	p := newPost(t)
	p.user("ann", false)
	for _, email := range []string{"ann@example.org", "nobody@example.org"} { // alike
		for range 5 {
			if err := p.RequestLink(t.Context(), app.LinkReset, email, somewhere); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, p.RequestLink(t.Context(), app.LinkReset, email, somewhere), app.CodeRateLimited)
	}
	// However many networks ask, the mailbox is spared.
	for range 20 {
		job := jobs.MailAccount{Purpose: "reset", Email: "ann@example.org"}
		if err := p.MailAccount(t.Context(), app.SystemActor(), job); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.count("SELECT count(*) FROM mails"); n > 10 {
		t.Errorf("%d mails", n)
	}
}

func TestChangePassword(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	actor := app.UserActor(u)
	sessions := app.NewSessions(p.db, func() time.Time { return p.now })
	for _, token := range []string{"here", "there"} {
		if err := sessions.Create(t.Context(), token, []byte("x"), p.now.Add(time.Hour), app.Visitor{UserID: u.ID}); err != nil {
			t.Fatal(err)
		}
	}
	e := wantCode(t, p.ChangePassword(t.Context(), actor, "wrong", nextPassword, "here"), app.CodeInvalid)
	if e.Fields["current"] == "" {
		t.Error(e.Fields)
	}
	e = wantCode(t, p.ChangePassword(t.Context(), actor, goodPassword, "ann12345678", "here"), app.CodeInvalid)
	if e.Fields["password"] == "" {
		t.Error(e.Fields)
	}
	if err := p.ChangePassword(t.Context(), actor, goodPassword, nextPassword, "here"); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{"here": true, "there": false} {
		if _, found, err := sessions.Find(t.Context(), token, app.Visitor{}); err != nil || found != want {
			t.Errorf("%s: %t, %v", token, found, err)
		}
	}
	if _, err := p.SignIn(t.Context(), "ann@example.org", nextPassword, somewhere); err != nil {
		t.Error(err)
	}
	if text, _ := p.last("ann@example.org"); !strings.Contains(text, "was changed") {
		t.Errorf("the owner is told:\n%s", text)
	}
	for range 7 {
		wantCode(t, p.ChangePassword(t.Context(), actor, "wrong", nextPassword, "here"), app.CodeInvalid)
	}
	wantCode(t, p.ChangePassword(t.Context(), actor, nextPassword, "yet another fine one", "here"), app.CodeRateLimited)
}

func TestChangeOfPasswordAndAddressAccess(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	for who, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "the system": {app.SystemActor(), app.CodeUnauthenticated},
		"a link":                    {app.LinkActor(app.Link{ID: uuid.New()}), app.CodeUnauthenticated},
		"a token without the scope": {app.TokenActor(u, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden},
		"with the wrong password":   {app.UserActor(u), app.CodeInvalid},
	} {
		if err := p.ChangePassword(t.Context(), c.actor, "wrong", nextPassword, ""); app.CodeOf(err) != c.want {
			t.Errorf("password as %s: %v, want %s", who, err, c.want)
		}
		if err := p.RequestEmailChange(t.Context(), c.actor, "wrong", "new@example.org"); app.CodeOf(err) != c.want {
			t.Errorf("address as %s: %v, want %s", who, err, c.want)
		}
	}
}
