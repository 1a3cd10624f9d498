package app_test

import (
	"strings"
	"testing"
	"time"

	"albumen/app"
)

func TestChangeOfAddress(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	actor := app.UserActor(u)
	for email, field := range map[string]string{"nonsense": "email", "ann@example.org": "email", "new@example.org": ""} {
		err := p.RequestEmailChange(t.Context(), actor, goodPassword, email)
		if field == "" && err != nil {
			t.Fatal(err)
		}
		if field != "" {
			if e := wantCode(t, err, app.CodeInvalid); e.Fields[field] == "" {
				t.Errorf("%s: %v", email, e.Fields)
			}
		}
	}
	_, token := p.last("new@example.org")
	if token == "" {
		t.Fatal("no link was mailed")
	}
	// Nothing is changed before the link is followed.
	if _, err := p.SignIn(t.Context(), "ann@example.org", goodPassword, somewhere); err != nil {
		t.Fatal(err)
	}
	if err := p.ConfirmEmail(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.ConfirmEmail(t.Context(), token), app.CodeNotFound)
	if got, err := p.SignIn(t.Context(), "new@example.org", goodPassword, somewhere); err != nil || got.ID != u.ID {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := p.SignIn(t.Context(), "ann@example.org", goodPassword, somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	text, _ := p.last("ann@example.org")
	if !strings.Contains(text, "new@example.org") {
		t.Errorf("the old address is told:\n%s", text)
	}
}

func TestStolenAddressIsTakenBack(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	if err := p.RequestEmailChange(t.Context(), app.UserActor(u), goodPassword, "thief@example.org"); err != nil {
		t.Fatal(err)
	}
	_, token := p.last("thief@example.org")
	if err := p.ConfirmEmail(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	_, back := p.last("ann@example.org")
	sessions := app.NewSessions(p.db, func() time.Time { return p.now })
	if err := sessions.Create(t.Context(), "thief", []byte("x"), p.now.Add(30*24*time.Hour), app.Visitor{UserID: u.ID, Remember: true}); err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(6 * 24 * time.Hour)
	reset, err := p.RevertEmail(t.Context(), back)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.RevertEmail(t.Context(), back); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("twice: %v", err)
	}
	if _, found, err := sessions.Find(t.Context(), "thief", app.Visitor{}); err != nil || found {
		t.Errorf("the thief stays signed in: %v", err)
	}
	// The password that the thief knows is worth nothing, whatever the address.
	for _, email := range []string{"ann@example.org", "thief@example.org"} {
		_, err := p.SignIn(t.Context(), email, goodPassword, somewhere)
		wantCode(t, err, app.CodeUnauthenticated)
	}
	if err := p.ResetWithLink(t.Context(), reset, nextPassword, somewhere); err != nil {
		t.Fatal(err)
	}
	if got, err := p.SignIn(t.Context(), "ann@example.org", nextPassword, somewhere); err != nil || got.ID != u.ID {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOldAddressComesBackForAWeekOnly(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	if err := p.RequestEmailChange(t.Context(), app.UserActor(u), goodPassword, "new@example.org"); err != nil {
		t.Fatal(err)
	}
	_, token := p.last("new@example.org")
	if err := p.ConfirmEmail(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	_, back := p.last("ann@example.org")
	p.now = p.now.Add(7*24*time.Hour + time.Second)
	_, err := p.RevertEmail(t.Context(), back)
	wantCode(t, err, app.CodeNotFound)
}

func TestChangeOfAddressNeverTellsWhichAccountsExist(t *testing.T) {
	p := newPost(t)
	u := p.user("ann", false)
	p.user("bob", false)
	for _, email := range []string{"bob@example.org", "nobody@example.org"} {
		compared := app.CountComparisons(p.App)
		if err := p.RequestEmailChange(t.Context(), app.UserActor(u), goodPassword, email); err != nil {
			t.Fatal(err)
		}
		if compared.Load() != 1 {
			t.Errorf("%s: %d passwords were compared", email, compared.Load())
		}
	}
	// Both leave the same rows behind.
	if links, mails := p.count("SELECT count(*) FROM mailed_links WHERE purpose = 'email'"), p.count("SELECT count(*) FROM mails"); links != 1 || mails != 2 {
		t.Errorf("%d links, %d mails", links, mails)
	}
	if text, token := p.last("bob@example.org"); token != "" || !strings.Contains(text, "already") {
		t.Errorf("bob is told:\n%s", text)
	}
}

// Who has begun to sign up with the address does not keep it from whoever
// receives its mail.
func TestUnconfirmedAccountGivesWay(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	u := p.user("ann", false)
	if err := p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	if err := p.RequestEmailChange(t.Context(), app.UserActor(u), goodPassword, "new@example.org"); err != nil {
		t.Fatal(err)
	}
	_, token := p.last("new@example.org")
	if err := p.ConfirmEmail(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if n := p.count("SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d accounts", n)
	}
}
