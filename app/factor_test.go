package app_test

import (
	"encoding/base32"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"albumen/app"
	"albumen/db"
)

// factored is somebody with an authenticator app.
type factored struct {
	*post
	db.User
	secret   string
	recovery []string
}

func newFactored(t *testing.T) *factored {
	f := &factored{post: newPost(t)}
	f.now = f.now.Truncate(time.Minute) // the steps below stay whole
	f.User = f.user("ann", false)
	f.enrol()
	return f
}

func (f *factored) actor() app.Actor { return app.UserActor(f.User) }

func (f *factored) enrol() {
	f.t.Helper()
	ctx := f.t.Context()
	if err := f.BeginTOTP(ctx, f.actor(), goodPassword); err != nil {
		f.t.Fatal(err)
	}
	setup, err := f.PendingTOTP(ctx, f.actor())
	if err != nil || !strings.HasPrefix(setup.URL, "otpauth://totp/") || !strings.Contains(setup.URL, setup.Secret) {
		f.t.Fatal(setup, err)
	}
	f.secret = setup.Secret
	if f.recovery, err = f.ConfirmTOTP(ctx, f.actor(), f.code(0)); err != nil {
		f.t.Fatal(err)
	}
}

// code is what the app shows after so long.
func (f *factored) code(after time.Duration) string {
	f.t.Helper()
	code, err := totp.GenerateCode(f.secret, f.now.Add(after))
	if err != nil {
		f.t.Fatal(err)
	}
	return code
}

// half is the token of somebody who has shown the password.
func (f *factored) half() string {
	f.t.Helper()
	token, err := f.BeginSignInStep(f.t.Context(), app.HalfSignIn{User: f.User, Remember: true, Next: "/trash"})
	if err != nil || token == "" {
		f.t.Fatal(token, err)
	}
	return token
}

func (f *factored) wait(d time.Duration) { f.now = f.now.Add(d) }

func (f *factored) count(sql string, args ...any) (n int) {
	f.t.Helper()
	if err := f.db.QueryRow(f.t.Context(), sql, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestSecondStepOfSigningIn(t *testing.T) {
	f := newFactored(t)
	ctx := t.Context()
	// The code that confirmed the app lets nobody in.
	_, err := f.FinishSignInStep(ctx, f.half(), f.code(0), somewhere)
	wantField(t, err, "code")
	f.wait(time.Minute)
	token := f.half()
	for _, bad := range []string{"", "000000", f.code(90 * time.Second), f.code(-2 * time.Minute), strings.Repeat("1", 5000), "aaaa-bbbb-cccc-dddd"} {
		_, err := f.FinishSignInStep(ctx, token, bad, somewhere)
		wantField(t, err, "code")
	}
	half, err := f.FinishSignInStep(ctx, token, " "+f.code(0)[:3]+" "+f.code(0)[3:], somewhere)
	if err != nil || half.User.ID != f.ID || !half.Remember || half.Next != "/trash" {
		t.Fatal(half, err)
	}
	// Neither token nor code are good again, nor is an older code.
	_, err = f.FinishSignInStep(ctx, token, f.code(30*time.Second), somewhere)
	wantCode(t, err, app.CodeNotFound)
	for _, code := range []string{f.code(0), f.code(-30 * time.Second)} {
		_, err = f.FinishSignInStep(ctx, f.half(), code, somewhere)
		wantField(t, err, "code")
	}
	if _, err = f.FinishSignInStep(ctx, f.half(), f.code(30*time.Second), somewhere); err != nil {
		t.Errorf("a clock that is half a minute ahead: %v", err)
	}
}

func wantField(t testing.TB, err error, field string) {
	t.Helper()
	if e := wantCode(t, err, app.CodeInvalid); e.Fields[field] == "" {
		t.Fatalf("got %v, want a problem of %s", e.Fields, field)
	}
}

func TestACodeIsTakenOnceByManyAtOnce(t *testing.T) {
	f := newFactored(t)
	f.wait(time.Minute)
	for _, code := range []string{f.code(0), f.recovery[3]} {
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		tokens := make([]string, 8)
		for i := range tokens {
			tokens[i] = f.half()
		}
		for i, token := range tokens {
			wg.Go(func() {
				from := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
				if _, err := f.FinishSignInStep(t.Context(), token, code, from); err == nil {
					mu.Lock()
					in++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("%s let %d in", code, in)
		}
	}
}

func TestHalfSignInIsVoid(t *testing.T) {
	f := newFactored(t)
	ctx := t.Context()
	f.wait(time.Minute)
	for name, spoil := range map[string]func(){
		"too late":             func() { f.wait(app.SignInStepLife) },
		"after a new password": func() { f.exec("UPDATE users SET password_hash = password_hash || 'x'") },
		"after a suspension":   func() { f.exec("UPDATE users SET suspended_at = now()") },
		"after it was lifted":  func() { f.exec("UPDATE users SET suspended_at = NULL") },
	} {
		token := f.half()
		if name == "after it was lifted" {
			f.exec("UPDATE users SET suspended_at = now()")
		}
		spoil()
		_, err := f.FinishSignInStep(ctx, token, f.code(0), somewhere)
		if app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
		f.exec("UPDATE users SET suspended_at = NULL")
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 5000)} {
		if _, err := f.SignInStep(ctx, token); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%.10s: %v", token, err)
		}
	}
}

func TestCodesAreGuessedAFewTimesOnly(t *testing.T) {
	f := newFactored(t)
	f.wait(time.Minute)
	ctx, token := t.Context(), f.half()
	for range 10 {
		_, err := f.FinishSignInStep(ctx, token, "000000", somewhere)
		wantCode(t, err, app.CodeInvalid)
	}
	_, err := f.FinishSignInStep(ctx, f.half(), f.code(0), somewhere)
	wantCode(t, err, app.CodeRateLimited)
	// From elsewhere the owner still comes in; by turns, nobody guesses for long.
	if _, err := f.FinishSignInStep(ctx, f.half(), f.code(0), netip.MustParseAddr("203.0.113.9")); err != nil {
		t.Fatal(err)
	}
	limited := 0
	for i := range 110 {
		_, err := f.FinishSignInStep(ctx, token, "000000", netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		if app.CodeOf(err) == app.CodeRateLimited {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 110 guesses from as many addresses were refused, want 10", limited)
	}
}

func TestRecoveryCodes(t *testing.T) {
	f := newFactored(t)
	ctx := t.Context()
	if len(f.recovery) != 10 || len(f.recovery[0]) != 19 {
		t.Fatal(f.recovery)
	}
	if _, err := f.FinishSignInStep(ctx, f.half(), " "+strings.ToUpper(f.recovery[0])+" ", somewhere); err != nil {
		t.Fatal(err)
	}
	_, err := f.FinishSignInStep(ctx, f.half(), f.recovery[0], somewhere)
	wantField(t, err, "code")
	other := f.user("eve", false)
	if factors, err := f.Factors(ctx, f.actor()); err != nil || factors.RecoveryCodes != 9 || factors.TOTPAt == nil || !factors.Password {
		t.Errorf("%+v, %v", factors, err)
	}
	_, err = f.NewRecoveryCodes(ctx, app.UserActor(other), goodPassword, f.recovery[1])
	wantCode(t, err, app.CodeConflict)
	_, err = f.NewRecoveryCodes(ctx, f.actor(), "not the password", f.recovery[1])
	wantField(t, err, "current")
	again, err := f.NewRecoveryCodes(ctx, f.actor(), goodPassword, f.recovery[1])
	if err != nil || len(again) != 10 {
		t.Fatal(again, err)
	}
	_, err = f.FinishSignInStep(ctx, f.half(), f.recovery[2], somewhere)
	wantField(t, err, "code")
	if _, err := f.FinishSignInStep(ctx, f.half(), again[9], somewhere); err != nil {
		t.Error(err)
	}
}

// What the database holds makes no code.
func TestSecretsOfFactorsAreSealed(t *testing.T) {
	f := newFactored(t)
	raw, err := base32.StdEncoding.DecodeString(f.secret)
	if err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	if err := f.db.QueryRow(t.Context(), "SELECT secret FROM totp").Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), string(raw)) || strings.Contains(string(sealed), f.secret) {
		t.Error("the secret is in the database")
	}
	plain := strings.ReplaceAll(f.recovery[0], "-", "")
	if n := f.count("SELECT count(*) FROM recovery_codes WHERE code_hash = sha256($1::bytea) OR code_hash = $1::bytea", []byte(plain)); n != 0 {
		t.Error("recovery codes can be found by their plain hash")
	}
	// Somebody else's row opens nothing.
	eve := f.user("eve", false)
	f.exec("INSERT INTO totp (user_id, secret, confirmed_at, created_at) SELECT $1, secret, confirmed_at, created_at FROM totp", eve.ID)
	token, err := f.BeginSignInStep(t.Context(), app.HalfSignIn{User: eve})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.FinishSignInStep(t.Context(), token, f.code(30*time.Second), somewhere); app.CodeOf(err) != app.CodeInternal {
		t.Errorf("with a copied secret: %v", err)
	}
}

func TestTurningCodesOff(t *testing.T) {
	f := newFactored(t)
	ctx := t.Context()
	f.wait(time.Minute)
	wantCode(t, f.BeginTOTP(ctx, f.actor(), goodPassword), app.CodeConflict)
	wantField(t, f.TurnOffTOTP(ctx, f.actor(), "not the password", f.code(0)), "current")
	wantField(t, f.TurnOffTOTP(ctx, f.actor(), goodPassword, "000000"), "code")
	pending := f.half()
	if err := f.TurnOffTOTP(ctx, f.actor(), goodPassword, f.code(0)); err != nil {
		t.Fatal(err)
	}
	if token, err := f.BeginSignInStep(ctx, app.HalfSignIn{User: f.User}); err != nil || token != "" {
		t.Errorf("still two steps: %q, %v", token, err)
	}
	_, err := f.FinishSignInStep(ctx, pending, f.recovery[0], somewhere)
	wantCode(t, err, app.CodeNotFound)
	for action, want := range map[string]int{"factor.totp_on": 1, "factor.totp_off": 1} {
		if n := f.count("SELECT count(*) FROM audit_log WHERE action = $1 AND object_id = $2", action, f.ID); n != want {
			t.Errorf("%s: %d rows", action, n)
		}
	}
	for template, want := range map[string]int{"totp_on": 1, "totp_off": 1} {
		if n := f.count("SELECT count(*) FROM mails WHERE template = $1 AND recipient = 'ann@example.org'", template); n != want {
			t.Errorf("%s: %d mails", template, n)
		}
	}
}

func TestTokensNeedTheSecondFactor(t *testing.T) {
	f := newFactored(t)
	f.wait(time.Minute)
	make := func(password, code string) error {
		_, _, err := f.CreateTokenWithPassword(t.Context(), f.Email, password, code, app.NewToken{}, somewhere)
		return err
	}
	wantCode(t, make("not the password", f.code(0)), app.CodeUnauthenticated)
	wantField(t, make(goodPassword, ""), "code")
	wantField(t, make(goodPassword, "000000"), "code")
	if err := make(goodPassword, f.code(0)); err != nil {
		t.Error(err)
	}
	wantField(t, make(goodPassword, f.code(0)), "code")
}

func TestFactorAccess(t *testing.T) {
	f := newFactored(t)
	ctx := t.Context()
	admin := f.user("admin", true)
	for who, c := range map[string]struct {
		actor        app.Actor
		own, setUp   app.Code
		removeOthers app.Code
	}{
		"anonymous":                 {app.Actor{}, app.CodeUnauthenticated, app.CodeUnauthenticated, app.CodeUnauthenticated},
		"a token without the scope": {app.TokenActor(f.User, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden, app.CodeForbidden, app.CodeForbidden},
		"the owner":                 {f.actor(), app.CodeInvalid, app.CodeInvalid, app.CodeNotFound},
		"somebody without a factor": {app.UserActor(admin), app.CodeConflict, app.CodeInvalid, ""},
	} {
		_, pending := f.PendingTOTP(ctx, c.actor)
		_, confirmed := f.ConfirmTOTP(ctx, c.actor, "000000")
		if c.actor.Has(app.ScopeAccount) {
			wantCode(t, pending, app.CodeNotFound)
			wantCode(t, confirmed, app.CodeNotFound)
		} else {
			wantCode(t, pending, c.own)
			wantCode(t, confirmed, c.own)
		}
		_, codes := f.NewRecoveryCodes(ctx, c.actor, "wrong", "000000")
		for name, err := range map[string]error{"TurnOffTOTP": f.TurnOffTOTP(ctx, c.actor, "wrong", "000000"), "NewRecoveryCodes": codes} {
			if app.CodeOf(err) != c.own {
				t.Errorf("%s as %s: %v", name, who, err)
			}
		}
		if err := f.BeginTOTP(ctx, c.actor, "wrong"); app.CodeOf(err) != c.setUp {
			t.Errorf("BeginTOTP as %s: %v", who, err)
		}
		if c.removeOthers != "" {
			if err := f.RemoveSecondFactor(ctx, c.actor, f.ID); app.CodeOf(err) != c.removeOthers {
				t.Errorf("RemoveSecondFactor as %s: %v", who, err)
			}
		}
	}
	wantCode(t, f.RemoveSecondFactor(ctx, app.UserActor(admin), admin.ID), app.CodeConflict)
	if err := f.RemoveSecondFactor(ctx, app.UserActor(admin), f.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.RemoveSecondFactor(ctx, app.UserActor(admin), f.ID), app.CodeConflict)
	if n := f.count("SELECT count(*) FROM mails WHERE template = 'factor_removed' AND user_id = $1", f.ID) +
		f.count("SELECT count(*) FROM audit_log WHERE action = 'factor.remove' AND subject_id = $1 AND actor_id = $2", f.ID, admin.ID); n != 2 {
		t.Errorf("mail and entry: %d", n)
	}
	if token, err := f.BeginSignInStep(ctx, app.HalfSignIn{User: f.User}); err != nil || token != "" {
		t.Errorf("still two steps: %q, %v", token, err)
	}
}
