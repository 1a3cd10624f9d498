package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

type apiItem struct {
	ID, Filename, MIME, Status string
	AlbumID                    *uuid.UUID `json:"album_id"`
}

// postMedia uploads over the API; out may be nil.
func (s *site) postMedia(token string, out any, parts ...formPart) (int, http.Header) {
	s.t.Helper()
	body, contentType := multipartOf(s.t.(*testing.T), parts...)
	r := httptest.NewRequest(http.MethodPost, "https://photos.example.org/api/v1/media", body)
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.web.ServeHTTP(w, r)
	if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("an error as %s: %.300s", w.Header().Get("Content-Type"), w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			s.t.Fatalf("%d: %.300s", w.Code, w.Body)
		}
	}
	return w.Code, w.Header()
}

func TestAPIUpload(t *testing.T) {
	s := newSite(t)
	token := s.token(app.ScopeMediaRead, app.ScopeMediaWrite)
	album := uuid.New()
	s.exec("INSERT INTO albums (id, owner_id, title, visibility) VALUES ($1, $2, 'A', 'private')", album, s.admin.ID)
	var made, again apiItem
	status, header := s.postMedia(token, &made, formPart{"file", "lake.jpg", png("1")}, formPart{"album_id", "", album.String()})
	if status != http.StatusCreated || made.Filename != "lake.png" || made.MIME != "image/png" || made.Status != "pending" ||
		made.AlbumID == nil || *made.AlbumID != album || header.Get("Location") != "/api/v1/media/"+made.ID {
		t.Errorf("%d %+v", status, made)
	}
	if status, _ := s.postMedia(token, &again, formPart{"file", "x.png", png("1")}); status != http.StatusOK || again.ID != made.ID {
		t.Errorf("again: %d %+v", status, again)
	}
	if status, _ := s.postMedia(token, &made, formPart{"album_id", "", album.String()}, formPart{"file", "b.png", png("2")}); status != http.StatusCreated || made.AlbumID == nil {
		t.Errorf("album first: %d %+v", status, made)
	}
	if status, _ := s.postMedia(s.token(app.ScopeMediaWrite), &made, formPart{"file", "c.png", png("3")}); status != http.StatusCreated || made.Filename != "c.png" {
		t.Errorf("a token that may only add: %d %+v", status, made)
	}
	if a := s.call("GET", "/openapi.json", "", "", nil); a != http.StatusOK {
		t.Errorf("openapi.json: %d", a)
	}
}

func TestAPIUploadRefusals(t *testing.T) {
	s := newSite(t)
	token := s.token(app.ScopeMediaRead, app.ScopeMediaWrite)
	photo := formPart{"file", "a.png", png("a")}
	for name, c := range map[string]struct {
		token  string
		parts  []formPart
		status int
		code   string
	}{
		"anonymous":           {"", []formPart{photo}, 401, "unauthenticated"},
		"wrong token":         {"albumen_x", []formPart{photo}, 401, "unauthenticated"},
		"wrong scope":         {s.token(app.ScopeMediaRead), []formPart{photo}, 403, "forbidden"},
		"no file":             {token, nil, 422, "invalid"},
		"a field, not a file": {token, []formPart{{"file", "", "text"}}, 422, "invalid"},
		"a web page":          {token, []formPart{{"file", "a.jpg", "<html>"}}, 415, "unsupported"},
		"too large":           {token, []formPart{{"file", "a.png", png(strings.Repeat("x", 1<<20))}}, 413, "too_large"},
		"no album":            {token, []formPart{photo, {"album_id", "", uuid.NewString()}}, 404, "not_found"},
		"no album id":         {token, []formPart{photo, {"album_id", "", "x"}}, 422, "invalid"},
	} {
		var p problem
		if status, _ := s.postMedia(c.token, &p, c.parts...); status != c.status || p.Code != c.code || p.Detail == "" {
			t.Errorf("%s: %d %+v", name, status, p)
		}
	}
	var n int
	if err := s.db.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM media) + (SELECT count(*) FROM pending_objects)").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows left behind, %v", n, err)
	}
}
