package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

func TestAlbumsOfTheAPI(t *testing.T) {
	s := newSite(t)
	token := s.token(app.AllScopes()...)
	type album struct {
		ID       uuid.UUID  `json:"id"`
		Title    string     `json:"title"`
		ParentID *uuid.UUID `json:"parent_id"`
		Category *string    `json:"category"`
		Items    int        `json:"items"`
		Role     string     `json:"role"`
		Sort     string     `json:"sort"`
		Version  int        `json:"version"`
	}
	var category struct {
		ID uuid.UUID `json:"id"`
	}
	if status := s.call("POST", "/categories", token, `{"name":"Trips"}`, &category); status != 201 {
		t.Fatalf("a category: %d", status)
	}
	var top, below album
	if status := s.call("POST", "/albums", token, `{"title":"Summer","category_id":"`+category.ID.String()+`"}`, &top); status != 201 || top.Role != "owner" || *top.Category != "Trips" {
		t.Fatalf("an album: %d %+v", status, top)
	}
	if status := s.call("POST", "/albums", token, `{"title":"Lake","parent_id":"`+top.ID.String()+`"}`, &below); status != 201 || *below.ParentID != top.ID {
		t.Fatalf("an album below: %d %+v", status, below)
	}
	photo := s.photo(s.admin.ID)
	var item struct {
		AlbumID *uuid.UUID `json:"album_id"`
	}
	path := "/media/" + photo.String()
	if status := s.call("PATCH", path, token, `{"album_id":"`+below.ID.String()+`"}`, &item); status != 200 || *item.AlbumID != below.ID {
		t.Fatalf("into the album: %d %+v", status, item)
	}
	if status := s.call("PATCH", path, token, `{"title":"Sunset"}`, &item); status != 200 || *item.AlbumID != below.ID {
		t.Errorf("an edit without album_id moved it: %d %+v", status, item)
	}
	var items struct {
		Items []struct {
			ID uuid.UUID `json:"id"`
		} `json:"items"`
	}
	if status := s.call("GET", "/albums/"+below.ID.String()+"/media", token, "", &items); status != 200 || len(items.Items) != 1 || items.Items[0].ID != photo {
		t.Errorf("its items: %d %+v", status, items)
	}
	if status := s.call("DELETE", "/albums/"+top.ID.String()+path, token, "", nil); status != 404 {
		t.Errorf("taken out of another album than its own: %d", status)
	}
	if status := s.call("DELETE", "/albums/"+below.ID.String()+path, token, "", nil); status != 204 {
		t.Errorf("taken out: %d", status)
	}
	var p problem
	if status := s.call("PATCH", "/albums/"+top.ID.String(), token, `{"parent_id":"`+below.ID.String()+`"}`, &p); status != 422 || p.Errors[0].Location != "body.parent_id" {
		t.Errorf("a circle: %d %+v", status, p)
	}
	if status := s.call("PATCH", "/albums/"+below.ID.String(), token, `{"parent_id":null,"sort":"manual","version":1}`, &below); status != 200 || below.ParentID != nil || below.Sort != "manual" {
		t.Errorf("to the top: %d %+v", status, below)
	}
	if status := s.call("PATCH", "/albums/"+below.ID.String(), token, `{"title":"Old","version":1}`, &p); status != 409 {
		t.Errorf("an old version: %d", status)
	}
	var list struct {
		Items []album `json:"items"`
		Next  string  `json:"next"`
	}
	if status := s.call("GET", "/albums?limit=1", token, "", &list); status != 200 || len(list.Items) != 1 || list.Items[0].Title != "Lake" {
		t.Fatalf("the first page: %d %+v", status, list)
	}
	if status := s.call("GET", "/albums?limit=1&cursor="+list.Next, token, "", &list); status != 200 || len(list.Items) != 1 || list.Items[0].Title != "Summer" {
		t.Errorf("the second page: %d %+v", status, list)
	}
	if status := s.call("DELETE", "/albums/"+below.ID.String(), token, "", nil); status != 204 {
		t.Errorf("to the trash: %d", status)
	}
	if status := s.call("GET", "/albums?trashed=true", token, "", &list); status != 200 || len(list.Items) != 1 || list.Items[0].Title != "Lake" {
		t.Errorf("the trash: %d %+v", status, list)
	}
	if status := s.call("DELETE", "/albums/"+below.ID.String()+"?permanent=true", token, "", nil); status != 204 {
		t.Errorf("for ever: %d", status)
	}
	writer := s.token(app.ScopeMediaRead, app.ScopeMediaWrite)
	if status := s.call("POST", "/albums", writer, `{"title":"Open","visibility":"public"}`, &p); status != 403 {
		t.Errorf("a public album without the scope to share: %d %+v", status, p)
	}
	if status := s.call("PATCH", "/albums/"+top.ID.String(), writer, `{"visibility":"public"}`, &p); status != 403 {
		t.Errorf("making one public without that scope: %d %+v", status, p)
	}
}

// The pages by forms alone, as without scripts.
func TestAlbumPages(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn("admin@example.org", goodPassword)
	a := b.post("/albums/new", url.Values{"title": {" "}})
	if a.StatusCode != 422 || !strings.Contains(a.body, "Give the album a title.") {
		t.Errorf("without a title: %d", a.StatusCode)
	}
	a = b.post("/albums/new", url.Values{"title": {"Summer <3"}, "description": {"At the lake"}, "visibility": {"public"}, "sort": {"oldest"}})
	album := a.Header.Get("Location")
	if a.StatusCode != 303 || !strings.HasPrefix(album, "/albums/") {
		t.Fatalf("made: %d %s", a.StatusCode, album)
	}
	photo := s.photo(s.admin.ID).String()
	if a = b.post("/media/"+photo+"/album", url.Values{"album_id": {strings.TrimPrefix(album, "/albums/")}, "back": {album}}); a.StatusCode != 303 || a.Header.Get("Location") != album {
		t.Errorf("put into it: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	for path, want := range map[string]string{
		album: "/media/" + photo + "?album=", "/albums": "Summer &lt;3", album + "/edit": "At the lake", "/upload?album=" + album[8:]: "selected",
		"/media/" + photo + "/album": "Take it out of its album", "/search?q=lake&album=" + album[8:]: "Search everywhere",
		"/categories": "No categories yet", "/albums/trash": "No albums in the trash",
	} {
		if a = b.get(path); a.StatusCode != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d, without %q", path, a.StatusCode, want)
		}
	}
	visitor := s.browser()
	if a = visitor.get(album); a.StatusCode != 200 || strings.Contains(a.body, "admin@example.org") || strings.Contains(a.body, album+"/edit") {
		t.Errorf("a public album as a visitor: %d", a.StatusCode)
	}
	viewer := "/media/" + photo + "?album=" + album[8:] + "&in=album"
	if a = visitor.get(viewer); a.StatusCode != 200 {
		t.Errorf("its photo as a visitor: %d", a.StatusCode)
	}
	if a = visitor.get("/albums"); a.StatusCode != 200 || !strings.Contains(a.body, "Summer &lt;3") {
		t.Errorf("the list as a visitor: %d", a.StatusCode)
	}
	a = b.post(album+"/edit", url.Values{"row_version": {"1"}, "title": {"Summer"}, "description": {""}, "sort": {"manual"}, "visibility": {"private"}, "cover_id": {photo}, "category_id": {""}})
	if a.StatusCode != 303 {
		t.Errorf("edited: %d %s", a.StatusCode, a.body)
	}
	if a = visitor.get(album); a.StatusCode != 303 {
		t.Errorf("a private album as a visitor: %d", a.StatusCode)
	}
	second := s.photo(s.admin.ID).String()
	s.exec("UPDATE media SET album_id = $1 WHERE id = $2", album[8:], second)
	if a = b.get(album + "/arrange?item=" + second); a.StatusCode != 200 || !strings.Contains(a.body, "Put it before this") {
		t.Errorf("arranging: %d", a.StatusCode)
	}
	if a = b.post(album+"/arrange", url.Values{"item": {second}, "before": {photo}}); a.StatusCode != 303 {
		t.Errorf("arranged: %d %s", a.StatusCode, a.body)
	}
	if a = b.get(album); strings.Index(a.body, "m-"+second) > strings.Index(a.body, "m-"+photo) {
		t.Error("the order did not change")
	}
	if a = b.post(album+"/trash", nil); a.StatusCode != 303 || a.Header.Get("Location") != "/albums" {
		t.Errorf("trashed: %d", a.StatusCode)
	}
	if a = b.get("/albums"); !strings.Contains(a.body, album+"/restore") {
		t.Error("the receipt has no undo")
	}
	if a = b.get(album); a.StatusCode != 200 || !strings.Contains(a.body, "is in the trash") {
		t.Errorf("its page in the trash: %d", a.StatusCode)
	}
	if a = b.post(album+"/restore", nil); a.StatusCode != 303 {
		t.Errorf("restored: %d", a.StatusCode)
	}
}
