package handlers_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// guestFile is a file of a form.
type guestFile struct{ name, content string }

func (s *shared) sendFiles(b *browser, l app.AlbumLink, name string, files ...guestFile) answer {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("name", name) //nolint:errcheck // into memory
	for _, f := range files {
		part, err := form.CreateFormFile("files", f.name)
		if err != nil {
			s.t.Fatal(err)
		}
		part.Write([]byte(f.content)) //nolint:errcheck // into memory
	}
	form.Close()
	return b.do(request(http.MethodPost, "/s/"+l.Token+"/upload", &body, "Content-Type", form.FormDataContentType(), "Sec-Fetch-Site", "same-origin"))
}

func TestAGuestSendsPhotosThatAreApproved(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{Upload: new(true)})
	b, owner := s.browser(), s.signedIn("admin@example.org")
	base, queue := "/s/"+l.Token, "/albums/"+s.album.String()+"/pending"
	if a := b.get(base); !strings.Contains(a.body, base+"/upload") {
		t.Error("the page does not offer to add photos")
	}
	a := s.sendFiles(b, l, "Bob <b>", guestFile{"one.png", pngOf("one")}, guestFile{"page.png", "<html></html>"}, guestFile{"two.png", pngOf("two")})
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "2 files are waiting") || !strings.Contains(a.body, "page.png") || strings.Contains(a.body, "Bob <b>") {
		t.Fatalf("sent: %s", a)
	}
	if cookie := a.Cookies()[0]; cookie.Path != base || !cookie.HttpOnly || !cookie.Secure {
		t.Errorf("cookie %+v", cookie)
	}
	if a := b.get(base + "/upload"); strings.Count(a.body, "Waiting for approval") != 2 {
		t.Errorf("the guest's own list: %s", a)
	}
	if a := s.browser().get(base + "/upload"); strings.Contains(a.body, "one.png") {
		t.Error("another guest sees what this one has sent")
	}
	if a := b.get(base); strings.Contains(a.body, "3 photos") || strings.Count(a.body, `id="m-`) != 1 {
		t.Errorf("before approval: %s", a.body)
	}
	// The queue is not for guests, by whatever address.
	for _, path := range []string{queue, base + "/pending", base + "/albums/" + s.album.String() + "/pending"} {
		if a := b.get(path); a.StatusCode == http.StatusOK || strings.Contains(a.body, "one.png") {
			t.Errorf("a guest at %s: %d", path, a.StatusCode)
		}
	}
	page := owner.get(queue)
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "Bob &lt;b&gt;") || !strings.Contains(page.body, "Approve all 2") {
		t.Fatalf("the queue: %s", page)
	}
	var first uuid.UUID
	if err := s.db.QueryRow(t.Context(), "SELECT id FROM media WHERE withheld = 'guest' ORDER BY id LIMIT 1").Scan(&first); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"", "/thumb", "/original"} {
		if a := b.get(base + "/media/" + first.String() + kind); a.StatusCode != http.StatusNotFound {
			t.Errorf("before approval, %q: %d", kind, a.StatusCode)
		}
	}
	owner.post(queue, url.Values{"id": {first.String()}, "do": {"reject"}}).want(t, http.StatusSeeOther, queue)
	until := time.Now().UTC().Format(time.RFC3339Nano)
	b.post(queue, url.Values{"until": {until}, "do": {"approve"}}) // a guest cannot
	if n := s.number("SELECT count(*) FROM media WHERE withheld = 'guest'"); n != 1 {
		t.Fatalf("%d wait", n)
	}
	owner.post(queue, url.Values{"until": {until}, "do": {"approve"}}).want(t, http.StatusSeeOther, queue)
	if n := s.number("SELECT count(*) FROM media WHERE withheld IS NULL AND album_id = $1", s.album); n != 2 {
		t.Errorf("%d items in the album", n)
	}
	if a := owner.get(queue); !strings.Contains(a.body, "Nothing is waiting") {
		t.Errorf("the queue afterwards: %s", a.body)
	}
	for name, fields := range map[string]url.Values{"nothing": {}, "no act": {"until": {until}}, "no time": {"do": {"approve"}}, "no id": {"do": {"approve"}, "id": {"x"}}} {
		if a := owner.post(queue, fields); a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	// Without the right there is no form and no way around it.
	look := s.link(app.LinkEdit{})
	if a := s.sendFiles(b, look, "", guestFile{"a.png", pngOf("a")}); a.StatusCode != http.StatusForbidden {
		t.Errorf("a link that takes no photos: %d", a.StatusCode)
	}
	if a := s.browser().get("/s/" + look.Token + "/upload"); a.StatusCode != http.StatusForbidden {
		t.Errorf("its form: %d", a.StatusCode)
	}
}

func (s *shared) number(sql string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}
