package app_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"albumen/app"
	"albumen/db"
	"albumen/internal/passkeytest"
)

const ownOrigin = "https://photos.example.org"

// keyed is somebody with a passkey.
type keyed struct {
	*factored
	device *passkeytest.Device
}

func newKeyed(t *testing.T) *keyed {
	p := newPost(t)
	k := &keyed{&factored{post: p}, passkeytest.New(ownOrigin)}
	k.User = k.user("ann", false)
	if err := k.add(k.device, "Laptop"); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *keyed) add(d *passkeytest.Device, name string) error {
	k.t.Helper()
	b, err := k.BeginPasskey(k.t.Context(), k.actor(), app.NewPasskey{Name: name, Password: goodPassword}, "")
	if err != nil {
		return err
	}
	return second(k.AddPasskey(k.t.Context(), k.actor(), b.Token, d.Create(k.t, b.Options)))
}

func (k *keyed) ask() app.PasskeyBegin {
	k.t.Helper()
	b, err := k.BeginPasskeySignIn(k.t.Context(), "", somewhere)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// enter signs in with the device as it is.
func (k *keyed) enter() (db.User, error) {
	k.t.Helper()
	b := k.ask()
	return k.SignInWithPasskey(k.t.Context(), b.Token, k.device.Get(k.t, b.Options), somewhere)
}

func (k *keyed) refused(why string) {
	k.t.Helper()
	u, err := k.enter()
	if e, ok := err.(*app.Error); !ok || e.Key != "error.passkey_refused" || e.Code != app.CodeUnauthenticated {
		k.t.Errorf("%s: %v, %v", why, u.Email, err)
	}
}

func TestSignInWithAPasskey(t *testing.T) {
	k := newKeyed(t)
	b := k.ask()
	if asked := string(b.Options); strings.Contains(asked, "allowCredentials") || !strings.Contains(asked, `"userVerification":"required"`) || !strings.Contains(asked, `"rpId":"photos.example.org"`) {
		t.Errorf("the browser is asked: %s", asked)
	}
	answer := k.device.Get(t, b.Options)
	u, err := k.SignInWithPasskey(t.Context(), b.Token, answer, somewhere)
	if err != nil || u.ID != k.ID {
		t.Fatal(u, err)
	}
	// The answer is good once.
	_, err = k.SignInWithPasskey(t.Context(), b.Token, answer, somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	list, err := k.Passkeys(t.Context(), k.actor())
	if err != nil || len(list) != 1 || list[0].Name != "Laptop" || list[0].LastUsedAt == nil || !list[0].LastUsedAt.Equal(k.now) || list[0].SignCount != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if n := k.count("SELECT count(*) FROM passkey_challenges"); n != 0 {
		t.Errorf("%d challenges are left", n)
	}
	if n := k.count("SELECT count(*) FROM audit_log WHERE action = 'passkey.add' AND detail->>'name' = 'Laptop'") + k.count("SELECT count(*) FROM mails WHERE template = 'passkey_added'"); n != 2 {
		t.Errorf("entry and mail: %d", n)
	}
}

// Everything that proves nothing is refused, and alike.
func TestPasskeysThatProveNothing(t *testing.T) {
	k := newKeyed(t)
	d := k.device
	for why, spoil := range map[string]func(*passkeytest.Device){
		"another site":             func(d *passkeytest.Device) { d.Origin = "https://photos.example.org.evil.example" },
		"the site without https":   func(d *passkeytest.Device) { d.Origin = "http://photos.example.org" },
		"the site at another port": func(d *passkeytest.Device) { d.Origin = ownOrigin + ":8443" },
		"a site below":             func(d *passkeytest.Device) { d.Origin = "https://blog.photos.example.org" },
		"for another site":         func(d *passkeytest.Device) { d.RPID = "example.org" },
		"nobody there":             func(d *passkeytest.Device) { d.Absent = true },
		"whoever found the device": func(d *passkeytest.Device) { d.Unproven = true },
		"the handle of somebody":   func(d *passkeytest.Device) { d.User = bytes.Repeat([]byte{7}, 16) },
		"no handle":                func(d *passkeytest.Device) { d.User = nil },
		"a key that nobody knows":  func(d *passkeytest.Device) { d.ID = bytes.Repeat([]byte{7}, 32) },
		"another key under its name": func(d *passkeytest.Device) {
			other := passkeytest.New(ownOrigin)
			b, err := k.BeginPasskey(t.Context(), k.actor(), app.NewPasskey{Name: "x", Password: goodPassword}, "")
			if err != nil {
				t.Fatal(err)
			}
			other.Create(t, b.Options)
			other.ID, other.User, other.Count = d.ID, d.User, d.Count
			*d = *other
		},
	} {
		lying := *d
		spoil(&lying)
		k.device = &lying
		k.restart() // another limiter
		k.refused(why)
		k.device = d
		d.Count = max(d.Count, lying.Count)
	}
	k.restart()
	for _, answer := range [][]byte{nil, []byte("{}"), []byte("x"), []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`), bytes.Repeat([]byte("["), 60_000)} {
		_, err := k.SignInWithPasskey(t.Context(), k.ask().Token, answer, somewhere)
		wantCode(t, err, app.CodeUnauthenticated)
	}
	for why, spoil := range map[string]string{
		"suspended":   "UPDATE users SET suspended_at = now() WHERE email = 'ann@example.org'",
		"unconfirmed": "UPDATE users SET suspended_at = NULL, email_verified_at = NULL WHERE email = 'ann@example.org'",
	} {
		k.exec(spoil)
		k.refused(why)
	}
	k.exec("UPDATE users SET suspended_at = NULL, email_verified_at = now()")
	k.restart()
	if _, err := k.enter(); err != nil {
		t.Errorf("after all that: %v", err)
	}
	k.exec("DELETE FROM users WHERE email = 'ann@example.org'")
	k.refused("deleted")
}

// A challenge belongs to a browser, a purpose and ten minutes.
func TestChallengesOfPasskeys(t *testing.T) {
	k := newKeyed(t)
	ctx := t.Context()
	late := func(why string, err error) {
		t.Helper()
		if e, ok := err.(*app.Error); !ok || e.Key != "error.passkey_late" {
			t.Errorf("%s: %v", why, err)
		}
	}
	b, other := k.ask(), k.ask()
	answer := k.device.Get(t, b.Options)
	for _, token := range []string{other.Token, "", strings.Repeat("x", 5000)} {
		_, err := k.SignInWithPasskey(ctx, token, answer, somewhere)
		late("in another browser", err)
	}
	if u, err := k.SignInWithPasskey(ctx, b.Token, answer, somewhere); err != nil {
		t.Errorf("after others tried: %v, %v", u, err)
	}
	// Two pages of one browser wait side by side.
	first, err := k.BeginPasskeySignIn(ctx, other.Token, somewhere)
	if err != nil || first.Token != other.Token {
		t.Fatal(first.Token, err)
	}
	for _, b := range []app.PasskeyBegin{other, first} {
		if _, err := k.SignInWithPasskey(ctx, b.Token, k.device.Get(t, b.Options), somewhere); err != nil {
			t.Error(err)
		}
	}
	// What a client made up is no cookie of ours.
	if made, err := k.BeginPasskeySignIn(ctx, "mine", somewhere); err != nil || made.Token == "mine" {
		t.Error(made.Token, err)
	}
	b = k.ask()
	k.wait(app.PasskeyLife)
	_, err = k.SignInWithPasskey(ctx, b.Token, k.device.Get(t, b.Options), somewhere)
	late("too late", err)
	if k.ask(); k.count("SELECT count(*) FROM passkey_challenges") != 1 {
		t.Error("old challenges are kept")
	}
	// For something else.
	add, err := k.BeginPasskey(ctx, k.actor(), app.NewPasskey{Name: "x", Password: goodPassword}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.SignInWithPasskey(ctx, add.Token, k.device.Get(t, add.Options), somewhere)
	late("the challenge of a new key", err)
	b = k.ask()
	late("the challenge of a sign-in", second(k.AddPasskey(ctx, k.actor(), b.Token, passkeytest.New(ownOrigin).Create(t, b.Options))))
	eve := app.UserActor(k.user("eve", false))
	late("somebody else's", second(k.AddPasskey(ctx, eve, add.Token, passkeytest.New(ownOrigin).Create(t, add.Options))))
	// Of many who send the same answer, one comes in.
	b = k.ask()
	answer = k.device.Get(t, b.Options)
	var in atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := k.SignInWithPasskey(ctx, b.Token, answer, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})); err == nil {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 {
		t.Errorf("%d came in with one answer", in.Load())
	}
}

// A counter that goes back is a copy in use: the key is barred, its owner told.
func TestCopiedPasskeysAreBarred(t *testing.T) {
	k := newKeyed(t)
	k.device.Count = 41
	if _, err := k.enter(); err != nil {
		t.Fatal(err)
	}
	k.device.Count = 40 // the copy says 41 again
	k.refused("the same count")
	k.device.Count = 100
	k.refused("barred")
	if n := k.count("SELECT count(*) FROM audit_log WHERE action = 'passkey.suspect' AND subject_id = $1", k.ID); n != 1 {
		t.Errorf("%d entries", n)
	}
	if n := k.count("SELECT count(*) FROM mails WHERE template = 'passkey_suspected' AND recipient = 'ann@example.org'"); n != 1 {
		t.Errorf("%d mails", n)
	}
	if list, err := k.Passkeys(t.Context(), k.actor()); err != nil || list[0].SuspectedAt == nil || list[0].SignCount != 42 {
		t.Errorf("%+v, %v", list, err)
	}
	// Devices that do not count never count backwards.
	k.device = passkeytest.New(ownOrigin)
	k.device.Still = true
	if err := k.add(k.device, "Phone"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := k.enter(); err != nil {
			t.Error(err)
		}
	}
}

// In place of a code, the person's own key is good, and no other.
func TestAPasskeyAfterThePassword(t *testing.T) {
	k := newKeyed(t)
	ctx := t.Context()
	if token, err := k.BeginSignInStep(ctx, app.HalfSignIn{User: k.User}); err != nil || token != "" {
		t.Fatalf("a passkey alone asks for a second step: %q, %v", token, err)
	}
	k.enrol()
	step := func() (string, app.PasskeyBegin) {
		t.Helper()
		token := k.half()
		b, err := k.BeginPasskeyStep(ctx, token, "")
		if err != nil {
			t.Fatal(err)
		}
		return token, b
	}
	token, b := step()
	if half, err := k.SignInStep(ctx, token); err != nil || !half.Passkey {
		t.Errorf("%+v, %v", half, err)
	}
	k.device.Unproven = true // having it is enough here
	answer := k.device.Get(t, b.Options)
	half, err := k.FinishPasskeyStep(ctx, token, b.Token, answer, somewhere)
	if err != nil || half.User.ID != k.ID || half.Next != "/trash" || !half.Remember {
		t.Fatal(half, err)
	}
	_, err = k.FinishPasskeyStep(ctx, token, b.Token, answer, somewhere)
	wantCode(t, err, app.CodeNotFound)
	_, err = k.FinishPasskeyStep(ctx, k.half(), b.Token, answer, somewhere)
	wantCode(t, err, app.CodeUnauthenticated)

	eve := &keyed{&factored{post: k.post}, passkeytest.New(ownOrigin)}
	eve.User = k.user("eve", false)
	if err := eve.add(eve.device, "Eve's"); err != nil {
		t.Fatal(err)
	}
	token, b = step()
	_, err = k.FinishPasskeyStep(ctx, token, b.Token, eve.device.Get(t, b.Options), somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	// The challenge of a sign-in without a name does not do, nor the other way round.
	entry := k.ask()
	_, err = k.FinishPasskeyStep(ctx, token, entry.Token, k.device.Get(t, entry.Options), somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	_, b = step()
	_, err = k.SignInWithPasskey(ctx, b.Token, k.device.Get(t, b.Options), somewhere)
	wantCode(t, err, app.CodeUnauthenticated)
	// A password that was changed meanwhile voids the half sign-in.
	token, b = step()
	k.exec("UPDATE users SET password_hash = password_hash || 'x' WHERE id = $1", k.ID)
	_, err = k.FinishPasskeyStep(ctx, token, b.Token, k.device.Get(t, b.Options), somewhere)
	wantCode(t, err, app.CodeNotFound)
	if _, err := k.BeginPasskeyStep(ctx, "", ""); app.CodeOf(err) != app.CodeNotFound {
		t.Error(err)
	}
	// A passkey is both factors at once.
	k.device.Unproven = false
	if _, err := k.enter(); err != nil {
		t.Error(err)
	}
}

func TestPasskeySignInIsLimited(t *testing.T) {
	k := newKeyed(t)
	k.device.Unproven = true
	for range 10 {
		k.refused("not verified")
	}
	_, err := k.enter()
	wantCode(t, err, app.CodeRateLimited)
	k.device.Unproven = false
	b := k.ask()
	if _, err := k.SignInWithPasskey(t.Context(), b.Token, k.device.Get(t, b.Options), netip.MustParseAddr("203.0.113.9")); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	limited := false
	for i := 0; i < 300 && !limited; i++ {
		_, err := k.BeginPasskeySignIn(t.Context(), "", somewhere)
		limited = app.CodeOf(err) == app.CodeRateLimited
	}
	if !limited {
		t.Error("challenges are made without end")
	}
}

func TestAddingPasskeys(t *testing.T) {
	k := newKeyed(t)
	ctx := t.Context()
	for field, n := range map[string]app.NewPasskey{
		"current": {Name: "x", Password: "not the password"}, "name": {Name: strings.Repeat("x", 101), Password: goodPassword},
	} {
		_, err := k.BeginPasskey(ctx, k.actor(), n, "")
		wantField(t, err, field)
	}
	// What the device sends is looked at as closely as at a sign-in.
	for why, d := range map[string]*passkeytest.Device{
		"another site": passkeytest.New("https://evil.example"), "whoever found it": {Origin: ownOrigin, Unproven: true},
		"nobody there": {Origin: ownOrigin, Absent: true}, "for another site": {Origin: ownOrigin, RPID: "example.org"},
	} {
		if err := k.add(d, "x"); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", why, err)
		}
	}
	wantCode(t, second(k.AddPasskey(ctx, k.actor(), "x", []byte("{}"))), app.CodeInvalid)
	// A key that somebody has belongs to nobody else.
	b, err := k.BeginPasskey(ctx, k.actor(), app.NewPasskey{Name: "x", Password: goodPassword}, "")
	if err != nil || !strings.Contains(string(b.Options), "excludeCredentials") {
		t.Fatalf("%s, %v", b.Options, err)
	}
	d := passkeytest.New(ownOrigin)
	answer := d.Create(t, b.Options)
	k.exec("UPDATE passkeys SET credential_id = $1", d.ID)
	wantCode(t, second(k.AddPasskey(ctx, k.actor(), b.Token, answer)), app.CodeConflict)
	// There is an end to them.
	for i := 1; i < 20; i++ {
		k.exec("INSERT INTO passkeys SELECT gen_random_uuid(), user_id, name, $1::bytea, public_key, transports, 0, backup_eligible, backed_up, created_at FROM passkeys LIMIT 1", []byte(fmt.Sprint(i)))
	}
	wantCode(t, k.add(passkeytest.New(ownOrigin), "x"), app.CodeConflict)
	// With a second factor, it takes both.
	k.exec("DELETE FROM passkeys")
	k.enrol()
	_, err = k.BeginPasskey(ctx, k.actor(), app.NewPasskey{Name: "x", Password: goodPassword}, "")
	wantField(t, err, "code")
	if _, err = k.BeginPasskey(ctx, k.actor(), app.NewPasskey{Name: "x", Password: goodPassword, Code: k.recovery[0]}, ""); err != nil {
		t.Error(err)
	}
}

func TestRenamingAndRemovingPasskeys(t *testing.T) {
	k := newKeyed(t)
	ctx := t.Context()
	list, err := k.Passkeys(ctx, k.actor())
	if err != nil {
		t.Fatal(err)
	}
	id := list[0].ID
	wantField(t, k.RenamePasskey(ctx, k.actor(), id, " "), "name")
	for range 2 { // the second time nothing changes
		if err := k.RenamePasskey(ctx, k.actor(), id, "The grey one"); err != nil {
			t.Fatal(err)
		}
	}
	wantField(t, k.RemovePasskey(ctx, k.actor(), id, "not the password"), "current")
	// Whoever has nothing else keeps it.
	k.exec("UPDATE users SET password_hash = '' WHERE id = $1", k.ID)
	wantCode(t, k.RemovePasskey(ctx, k.actor(), id, goodPassword), app.CodeConflict)
	k.exec("UPDATE users u SET password_hash = o.password_hash FROM users o WHERE o.id = $1", k.user("bob", false).ID)
	if err := k.RemovePasskey(ctx, k.actor(), id, goodPassword); err != nil {
		t.Fatal(err)
	}
	k.refused("removed")
	wantCode(t, k.RemovePasskey(ctx, k.actor(), id, goodPassword), app.CodeNotFound)
	for _, act := range []string{"rename", "remove"} {
		if n := k.count("SELECT count(*) FROM audit_log WHERE action = $1", "passkey."+act); n != 1 {
			t.Errorf("%s: %d entries", act, n)
		}
		if n := k.count("SELECT count(*) FROM mails WHERE template = $1", "passkey_"+act+"d"); n != 1 {
			t.Errorf("%s: %d mails", act, n)
		}
	}
}

func TestPasskeyAccess(t *testing.T) {
	k := newKeyed(t)
	ctx := t.Context()
	list, err := k.Passkeys(ctx, k.actor())
	if err != nil {
		t.Fatal(err)
	}
	id := list[0].ID
	for who, c := range map[string]struct {
		actor         app.Actor
		change, begin app.Code
	}{
		"anonymous":                 {app.Actor{}, app.CodeUnauthenticated, app.CodeUnauthenticated},
		"a token without the scope": {app.TokenActor(k.User, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden, app.CodeForbidden},
		"somebody else":             {app.UserActor(k.user("eve", false)), app.CodeNotFound, app.CodeInvalid},
		"an administrator":          {app.UserActor(k.user("admin", true)), app.CodeNotFound, app.CodeInvalid},
	} {
		_, began := k.BeginPasskey(ctx, c.actor, app.NewPasskey{Name: "x", Password: "wrong"}, "")
		for name, got := range map[string]struct {
			err  error
			want app.Code
		}{
			"RenamePasskey": {k.RenamePasskey(ctx, c.actor, id, "Mine"), c.change},
			"RemovePasskey": {k.RemovePasskey(ctx, c.actor, id, goodPassword), c.change},
			"BeginPasskey":  {began, c.begin}, "AddPasskey": {second(k.AddPasskey(ctx, c.actor, "x", nil)), c.begin},
		} {
			if app.CodeOf(got.err) != got.want {
				t.Errorf("%s as %s: %v", name, who, got.err)
			}
		}
	}
}
