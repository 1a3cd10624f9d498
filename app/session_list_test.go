package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// begin stores a session as a browser's sign-in does.
func (w *accounts) begin(s *app.Sessions, token string, v app.Visitor) {
	w.t.Helper()
	if err := s.Create(w.t.Context(), token, []byte("x"), w.now.Add(app.SessionLife), v); err != nil {
		w.t.Fatal(err)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	w := newAccounts(t)
	ann, bob := w.user("ann@example.org", false), w.user("bob@example.org", false)
	sessions := app.NewSessions(w.db, func() time.Time { return w.now })
	w.begin(sessions, "phone", app.Visitor{UserID: ann.ID, IP: "192.0.2.1", UserAgent: "Phone", Remember: true})
	w.begin(sessions, "forgotten", app.Visitor{UserID: ann.ID, UserAgent: "Library"})
	w.begin(sessions, "bobs", app.Visitor{UserID: bob.ID})
	w.now = w.now.Add(app.SessionBrief + time.Minute)
	w.begin(sessions, "desk", app.Visitor{UserID: ann.ID, IP: "192.0.2.2", UserAgent: "Desk"})

	actor := app.UserActor(ann)
	list, err := w.OwnSessions(t.Context(), actor, "desk")
	if err != nil || len(list) != 2 { // the library's is over
		t.Fatalf("%+v, %v", list, err)
	}
	if l := list[0]; !l.Current || l.UserAgent != "Desk" || l.Address != "192.0.2.2" || l.Remembered || l.ID == uuid.Nil {
		t.Errorf("%+v", l)
	}
	if l := list[1]; l.Current || l.UserAgent != "Phone" || !l.Remembered {
		t.Errorf("%+v", l)
	}
	if err := w.EndSession(t.Context(), actor, list[1].ID); err != nil {
		t.Fatal(err)
	}
	if _, found, err := sessions.Find(t.Context(), "phone", app.Visitor{}); err != nil || found {
		t.Errorf("the session goes on: %v", err)
	}
	wantCode(t, w.EndSession(t.Context(), actor, list[1].ID), app.CodeNotFound)

	w.begin(sessions, "tablet", app.Visitor{UserID: ann.ID})
	if n, err := w.EndOtherSessions(t.Context(), actor, "desk"); err != nil || n != 2 { // the forgotten row counts
		t.Errorf("%d, %v", n, err)
	}
	for token, want := range map[string]bool{"desk": true, "tablet": false, "bobs": false} {
		if _, found, err := sessions.Find(t.Context(), token, app.Visitor{}); err != nil || found != want {
			t.Errorf("%s: %t, %v", token, found, err)
		}
	}
	if n := w.audited("session.end"); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	if n := w.audited("session.end_others"); n != 1 {
		t.Errorf("%d audit rows", n)
	}
}

// audited counts the rows of an action in the audit log.
func (w *accounts) audited(action string) (n int) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), "SELECT count(*) FROM audit_log WHERE action = $1", action).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestSessionThatIsNotRememberedEndsWithinHours(t *testing.T) {
	w := newAccounts(t)
	u := w.user("ann@example.org", false)
	sessions := app.NewSessions(w.db, func() time.Time { return w.now })
	w.begin(sessions, "brief", app.Visitor{UserID: u.ID})
	w.begin(sessions, "long", app.Visitor{UserID: u.ID, Remember: true})
	for range 3 { // each request prolongs it
		w.now = w.now.Add(app.SessionBrief - time.Minute)
		if _, found, err := sessions.Find(t.Context(), "brief", app.Visitor{}); err != nil || !found {
			t.Fatalf("the session ended early: %v", err)
		}
	}
	w.now = w.now.Add(app.SessionBrief)
	for token, want := range map[string]bool{"brief": false, "long": true} {
		if _, found, err := sessions.Find(t.Context(), token, app.Visitor{}); err != nil || found != want {
			t.Errorf("%s: %t, %v", token, found, err)
		}
	}
	if n, err := sessions.Sweep(t.Context()); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestSessionsOfOthersDoNotExist(t *testing.T) {
	w := newAccounts(t)
	ann, bob := w.user("ann@example.org", false), w.user("bob@example.org", true)
	sessions := app.NewSessions(w.db, func() time.Time { return w.now })
	w.begin(sessions, "anns", app.Visitor{UserID: ann.ID})
	list, err := w.OwnSessions(t.Context(), app.UserActor(ann), "")
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	for who, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "an admin": {app.UserActor(bob), app.CodeNotFound},
		"a token without the scope": {app.TokenActor(ann, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden},
	} {
		if err := w.EndSession(t.Context(), c.actor, list[0].ID); app.CodeOf(err) != c.want {
			t.Errorf("as %s: %v, want %s", who, err, c.want)
		}
	}
}
