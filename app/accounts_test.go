package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"albumen/app"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/redisdb"
)

const goodPassword = "correct horse battery"

var somewhere = netip.MustParseAddr("198.51.100.7")

// redisPool is the real Redis of the tests; a missing one fails them.
func redisPool(t testing.TB) *redis.Pool {
	t.Helper()
	pool, err := redisdb.Open(context.Background(), redisAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func redisAddress(t testing.TB) string {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	return address
}

// accounts is a fresh database with a limiter and cheap passwords; now can be moved.
type accounts struct {
	*app.App
	t   testing.TB
	db  *db.Pool
	now time.Time
}

func newAccounts(t testing.TB) *accounts {
	w := &accounts{t: t, db: dbtest.New(t), now: time.Now().Truncate(time.Microsecond)}
	w.App = app.New(app.Deps{
		DB: w.db, Log: slog.New(slog.DiscardHandler), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		DefaultZone: time.UTC, Now: func() time.Time { return w.now },
		Attempts: app.NewRateLimiter(redisPool(t), "test:"+uuid.NewString()+":"), PasswordCost: bcrypt.MinCost,
	})
	return w
}

func (w *accounts) user(email string, admin bool) db.User {
	w.t.Helper()
	u, err := w.CreateUser(w.t.Context(), app.SystemActor(), app.NewUser{Email: email, Password: goodPassword, Admin: admin})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// holdAdmins takes the lock under which administrators are made and suspended,
// so that several attempts can be brought to the same point.
func (w *accounts) holdAdmins() (release func()) {
	w.t.Helper()
	ctx := context.Background()
	tx, err := w.db.Begin(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.db.Queries.WithTx(tx).LockAdmins(ctx); err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(ctx); err != nil {
			w.t.Error(err)
		}
	}
}

// awaitHeld waits until n attempts wait for that lock.
func (w *accounts) awaitHeld(n int) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var waiting int
		err := w.db.QueryRow(w.t.Context(), `SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		if err != nil {
			w.t.Fatal(err)
		}
		if waiting == n {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d attempts wait for the lock, want %d", waiting, n)
		}
	}
}

func wantCode(t testing.TB, err error, code app.Code) *app.Error {
	t.Helper()
	e, ok := errors.AsType[*app.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return e
}

func TestSignInWorksTheSameForEveryAccount(t *testing.T) {
	w := newAccounts(t)
	w.user("ann@example.org", false)
	w.user("sue@example.org", false)
	if _, err := w.db.Exec(t.Context(), "UPDATE users SET suspended_at = now() WHERE email = 'sue@example.org'"); err != nil {
		t.Fatal(err)
	}
	compared := app.CountComparisons(w.App)
	try := func(email, password string) (db.User, error) {
		before := compared.Load()
		u, err := w.SignIn(t.Context(), email, password, somewhere)
		if n := compared.Load() - before; n != 1 {
			t.Errorf("%s, %.20q: %d passwords were compared, want 1", email, password, n)
		}
		return u, err
	}
	for _, one := range [][2]string{
		{"ann@example.org", "wrong password"}, {"bob@example.org", "wrong password"}, {"bob@example.org", goodPassword},
		{"sue@example.org", goodPassword}, {"ann@example.org", ""}, {"", ""}, {"\x00", "x"}, {strings.Repeat("a", 1000), "x"},
		{"ann@example.org", strings.Repeat("long ", 100)}, {"\xff@example.org", goodPassword},
	} {
		_, err := try(one[0], one[1])
		if e := wantCode(t, err, app.CodeUnauthenticated); e.Key != "error.wrong_password" {
			t.Errorf("%q: %v", one[0], err)
		}
	}
	if u, err := try(" ANN@Example.org", goodPassword); err != nil || u.Email != "ann@example.org" {
		t.Errorf("the right password: %v, %v", u.Email, err)
	}
}

func TestPasswordIsNotCutOff(t *testing.T) {
	w := newAccounts(t)
	long := "correct horse battery staple " + strings.Repeat("and another! ", 3) + "wow!" // 72 bytes
	if _, err := w.CreateUser(t.Context(), app.SystemActor(), app.NewUser{Email: "ann@example.org", Password: long}); err != nil {
		t.Fatal(err)
	}
	_, err := w.SignIn(t.Context(), "ann@example.org", long+"c", somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	if _, err := w.SignIn(t.Context(), "ann@example.org", long, somewhere); err != nil {
		t.Error(err)
	}
}

func TestPasswordIsTheSameHoweverItIsTyped(t *testing.T) {
	w := newAccounts(t)
	if _, err := w.CreateUser(t.Context(), app.SystemActor(), app.NewUser{Email: "ann@example.org", Password: "caf\u00e9 au lait"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SignIn(t.Context(), "ann@example.org", "cafe\u0301 au lait", somewhere); err != nil {
		t.Error(err)
	}
}

func TestNewUserIsChecked(t *testing.T) {
	w := newAccounts(t)
	w.user("taken@example.org", false)
	for _, one := range []struct {
		n          app.NewUser
		field, key string
	}{
		{app.NewUser{Email: "Taken@example.org", Password: goodPassword}, "email", "error.email_taken"},
		{app.NewUser{Email: "nothing", Password: goodPassword}, "email", "error.email_invalid"},
		{app.NewUser{Email: "", Password: goodPassword}, "email", "error.email_invalid"},
		{app.NewUser{Email: "Ann <ann@example.org>", Password: goodPassword}, "email", "error.email_invalid"},
		{app.NewUser{Email: "a\nb@example.org", Password: goodPassword}, "email", "error.email_invalid"},
		{app.NewUser{Email: strings.Repeat("a", 250) + "@example.org", Password: goodPassword}, "email", "error.email_invalid"},
		{app.NewUser{Email: "ann@example.org", Password: "123456789"}, "password", "error.password_short"},
		{app.NewUser{Email: "ann@example.org", Password: "äöüäöüäöü"}, "password", "error.password_short"},
		{app.NewUser{Email: "ann@example.org", Password: strings.Repeat(" ", 20)}, "password", "error.password_short"},
		{app.NewUser{Email: "ann@example.org", Password: strings.Repeat("x", 73)}, "password", "error.password_long"},
		{app.NewUser{Email: "ann@example.org", Password: goodPassword, Name: strings.Repeat("x", 101)}, "name", "error.name_invalid"},
		{app.NewUser{Email: "ann@example.org", Password: goodPassword, TimeZone: "Mars/Base"}, "time_zone", "error.time_zone_unknown"},
		{app.NewUser{Email: "ann@example.org", Password: goodPassword, Language: "!"}, "language", "error.language_unknown"},
	} {
		_, err := w.CreateUser(t.Context(), app.SystemActor(), one.n)
		if e := wantCode(t, err, app.CodeInvalid); e.Fields[one.field] != one.key || len(e.Fields) != 1 {
			t.Errorf("%+v: %v", one.n, e.Fields)
		}
	}
	u, err := w.CreateUser(t.Context(), app.SystemActor(), app.NewUser{Email: " Bob@Example.ORG ", Password: "tr8-zmqv-l"})
	if err != nil || u.Email != "bob@example.org" || u.Name != "bob" || u.IsAdmin || u.TimeZone != "UTC" {
		t.Errorf("got %+v, %v", u, err)
	}
	if cost, err := bcrypt.Cost([]byte(u.PasswordHash)); err != nil || cost != bcrypt.MinCost {
		t.Errorf("the stored password is no bcrypt hash: %v", err)
	}
}

func TestOnlyAdminsManageUsers(t *testing.T) {
	w := newAccounts(t)
	admin, member := w.user("admin@example.org", true), w.user("member@example.org", false)
	acts := map[string]func(app.Actor) error{
		"CreateUser": func(a app.Actor) error {
			_, err := w.CreateUser(t.Context(), a, app.NewUser{Email: uuid.NewString() + "@example.org", Password: goodPassword})
			return err
		},
		"Users":         func(a app.Actor) error { _, err := w.Users(t.Context(), a); return err },
		"UserByEmail":   func(a app.Actor) error { _, err := w.UserByEmail(t.Context(), a, "member@example.org"); return err },
		"SuspendUser":   func(a app.Actor) error { return w.SuspendUser(t.Context(), a, member.ID, false) },
		"ResetPassword": func(a app.Actor) error { return w.ResetPassword(t.Context(), a, member.ID, goodPassword) },
		"CheckDrift":    func(a app.Actor) error { _, err := w.CheckDrift(t.Context(), a); return err },
	}
	for name, act := range acts {
		for _, one := range []struct {
			who   string
			actor app.Actor
			code  app.Code
		}{
			{"nobody", app.Actor{}, app.CodeUnauthenticated},
			{"a member", app.UserActor(member), app.CodeNotFound},
			{"an admin's token without the scope", app.TokenActor(admin, []app.Scope{app.ScopeAccount}), app.CodeForbidden},
			{"a member's token that claims the scope", app.TokenActor(member, app.AllScopes()), app.CodeNotFound},
		} {
			if err := act(one.actor); app.CodeOf(err) != one.code {
				t.Errorf("%s by %s: %v, want %s", name, one.who, err, one.code)
			}
		}
		for _, actor := range []app.Actor{app.UserActor(admin), app.SystemActor()} {
			if err := act(actor); err != nil {
				t.Errorf("%s by an admin or the system: %v", name, err)
			}
		}
	}
}

func TestLastAdminStays(t *testing.T) {
	w := newAccounts(t)
	one, two := w.user("one@example.org", true), w.user("two@example.org", true)
	// Each suspends the other at the same moment: one of them must stay.
	release := w.holdAdmins()
	var group sync.WaitGroup
	results := make([]error, 2)
	for i, id := range []uuid.UUID{one.ID, two.ID} {
		group.Go(func() { results[i] = w.SuspendUser(context.Background(), app.SystemActor(), id, true) })
	}
	w.awaitHeld(2)
	release()
	group.Wait()
	n, err := w.db.CountAdmins(t.Context())
	if err != nil || n != 1 {
		t.Fatalf("%d administrators are left, %v", n, err)
	}
	refused := results[0]
	if refused == nil {
		refused = results[1]
	}
	if e := wantCode(t, refused, app.CodeConflict); e.Key != "error.last_admin" {
		t.Error(e)
	}
}

func TestSuspensionAndResetEndSessionsAndTokens(t *testing.T) {
	w := newAccounts(t)
	w.user("admin@example.org", true)
	u := w.user("ann@example.org", false)
	sessions := app.NewSessions(w.db, func() time.Time { return w.now })
	begin := func() (token, secret string) {
		t.Helper()
		token = uuid.NewString()
		if err := sessions.Create(t.Context(), token, []byte("x"), w.now.Add(time.Hour), app.Visitor{UserID: u.ID}); err != nil {
			t.Fatal(err)
		}
		secret, _, err := w.CreateToken(t.Context(), app.UserActor(u), app.NewToken{Name: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return token, secret
	}
	alive := func(token string) bool {
		t.Helper()
		session, found, err := sessions.Find(t.Context(), token, app.Visitor{})
		if err != nil || found && session.Actor.UserID() != u.ID {
			t.Fatal(session.Actor.UserID(), err)
		}
		return found
	}
	token, secret := begin()
	if !alive(token) {
		t.Fatal("the session is not there")
	}
	if err := w.SuspendUser(t.Context(), app.SystemActor(), u.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err := w.ActorOfToken(t.Context(), secret)
	wantCode(t, err, app.CodeUnauthenticated)
	if alive(token) {
		t.Error("the session outlives the suspension")
	}
	late, _ := begin() // by a request that was on its way
	if session, found, err := sessions.Find(t.Context(), late, app.Visitor{}); err != nil || !found || session.Actor.SignedIn() {
		t.Errorf("a suspended user is an actor: %v, %v", found, err)
	}
	if err := w.SuspendUser(t.Context(), app.SystemActor(), u.ID, false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ActorOfToken(t.Context(), secret); err != nil {
		t.Errorf("a token after the suspension: %v", err)
	}

	token, secret = begin()
	if err := w.ResetPassword(t.Context(), app.SystemActor(), u.ID, "another password"); err != nil {
		t.Fatal(err)
	}
	if alive(token) {
		t.Error("the session outlives the password")
	}
	_, err = w.ActorOfToken(t.Context(), secret)
	wantCode(t, err, app.CodeUnauthenticated)
	if _, err := w.SignIn(t.Context(), u.Email, "another password", somewhere); err != nil {
		t.Error(err)
	}
	_, err = w.SignIn(t.Context(), u.Email, goodPassword, somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	// An answer that was on its way must not bring the session back.
	if err := sessions.Update(t.Context(), token, []byte("y")); err != nil || alive(token) {
		t.Errorf("an ended session came back: %v", err)
	}
}

func TestSettings(t *testing.T) {
	w := newAccounts(t)
	u := w.user("ann@example.org", false)
	actor := app.UserActor(u)
	good := app.Settings{Name: " Ann ", Language: "de", TimeZone: "Europe/Berlin", Theme: "dark"}
	got, err := w.UpdateSettings(t.Context(), actor, good)
	if err != nil || got.Name != "Ann" || got.Language != "de" || got.TimeZone != "Europe/Berlin" || got.Theme != "dark" {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = w.UpdateSettings(t.Context(), actor, app.Settings{Language: "??", TimeZone: "Local", Theme: "pink"})
	if e := wantCode(t, err, app.CodeInvalid); len(e.Fields) != 4 {
		t.Errorf("got %v", e.Fields)
	}
	if err := w.SetTheme(t.Context(), actor, "light"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.SetTheme(t.Context(), actor, "pink"), app.CodeInvalid)
	if u, err := w.db.UserByID(t.Context(), u.ID); err != nil || u.Theme != "light" || u.Name != "Ann" {
		t.Errorf("got %+v, %v", u, err)
	}
	for _, other := range []app.Actor{{}, app.TokenActor(u, []app.Scope{app.ScopeMediaRead})} {
		if _, err := w.UpdateSettings(t.Context(), other, good); err == nil {
			t.Error("settings without the right")
		}
		if err := w.SetTheme(t.Context(), other, "dark"); err == nil {
			t.Error("a theme without the right")
		}
	}
}

func TestEndedSessionsAreSwept(t *testing.T) {
	w := newAccounts(t)
	sessions := app.NewSessions(w.db, func() time.Time { return w.now })
	start := w.now
	for _, token := range []string{"idle", "used", "old"} {
		life := app.SessionLife
		if token == "old" {
			life = time.Hour
		}
		v := app.Visitor{IP: "192.0.2.1", UserAgent: strings.Repeat("ü", 1000), Remember: true}
		if err := sessions.Create(t.Context(), token, []byte("x"), start.Add(life), v); err != nil {
			t.Fatal(err)
		}
	}
	w.now = start.Add(app.SessionIdle - time.Minute)
	if _, found, err := sessions.Find(t.Context(), "used", app.Visitor{IP: "192.0.2.2"}); err != nil || !found {
		t.Fatalf("the session ended early: %v", err)
	}
	w.now = start.Add(app.SessionIdle + time.Minute)
	if _, found, err := sessions.Find(t.Context(), "idle", app.Visitor{}); err != nil || found {
		t.Errorf("an idle session lives on: %v", err)
	}
	if n, err := sessions.Sweep(t.Context()); err != nil || n != 2 {
		t.Errorf("swept %d, %v", n, err)
	}
	var ip string
	if err := w.db.QueryRow(t.Context(), "SELECT ip FROM sessions").Scan(&ip); err != nil || ip != "192.0.2.2" {
		t.Errorf("the session left is of %q, %v", ip, err)
	}
}
