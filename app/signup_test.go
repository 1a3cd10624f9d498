package app_test

import (
	"context"
	"io"
	"mime/quotedprintable"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
	"albumen/jobs"
)

var mailedLink = regexp.MustCompile(`https://photos\.example\.org/(verify|reset|email|email-back)/([a-z2-7]{40,})`)

// open lets anybody sign up.
func (p *post) open(change func(*app.SiteSettings)) {
	p.t.Helper()
	s := app.DefaultSiteSettings()
	s.SignUp = true
	if change != nil {
		change(&s)
	}
	if _, err := p.UpdateSiteSettings(p.t.Context(), app.SystemActor(), s); err != nil {
		p.t.Fatal(err)
	}
}

// work does what visitors have asked the workers for.
func (p *post) work() {
	p.t.Helper()
	asked := p.queue.jobs
	p.queue.jobs = nil
	for _, j := range asked {
		if j, ok := j.(jobs.MailAccount); ok {
			if err := p.MailAccount(p.t.Context(), app.SystemActor(), j); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	p.send()
}

// last is the newest mail to somebody: its text, and the token of the link in it.
func (p *post) last(to string) (text, token string) {
	p.t.Helper()
	p.work()
	for _, m := range p.server.Mails() {
		if m.To != to {
			continue
		}
		body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Data)))
		if err != nil {
			p.t.Fatal(err)
		}
		text, token = string(body), ""
		if found := mailedLink.FindStringSubmatch(text); found != nil {
			token = found[2]
		}
	}
	return text, token
}

func (p *post) count(sql string, args ...any) (n int) {
	p.t.Helper()
	if err := p.db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

func newcomer(email, password string) app.NewUser {
	return app.NewUser{Email: email, Name: "New Comer", Password: password, Language: "en"}
}

func TestSignUp(t *testing.T) {
	p := newPost(t)
	wantCode(t, p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere), app.CodeNotFound)
	p.open(func(s *app.SiteSettings) { s.DefaultQuota = 3e9 })
	n := newcomer(" New@Example.org", goodPassword)
	n.Admin, n.Quota = true, new(int64) // what a form never says
	if err := p.SignUp(t.Context(), n, app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, err := p.SignIn(t.Context(), "new@example.org", goodPassword, somewhere)
	if !app.IsUnverified(err) {
		t.Fatalf("signed in without a confirmed address: %v", err)
	}
	_, err = p.SignIn(t.Context(), "new@example.org", "not the password", somewhere)
	if app.IsUnverified(err) {
		t.Error("a wrong password tells that there is an account")
	}
	_, token := p.last("new@example.org")
	if email, err := p.CheckLink(t.Context(), app.LinkVerify, token); err != nil || email != "new@example.org" {
		t.Fatal(email, err)
	}
	if p.count("SELECT count(*) FROM mailed_links WHERE token_hash = $1::bytea", []byte(token)) != 0 {
		t.Error("the token is stored as it is")
	}
	for _, other := range []app.LinkPurpose{app.LinkReset, app.LinkEmail, app.LinkRevert} {
		_, err := p.CheckLink(t.Context(), other, token)
		wantCode(t, err, app.CodeNotFound)
	}
	_, err = p.ConfirmSignUp(t.Context(), token, "not the password", somewhere)
	if e := wantCode(t, err, app.CodeInvalid); e.Fields["password"] != "error.verify_password" {
		t.Error(e.Fields)
	}
	u, err := p.ConfirmSignUp(t.Context(), token, goodPassword, somewhere)
	if err != nil || u.IsAdmin || u.EmailVerifiedAt == nil || u.QuotaBytes == nil || *u.QuotaBytes != 3e9 {
		t.Fatalf("%+v, %v", u, err)
	}
	_, err = p.ConfirmSignUp(t.Context(), token, goodPassword, somewhere)
	wantCode(t, err, app.CodeNotFound)
	if _, err := p.SignIn(t.Context(), "new@example.org", goodPassword, somewhere); err != nil {
		t.Error(err)
	}
	for _, action := range []string{"user.sign_up", "user.verify"} {
		if n := p.count("SELECT count(*) FROM audit_log WHERE action = $1", action); n != 1 {
			t.Errorf("%d rows of %s", n, action)
		}
	}
}

func TestSignUpNeverTellsWhichAccountsExist(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	ann := p.user("ann", false)
	before := p.count("SELECT count(*) FROM users")
	if err := p.SignUp(t.Context(), newcomer("ANN@example.org", "another fine password"), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	text, token := p.last("ann@example.org")
	if token != "" || !strings.Contains(text, "already") {
		t.Errorf("the owner is told:\n%s", text)
	}
	if p.count("SELECT count(*) FROM users") != before {
		t.Error("there is another account")
	}
	// Hers is as it was.
	if u, err := p.SignIn(t.Context(), "ann@example.org", goodPassword, somewhere); err != nil || u.ID != ann.ID || u.Name != "ann" {
		t.Errorf("%+v, %v", u, err)
	}
	// A broken rule is told alike.
	for _, email := range []string{"ann@example.org", "nobody@example.org"} {
		e := wantCode(t, p.SignUp(t.Context(), newcomer(email, "short"), app.ConsentToCurrent(), somewhere), app.CodeInvalid)
		if len(e.Fields) != 1 || e.Fields["password"] == "" {
			t.Errorf("%s: %v", email, e.Fields)
		}
	}
}

// Whoever signs up with somebody's address and waits gains nothing.
func TestSignUpWithSomebodysAddressIsNoTrap(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	const attackers, owners = "the attacker waits here", "what the owner chose"
	if err := p.SignUp(t.Context(), newcomer("ann@example.org", attackers), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, first := p.last("ann@example.org")
	if err := p.SignUp(t.Context(), newcomer("ann@example.org", owners), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, second := p.last("ann@example.org")
	if first == second || second == "" {
		t.Fatal("no new link")
	}
	_, err := p.ConfirmSignUp(t.Context(), first, owners, somewhere)
	wantCode(t, err, app.CodeNotFound)
	// The attacker signs up once more; the link in the owner's mailbox does not
	// confirm the attacker's password.
	if err := p.SignUp(t.Context(), newcomer("ann@example.org", attackers), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, third := p.last("ann@example.org")
	_, err = p.ConfirmSignUp(t.Context(), third, owners, somewhere)
	wantCode(t, err, app.CodeInvalid)
	_, err = p.SignIn(t.Context(), "ann@example.org", attackers, somewhere)
	if !app.IsUnverified(err) {
		t.Errorf("the attacker is in: %v", err)
	}
}

func TestSignUpOfTheSameAddressAtOnce(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() {
			errs[i] = p.SignUp(context.Background(), newcomer("ann@example.org", goodPassword), app.ConsentToCurrent(), netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n := p.count("SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func TestSignUpIsLimited(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	for i := range 5 {
		if err := p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere); err != nil {
			t.Fatal(i, err)
		}
	}
	wantCode(t, p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere), app.CodeRateLimited)
	// Neither another address of the same network nor the same one from elsewhere goes on for ever.
	for i := range 25 {
		if err := p.SignUp(t.Context(), newcomer(strings.Repeat("x", i+1)+"@example.org", "weak"), app.ConsentToCurrent(), somewhere); app.CodeOf(err) != app.CodeInvalid {
			t.Fatal(i, err)
		}
	}
	wantCode(t, p.SignUp(t.Context(), newcomer("other@example.org", goodPassword), app.ConsentToCurrent(), somewhere), app.CodeRateLimited)
}

func TestConfirmationIsAskedForAgain(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	p.user("ann", false)
	if err := p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	_, first := p.last("new@example.org")
	mails := len(p.server.Mails())
	for _, email := range []string{"new@example.org", "ann@example.org", "nobody@example.org"} {
		if err := p.RequestLink(t.Context(), app.LinkVerify, email, somewhere); err != nil {
			t.Fatal(err)
		}
	}
	_, second := p.last("new@example.org")
	if second == first || len(p.server.Mails()) != mails+1 {
		t.Errorf("%d mails, was %d", len(p.server.Mails()), mails)
	}
	_, err := p.CheckLink(t.Context(), app.LinkVerify, first)
	wantCode(t, err, app.CodeNotFound)
	p.now = p.now.Add(7*24*time.Hour + time.Minute)
	_, err = p.ConfirmSignUp(t.Context(), second, goodPassword, somewhere)
	wantCode(t, err, app.CodeNotFound)
	// The account that nobody confirmed goes, and its link; nobody else's.
	if n, err := p.SweepAccounts(t.Context(), app.SystemActor()); err != nil || n != 2 {
		t.Errorf("swept %d, %v", n, err)
	}
	if n := p.count("SELECT count(*) FROM users"); n != 1 {
		t.Errorf("%d accounts are left", n)
	}
}

func TestSignUpWithoutConfirmation(t *testing.T) {
	p := newPost(t)
	p.open(func(s *app.SiteSettings) { s.VerifyEmail = false })
	if err := p.SignUp(t.Context(), newcomer("new@example.org", goodPassword), app.ConsentToCurrent(), somewhere); err != nil {
		t.Fatal(err)
	}
	var u db.User
	u, err := p.SignIn(t.Context(), "new@example.org", goodPassword, somewhere)
	if err != nil || u.Name != "New Comer" {
		t.Errorf("%+v, %v", u, err)
	}
}
