package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"albumen/app"
)

// send lets the mails that wait leave, into the outbox of the site.
func (s *site) send() {
	s.t.Helper()
	if _, err := s.app.SendMails(s.t.Context(), app.SystemActor()); err != nil {
		s.t.Fatal(err)
	}
}

// lastMail is the newest mail in the outbox, as it would have travelled.
func (s *site) lastMail() string {
	s.t.Helper()
	s.send()
	files, err := s.outbox.List(1)
	if err != nil || len(files) == 0 {
		s.t.Fatalf("the outbox has %v, %v", files, err)
	}
	raw, err := s.outbox.Read(files[0].Name)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(raw), "=\r\n", ""), "=3D", "=")
}

func TestMailPage(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	b.post("/admin/mail/test", nil).want(t, http.StatusSeeOther, "/admin/mail")
	if a := b.get("/admin/mail"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "A test e-mail is on its way to you.") ||
		!strings.Contains(a.body, "Waiting to be sent") || !strings.Contains(a.body, "SMTP_URL") {
		t.Errorf("%v", a)
	}
	s.lastMail()
	a := b.get("/admin/mail?state=sent")
	if !strings.Contains(a.body, "Sent ") || strings.Contains(a.body, "Waiting to be sent") {
		t.Errorf("%v", a)
	}
	files, err := s.outbox.List(1)
	if err != nil {
		t.Fatal(err)
	}
	path := "/admin/mail/outbox/" + files[0].Name
	if !strings.Contains(a.body, path) {
		t.Errorf("the file is not listed: %v", a)
	}
	if a := b.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "A test from Albumen") || !strings.Contains(a.body, `href="/"`) {
		t.Errorf("%v", a)
	}
	if a := b.get(path + "?raw"); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "message/rfc822" ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(a.body, "Auto-Submitted: auto-generated") {
		t.Errorf("%v", a)
	}
	for _, name := range []string{"..%2f..%2fetc%2fpasswd", "nothing.eml"} {
		if a := b.get("/admin/mail/outbox/" + name); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v", name, a)
		}
	}

	s.exec("UPDATE mails SET state = 'dead', data = 'x', error_code = 'rejected', error = '550 no such <mailbox>'")
	a = b.get("/admin/mail?state=dead")
	for _, want := range []string{"Given up after one attempt", "refuses this e-mail", "550 no such &lt;mailbox&gt;", "/retry", "/discard"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var id string
	if err := s.db.QueryRow(t.Context(), "SELECT id::text FROM mails").Scan(&id); err != nil {
		t.Fatal(err)
	}
	b.post("/admin/mail/"+id+"/retry", nil).want(t, http.StatusSeeOther, "/admin/mail")
	b.post("/admin/mail/"+id+"/discard", nil).want(t, http.StatusSeeOther, "/admin/mail")
	if a := b.post("/admin/mail/"+id+"/discard", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("%v", a)
	}
}

func TestMailTextPage(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	if a := b.get("/admin/mail/templates"); !strings.Contains(a.body, "/admin/mail/templates/invitation_album/en") {
		t.Errorf("%v", a)
	}
	path := "/admin/mail/templates/test/en"
	if a := b.get(path); !strings.Contains(a.body, "{{Name}}") || !strings.Contains(a.body, "this is a test") {
		t.Errorf("%v", a)
	}
	typed := func(act, version, subject, body string) url.Values {
		return url.Values{"act": {act}, "version": {version}, "subject": {subject}, "body": {body}}
	}
	a := b.post(path, typed("save", "0", "Hi {{Nobody}}", "Text"))
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Line 1, character 4: There is no placeholder {{Nobody}} in this e-mail.") || !strings.Contains(a.body, "Hi {{Nobody}}") {
		t.Errorf("%v", a)
	}
	a = b.post(path, typed("preview", "0", "Hi {{Name}}", "<b>{{Name}}</b>"))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Hi Maria") || !strings.Contains(a.body, "&lt;b&gt;Maria&lt;/b&gt;") {
		t.Errorf("%v", a)
	}
	a = b.post(path+"/preview", typed("", "0", "Hi", "<script>alert(1)</script>"))
	if a.StatusCode != http.StatusOK || strings.Contains(a.body, "<script") || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "sandbox; default-src 'none'") {
		t.Errorf("%v", a)
	}
	b.post(path, typed("save", "0", "Hi {{Name}}", "Mine")).want(t, http.StatusSeeOther, path)
	if a := b.post(path, typed("save", "0", "Other", "Theirs")); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Theirs") {
		t.Errorf("an older version: %v", a)
	}
	b.post("/admin/mail/test", nil)
	if text := s.lastMail(); !strings.Contains(text, "Mine") {
		t.Errorf("the mail says\n%s", text)
	}
	b.post(path, typed("reset", "1", "", "")).want(t, http.StatusSeeOther, path)
	if a := b.get(path); !strings.Contains(a.body, "As built in") || !strings.Contains(a.body, "Version 2") || !strings.Contains(a.body, "Mine") {
		t.Errorf("%v", a)
	}
	for _, wrong := range []string{"/admin/mail/templates/nothing/en", "/admin/mail/templates/test/xx", "/admin/mail/templates/footer/en"} {
		if a := b.get(wrong); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v", wrong, a)
		}
	}
}
