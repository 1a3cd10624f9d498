package handlers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const pngHead = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"

// png is a body that begins as a PNG does; receiving decodes nothing.
func png(rest string) string { return pngHead + rest }

type formPart struct{ field, name, content string }

// multipartOf is a form of files, and of fields where name is empty.
func multipartOf(t *testing.T, files ...formPart) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, f := range files {
		var part io.Writer
		var err error
		if f.name == "" {
			part, err = w.CreateFormField(f.field)
		} else {
			part, err = w.CreateFormFile(f.field, f.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

func (b *browser) upload(accept string, files ...formPart) answer {
	b.t.Helper()
	body, contentType := multipartOf(b.t.(*testing.T), files...)
	return b.do(request(http.MethodPost, "/upload", body, "Content-Type", contentType, "Accept", accept, "Sec-Fetch-Site", "same-origin"))
}

type outcomes struct {
	Outcomes []struct{ Filename, Outcome, ID, URL, Code, Message string }
}

func TestUploadFormAnswersForEveryFile(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	files := []formPart{
		{"files", "one.png", png("1")}, {"files", "page.jpg", "<html><body>"}, {"other", "ignored.png", png("0")},
		{"files", "big.png", png(strings.Repeat("x", 1<<20))}, {"files", "again.png", png("1")}, {"file", "two.png", png("2")},
	}
	a := b.upload("application/json", files...)
	var got outcomes
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%v: %s", err, a)
	}
	want := []struct{ name, outcome, code string }{
		{"one.png", "created", ""}, {"page.jpg", "refused", "unsupported"}, {"big.png", "refused", "too_large"},
		{"again.png", "duplicate", ""}, {"two.png", "created", ""},
	}
	if len(got.Outcomes) != len(want) {
		t.Fatalf("outcomes = %+v", got)
	}
	for i, o := range got.Outcomes {
		if o.Filename != want[i].name || o.Outcome != want[i].outcome || o.Code != want[i].code {
			t.Errorf("outcome %d = %+v, want %+v", i, o, want[i])
		}
		if o.Outcome == "refused" && !strings.Contains(o.Message, o.Filename) {
			t.Errorf("%q does not name %s", o.Message, o.Filename)
		}
		if o.Outcome != "refused" && o.URL != "/media/"+o.ID {
			t.Errorf("%s is at %q", o.Filename, o.URL)
		}
	}
	if !strings.Contains(got.Outcomes[2].Message, "1\u00a0MB") {
		t.Errorf("the limit is not told: %q", got.Outcomes[2].Message)
	}
	page := b.upload("text/html", files...)
	for _, text := range []string{"one.png", "page.jpg", "is a web page", got.Outcomes[0].URL} {
		if !strings.Contains(page.body, text) {
			t.Errorf("the result page lacks %q", text)
		}
	}
}

func TestUploadFormRefusals(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	if a := b.upload("application/json"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no file: %s", a)
	}
	if a := b.upload("application/json", formPart{"album_id", "", "nonsense"}, formPart{"files", "a.png", png("a")}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no album: %s", a)
	}
	a := b.do(request(http.MethodPost, "/upload", strings.NewReader("a=b"), "Content-Type", "application/x-www-form-urlencoded",
		"Accept", "application/json", "Sec-Fetch-Site", "same-origin"))
	if a.StatusCode != http.StatusUnprocessableEntity || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("no multipart: %s", a)
	}
	if a := s.browser().upload("application/json", formPart{"files", "a.png", png("a")}); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("anonymous: %s", a)
	}
	body, contentType := multipartOf(t, formPart{"files", "a.png", png("a")})
	if a := b.do(request(http.MethodPost, "/upload", body, "Content-Type", contentType, "Sec-Fetch-Site", "cross-site")); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", a)
	}
	var n int
	if err := s.db.QueryRow(t.Context(), "SELECT count(*) FROM media").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d items, %v", n, err)
	}
}

func TestUploadFormIntoAnAlbum(t *testing.T) {
	s := newSite(t)
	album := uuid.New()
	s.exec("INSERT INTO albums (id, owner_id, title, visibility) VALUES ($1, $2, 'A', 'private')", album, s.admin.ID)
	s.user("ben@example.org", false)
	a := s.signedIn("admin@example.org").upload("application/json", formPart{"album_id", "", album.String()}, formPart{"files", "a.png", png("a")})
	var got outcomes
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Outcomes[0].Outcome != "created" {
		t.Fatal(a)
	}
	var in *uuid.UUID
	if err := s.db.QueryRow(t.Context(), "SELECT album_id FROM media").Scan(&in); err != nil || in == nil || *in != album {
		t.Errorf("album %v, %v", in, err)
	}
	a = s.signedIn("ben@example.org").upload("application/json", formPart{"album_id", "", album.String()}, formPart{"files", "b.png", png("b")})
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Outcomes[0].Code != "not_found" {
		t.Error(a)
	}
}

func TestUploadPage(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	a := b.get("/upload")
	for _, text := range []string{`action="/upload"`, `data-tus="/upload/tus/"`, `enctype="multipart/form-data"`} {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
	s.browser().get("/upload").want(t, http.StatusSeeOther, "/login?next=%2Fupload")
}
