package app_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
)

// reload is the account as it is now, as whoever is signed in with it.
func (p *post) reload(u db.User) app.Actor {
	p.t.Helper()
	u, err := p.db.UserByID(p.t.Context(), u.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return app.UserActor(u)
}

func (p *post) publish(by app.Actor, from int, n app.NewPolicy) {
	p.t.Helper()
	if err := p.PublishPolicy(p.t.Context(), by, "terms", from, n); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) owes(u db.User) bool {
	p.t.Helper()
	owes, err := p.OwesTerms(p.t.Context(), p.reload(u))
	if err != nil {
		p.t.Fatal(err)
	}
	return owes
}

func TestPoliciesHaveVersions(t *testing.T) {
	p := newPost(t)
	admin := app.UserActor(p.user("ada", true))
	shipped, err := p.PolicyHistory(t.Context(), admin, "privacy")
	if err != nil || len(shipped.Versions) != 1 || shipped.Versions[0].Version != 0 || !shipped.Versions[0].Shipped || shipped.MustAgree {
		t.Fatalf("as shipped: %+v %v", shipped, err)
	}
	publish := func(from int, n app.NewPolicy) error { return p.PublishPolicy(t.Context(), admin, "privacy", from, n) }
	for field, n := range map[string]app.NewPolicy{
		"text": {Text: " \n", Note: "x"}, "note": {Text: "x"}, "ask": {Text: "x", Note: "x", Ask: true},
	} {
		if e := wantCode(t, publish(0, n), app.CodeInvalid); e.Fields[field] == "" || len(e.Fields) != 1 {
			t.Errorf("%s: %v", field, e.Fields)
		}
	}
	for _, text := range []string{strings.Repeat("x", 100_001), "a\x00b", "Kept {{Days}} days", "{{ Site }}", shipped.Versions[0].Text} {
		if e := wantCode(t, publish(0, app.NewPolicy{Text: text, Note: "x"}), app.CodeInvalid); e.Fields["text"] == "" {
			t.Errorf("%.20q: %v", text, e.Fields)
		}
	}
	if err := publish(0, app.NewPolicy{Text: "# One\r\n\r\n{{Site}} keeps mails for {{MailDays}} days.", Note: " Shorter. "}); err != nil {
		t.Fatal(err)
	}
	now, err := p.Policy(t.Context(), "privacy")
	if err != nil || now.Text != "# One\n\nAlbumen keeps mails for 30 days.\n" || now.Version != 1 || now.ChangedAt.IsZero() {
		t.Fatalf("changed: %+v %v", now, err)
	}
	wantCode(t, publish(0, app.NewPolicy{Text: "Two", Note: "x"}), app.CodeConflict)
	if err := publish(1, app.NewPolicy{Text: shipped.Versions[0].Text, Note: "Back."}); err != nil {
		t.Fatal(err)
	}
	h, err := p.PolicyHistory(t.Context(), admin, "privacy")
	if err != nil || len(h.Versions) != 3 || !h.Versions[0].Shipped || h.Versions[1].Note != "Shorter." || h.Versions[1].By != "ada" || h.Versions[1].Shipped {
		t.Fatalf("%+v %v", h, err)
	}
	list, err := p.Policies(t.Context(), admin)
	if err != nil || len(list) != len(app.PolicyNames()) {
		t.Fatal(list, err)
	}
	for _, v := range list {
		if want := map[bool]int{true: 2}[v.Name == "privacy"]; v.Version != want {
			t.Errorf("%s is at %d", v.Name, v.Version)
		}
	}
	if n := p.count("SELECT count(*) FROM audit_log WHERE action = 'policy.publish'"); n != 2 {
		t.Errorf("%d rows in the audit log", n)
	}
	for _, name := range []string{"../terms", "", "imprint"} {
		_, err := p.Policy(t.Context(), name)
		wantCode(t, err, app.CodeNotFound)
		wantCode(t, p.PublishPolicy(t.Context(), admin, name, 0, app.NewPolicy{Text: "x", Note: "x"}), app.CodeNotFound)
	}
}

// Of several who publish at once, one does; the others are told.
func TestOneOfSeveralPublishes(t *testing.T) {
	p := newPost(t)
	admin := app.UserActor(p.user("ada", true))
	done := make(chan error)
	for i := range 6 {
		go func() {
			done <- p.PublishPolicy(t.Context(), admin, "about", 0, app.NewPolicy{Text: strings.Repeat("x", i+1), Note: "x"})
		}()
	}
	won := 0
	for range 6 {
		switch err := <-done; {
		case err == nil:
			won++
		case app.CodeOf(err) != app.CodeConflict:
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d have published", won)
	}
}

func TestAcceptingTheTerms(t *testing.T) {
	p := newPost(t)
	ada, ben := p.user("ada", true), p.user("ben", false)
	admin := app.UserActor(ada)
	if p.owes(ben) {
		t.Fatal("asked though nobody wants it")
	}
	_, err := p.TermsQuestion(t.Context(), p.reload(ben))
	wantCode(t, err, app.CodeNotFound)
	// Whoever was given an account is asked about the terms as shipped.
	cleo, err := p.CreateUser(t.Context(), admin, app.NewUser{Email: "cleo@example.org", Name: "Cleo", Password: goodPassword})
	if err != nil || !p.owes(cleo) {
		t.Fatal("nobody asks who was given an account", err)
	}
	from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("192.0.2.9")})
	if q, err := p.TermsQuestion(from, p.reload(cleo)); err != nil || !q.First || q.Version != 0 || len(q.Notes) > 0 {
		t.Fatalf("%+v %v", q, err)
	}
	wantCode(t, p.AcceptTerms(from, p.reload(cleo), 1), app.CodeConflict)
	if err := p.AcceptTerms(from, p.reload(cleo), 0); err != nil || p.owes(cleo) {
		t.Fatal("accepted", err)
	}
	if n := p.count("SELECT count(*) FROM policy_acceptances WHERE user_id = $1 AND name = 'terms' AND version = 0 AND ip = '192.0.2.9' AND accepted_at = $2", cleo.ID, p.now); n != 1 {
		t.Error("it is not recorded with version, time and address")
	}
	p.publish(admin, 0, app.NewPolicy{Text: "One", Note: "Spelling."})
	if p.owes(cleo) || p.owes(ben) {
		t.Error("asked without need")
	}
	p.publish(admin, 1, app.NewPolicy{Text: "Two", Note: "A new rule.", Ask: true})
	if !p.owes(ben) || !p.owes(cleo) || p.owes(ada) {
		t.Error("everybody is asked but who asks them")
	}
	q, err := p.TermsQuestion(from, p.reload(cleo))
	if err != nil || q.First || q.Version != 2 || strings.Join(q.Notes, "|") != "A new rule.|Spelling." || q.Text != "Two\n" {
		t.Fatalf("%+v %v", q, err)
	}
	h, err := p.PolicyHistory(t.Context(), admin, "terms")
	if err != nil || h.Owing != 2 || h.People != 3 || h.Versions[2].Accepted != 1 {
		t.Fatalf("%+v %v", h, err)
	}
	// A version that comes while they read is not accepted unread.
	p.publish(admin, 2, app.NewPolicy{Text: "Three", Note: "Another.", Ask: true})
	wantCode(t, p.AcceptTerms(from, p.reload(cleo), 2), app.CodeConflict)
	for range 2 { // twice is once
		if err := p.AcceptTerms(from, p.reload(cleo), 3); err != nil {
			t.Fatal(err)
		}
	}
	if p.owes(cleo) || !p.owes(ben) {
		t.Error("who accepts goes on, and nobody else")
	}
	h, err = p.PolicyHistory(t.Context(), admin, "terms")
	if v, _ := h.Version(3); err != nil || h.Owing != 1 || v.Accepted != 2 {
		t.Fatalf("%+v %v", h, err)
	}
	wantCode(t, p.AcceptTerms(t.Context(), app.SystemActor(), 3), app.CodeUnauthenticated)
}

func TestAccountsBeginWithTheTerms(t *testing.T) {
	p := newPost(t)
	p.open(nil)
	admin := app.UserActor(p.user("ada", true))
	p.publish(admin, 0, app.NewPolicy{Text: "One", Note: "x", Ask: true})
	known := p.user("ben", false)
	for _, email := range []string{known.Email, "new@example.org"} { // and nobody learns which of them has an account
		for key, consent := range map[string]app.Consent{"error.terms_missing": {}, "error.terms_changed": app.ConsentTo(0)} {
			e := wantCode(t, p.SignUp(t.Context(), newcomer(email, goodPassword), consent, somewhere), app.CodeInvalid)
			if e.Fields["terms"] != key {
				t.Errorf("%s: %v", email, e.Fields)
			}
		}
	}
	sign := func() {
		t.Helper()
		from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("192.0.2.9")})
		if err := p.SignUp(from, newcomer("new@example.org", goodPassword), app.ConsentTo(1), somewhere); err != nil {
			t.Fatal(err)
		}
	}
	sign()
	user, err := p.db.UserByEmail(t.Context(), "new@example.org")
	if err != nil || p.owes(user) {
		t.Fatal("asked at once again", err)
	}
	// Somebody else who signs up with the unconfirmed address accepts for themselves.
	p.now = p.now.Add(time.Hour)
	sign()
	if n := p.count("SELECT count(*) FROM policy_acceptances WHERE user_id = $1 AND version = 1 AND accepted_at = $2 AND ip = '192.0.2.9'", user.ID, p.now); n != 1 {
		t.Error("the acceptance is somebody else's")
	}
	// By an invitation.
	ann := p.user("ann", false)
	album := p.album(ann)
	p.invite(ann, app.NewInvitation{Email: "cleo@example.org", Album: album, Role: db.AlbumRoleViewer})
	token := p.lastToken("cleo@example.org")
	n := invited("Cleo")
	n.Consent = app.Consent{}
	_, _, err = p.AcceptInvitationAsNew(t.Context(), token, n, here)
	if e, ok := errors.AsType[*app.Error](err); !ok || e.Fields["terms"] == "" {
		t.Fatal(err)
	}
	cleo, _, err := p.AcceptInvitationAsNew(t.Context(), token, invited("Cleo"), here)
	if err != nil || p.owes(cleo) || p.count("SELECT count(*) FROM policy_acceptances WHERE user_id = $1", cleo.ID) != 1 {
		t.Error("not recorded with the invitation", err)
	}
}
