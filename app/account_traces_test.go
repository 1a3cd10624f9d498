package app_test

import (
	"context"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// untraced are the tables in which nothing tells of the person, with the reason.
var untraced = map[string]string{
	"goose_db_version":  "the versions of the schema",
	"sharing_changes":   "hashes of ids, for an hour",
	"first_run":         "gone since there is an administrator",
	"audit_checkpoints": "hashes of the whole log",
	"categories":        "the site's list",
	"embedding_models":  "the site's models",
	"pending_objects":   "keys of objects on their way out; the sweep empties it",
	"account_deletions": "made by asking for the deletion, below",
	"groups":            "the site's; who is in them is in group_members",
}

// untracedColumns reference people and cannot name the person when it begins.
var untracedColumns = map[string]string{
	"account_deletions.user_id": "made by asking for the deletion, below",
	"user_removals.user_id":     "made when the time is over",
	"user_removals.heir_id":     "whoever is about to be given things cannot leave: TestWhoIsToBeGivenThingsStays",
}

// plantEverywhere leaves traces of a leaver in the places that leaver itself
// does not reach, and returns what tells of them.
func (p *post) plantEverywhere(user db.User) (needles []string) {
	p.t.Helper()
	ctx, w := app.WithOrigin(p.t.Context(), app.Origin{Addr: netip.MustParseAddr("198.51.100.77")}), p.world()
	var bob, album, theirs, hers uuid.UUID
	for to, sql := range map[*uuid.UUID]string{
		&bob: "SELECT id FROM users WHERE name = 'bob'", &album: "SELECT id FROM albums WHERE title = 'Album' LIMIT 1",
		&theirs: "SELECT m.id FROM media m JOIN users u ON u.id = m.owner_id WHERE u.name = 'bob'",
		&hers:   "SELECT m.id FROM media m JOIN users u ON u.id = m.owner_id WHERE u.name <> 'bob' LIMIT 1",
	} {
		if err := p.db.QueryRow(ctx, sql).Scan(to); err != nil {
			p.t.Fatal(sql, err)
		}
	}
	actor, id := app.UserActor(user), uuid.New
	hash := func() []byte { h, more := id(), id(); return append(h[:], more[:]...) }
	p.exec("UPDATE users SET is_admin = true WHERE id = $1", user.ID)
	bobs := id()
	p.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, 'Bob''s album')", bobs, bob)
	w.grant(bobs, user.ID, db.AlbumRoleAdmin)
	p.exec("UPDATE album_grants SET granted_by = $1 WHERE album_id = $2", user.ID, album)
	link := w.shareLink(bobs, user)
	p.exec("INSERT INTO groups (id, name) VALUES ($1, 'Hikers')", bobs)
	p.exec("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", bobs, user.ID)
	// Ways to sign in, and on the way to it.
	p.exec("INSERT INTO totp (user_id, secret, confirmed_at, created_at) VALUES ($1, 'x', now(), now())", user.ID)
	p.exec("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)", user.ID, hash())
	p.exec("INSERT INTO sign_in_steps (token_hash, user_id, remember, next, expires_at) VALUES ($1, $2, true, '', now() + interval '1 day')", hash(), user.ID)
	p.exec("INSERT INTO identities (id, user_id, issuer, subject, email, created_at) VALUES ($1, $2, 'https://id.example.org', 'sub-xanthippe', 'zwicknagl@provider.example', now())", id(), user.ID)
	p.exec("INSERT INTO oidc_attempts (token_hash, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day')", hash(), user.ID)
	p.exec("UPDATE sessions SET ip = '198.51.100.77', user_agent = 'Zwicknagl Browser' WHERE user_id = $1", user.ID)
	// Addresses that were hers, and what was sent to them.
	p.exec("INSERT INTO mailed_links (token_hash, user_id, purpose, email, created_at, expires_at) VALUES ($1, $2, 'revert', 'old-zwicknagl@example.org', now(), now() + interval '1 day')", hash(), user.ID)
	p.exec(`INSERT INTO mails (id, recipient, template, language, state, next_at, error, created_at, ended_at)
		VALUES ($1, 'old-zwicknagl@example.org', 'invitation_site', 'en', 'dead', now(), '550 no zwicknagl here', now(), now())`, id())
	if _, err := p.Invite(ctx, app.UserActor(db.User{ID: bob, Email: "bob@example.org", Name: "bob", IsAdmin: true}), app.NewInvitation{Email: "old-zwicknagl@example.org"}); err != nil {
		p.t.Fatal(err)
	}
	accepted := id()
	p.exec(`INSERT INTO invitations (id, email, inviter_id, language, token_hash, created_at, sent_at, expires_at, accepted_at, accepted_by)
		VALUES ($1, 'xanthippe@example.org', $2, 'en', $3, now(), now(), now(), now(), $4)`, accepted, bob, hash(), user.ID)
	p.exec("INSERT INTO invitation_groups (invitation_id, group_id) VALUES ($1, $2)", accepted, bobs)
	// What guests sent through her links, and copies without metadata.
	for where, media := range map[uuid.UUID]uuid.UUID{album: hers, bobs: theirs} {
		p.exec("INSERT INTO guest_uploads (id, album_id, link_id, media_id, guest_name, guest_hash, filename, sent_at) VALUES ($1, $2, $3, $4, 'Guest', 'x', 'a.jpg', now())", id(), where, link, media)
	}
	p.exec(`INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes) VALUES ($1, 'stripped', 1, $2, 'image/jpeg', 1, 1, 18)`, hers, "derivatives/stripped"+hers.String())
	p.put("derivatives/stripped"+hers.String(), "zwicknagl's pixels")
	p.exec("INSERT INTO upload_parts (upload_id, at, bytes, storage_key) SELECT id, 0, 9, 'uploads/zwicknagl' FROM uploads WHERE owner_id = $1", user.ID)
	p.put("uploads/zwicknagl", "zwicknagl")
	// Reports: her own, those with her addresses, and about her photo.
	if err := p.ReportMedia(ctx, actor, theirs, app.NewReport{Reason: "hate", Message: "Xanthippe Zwicknagl saw this", Email: "xanthippe@example.org"}); err != nil {
		p.t.Fatal(err)
	}
	for _, email := range []string{"Xanthippe@Example.org", "old-zwicknagl@example.org"} {
		p.exec(`INSERT INTO reports (id, case_id, reason, message, email, reporter_kind, link_id, ip, created_at)
			SELECT $1, id, 'consent', 'zwicknagl writes', $2, 'link', $3, '198.51.100.77', now() FROM report_cases LIMIT 1`, id(), email, link)
	}
	if err := p.ReportMedia(ctx, app.UserActor(db.User{ID: bob}), hers, app.NewReport{Reason: "hate"}); err != nil {
		p.t.Fatal(err)
	}
	p.exec("UPDATE report_cases SET closed_at = now(), closed_by = $1, outcome = 'dismissed', keep_until = now() + interval '1 year'", user.ID)
	// What she set as an administrator, and accepted.
	p.exec("INSERT INTO contact_messages (id, name, email, message, ip, created_at, answered_at, answered_by) VALUES ($1, 'Tom', 'tom@example.org', 'Hello', '', now(), now(), $2)", id(), user.ID)
	p.exec("INSERT INTO policy_acceptances (user_id, name, version, accepted_at, ip) VALUES ($1, 'terms', 7, now(), '198.51.100.77')", user.ID)
	p.exec("INSERT INTO policy_versions (name, version, note, ask, changed_by, changed_at) VALUES ('terms', 1, '', false, $1, now())", user.ID)
	p.exec("INSERT INTO mail_texts (template, language, version, changed_by, changed_at) VALUES ('report', 'en', 1, $1, now())", user.ID)
	p.exec("INSERT INTO site_settings (settings, updated_by) VALUES ('{}', $1)", user.ID)
	gone := p.user("dora", false)
	p.exec("INSERT INTO user_removals (user_id, heir_id, asked_by, asked_at) VALUES ($1, $2, $3, now())", gone.ID, bob, user.ID)
	p.exec("INSERT INTO chores (user_id, kind, asked) VALUES ($1, 'reindex', now())", user.ID)
	if err := p.RequestExport(ctx, actor); err != nil {
		p.t.Fatal(err)
	}
	p.runExports()
	return []string{link.String(), accepted.String(), "198.51.100.77", "old-zwicknagl", "sub-xanthippe"}
}

// names returns the first column.
func (p *post) names(sql string) (out []string) {
	p.t.Helper()
	rows, err := p.db.Query(p.t.Context(), sql)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, name)
	}
	return out
}

// checkPlanted fails where a table or a column that references people has no
// trace of the person, so that looking for it afterwards would show nothing.
// Whoever adds one plants something there, or says why not.
func (p *post) checkPlanted(user db.User, needles []string) {
	p.t.Helper()
	like := make([]string, len(needles))
	for i, n := range needles {
		like[i] = "%" + n + "%"
	}
	for _, table := range p.names("SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1") {
		found := false
		if err := p.db.QueryRow(p.t.Context(), "SELECT EXISTS (SELECT 1 FROM "+table+" t WHERE lower(t::text) LIKE ANY ($1))", like).Scan(&found); err != nil {
			p.t.Fatal(table, err)
		}
		if why := untraced[table]; found == (why != "") {
			p.t.Errorf("table %s: a trace of the person is there: %v; excused: %q", table, found, why)
		}
	}
	for _, column := range p.names(`SELECT c.conrelid::regclass || '.' || a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass ORDER BY 1`) {
		table, name, _ := strings.Cut(column, ".")
		found := false
		if err := p.db.QueryRow(p.t.Context(), "SELECT EXISTS (SELECT 1 FROM "+table+" t WHERE t."+name+" = $1)", user.ID).Scan(&found); err != nil {
			p.t.Fatal(column, err)
		}
		if why := untracedColumns[column]; found == (why != "") {
			p.t.Errorf("column %s names the person: %v; excused: %q", column, found, why)
		}
	}
}

func TestADeletedAccountLeavesNothing(t *testing.T) {
	p := newPost(t)
	user, needles := p.leaver()
	needles = append(needles, p.plantEverywhere(user)...)
	p.checkPlanted(user, needles)
	for _, n := range needles[:2] {
		needles = append(needles, hex.EncodeToString([]byte(n))) // within binary columns
	}
	before := p.dump() + p.objects()
	for _, n := range needles[:len(needles)-2] {
		if !strings.Contains(before, n) {
			t.Fatalf("%q is nowhere, so that looking for it shows nothing", n)
		}
	}
	if !strings.Contains(before, "exports/") {
		t.Fatal("there is no copy of her data")
	}
	due, err := p.RequestDeletion(t.Context(), app.UserActor(user), goodPassword)
	if err != nil || !due.Equal(p.now.AddDate(0, 0, 14)) {
		t.Fatalf("%v, %v", due, err)
	}
	p.now = due.Add(time.Minute)
	for _, step := range []func(context.Context, app.Actor) (int, error){p.EndAccounts, p.DoChores, p.SweepReports, p.SweepObjects} {
		if _, err := step(t.Context(), app.SystemActor()); err != nil {
			t.Fatal(err)
		}
	}
	for where, all := range map[string]string{"the database": p.dump(), "the storage": p.objects()} {
		for _, n := range needles {
			if i := strings.Index(all, n); i >= 0 {
				t.Errorf("%q is still in %s: …%s…", n, where, all[max(0, i-200):min(len(all), i+200)])
			}
		}
		if strings.Contains(all, "exports/") {
			t.Errorf("a copy of her data is still in %s", where)
		}
	}
	if s, err := p.VerifyAudit(t.Context(), app.SystemActor()); err != nil || s.Fault != "" || s.Erased == 0 {
		t.Errorf("the audit log: %+v, %v", s, err)
	}
	// What is not hers stays: Bob's photo, and that it was reported three times.
	if !strings.Contains(p.objects(), "bob's pixels") || p.world().count("SELECT count(*) FROM media") != 1 {
		t.Error("what is Bob's is gone")
	}
	if n := p.world().count("SELECT count(*) FROM reports WHERE reason <> '' AND created_at IS NOT NULL"); n != 3 {
		t.Errorf("%d reports are left", n)
	}
}

// An address that somebody asked for and never confirmed is not theirs: what is
// there about it stays when they leave.
func TestWhoAsksForAnAddressTakesNothingOfItAway(t *testing.T) {
	p := newPost(t)
	bob, mallory := p.user("bob", true), p.user("mallory", false)
	if _, err := p.Invite(t.Context(), app.UserActor(bob), app.NewInvitation{Email: "victim@example.org"}); err != nil {
		t.Fatal(err)
	}
	theirs := func() []int64 {
		w := p.world()
		return []int64{
			w.count("SELECT count(*) FROM invitations WHERE email = 'victim@example.org'"),
			w.count("SELECT count(*) FROM mails WHERE recipient = 'victim@example.org' AND template LIKE 'invitation%'"),
			w.count("SELECT count(*) FROM audit_log WHERE action = 'invitation.create' AND detail::text LIKE '%victim@example.org%'"),
		}
	}
	before := theirs()
	if slices.Contains(before, 0) {
		t.Fatalf("nothing is there that could go: %v", before)
	}
	if err := p.RequestEmailChange(t.Context(), app.UserActor(mallory), goodPassword, "victim@example.org"); err != nil {
		t.Fatal(err)
	}
	due, err := p.RequestDeletion(t.Context(), app.UserActor(mallory), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	p.now = due.Add(time.Minute)
	for _, step := range []func(context.Context, app.Actor) (int, error){p.EndAccounts, p.DoChores, p.SweepObjects} {
		if _, err := step(t.Context(), app.SystemActor()); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.world().count("SELECT count(*) FROM users WHERE id = $1", mallory.ID); n != 0 {
		t.Fatal("the account is still there")
	}
	if after := theirs(); !slices.Equal(before, after) {
		t.Errorf("invitations, mails and entries about the address: %v before, %v after", before, after)
	}
	if n := p.world().count("SELECT count(*) FROM mails WHERE template = 'email_change'"); n != 0 {
		t.Error("the mail that asked to confirm the address is still there")
	}
}

func TestWhoIsToBeGivenThingsStays(t *testing.T) {
	p := newPost(t)
	p.user("admin", true)
	heir, leaver := p.user("heir", false), p.user("leaver", false)
	p.exec("INSERT INTO user_removals (user_id, heir_id, asked_at) VALUES ($1, $2, now())", leaver.ID, heir.ID)
	wantCode(t, second(p.RequestDeletion(t.Context(), app.UserActor(heir), goodPassword)), app.CodeConflict)
}
