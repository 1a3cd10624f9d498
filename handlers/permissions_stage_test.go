package handlers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// actors are the columns of the table of addresses: people by what they are to
// the album, and two tokens of the uploader's.
var actors = []string{
	"visitor", "stranger", "viewer", "contributor", "album admin", "album owner", "uploader", "site admin", "suspended",
	"token to read", "token for the account",
}

// stage is an album with everybody around it, fresh for each address, so that
// no act can change the answer to another.
type stage struct {
	*site
	people map[string]db.User
	tokens map[string]string
	album  uuid.UUID
}

func newStage(s *site) *stage {
	st := &stage{site: s, people: map[string]db.User{}, tokens: map[string]string{}}
	run := uuid.NewString()[:8]
	for _, who := range actors {
		if who != "visitor" && !strings.HasPrefix(who, "token") {
			st.people[who] = s.person(strings.ReplaceAll(who, " ", "-")+"-"+run+"@example.org", who == "site admin")
		}
	}
	st.album = st.newAlbum()
	s.exec("UPDATE users SET suspended_at = now() WHERE id = $1", st.people["suspended"].ID)
	scopes := map[string][]app.Scope{"token to read": {app.ScopeMediaRead}, "token for the account": {app.ScopeAccount}}
	for _, who := range actors {
		person, granted := st.people[who], app.AllScopes()
		if of := scopes[who]; of != nil {
			person, granted = st.people["uploader"], of
			st.people[who] = person
		}
		if who != "visitor" && who != "suspended" {
			st.tokens[who] = s.tokenOf(person, granted)
		}
	}
	return st
}

// newAlbum makes an album with everybody in their roles.
func (st *stage) newAlbum() uuid.UUID {
	album := uuid.Must(uuid.NewV7())
	st.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, 'Summer')", album, st.people["album owner"].ID)
	for who, role := range map[string]string{
		"viewer": "viewer", "contributor": "contributor", "album admin": "admin", "uploader": "contributor", "suspended": "admin",
	} {
		st.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, $4::text::album_role)",
			uuid.New(), album, st.people[who].ID, role)
	}
	return album
}

// person makes an account without the work of a password.
func (s *site) person(email string, admin bool) db.User {
	s.t.Helper()
	u, err := s.db.CreateUser(context.Background(), db.CreateUserParams{
		ID: uuid.Must(uuid.NewV7()), Email: email, Name: email, IsAdmin: admin, Language: "en", TimeZone: "UTC",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *site) tokenOf(u db.User, scopes []app.Scope) string {
	s.t.Helper()
	if !u.IsAdmin && len(scopes) == len(app.AllScopes()) {
		scopes = scopes[:len(scopes)-1] // admin is the last, and not theirs to give
	}
	secret, _, err := s.app.CreateToken(context.Background(), app.UserActor(u), app.NewToken{Name: "test", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// item is a fresh photo of the uploader's in the album.
func (st *stage) item() string {
	id := st.photo(st.people["uploader"].ID)
	st.exec("UPDATE media SET album_id = $2 WHERE id = $1", id, st.album)
	st.object("media/" + id.String())
	for _, kind := range []string{"thumb", "preview"} {
		key := "derivatives/" + kind + id.String()
		st.exec("INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes) VALUES ($1, $2, 1, $3, 'image/webp', 1, 1, 1000)", id, kind, key)
		st.object(key)
	}
	return id.String()
}

// objects say what a parameter in an address stands for: the first whose prefix
// the address has. Every object is fresh.
var objects = []struct {
	prefix string
	make   func(*stage) string
}{
	{"/media/:id", (*stage).item},
	{"/api/v1/media/:id", (*stage).item},
	{"/admin/media/:id", (*stage).item},
	{"/admin/users/:id", (*stage).stranger},
	{"/admin/groups/:id", (*stage).group},
	{"/albums/:id/members/:grant", (*stage).member},
	{"/api/v1/albums/:id/members/:member", (*stage).member},
	{"/api/v1/albums/:id/media/:media_id", func(st *stage) string { item := st.item(); return st.album.String() + "/media/" + item }},
	{"/api/v1/categories/:id", func(*stage) string { return uuid.NewString() }}, // there is none
	{"/categories/:id", func(*stage) string { return uuid.NewString() }},
	{"/api/v1/users/:id", (*stage).stranger},
	{"/api/v1/groups/:id/members/:user", func(st *stage) string {
		group, user := st.group(), st.stranger()
		st.exec("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", group, user)
		return group + "/members/" + user
	}},
	{"/api/v1/groups/:id", (*stage).group},
	{"/admin/model/media/:id", (*stage).item},
	{"/admin/model/:id", func(*stage) string { return "1" }}, // there is none, which only admins learn: see the tests of its page
	{"/api/v1/albums/:id/media/:media_id", func(st *stage) string { return st.album.String() + "/media/" + st.item() }},
	{"/categories/:id", (*stage).category},
	{"/api/v1/categories/:id", (*stage).category},
	{"/albums/:id/links/:link", func(st *stage) string { l := st.link(); return l.AlbumID.String() + "/links/" + l.ID.String() }},
	{"/api/v1/albums/:id/links/:link", func(st *stage) string { l := st.link(); return l.AlbumID.String() + "/links/" + l.ID.String() }},
	{"/s/:token/media/:id", func(st *stage) string { l := st.link(); return l.Token + "/media/" + st.item() }},
	{"/s/:token/albums/:id", func(st *stage) string { l := st.link(); return l.Token + "/albums/" + l.AlbumID.String() }},
	{"/s/:token", func(st *stage) string { return st.link().Token }},
	{"/albums/:id", func(st *stage) string { return st.newAlbum().String() }},
	{"/api/v1/albums/:id", func(st *stage) string { return st.newAlbum().String() }},
	{"/albums/:id/invitations/:invitation", (*stage).albumInvitation},
	{"/api/v1/invitations/:id", (*stage).invitation},
	{"/admin/invitations/:invitation", (*stage).invitation},
	{"/invitations/:token", (*stage).invitationToken},
	{"/admin/mail/:id", (*stage).deadMail},
	{"/admin/reports/:id", (*stage).report},
	{"/admin/policies/:name/:version", func(*stage) string { return "terms/0" }},
	{"/admin/policies/:name", func(*stage) string { return "terms" }},
	{"/admin/messages/:id", (*stage).message},
	{"/api/v1/reports/:id", (*stage).report},
	{"/admin/mail/outbox/:name", (*stage).outboxMail},
	{"/admin/mail/templates/:name/:lang", func(*stage) string { return "test/en" }},
	{"/undo/:operation", (*stage).operation},
	{"/account/tokens/:id", (*stage).ownToken},
	{"/exports/:token", func(*stage) string { return "none" }}, // see TestACopyOfOnesData
	{"/verify/:token", func(*stage) string { return "none" }},  // doors that go by a secret: see TestSignUp and others
	{"/reset/:token", func(*stage) string { return "none" }},
	{"/email/:token", func(*stage) string { return "none" }},
	{"/email-back/:token", func(*stage) string { return "none" }},
	{"/account/security/link/:id", (*stage).ownIdentity},
	{"/account/security/passkeys/:id", (*stage).ownPasskey},
	{"/account/sessions/:id", (*stage).ownSession},
	{"/api/v1/me/sessions/:id", (*stage).ownSession},
	{"/users/:id", (*stage).pictured},
	{"/api/v1/tokens/:id", (*stage).ownToken},
	{"/static/*", func(*stage) string { return "none.css" }},
	{"/upload/tus/:id", (*stage).upload},
}

// stranger is an account that nothing else needs.
func (st *stage) stranger() string {
	return st.person(uuid.NewString()+"@example.org", false).ID.String()
}

func (st *stage) group() string {
	id := uuid.New()
	st.exec("INSERT INTO groups (id, name) VALUES ($1, $2)", id, id.String())
	return id.String()
}

// member is the album, and on it a viewer of its own.
func (st *stage) member() string {
	id := uuid.New()
	st.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", id, st.album, st.stranger())
	return st.album.String() + "/members/" + id.String()
}

// link is a fresh link to the album, which lets its holder do everything.
func (st *stage) link() app.AlbumLink {
	return st.linkLike(app.LinkEdit{})
}

// linkLike is the same with what e says besides.
func (st *stage) linkLike(e app.LinkEdit) app.AlbumLink {
	if e.Download == nil {
		e.Download, e.Upload = new(true), new(true)
	}
	e.Strip = new(false)
	l, err := st.app.CreateLink(context.Background(), app.UserActor(st.people["album owner"]), st.album, e)
	if err != nil {
		st.t.Fatal(err)
	}
	return l
}

// operation is an act of the uploader's that can be undone.
func (st *stage) operation() string {
	id, err := uuid.Parse(st.item())
	if err != nil {
		st.t.Fatal(err)
	}
	receipt, err := st.app.TrashMedia(context.Background(), app.UserActor(st.people["uploader"]), id)
	if err != nil {
		st.t.Fatal(err)
	}
	return receipt.OperationID.String()
}

func (st *stage) category() string {
	id := uuid.New()
	st.exec("INSERT INTO categories (id, name) VALUES ($1, $2)", id, id.String())
	return id.String()
}

func (st *stage) ownToken() string {
	_, token, err := st.app.CreateToken(context.Background(), app.UserActor(st.people["uploader"]), app.NewToken{Name: "one"})
	if err != nil {
		st.t.Fatal(err)
	}
	return token.ID.String()
}

// ownIdentity is an account elsewhere that the uploader's is linked with.
func (st *stage) ownIdentity() string {
	id := uuid.New()
	st.exec("INSERT INTO identities (id, user_id, issuer, subject, created_at) VALUES ($1, $2, 'https://id.example.org', $3, now())", id, st.people["uploader"].ID, id.String())
	return id.String()
}

// ownPasskey is a key of the uploader's.
func (st *stage) ownPasskey() string {
	id := uuid.New()
	st.exec("INSERT INTO passkeys (id, user_id, name, credential_id, public_key, sign_count, backup_eligible, backed_up, created_at) VALUES ($1, $2, 'Phone', $3, 'x', 0, false, false, now())",
		id, st.people["uploader"].ID, id[:])
	return id.String()
}

// ownSession is a browser of the uploader's.
func (st *stage) ownSession() string {
	uploader := st.people["uploader"]
	st.session(uploader)
	list, err := st.app.OwnSessions(context.Background(), app.UserActor(uploader), "")
	if err != nil || len(list) == 0 {
		st.t.Fatal(list, err)
	}
	return list[0].ID.String()
}

// pictured is the uploader, with an avatar.
func (st *stage) pictured() string {
	id := st.people["uploader"].ID
	st.exec("UPDATE users SET avatar_key = 'avatars/x' WHERE id = $1", id)
	st.object("avatars/x")
	return id.String()
}

func (st *stage) upload() string {
	u, err := st.app.CreateUpload(context.Background(), app.UserActor(st.people["uploader"]), app.NewUpload{Filename: "x.jpg", Bytes: 10})
	if err != nil {
		st.t.Fatal(err)
	}
	return u.ID.String()
}

// path fills the parameters of an address in.
func (st *stage) path(route string) string {
	if !strings.ContainsAny(route, ":*") {
		return route
	}
	for _, o := range objects {
		if !strings.HasPrefix(route, o.prefix) {
			continue
		}
		at := strings.IndexAny(o.prefix, ":*")
		filled := o.prefix[:at] + o.make(st) + route[len(o.prefix):]
		if !strings.ContainsAny(filled, ":*") {
			return filled
		}
	}
	st.t.Fatalf("objects does not say what the parameters of %s are", route)
	return ""
}

// ask sends a request with nothing in it that the route might want: only the
// right to be asked matters.
func (st *stage) ask(who, method, route string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	if route == "/events" {
		cancel() // a stream: the answer's head is enough
	}
	defer cancel()
	b := st.browser()
	b.ip = fmt.Sprintf("198.51.%d.%d", rand.IntN(256), rand.IntN(256)) // no two share a limit for long
	body := ""
	headers := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	if isAPI(route) {
		headers = []string{"Accept", "application/json", "Content-Type", "application/json"}
		if method != http.MethodGet {
			body = "{}"
		}
		switch {
		case who == "suspended":
			headers = append(headers, "Authorization", "Bearer "+st.tokens["suspended"])
		case who != "visitor":
			headers = append(headers, "Authorization", "Bearer "+st.tokens[who])
		}
	} else if who != "visitor" {
		b.jar.SetCookies(httptest.NewRequest(method, "https://photos.example.org/", nil).URL, []*http.Cookie{{
			Name: "__Host-albumen_session", Value: st.session(st.people[who]), Path: "/", Secure: true,
		}})
	}
	if method+" "+route == "POST /upload" || method+" "+route == "POST /s/:token/upload" || method+" "+route == "POST /api/v1/media" { // these look at the form first
		body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\nx\r\n--x--\r\n"
		headers = append(headers, "Content-Type", "multipart/form-data; boundary=x")
	}
	return b.do(request(method, st.path(route), strings.NewReader(body), headers...).WithContext(ctx))
}

// session signs a person in without a password.
func (st *stage) session(u db.User) string {
	expires := time.Now().Add(time.Hour)
	data, err := scs.GobCodec{}.Encode(expires, map[string]any{})
	if err != nil {
		st.t.Fatal(err)
	}
	token := fmt.Sprint("session-", uuid.New())
	err = app.NewSessions(st.db, time.Now).Create(context.Background(), token, data, expires, app.Visitor{UserID: u.ID})
	if err != nil {
		st.t.Fatal(err)
	}
	return token
}

// object puts a thousand bytes.
func (st *stage) object(key string) {
	if _, err := st.store.Put(context.Background(), key, strings.NewReader(strings.Repeat("x", 1000))); err != nil {
		st.t.Fatal(err)
	}
}
