package app_test

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"albumen/app"
)

// Of many who follow a mailed link at the same moment, one gets what it is for.
func TestMailedLinksAreUsedOnceAtOnce(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	ann := p.user("ann", false)
	race := func(what string, use func(i int) error) (winner int) {
		t.Helper()
		const racers = 8
		errs := make([]error, racers)
		var all sync.WaitGroup
		for i := range racers {
			all.Go(func() { errs[i] = use(i) })
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				winner = i
				won++
			} else if app.CodeOf(err) != app.CodeNotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		if won != 1 {
			t.Fatalf("%s: %d got it", what, won)
		}
		return winner
	}
	password := func(i int) string { return nextPassword + string(rune('a'+i)) }

	if err := p.RequestLink(t.Context(), app.LinkReset, "ann@example.org", somewhere); err != nil {
		t.Fatal(err)
	}
	_, token := p.last("ann@example.org")
	winner := race("reset", func(i int) error { return p.ResetWithLink(t.Context(), token, password(i), somewhere) })
	if u, err := p.SignIn(t.Context(), "ann@example.org", password(winner), somewhere); err != nil || u.ID != ann.ID {
		t.Errorf("the winner's password: %v", err)
	}
	if n := p.count("SELECT count(*) FROM audit_log WHERE action = 'user.reset'"); n != 1 {
		t.Errorf("%d resets in the audit log", n)
	}

	if err := p.RequestEmailChange(t.Context(), app.UserActor(ann), password(winner), "new@example.org"); err != nil {
		t.Fatal(err)
	}
	_, token = p.last("new@example.org")
	race("new address", func(int) error { return p.ConfirmEmail(t.Context(), token) })
	_, token = p.last("ann@example.org")
	race("old address", func(int) error { _, err := p.RevertEmail(t.Context(), token); return err })

	if err := p.SignUp(t.Context(), newcomer("dan@example.org", goodPassword), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, token = p.last("dan@example.org")
	race("confirmation", func(int) error { _, err := p.ConfirmSignUp(t.Context(), token, goodPassword, somewhere); return err })
}

// No text but the very token opens anything, nor breaks anything.
func FuzzMailedToken(f *testing.F) {
	p := newPost(f)
	p.open(nil)
	p.user("ann", false)
	if err := p.RequestLink(f.Context(), app.LinkReset, "ann@example.org", somewhere); err != nil {
		f.Fatal(err)
	}
	_, token := p.last("ann@example.org")
	for _, seed := range []string{
		"", token, token[:len(token)-1], token + "a", strings.ToUpper(token), " " + token, token + "\x00", token + "=", "%", "\xff\xfe", "../" + token, token + "/", "' OR '1'='1", strings.Repeat("a", 5000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, purpose := range []app.LinkPurpose{app.LinkReset, app.LinkVerify, app.LinkEmail, app.LinkRevert} {
			email, err := p.CheckLink(t.Context(), purpose, text)
			if good := text == token && purpose == app.LinkReset; good != (err == nil) || good != (email == "ann@example.org") {
				t.Errorf("%s with %q: %q, %v", purpose, text, email, err)
			} else if !good && app.CodeOf(err) != app.CodeNotFound {
				t.Errorf("%s with %q: %v", purpose, text, err)
			}
		}
		if text == token {
			return
		}
		if _, err := p.Invitation(t.Context(), app.Actor{}, text); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("an invitation by %q: %v", text, err)
		}
		if _, err := p.ActorOfToken(t.Context(), text); app.CodeOf(err) != app.CodeUnauthenticated {
			t.Errorf("an API token %q (valid UTF-8: %t): %v", text, utf8.ValidString(text), err)
		}
	})
}
