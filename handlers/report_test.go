package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// guarded is what a form of the page holds against machines, as if the page had
// been open for a minute.
func (b *browser) guarded(path string, fields url.Values) url.Values {
	b.t.Helper()
	page := b.ok(path)
	m := regexp.MustCompile(`name="stamp" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil || !strings.Contains(page, `name="website"`) {
		b.t.Fatalf("%s has no guard: %s", path, page)
	}
	fields.Set("stamp", m[1])
	return fields
}

// oldStamp is what a form holds that was made a minute ago.
func oldStamp() string {
	return app.New(app.Deps{SecretKey: []byte("0123456789abcdef0123456789abcdef"), Now: func() time.Time { return time.Now().Add(-time.Minute) }}).FormStamp()
}

// publicPhoto is a photo of ann's that visitors see.
func (s *site) publicPhoto() string {
	s.t.Helper()
	ann := s.user("ann@example.org", false)
	album := s.summer(ann)
	s.exec("UPDATE albums SET visibility = 'public' WHERE id = $1", album)
	id := s.photo(ann.ID)
	s.exec("UPDATE media SET album_id = $2 WHERE id = $1", id, album)
	s.put("media/"+id.String(), strings.Repeat("x", 1000))
	return id.String()
}

func TestReportingAPhoto(t *testing.T) {
	s := newSite(t)
	photo := s.publicPhoto()
	visitor, ann, admin := s.browser(), s.signedIn("ann@example.org"), s.signedIn("admin@example.org")
	if page := ann.ok("/media/" + photo); strings.Contains(page, "/report") {
		t.Error("one can report one's own photo")
	}
	if page := visitor.ok("/media/" + photo); !strings.Contains(page, `href="/media/`+photo+`/report"`) {
		t.Fatal("a visitor cannot report")
	}
	form := visitor.guarded("/media/"+photo+"/report", url.Values{"reason": {"consent"}, "message": {"That is <me>."}})
	a := visitor.post("/media/"+photo+"/report", form)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "faster than a person") || !strings.Contains(a.body, "That is &lt;me&gt;.") {
		t.Errorf("at once: %v", a)
	}
	form.Set("website", "https://spam.example")
	visitor.post("/media/"+photo+"/report", form).want(t, http.StatusSeeOther, "/media/"+photo+"/report?sent")
	if n := s.number("SELECT count(*) FROM report_cases"); n != 0 {
		t.Error("a machine has reported")
	}
	form.Del("website")
	form.Set("stamp", oldStamp())
	visitor.post("/media/"+photo+"/report", form).want(t, http.StatusSeeOther, "/media/"+photo+"/report?sent")
	if page := visitor.ok("/media/" + photo + "/report?sent"); !strings.Contains(page, "Thank you") {
		t.Errorf("no thanks: %s", page)
	}

	mail := s.lastMail()
	at := regexp.MustCompile(`https://photos.example.org(/admin/reports/[0-9a-f-]{36})`).FindStringSubmatch(mail)
	if at == nil || !strings.Contains(mail, "To: <admin@example.org>") || !strings.Contains(mail, "That is <me>.") {
		t.Fatalf("the mail: %s", mail)
	}
	page := admin.ok(at[1])
	for _, want := range []string{"That is &lt;me&gt;.", "A visitor", "from 198.51.100.7", "Summer", "ann@example.org", "Hide at once"} {
		if !strings.Contains(page, want) {
			t.Errorf("the case lacks %q", want)
		}
	}
	admin.post(at[1]+"/hide", nil).want(t, http.StatusSeeOther, at[1])
	if a := visitor.get("/media/" + photo); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a visitor sees what is hidden: %v", a)
	}
	if page := ann.ok("/media/" + photo); !strings.Contains(page, "Hidden by an administrator") {
		t.Error("the owner is not told")
	}
	if a := admin.get(at[1] + "/original"); a.body != strings.Repeat("x", 1000) || a.Header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the evidence: %v %v", a.Status, a.Header)
	}
	if page := admin.ok("/admin/reports"); !strings.Contains(page, "Open (1)") || !strings.Contains(page, "hidden") {
		t.Errorf("the queue: %s", page)
	}
	admin.post(at[1]+"/delete", nil).want(t, http.StatusSeeOther, at[1])
	if a := ann.get("/media/" + photo); a.StatusCode != http.StatusNotFound {
		t.Errorf("a deleted photo: %v", a)
	}
	if a := admin.post(at[1]+"/dismiss", nil); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "decided in the meantime") {
		t.Errorf("decided twice: %v", a)
	}
	if page := admin.ok("/admin/reports?state=closed"); !strings.Contains(page, "Deleted") {
		t.Errorf("the decided ones: %s", page)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "To: <ann@example.org>") || !strings.Contains(mail, "deleted") {
		t.Errorf("the mail to the owner: %s", mail)
	}
}

// However many addresses a machine takes from its network, and however many
// photos one person reports: there is an end.
func TestReportsAreLimited(t *testing.T) {
	s := newSite(t)
	photo := s.publicPhoto()
	refused := 0
	for i := range 5 {
		b := s.browser()
		b.ip = fmt.Sprintf("2001:db8::%d", i+1)
		a := b.post("/media/"+photo+"/report", url.Values{"reason": {"hate"}, "stamp": {oldStamp()}}, "X-Forwarded-For", "198.51.100."+fmt.Sprint(i))
		if a.StatusCode == http.StatusTooManyRequests {
			refused++
			if a.Header.Get("Retry-After") == "" {
				t.Error("nobody says when to come again")
			}
		}
	}
	if refused != 2 {
		t.Errorf("%d of 5 were refused, want 2", refused)
	}
}

func TestReportsThroughTheAPI(t *testing.T) {
	s := newSite(t)
	photo := s.publicPhoto()
	reader := s.tokenOf(s.user("bob@example.org", false), []app.Scope{app.ScopeMediaRead})
	s.asks(reader, "POST", "/media/"+photo+"/reports", `{"reason": "boredom"}`, http.StatusUnprocessableEntity, nil)
	s.asks(reader, "POST", "/media/"+uuid.NewString()+"/reports", `{"reason": "hate"}`, http.StatusNotFound, nil)
	s.asks(reader, "POST", "/media/"+photo+"/reports", `{"reason": "something_else"}`, http.StatusUnprocessableEntity, nil)
	s.asks(reader, "POST", "/media/"+photo+"/reports", `{"reason": "hate", "message": "Look"}`, http.StatusNoContent, nil)
	s.asks(reader, "GET", "/reports", "", http.StatusForbidden, nil)

	admin := s.tokenOf(s.admin, app.AllScopes())
	var list struct {
		Items []struct {
			ID      string
			MediaID string `json:"media_id"`
			Reasons []string
			Hidden  bool
		}
	}
	s.asks(admin, "GET", "/reports", "", http.StatusOK, &list)
	if len(list.Items) != 1 || list.Items[0].MediaID != photo || strings.Join(list.Items[0].Reasons, " ") != "hate" {
		t.Fatalf("%+v", list)
	}
	path := "/reports/" + list.Items[0].ID
	s.asks(admin, "POST", path+"/hide", "", http.StatusNoContent, nil)
	s.asks(reader, "GET", "/media/"+photo, "", http.StatusNotFound, nil)
	var one struct {
		Hidden   bool
		Evidence struct{ SHA256 string }
		Reports  []struct{ Message, Kind, Email string }
	}
	s.asks(admin, "GET", path, "", http.StatusOK, &one)
	if !one.Hidden || len(one.Evidence.SHA256) != 64 || len(one.Reports) != 1 || one.Reports[0].Kind != "token" || one.Reports[0].Email != "bob@example.org" {
		t.Errorf("%+v", one)
	}
	s.asks(admin, "POST", path+"/dismiss", "", http.StatusNoContent, nil)
	s.asks(admin, "POST", path+"/hide", "", http.StatusConflict, nil)
	s.asks(reader, "GET", "/media/"+photo, "", http.StatusOK, nil)
}
