package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

// call sends a JSON request to the API and decodes the answer into out.
func (s *site) call(method, path, token, body string, out any) int {
	s.t.Helper()
	r := httptest.NewRequest(method, "https://photos.example.org/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.web.ServeHTTP(w, r)
	if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("%s %s: an error as %s: %s", method, path, w.Header().Get("Content-Type"), w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			s.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code
}

type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Location, Message string
	} `json:"errors"`
}

// token makes an API token of the administrator's with the scopes.
func (s *site) token(scopes ...app.Scope) string {
	s.t.Helper()
	secret, _, err := s.app.CreateToken(s.t.Context(), app.UserActor(s.admin), app.NewToken{Name: "test", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// photo adds a processed photo (rows only) of the owner's.
func (s *site) photo(owner uuid.UUID) uuid.UUID {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	s.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, filename, mime, bytes, sha256, width, height,
		taken_at, taken_at_local, taken_offset, taken_at_source, camera_make, camera_model)
		VALUES ($1, $2, 'photo', 'ready', now(), 'lake.jpg', 'image/jpeg', 1000, $3, 400, 300,
		'2024-07-14 16:30:00+00', '2024-07-14 18:30:00', 120, 'exif_offset', 'Canon', 'Canon EOS 7D')`,
		id, owner, append(id[:], id[:]...))
	s.exec(`INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		VALUES ($1, $2, 'original', $3, 'lake.jpg', 'image/jpeg', 1000, $4)`, uuid.New(), id, "media/"+id.String(), append(id[:], id[:]...))
	return id
}

func TestAPITokenMeAndItems(t *testing.T) {
	s := newSite(t)
	var made struct {
		Token  string   `json:"token"`
		Scopes []string `json:"scopes"`
	}
	credentials := `{"email":"admin@example.org","password":"` + goodPassword + `","expires_in":3600}`
	if status := s.call("POST", "/tokens", "", credentials, &made); status != 201 || !strings.HasPrefix(made.Token, "albumen_") {
		t.Fatalf("POST /tokens: %d %+v", status, made)
	}
	var me struct {
		Email  string
		Scopes []string
	}
	if status := s.call("GET", "/me", made.Token, "", &me); status != 200 || me.Email != "admin@example.org" || len(me.Scopes) != 3 {
		t.Errorf("GET /me: %d %+v", status, me)
	}

	id := s.photo(s.admin.ID).String()
	var item map[string]any
	if status := s.call("GET", "/media/"+id, made.Token, "", &item); status != 200 {
		t.Fatalf("GET: %d %v", status, item)
	}
	for field, want := range map[string]any{
		"id": id, "kind": "photo", "status": "ready", "camera": "Canon EOS 7D", "offset": "+02:00", "taken_at": "2024-07-14T16:30:00Z",
		"taken_at_local": "2024-07-14T18:30:00", "lens": nil, "error": nil, "width": 400.0, "version": 1.0, "trashed_at": nil,
	} {
		if item[field] != want {
			t.Errorf("%s is %v, want %v", field, item[field], want)
		}
	}
	// Every field that contract.md lists is there, known or not.
	for _, field := range strings.Fields(`id kind title description filename mime bytes sha256 width height duration taken_at
		taken_at_local offset uploaded_at latitude longitude place camera lens tags ai_tags ai_description album_id owner category
		rating archived favourite trashed_at updated_at version damaged ai_status taken_at_source status error`) {
		if _, ok := item[field]; !ok {
			t.Errorf("the item lacks %s", field)
		}
	}

	if status := s.call("PATCH", "/media/"+id, made.Token, `{"version":1,"title":"Lake","rating":4,"favourite":true}`, &item); status != 200 || item["title"] != "Lake" || item["favourite"] != true {
		t.Errorf("PATCH: %d %v", status, item)
	}
	var p problem
	if status := s.call("PATCH", "/media/"+id, made.Token, `{"version":1,"title":"Sea"}`, &p); status != 409 || p.Code != "conflict" || p.Detail == "" {
		t.Errorf("a stale PATCH: %d %+v", status, p)
	}
	for _, body := range []string{`{"version":"one","title":"Sea"}`, `{"version":`} { // huma refuses these, in our words
		if status := s.call("PATCH", "/media/"+id, made.Token, body, &p); (status != 422 && status != 400) || p.Code != "invalid" || !strings.HasPrefix(p.Detail, "What was sent does not have the documented form.") {
			t.Errorf("%s: %d %+v", body, status, p)
		}
	}
	if status := s.call("PATCH", "/media/"+id, made.Token, `{"title":"`+strings.Repeat("x", 501)+`"}`, &p); status != 422 || p.Code != "invalid" || len(p.Errors) != 1 || p.Errors[0].Location != "body.title" {
		t.Errorf("a long title: %d %+v", status, p)
	}
	if status := s.call("PATCH", "/media/"+id, made.Token, `{"rating":"five"}`, &p); status != 422 || p.Code != "invalid" {
		t.Errorf("a rating in words: %d %+v", status, p)
	}
	if status := s.call("PATCH", "/media/"+id, made.Token, `{`, &p); status != 400 || p.Code != "invalid" {
		t.Errorf("half a body: %d %+v", status, p)
	}

	var list struct {
		Items []map[string]any `json:"items"`
		Next  string           `json:"next"`
	}
	if status := s.call("DELETE", "/media/"+id, made.Token, "", nil); status != 204 {
		t.Errorf("DELETE: %d", status)
	}
	if status := s.call("GET", "/media", made.Token, "", &list); status != 200 || len(list.Items) != 0 {
		t.Errorf("the list after DELETE: %d %v", status, list.Items)
	}
	if status := s.call("GET", "/media?trashed=true", made.Token, "", &list); status != 200 || len(list.Items) != 1 {
		t.Errorf("the trash after DELETE: %d %v", status, list.Items)
	}
	if status := s.call("POST", "/media/"+id+"/restore", made.Token, "", &item); status != 200 || item["trashed_at"] != nil {
		t.Errorf("restore: %d %v", status, item["trashed_at"])
	}
	if status := s.call("DELETE", "/media/"+id+"?permanent=true", made.Token, "", &p); status != 409 {
		t.Errorf("deleting for ever outside the trash: %d %+v", status, p)
	}
}

// Every operation of the API refuses alike: who may not see an item learns
// nothing of it, and no answer is a page.
func TestAPIRefusals(t *testing.T) {
	s := newSite(t)
	other := s.user("other@example.org", false)
	mine, theirs := s.photo(s.admin.ID).String(), s.photo(other.ID).String()
	all := s.token(app.AllScopes()...)
	expired, revoked := s.token(app.AllScopes()...), s.token(app.AllScopes()...)
	s.exec("UPDATE api_tokens SET expires_at = now() - interval '1 second' WHERE hint = $1 AND created_at = (SELECT max(created_at) FROM api_tokens WHERE hint = $1)", expired[:12])
	list, err := s.app.Tokens(t.Context(), app.UserActor(s.admin))
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range list {
		if token.Hint == revoked[:12] {
			if err := s.app.RevokeToken(t.Context(), app.UserActor(s.admin), token.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	read, account := s.token(app.ScopeMediaRead), s.token(app.ScopeAccount)

	for _, c := range []struct {
		method, path, body string
		reads              bool // media.read is enough
	}{
		{"GET", "/media", "", true},
		{"GET", "/media/" + mine, "", true},
		{"GET", "/search?q=lake", "", true},
		{"GET", "/media/" + mine + "/thumb", "", true},
		{"GET", "/media/" + mine + "/preview", "", true},
		{"GET", "/media/" + mine + "/original", "", true},
		{"GET", "/media/" + mine + "/video", "", true},
		{"PATCH", "/media/" + mine, `{"title":"x"}`, false},
		{"DELETE", "/media/" + mine, "", false},
		{"POST", "/media/" + mine + "/restore", "", false},
		{"POST", "/media/" + mine + "/retry", "", false},
	} {
		for name, want := range map[string]struct {
			token  string
			status int
			code   string
		}{
			"nobody": {"", 401, "unauthenticated"}, "nonsense": {"albumen_x", 401, "unauthenticated"}, "expired": {expired, 401, "unauthenticated"},
			"revoked": {revoked, 401, "unauthenticated"}, "wrong scope": {account, 403, "forbidden"},
		} {
			var p problem
			status := s.call(c.method, c.path, want.token, c.body, &p)
			if name == "nobody" && strings.Contains(c.path, mine) {
				want.status, want.code = 404, "not_found" // what nobody may see does not exist
			}
			if status != want.status || p.Code != want.code || p.Status != status {
				t.Errorf("%s %s as %s: %d %+v, want %d %s", c.method, c.path, name, status, p, want.status, want.code)
			}
		}
		if !c.reads {
			var p problem
			if status := s.call(c.method, c.path, read, c.body, &p); status != 403 || p.Code != "forbidden" {
				t.Errorf("%s %s with media.read: %d %+v", c.method, c.path, status, p)
			}
		}
		if foreign := strings.Replace(c.path, mine, theirs, 1); foreign != c.path {
			var p, q problem
			status := s.call(c.method, foreign, all, c.body, &p)
			random := s.call(c.method, strings.Replace(c.path, mine, uuid.NewString(), 1), all, c.body, &q)
			if status != 404 || random != 404 || p.Code != "not_found" || p.Detail != q.Detail {
				t.Errorf("%s %s of another user: %d %+v, of nobody: %d %+v", c.method, foreign, status, p, random, q)
			}
		}
	}
	var p problem
	if status := s.call("GET", "/nothing", all, "", &p); status != 404 || p.Code != "not_found" {
		t.Errorf("an unknown path: %d %+v", status, p)
	}
}

func TestAPISearchExplainsItsHits(t *testing.T) {
	s := newSite(t)
	id := s.photo(s.admin.ID).String()
	s.photo(s.user("other@example.org", false).ID)
	var found struct {
		Items []struct {
			ID      string
			Explain []struct {
				Field   string
				Snippet []struct {
					Text  string
					Match bool
				}
			}
		}
		Total int
		Note  *string
	}
	token := s.token(app.ScopeMediaRead)
	if status := s.call("GET", "/search?q=lake&mode=text&from=2024-07-14&to=2024-07-14", token, "", &found); status != 200 || len(found.Items) != 1 || found.Items[0].ID != id || found.Total != 1 || found.Note != nil {
		t.Fatalf("%d %+v", status, found)
	}
	if e := found.Items[0].Explain; len(e) != 1 || e[0].Field != "filename" || !e[0].Snippet[0].Match || e[0].Snippet[0].Text != "lake" {
		t.Errorf("explained as %+v", e)
	}
	if status := s.call("GET", "/search?q=lake&to=2024-07-13", token, "", &found); status != 200 || len(found.Items) != 0 || found.Note == nil {
		t.Errorf("before that day: %d %+v", status, found)
	}
	var p problem
	if status := s.call("GET", "/search?q=lake&from=yesterday", token, "", &p); status != 422 || p.Errors[0].Location != "query.from" {
		t.Errorf("a day in words: %d %+v", status, p)
	}
}

// parameter is one as echo writes it.
var parameter = regexp.MustCompile(`:([a-z_]+)`)

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	s := newSite(t)
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if status := s.call("GET", "/openapi.json", "", "", &doc); status != http.StatusOK || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("GET /openapi.json: %d %s", status, doc.OpenAPI)
	}
	for _, route := range s.web.Routes() {
		path, ok := strings.CutPrefix(route.Path, "/api/v1")
		if !ok || strings.HasPrefix(path, "/openapi") || route.Method == http.MethodHead {
			continue
		}
		documented := parameter.ReplaceAllString(path, "{$1}")
		if doc.Paths[documented][strings.ToLower(route.Method)] == nil {
			t.Errorf("%s %s is not in the OpenAPI document", route.Method, route.Path)
		}
	}
}

func TestAPIDocsPageShowsEveryOperation(t *testing.T) {
	s := newSite(t)
	r := httptest.NewRequest("GET", "https://photos.example.org/api/docs", nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	s.web.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, want := range []string{"get-media", "/media/{id}", "create-token", "taken_at_local", "https://photos.example.org/api/v1"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
