package app_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
)

// auditAdmin makes an administrator and n entries of theirs.
func (w *world) auditAdmin(n int) (db.User, app.Actor) {
	w.t.Helper()
	admin := w.user("admin")
	w.exec("UPDATE users SET is_admin = true WHERE id = $1", admin.ID)
	admin.IsAdmin = true
	for i := range n {
		if _, err := w.CreateGroup(w.t.Context(), app.UserActor(admin), fmt.Sprint("Group ", i)); err != nil {
			w.t.Fatal(err)
		}
	}
	return admin, app.UserActor(admin)
}

func (w *world) seal(want int) {
	w.t.Helper()
	if n, err := w.SealAudit(w.t.Context(), app.SystemActor()); err != nil || n != want {
		w.t.Fatalf("sealed %d, %v, want %d", n, err, want)
	}
}

func (w *world) verify() app.AuditState {
	w.t.Helper()
	s, err := w.VerifyAudit(w.t.Context(), app.SystemActor())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestTheAuditLogIsSealed(t *testing.T) {
	w := newWorld(t, nil)
	if s := w.verify(); s.Fault != "" || s.Head != 0 {
		t.Errorf("an empty log: %+v", s)
	}
	_, admin := w.auditAdmin(3)
	if s := w.verify(); s.Fault != "" || s.Waiting != 3 || s.Oldest.IsZero() {
		t.Errorf("before sealing: %+v", s)
	}
	w.seal(3)
	w.seal(0)
	if _, err := w.CreateGroup(t.Context(), admin, "One more"); err != nil {
		t.Fatal(err)
	}
	w.seal(1)
	s := w.verify()
	if s.Fault != "" || s.Entries != 4 || s.First != 1 || s.Head != 4 || s.Waiting != 0 || len(s.Hash) != 32 {
		t.Errorf("%+v", s)
	}
	// A process that starts anew goes on where the last one ended.
	w.restart()
	if again := w.verify(); !slices.Equal(again.Hash, s.Hash) {
		t.Errorf("%x, then %x", s.Hash, again.Hash)
	}
}

func TestManySealersMakeOneChain(t *testing.T) {
	w := newWorld(t, nil)
	w.auditAdmin(40)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := w.SealAudit(t.Context(), app.SystemActor()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s := w.verify(); s.Fault != "" || s.Entries != 40 || s.Head != 40 {
		t.Errorf("%+v", s)
	}
}

// An entry of a transaction that commits late has a lower id than some that are
// sealed already; it gets the next place.
func TestWhatCommitsLateIsSealedLater(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(1)
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// As a copy of what is there, since only its place matters here.
	if _, err := tx.Exec(t.Context(), `INSERT INTO audit_log (at, actor_id, actor_kind, action, object_kind, object_id, detail, salt, commitment)
		SELECT at, actor_id, actor_kind, action, object_kind, object_id, detail, salt, commitment FROM audit_log`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateGroup(t.Context(), admin, "Later id, first committed"); err != nil {
		t.Fatal(err)
	}
	w.seal(2)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.seal(1)
	if s := w.verify(); s.Fault != "" || s.Entries != 3 {
		t.Errorf("%+v", s)
	}
	if n := w.count("SELECT id FROM audit_log WHERE seq = 3"); n != 2 {
		t.Errorf("the third is the entry %d", n)
	}
}

// forge makes the chain fit again from a place on, as somebody would who can
// write the database but does not know SECRET_KEY.
const forge = `WITH RECURSIVE c AS (
	SELECT seq, sha256(decode(repeat('00', 32), 'hex') || commitment || int8send(seq)) AS hash FROM audit_log WHERE seq = 1
	UNION ALL SELECT a.seq, sha256(c.hash || a.commitment || int8send(a.seq)) FROM c JOIN audit_log a ON a.seq = c.seq + 1)
	UPDATE audit_log a SET hash = c.hash FROM c WHERE a.seq = c.seq`

func TestTamperingIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		how   []string
		fault app.AuditFault
		at    int64
	}{
		"detail changed":    {[]string{`UPDATE audit_log SET detail = '{"name": "Other"}' WHERE seq = 4`}, app.AuditChanged, 4},
		"action changed":    {[]string{`UPDATE audit_log SET action = 'group.delete' WHERE seq = 4`}, app.AuditChanged, 4},
		"actor changed":     {[]string{`UPDATE audit_log SET actor_id = gen_random_uuid() WHERE seq = 4`}, app.AuditChanged, 4},
		"time changed":      {[]string{`UPDATE audit_log SET at = at - interval '1 day' WHERE seq = 4`}, app.AuditChanged, 4},
		"address changed":   {[]string{`UPDATE audit_log SET ip = '192.0.2.1' WHERE seq = 4`}, app.AuditChanged, 4},
		"person changed":    {[]string{`UPDATE audit_log SET subject_id = gen_random_uuid() WHERE seq = 4`}, app.AuditChanged, 4},
		"emptied":           {[]string{`UPDATE audit_log SET detail = '{}', salt = '' WHERE seq = 4`}, app.AuditEmptied, 4},
		"committed anew":    {[]string{`UPDATE audit_log SET salt = '', detail = '{}', commitment = sha256('x') WHERE seq = 4`}, app.AuditBroken, 4},
		"deleted":           {[]string{`DELETE FROM audit_log WHERE seq = 4`}, app.AuditGap, 5},
		"the last deleted":  {[]string{`DELETE FROM audit_log WHERE seq > 8`}, app.AuditTruncated, 10},
		"the first deleted": {[]string{`DELETE FROM audit_log WHERE seq < 4`}, app.AuditGap, 4},
		"all deleted":       {[]string{`DELETE FROM audit_log`}, app.AuditTruncated, 10},
		"swapped": {[]string{`UPDATE audit_log SET seq = -seq WHERE seq IN (4, 5)`,
			`UPDATE audit_log SET seq = CASE seq WHEN -4 THEN 5 ELSE 4 END WHERE seq < 0`}, app.AuditBroken, 4},
		"swapped and chained anew": {[]string{`UPDATE audit_log SET seq = -seq WHERE seq IN (4, 5)`,
			`UPDATE audit_log SET seq = CASE seq WHEN -4 THEN 5 ELSE 4 END WHERE seq < 0`, forge}, app.AuditTruncated, 10},
		"deleted and chained anew": {[]string{`DELETE FROM audit_log WHERE seq = 4`, `UPDATE audit_log SET seq = -seq WHERE seq > 4`,
			`UPDATE audit_log SET seq = -seq - 1 WHERE seq < 0`, forge}, app.AuditTruncated, 10},
		"inserted between": {[]string{`UPDATE audit_log SET seq = -seq WHERE seq > 4`, `UPDATE audit_log SET seq = 1 - seq WHERE seq < 0`,
			`INSERT INTO audit_log (at, actor_kind, action, detail, salt, commitment, seq, hash)
			 SELECT at, actor_kind, action, detail, salt, commitment, 5, hash FROM audit_log WHERE seq = 4`}, app.AuditBroken, 5},
		"appended": {[]string{`INSERT INTO audit_log (at, actor_id, actor_kind, action, object_kind, object_id, detail, salt, commitment, seq, hash)
			 SELECT at, actor_id, actor_kind, action, object_kind, object_id, detail, salt, commitment, 11,
			 	sha256((SELECT hash FROM audit_log WHERE seq = 10) || commitment || int8send(11)) FROM audit_log WHERE seq = 4`}, app.AuditTruncated, 10},
		"the end moved":      {[]string{`UPDATE audit_checkpoints SET seq = 9, hash = (SELECT hash FROM audit_log WHERE seq = 9)`}, app.AuditCheckpoint, 9},
		"signature changed":  {[]string{`UPDATE audit_checkpoints SET signature = sha256('x')`}, app.AuditCheckpoint, 10},
		"checkpoint deleted": {[]string{`DELETE FROM audit_checkpoints`}, app.AuditTruncated, 0},
		"a beginning made up": {[]string{`INSERT INTO audit_checkpoints SELECT 'start', 3, hash, now(), hash FROM audit_log WHERE seq = 3`,
			`DELETE FROM audit_log WHERE seq <= 3`}, app.AuditCheckpoint, 10},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.auditAdmin(10)
			w.seal(10)
			if s := w.verify(); s.Fault != "" {
				t.Fatalf("at first: %+v", s)
			}
			for _, sql := range c.how {
				w.exec(sql)
			}
			if s := w.verify(); s.Fault != c.fault || s.FaultAt != c.at {
				t.Errorf("found %q at %d, want %q at %d", s.Fault, s.FaultAt, c.fault, c.at)
			}
		})
	}
}

// What is not sealed yet is looked at, too.
func TestAChangeBeforeSealingIsFound(t *testing.T) {
	w := newWorld(t, nil)
	w.auditAdmin(2)
	w.exec(`UPDATE audit_log SET detail = '{}' WHERE id = 2`)
	if s := w.verify(); s.Fault != app.AuditChanged || s.FaultAt != 2 {
		t.Errorf("%+v", s)
	}
}

// The sealer does not sign what somebody else put at the end.
func TestASealerDoesNotGoOnFromAForgedEnd(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(3)
	w.seal(3)
	w.exec(`DELETE FROM audit_log WHERE seq = 3`)
	if _, err := w.CreateGroup(t.Context(), admin, "New"); err != nil {
		t.Fatal(err)
	}
	if n, err := w.SealAudit(t.Context(), app.SystemActor()); err == nil || n != 0 {
		t.Errorf("sealed %d, %v", n, err)
	}
	// Until somebody has looked into it and says so, which is written down.
	if err := w.SignAudit(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	w.seal(2)
	if s := w.verify(); s.Fault != "" || s.Head != 4 {
		t.Errorf("%+v", s)
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE action = 'audit.sign' AND detail->>'before' = '3' AND detail->>'after' = '2'"); n != 1 {
		t.Error("signing is not in the log")
	}
}

func TestAnotherSecretKeyIsFound(t *testing.T) {
	w := newWorld(t, nil)
	w.auditAdmin(3)
	w.seal(3)
	other := app.New(app.Deps{
		DB: w.db, Jobs: w.logs, Live: w.logs, Log: slog.New(slog.DiscardHandler), SecretKey: []byte(strings.Repeat("x", 32)),
		DefaultZone: time.UTC, Now: func() time.Time { return w.now },
	})
	if s, err := other.VerifyAudit(t.Context(), app.SystemActor()); err != nil || s.Fault != app.AuditCheckpoint {
		t.Errorf("%+v, %v", s, err)
	}
	if err := other.SignAudit(t.Context(), app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	if s, err := other.VerifyAudit(t.Context(), app.SystemActor()); err != nil || s.Fault != "" {
		t.Errorf("once signed: %+v, %v", s, err)
	}
}

func TestOldEntriesGo(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(5)
	w.seal(5)
	w.now = w.now.AddDate(0, 0, 100)
	for i := range 3 {
		if _, err := w.CreateGroup(t.Context(), admin, fmt.Sprint("New ", i)); err != nil {
			t.Fatal(err)
		}
	}
	w.seal(3)
	trim := func(want int) {
		t.Helper()
		if n, err := w.TrimAudit(t.Context(), app.SystemActor()); err != nil || n != want {
			t.Fatalf("removed %d, %v, want %d", n, err, want)
		}
	}
	trim(0)
	w.exec(`INSERT INTO site_settings (settings) VALUES ('{"audit_days": 30}')`)
	w.restart()
	trim(5)
	trim(0)
	s := w.verify()
	if s.Fault != "" || s.First != 6 || s.Head != 8 || s.Entries != 3 {
		t.Errorf("%+v", s)
	}
	// Also when nothing is left the chain goes on.
	w.now = w.now.AddDate(0, 0, 100)
	trim(3)
	if _, err := w.CreateGroup(t.Context(), admin, "Next"); err != nil {
		t.Fatal(err)
	}
	w.seal(1)
	if s := w.verify(); s.Fault != "" || s.First != 9 || s.Head != 9 {
		t.Errorf("%+v", s)
	}
	// The checkpoint is what the rest stands on.
	w.exec(`UPDATE audit_checkpoints SET seq = 7 WHERE kind = 'start'`)
	if s := w.verify(); s.Fault != app.AuditCheckpoint {
		t.Errorf("%+v", s)
	}
	w.exec(`DELETE FROM audit_checkpoints WHERE kind = 'start'`)
	if s := w.verify(); s.Fault != app.AuditGap || s.FaultAt != 9 {
		t.Errorf("%+v", s)
	}
	w.exec(`UPDATE site_settings SET settings = '{"audit_days": 0}'`)
	w.restart()
	w.now = w.now.AddDate(50, 0, 0)
	trim(0)
}

// What was tampered with is not removed as old.
func TestEvidenceIsNotTrimmed(t *testing.T) {
	w := newWorld(t, nil)
	w.auditAdmin(5)
	w.seal(5)
	w.exec(`UPDATE audit_log SET commitment = sha256('x') WHERE seq = 3`)
	w.now = w.now.AddDate(2, 0, 0)
	if n, err := w.TrimAudit(t.Context(), app.SystemActor()); err == nil || n != 0 {
		t.Errorf("removed %d, %v", n, err)
	}
	if s := w.verify(); s.Fault != app.AuditBroken || s.FaultAt != 3 {
		t.Errorf("%+v", s)
	}
}

func TestErasingAPersonLeavesTheChain(t *testing.T) {
	w := newWorld(t, nil)
	_, admin := w.auditAdmin(1)
	ann, bob := w.user("ann"), w.user("bob")
	group, err := w.CreateGroup(t.Context(), admin, "Family")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []db.User{ann, bob} {
		if err := w.AddGroupMember(t.Context(), admin, group.ID, u.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SuspendUser(t.Context(), admin, ann.ID, true); err != nil {
		t.Fatal(err)
	}
	// Neither of nor about her, but it tells her address; and one before it is sealed.
	if _, err := w.CreateGroup(t.Context(), admin, "ANN@example.org"); err != nil {
		t.Fatal(err)
	}
	w.seal(6)
	if err := w.SuspendUser(t.Context(), admin, ann.ID, false); err != nil {
		t.Fatal(err)
	}
	before := w.verify()
	if err := app.EraseAudit(t.Context(), w.App, ann); err != nil {
		t.Fatal(err)
	}
	s := w.verify()
	if s.Fault != "" || s.Erased != 3 || !slices.Equal(s.Hash, before.Hash) {
		t.Errorf("%+v", s)
	}
	w.seal(2)
	if s := w.verify(); s.Fault != "" || s.Erased != 4 {
		t.Errorf("%+v", s)
	}
	if n := w.count("SELECT count(*) FROM audit_log a WHERE strpos(lower(a.detail::text), 'ann') > 0"); n != 0 {
		t.Errorf("%d entries still name her", n)
	}
	if n := w.count("SELECT count(*) FROM audit_log WHERE subject_id = $1 AND detail->>'email' = 'bob@example.org'", bob.ID); n != 1 {
		t.Error("what is about somebody else is gone")
	}
	// Once more changes nothing but that it is written down.
	if err := app.EraseAudit(t.Context(), w.App, ann); err != nil {
		t.Fatal(err)
	}
	w.seal(1)
	if s := w.verify(); s.Fault != "" {
		t.Errorf("%+v", s)
	}
	// Emptying an entry about her that was written since is found, and so is
	// emptying one of somebody who was not erased.
	if err := w.SuspendUser(t.Context(), admin, ann.ID, true); err != nil {
		t.Fatal(err)
	}
	last := w.count("SELECT max(id) FROM audit_log")
	w.exec(`UPDATE audit_log SET detail = '{}', salt = '' WHERE id = $1`, last)
	if s := w.verify(); s.Fault != app.AuditEmptied || s.FaultAt != last {
		t.Errorf("%+v", s)
	}
	w.exec(`UPDATE audit_log SET detail = '{}', salt = '' WHERE subject_id = $1`, bob.ID)
	if s := w.verify(); s.Fault != app.AuditEmptied || s.FaultAt != 4 {
		t.Errorf("%+v", s)
	}
}
