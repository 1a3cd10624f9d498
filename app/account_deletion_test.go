package app_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
	"albumen/storage"
)

// world has the makers of rows, over the same database and storage.
func (p *post) world() *world {
	return &world{App: p.App, t: p.t, db: p.db, store: p.store, logs: p.queue, now: p.now}
}

// dump is the whole database as pg_dump writes it, in small letters.
func (p *post) dump() string {
	p.t.Helper()
	c := exec.Command("pg_dump", "--data-only", "--dbname", p.db.Pool.Config().ConnString())
	var problem bytes.Buffer
	c.Stderr = &problem
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("pg_dump: %v\n%s", err, problem.String())
	}
	return strings.ToLower(string(out))
}

// objects is every key of the storage with its content, in small letters.
func (p *post) objects() string {
	p.t.Helper()
	var all strings.Builder
	err := p.store.List(p.t.Context(), "", func(info storage.Info) error {
		r, err := p.store.Open(p.t.Context(), info.Key, 0, info.Bytes)
		if err != nil {
			return err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		all.WriteString(info.Key + "\n" + string(content) + "\n")
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.ToLower(all.String())
}

func (p *post) put(key, content string) {
	p.t.Helper()
	if _, err := p.store.Put(context.Background(), key, strings.NewReader(content)); err != nil {
		p.t.Fatal(err)
	}
}

// leaver is a person with something in every place, and what tells of her.
func (p *post) leaver() (user db.User, needles []string) {
	w := p.world()
	bob := p.user("bob", true)
	if _, err := p.Invite(p.t.Context(), app.UserActor(bob), app.NewInvitation{Email: "xanthippe@example.org"}); err != nil {
		p.t.Fatal(err)
	}
	user = p.user("xanthippe", false)
	p.exec("UPDATE users SET name = 'Xanthippe Zwicknagl', avatar_key = 'avatars/xanthippe' WHERE id = $1", user.ID)
	user.Name = "Xanthippe Zwicknagl"
	p.put("avatars/xanthippe", "her face")
	actor := app.UserActor(user)
	if err := p.SendContact(p.t.Context(), actor, app.NewContact{Message: "Xanthippe was here."}); err != nil {
		p.t.Fatal(err)
	}
	p.exec("INSERT INTO contact_messages (id, name, email, message, ip, created_at) VALUES (gen_random_uuid(), 'Zwicknagl', 'Xanthippe@example.org', 'From before.', '', now())")
	if err := p.AcceptTerms(p.t.Context(), actor, 0); err != nil {
		p.t.Fatal(err)
	}
	album := w.album(user, db.AlbumVisibilityPrivate)
	w.grant(album, bob.ID, db.AlbumRoleContributor)
	w.shareLink(album, user)
	theirs := w.media(bob, album)
	p.put("media/"+theirs.String(), "bob's pixels")
	needles = []string{"xanthippe", "zwicknagl", user.ID.String(), album.String()}
	p.exec("INSERT INTO embedding_models (name, label, dimension, state) VALUES ('a@1', 'a', 2, 'active')")
	p.exec("SELECT create_embedding_partition(id, 2) FROM embedding_models")
	for range 2 {
		id := w.media(user, album)
		p.exec("UPDATE media SET filename = 'zwicknagl-am-see.jpg' WHERE id = $1", id)
		p.exec("UPDATE media_files SET filename = 'zwicknagl-am-see.jpg', bytes = 18 WHERE media_id = $1", id)
		p.exec("UPDATE derivatives SET bytes = 18 WHERE media_id = $1", id)
		for _, key := range []string{"media/", "derivatives/thumb", "derivatives/preview"} {
			p.put(key+id.String(), "zwicknagl's pixels")
		}
		title := "Xanthippe by the lake"
		if _, err := p.EditMedia(p.t.Context(), actor, id, app.MediaEdit{Title: &title}); err != nil {
			p.t.Fatal(err)
		}
		needles = append(needles, id.String(), hex.EncodeToString(id[:]))
		p.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", bob.ID, id)
		p.exec("INSERT INTO media_ai (media_id, model_id, state) SELECT $1, id, 'done' FROM embedding_models", id)
		p.exec("INSERT INTO embeddings (model_id, media_id, embedding) SELECT id, $1, '[1,0]' FROM embedding_models", id)
	}
	p.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", user.ID, theirs)
	if _, _, err := p.CreateToken(p.t.Context(), actor, app.NewToken{Name: "Zwicknagl's phone"}); err != nil {
		p.t.Fatal(err)
	}
	p.exec("INSERT INTO passkeys (id, user_id, name, credential_id, public_key, sign_count, backup_eligible, backed_up, created_at) VALUES (gen_random_uuid(), $1, 'Zwicknagl''s key', 'x', 'x', 0, false, false, now())", user.ID)
	p.exec("INSERT INTO passkey_challenges (key_hash, purpose, user_id, name, session, expires_at) VALUES (sha256('x'), 'add', $1, 'Zwicknagl''s next key', '{}', now() + interval '1 day')", user.ID)
	p.exec("INSERT INTO identities (id, user_id, issuer, subject, email, created_at) VALUES (gen_random_uuid(), $1, 'https://id.example.org', 'zwicknagl', 'xanthippe@example.org', now())", user.ID)
	sessions := app.NewSessions(p.db, func() time.Time { return p.now })
	if err := sessions.Create(p.t.Context(), "browser", []byte("x"), p.now.Add(time.Hour), app.Visitor{UserID: user.ID}); err != nil {
		p.t.Fatal(err)
	}
	if err := p.RequestEmailChange(p.t.Context(), actor, goodPassword, "zwicknagl@example.org"); err != nil {
		p.t.Fatal(err)
	}
	if err := p.AddMember(p.t.Context(), actor, album, app.NewMember{Email: "carl@example.org", Role: db.AlbumRoleViewer}); err != nil {
		p.t.Fatal(err)
	}
	p.exec("INSERT INTO uploads (id, owner_id, filename, bytes, created_at, expires_at) VALUES (gen_random_uuid(), $1, 'zwicknagl.mov', 9, now(), now() + interval '1 day')", user.ID)
	if _, err := p.SealAudit(p.t.Context(), app.SystemActor()); err != nil {
		p.t.Fatal(err)
	}
	return user, needles
}

func TestADeletionIsCalledOffBySigningIn(t *testing.T) {
	p := newPost(t)
	p.user("admin", true)
	ann := p.user("ann", false)
	actor := app.UserActor(ann)
	secret, _, err := p.CreateToken(t.Context(), actor, app.NewToken{Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if e := wantCode(t, second(p.RequestDeletion(t.Context(), actor, "wrong")), app.CodeInvalid); e.Fields["current"] == "" {
		t.Error(e.Fields)
	}
	due, err := p.RequestDeletion(t.Context(), actor, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, second(p.RequestDeletion(t.Context(), actor, goodPassword)), app.CodeConflict)
	wantCode(t, second(p.ActorOfToken(t.Context(), secret)), app.CodeUnauthenticated)
	p.send()
	// Once more, two days before the end, and only once.
	p.now = due.Add(-47 * time.Hour)
	for range 2 {
		if _, err := p.EndAccounts(t.Context(), app.SystemActor()); err != nil {
			t.Fatal(err)
		}
	}
	p.send()
	if mails := p.server.Mails(); len(mails) != 2 || mails[0].To != ann.Email || !strings.Contains(mails[1].Data, "ends soon") {
		t.Errorf("%d mails: %+v", len(mails), mails)
	}
	if _, err := p.SignIn(t.Context(), ann.Email, goodPassword, somewhere); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if got, err := p.CancelDeletion(t.Context(), actor); err != nil || got != want {
			t.Errorf("%v, %v", got, err)
		}
	}
	p.now = due.Add(time.Hour)
	if n, err := p.EndAccounts(t.Context(), app.SystemActor()); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	if n := p.world().count("SELECT count(*) FROM user_removals"); n != 0 {
		t.Error("the account is being deleted all the same")
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	wantCode(t, second(p.RequestDeletion(t.Context(), app.UserActor(admin), goodPassword)), app.CodeConflict)
	// One who becomes the last one meanwhile is not deleted either.
	other := p.user("other", true)
	due, err := p.RequestDeletion(t.Context(), app.UserActor(admin), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	p.exec("UPDATE users SET is_admin = false WHERE id = $1", other.ID)
	p.now = due
	wantCode(t, second(p.EndAccounts(t.Context(), app.SystemActor())), app.CodeConflict)
	if n := p.world().count("SELECT count(*) FROM users WHERE id = $1 AND suspended_at IS NULL", admin.ID); n != 1 {
		t.Error("the last administrator is gone")
	}
}

// A person's own account is for the person alone, with the scope account.
func TestDeletionAccess(t *testing.T) {
	p := newPost(t)
	p.user("admin", true)
	u := p.user("ann", false)
	suspended := u
	suspended.SuspendedAt = &p.now
	for name, c := range map[string]struct {
		actor app.Actor
		want  app.Code
	}{
		"anonymous": {app.Actor{}, app.CodeUnauthenticated}, "suspended": {app.UserActor(suspended), app.CodeUnauthenticated},
		"system": {app.SystemActor(), app.CodeUnauthenticated}, "read token": {app.TokenActor(u, []app.Scope{app.ScopeMediaRead}), app.CodeForbidden},
		"user": {app.UserActor(u), app.CodeInvalid}, "account token": {app.TokenActor(u, []app.Scope{app.ScopeAccount}), app.CodeInvalid},
	} {
		if err := second(p.RequestDeletion(t.Context(), c.actor, "wrong")); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
