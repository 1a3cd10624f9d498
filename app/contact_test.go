package app_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// written is what a person sends who took a minute to write it.
func (p *post) written(n app.NewContact) app.NewContact {
	p.now = p.now.Add(-time.Minute)
	n.Stamp = p.FormStamp()
	p.now = p.now.Add(time.Minute)
	return n
}

func TestContactReachesTheAdministrators(t *testing.T) {
	p := newPost(t)
	ada, bob := p.user("ada", true), p.user("bob", false)
	from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr("192.0.2.9")})
	vera := app.NewContact{Name: "Vera", Email: "Vera@Example.org", Message: " How do I\r\nget in? "}
	if e := wantCode(t, p.SendContact(from, app.Actor{}, vera), app.CodeInvalid); e.Key != "error.form_stale" {
		t.Error("without the stamp of the form:", e)
	}
	machine := p.written(vera)
	machine.Trap = "https://spam.example"
	if err := p.SendContact(from, app.Actor{}, machine); err != nil {
		t.Error("a machine learns that it was recognised:", err)
	}
	for field, n := range map[string]app.NewContact{
		"name": {Email: "v@example.org", Message: "x"}, "email": {Name: "Vera", Email: "v@example.org, w@example.org", Message: "x"},
		"message": {Name: "Vera", Email: "v@example.org", Message: strings.Repeat("x", 5001)},
	} {
		if e := wantCode(t, p.SendContact(from, app.Actor{}, p.written(n)), app.CodeInvalid); e.Fields[field] == "" || len(e.Fields) != 1 {
			t.Errorf("%s: %v", field, e.Fields)
		}
	}
	if n := p.count("SELECT count(*) FROM contact_messages"); n != 0 {
		t.Fatalf("%d messages too many", n)
	}
	if err := p.SendContact(from, app.Actor{}, p.written(vera)); err != nil {
		t.Fatal(err)
	}
	// Whoever is signed in writes as themselves, whatever they send.
	if err := p.SendContact(from, app.UserActor(bob), app.NewContact{Name: "Ada", Email: "ada@example.org", Message: "Hello"}); err != nil {
		t.Fatal(err)
	}
	p.send()
	for _, m := range p.server.Mails() {
		if m.To != ada.Email {
			t.Errorf("a mail to %s", m.To)
		}
	}
	if n := len(p.server.Mails()); n != 2 {
		t.Errorf("%d mails", n)
	}
	admin := app.UserActor(ada)
	page, err := p.ContactMessages(t.Context(), admin, app.ContactQuery{})
	if err != nil || page.Open != 2 || len(page.Items) != 2 {
		t.Fatalf("%+v %v", page, err)
	}
	if m := page.Items[0]; m.Name != "bob" || m.Email != bob.Email || m.UserID != bob.ID {
		t.Errorf("%+v", m)
	}
	if m := page.Items[1]; m.Name != "Vera" || m.Email != "vera@example.org" || m.Message != "How do I\nget in?" || m.IP != "192.0.2.9" || m.UserID != uuid.Nil {
		t.Errorf("%+v", m)
	}
	id := page.Items[1].ID
	for range 2 { // twice is once
		if err := p.AnswerContact(t.Context(), admin, id, true); err != nil {
			t.Fatal(err)
		}
	}
	page, err = p.ContactMessages(t.Context(), admin, app.ContactQuery{Answered: true})
	if err != nil || page.Open != 1 || len(page.Items) != 1 || page.Items[0].AnsweredBy != "ada" || page.Items[0].AnsweredAt.IsZero() {
		t.Fatalf("%+v %v", page, err)
	}
	if err := p.AnswerContact(t.Context(), admin, id, false); err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteContact(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, p.DeleteContact(t.Context(), admin, id), app.CodeNotFound)
	wantCode(t, p.AnswerContact(t.Context(), admin, id, true), app.CodeNotFound)
	if n := p.count("SELECT count(*) FROM audit_log WHERE action LIKE 'message.%'"); n != 5 {
		t.Errorf("%d rows in the audit log", n)
	}
	if n := p.count("SELECT count(*) FROM audit_log WHERE detail::text ILIKE '%vera%'"); n != 0 {
		t.Error("the audit log says who wrote")
	}
	// Their time is over.
	p.now = p.now.AddDate(0, 0, app.DefaultSiteSettings().MessageDays+1)
	if n, err := p.SweepContactMessages(t.Context(), app.SystemActor()); err != nil || n != 1 {
		t.Errorf("forgot %d, %v", n, err)
	}
}

func TestContactIsLimitedByNetwork(t *testing.T) {
	p := newPost(t)
	p.user("ada", true)
	n := app.NewContact{Name: "Vera", Email: "vera@example.org", Message: "Hello"}
	send := func(addr string) error {
		from := app.WithOrigin(t.Context(), app.Origin{Addr: netip.MustParseAddr(addr)})
		return p.SendContact(from, app.Actor{}, p.written(n))
	}
	for i := range 5 {
		if err := send("2001:db8::" + string(rune('1'+i))); err != nil {
			t.Fatal(err)
		}
	}
	e := wantCode(t, send("2001:db8::abcd"), app.CodeRateLimited) // the same network
	if _, ok := app.RetryAfter(e); !ok {
		t.Error("nobody says when to come back")
	}
	if err := send("192.0.2.1"); err != nil {
		t.Error("somebody else:", err)
	}
}
