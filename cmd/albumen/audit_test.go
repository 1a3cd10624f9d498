package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"albumen/app"
)

// The check names the first bad entry and fails; signing is the way on.
func TestTheCheckLooksAtTheAuditLog(t *testing.T) {
	env := environment(t)
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: io.Discard, err: io.Discard}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, name := range []string{"Family", "Club", "Friends"} {
		if _, err := s.app.CreateGroup(t.Context(), app.SystemActor(), name); err != nil {
			t.Fatal(err)
		}
	}
	look := func() (int, auditResult, string) {
		t.Helper()
		code, out, _ := albumen(t, env, "", "check", "--json")
		var r struct{ Audit auditResult }
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return code, r.Audit, out
	}
	if code, r, out := look(); code != exitDone || r.Waiting != 3 || r.Seq != 0 {
		t.Errorf("before sealing: %s", out)
	}
	if _, err := s.app.SealAudit(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	code, sealed, out := look()
	if code != exitDone || sealed.Seq != 3 || len(sealed.Hash) != 64 {
		t.Errorf("sealed: %s", out)
	}
	if _, err := s.db.Exec(t.Context(), `UPDATE audit_log SET detail = '{"name": "Other"}' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if code, r, out := look(); code != exitFailed || r.Fault != "changed" || r.FaultAt != 2 || !strings.Contains(out, "what entry 2 says was changed") {
		t.Errorf("changed: %s", out)
	}
	if _, err := s.db.Exec(t.Context(), `DELETE FROM audit_log WHERE seq >= 2`); err != nil {
		t.Fatal(err)
	}
	if code, r, out := look(); code != exitFailed || r.Fault != "truncated" || r.FaultAt != 3 {
		t.Errorf("truncated: %s", out)
	}
	if code, out, complaints := albumen(t, env, "", "audit", "sign"); code != exitDone {
		t.Fatalf("%s%s", out, complaints)
	}
	if code, r, out := look(); code != exitDone || r.Seq != 1 || r.Waiting != 1 {
		t.Errorf("signed: %s", out)
	}
	if code, _, _ := albumen(t, env, "", "audit"); code != exitUsage {
		t.Errorf("audit alone: %d", code)
	}
}
