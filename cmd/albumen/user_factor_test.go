package main

import (
	"encoding/json"
	"strings"
	"testing"

	"albumen/db"
)

// The only administrator has lost the app and the codes.
func TestResetFactor(t *testing.T) {
	env := environment(t)
	run := func(want int, args ...string) string {
		t.Helper()
		code, out, complaints := albumen(t, env, password, append([]string{"user"}, args...)...)
		if code != want {
			t.Fatalf("user %v: exit code %d\n%s%s", args, code, out, complaints)
		}
		return out + complaints
	}
	reset := func(more ...string) (r factorReset) {
		t.Helper()
		if err := json.Unmarshal([]byte(run(exitDone, append([]string{"reset-factor", "--email", "Ann@example.org", "--json"}, more...)...)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	run(exitDone, "create", "--email", "ann@example.org", "--admin", "--password-stdin")
	if said := run(exitFailed, "reset-factor", "--email", "ann@example.org"); !strings.Contains(said, "no second factor") {
		t.Error(said)
	}
	if said := run(exitFailed, "reset-factor", "--email", "eve@example.org"); !strings.Contains(said, "There is no such user") {
		t.Error(said)
	}
	if r := reset("--dry-run"); r.Factor || r.Removed {
		t.Errorf("%+v", r)
	}
	pool, err := db.Open(t.Context(), setting(env, "DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, sql := range []string{
		"INSERT INTO totp (user_id, secret, confirmed_at, created_at) SELECT id, 'x', now(), now() FROM users",
		"INSERT INTO recovery_codes (user_id, code_hash) SELECT id, sha256('x') FROM users",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM totp) + (SELECT count(*) FROM recovery_codes)").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if r := reset("--dry-run"); !r.Factor || r.Removed || left() != 2 {
		t.Errorf("%+v, %d rows", r, left())
	}
	if said := run(exitDone, "reset-factor", "--email", "ann@example.org", "--dry-run"); !strings.Contains(said, "Would take") {
		t.Error(said)
	}
	if r := reset(); !r.Factor || !r.Removed || r.Email != "ann@example.org" || left() != 0 {
		t.Errorf("%+v, %d rows", r, left())
	}
	var audited, mailed int
	err = pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM audit_log WHERE action = 'factor.remove' AND actor_kind = 'system'),
		(SELECT count(*) FROM mails WHERE template = 'factor_removed' AND recipient = 'ann@example.org')`).Scan(&audited, &mailed)
	if err != nil || audited != 1 || mailed != 1 {
		t.Errorf("%d entries, %d mails, %v", audited, mailed, err)
	}
}

// setting is the value of a variable of the environment.
func setting(env []string, name string) string {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}
