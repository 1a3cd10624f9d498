package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"albumen/app"
)

// publish makes a text the terms that count.
func (s *site) publish(from int, n app.NewPolicy) {
	s.t.Helper()
	if err := s.app.PublishPolicy(s.t.Context(), app.UserActor(s.admin), "terms", from, n); err != nil {
		s.t.Fatal(err)
	}
}

func TestAdministratorsChangePolicies(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	if page := b.ok("/admin/policies"); !strings.Contains(page, `href="/admin/policies/terms"`) || !strings.Contains(page, "As shipped") {
		t.Fatal(page)
	}
	const path = "/admin/policies/terms"
	if page := b.ok(path); !strings.Contains(page, "These rules hold for everybody") || !strings.Contains(page, `name="ask"`) || !strings.Contains(page, "{{Site}}") {
		t.Fatal(page)
	}
	if page := b.ok("/admin/policies/privacy"); strings.Contains(page, `name="ask"`) {
		t.Error("people accept the privacy policy")
	}
	typed := url.Values{"version": {"0"}, "act": {"preview"}, "text": {"# New rules\n\nBe *kind* on {{Site}}. <b>!</b>"}, "note": {"A <rule>."}, "ask": {"on"}}
	a := b.post(path, typed)
	for _, want := range []string{"<h2>New rules</h2>", "<em>kind</em> on Albumen", "&lt;b&gt;!&lt;/b&gt;", "A &lt;rule&gt;.", `name="ask" checked`} {
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("the preview lacks %q: %v", want, a)
		}
	}
	if page := s.browser().ok("/terms"); strings.Contains(page, "<em>kind") {
		t.Error("a preview is published")
	}
	typed.Set("note", "")
	typed.Set("act", "publish")
	if a := b.post(path, typed); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "what has changed") || !strings.Contains(a.body, "Be *kind*") {
		t.Errorf("without a note: %v", a)
	}
	typed.Set("note", "A rule.")
	typed.Del("ask")
	b.post(path, typed).want(t, http.StatusSeeOther, path)
	if page := s.browser().ok("/terms"); !strings.Contains(page, "<em>kind</em>") || !strings.Contains(page, "Version 1") {
		t.Errorf("published: %s", page)
	}
	// Whoever began with the older version keeps what they typed, and can go on.
	typed.Set("text", "Mine")
	a = b.post(path, typed)
	if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Mine</textarea>") || !strings.Contains(a.body, `href="/admin/policies/terms/1"`) || !strings.Contains(a.body, `name="version" value="1"`) {
		t.Errorf("too late: %v", a)
	}
	page := b.ok(path + "/1")
	for _, want := range []string{"A rule.", "<ins>", "<del>", "Be *kind* on {{Site}}.", "<em>kind</em>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the version lacks %q: %s", want, page)
		}
	}
	if strings.Contains(page, "?restore=") {
		t.Error("the version that counts can be taken again")
	}
	if page := b.ok(path + "/0"); !strings.Contains(page, `href="/admin/policies/terms?restore=0"`) {
		t.Error("the shipped version cannot be taken again")
	}
	page = b.ok(path + "?restore=0")
	if !strings.Contains(page, "These rules hold for everybody") || !strings.Contains(page, `value="The text of version 0 again."`) || !strings.Contains(page, `name="version" value="1"`) {
		t.Errorf("to take again: %s", page)
	}
	for _, none := range []string{path + "/2", path + "/x", path + "?restore=7", "/admin/policies/imprint", "/admin/policies/imprint/0"} {
		b.get(none).want(t, http.StatusNotFound, "")
	}
}

func TestPeopleAreAskedToAcceptTheTerms(t *testing.T) {
	s := newSite(t)
	ann := s.user("ann@example.org", false)
	s.photo(ann.ID)
	b, token := s.signedIn("ann@example.org"), s.tokenOf(ann, app.AllScopes())
	s.publish(0, app.NewPolicy{Text: "Be *kind*.", Note: "Kindness.", Ask: true})
	const asked = "/terms/accept?next=%2Falbums%3Fa%3D1"
	b.get("/albums?a=1").want(t, http.StatusSeeOther, asked)
	for _, open := range []string{"/terms", "/privacy", "/contact", "/account/data", "/healthz", "/robots.txt"} {
		if a := b.get(open); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", open, a)
		}
	}
	// What an open page loads and sends goes through, and leads to the question.
	b.get("/albums", "HX-Request", "true", "Sec-Fetch-Mode", "cors").want(t, http.StatusOK, "")
	b.post("/albums/new", url.Values{"title": {"A long title that took a while"}})
	if n := s.number("SELECT count(*) FROM albums"); n != 1 {
		t.Error("what was typed is lost")
	}
	call := func(method, path string) answer {
		return s.browser().do(request(method, "/api/v1"+path, nil, "Authorization", "Bearer "+token, "Accept", "application/json"))
	}
	if a := call(http.MethodGet, "/media"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, `"code":"terms_due"`) || !strings.Contains(a.body, "Sign in with a browser") {
		t.Errorf("a program: %v", a)
	}
	for _, path := range []string{"/me", "/me/sessions"} {
		if a := call(http.MethodGet, path); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", path, a)
		}
	}
	page := b.ok(asked)
	for _, want := range []string{"<em>kind</em>", `value="/albums?a=1"`, `action="/logout"`, `href="/account/data"`, `name="version" value="1"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the question lacks %q: %s", want, page)
		}
	}
	if strings.Contains(page, `href="/timeline"`) && strings.Contains(page, "<nav aria-label") && strings.Contains(page, `class="masthead"`) {
		t.Error("there is a navigation that leads back here")
	}
	s.publish(1, app.NewPolicy{Text: "Be *very* kind.", Note: "More of it.", Ask: true})
	answer := url.Values{"version": {"1"}, "next": {"/albums?a=1"}}
	if a := b.post("/terms/accept", answer); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "<em>very</em>") || !strings.Contains(a.body, "changed while you read") || !strings.Contains(a.body, `value="/albums?a=1"`) {
		t.Errorf("the older version: %v", a)
	}
	answer.Set("version", "2")
	b.post("/terms/accept", answer).want(t, http.StatusSeeOther, "/albums?a=1")
	b.ok("/albums?a=1")
	if a := call(http.MethodGet, "/media"); a.StatusCode != http.StatusOK {
		t.Errorf("a program afterwards: %v", a)
	}
	b.get(asked).want(t, http.StatusSeeOther, "/albums?a=1")
	b.post("/terms/accept", url.Values{"version": {"2"}, "next": {"https://evil.example/"}}).want(t, http.StatusSeeOther, "/timeline")
	s.browser().get(asked).want(t, http.StatusSeeOther, "/login?next="+url.QueryEscape(asked))
	if n := s.number("SELECT count(*) FROM policy_acceptances WHERE ip = '198.51.100.7' AND version = 2"); n != 1 {
		t.Error("not recorded with its address")
	}
}

func TestContactForm(t *testing.T) {
	s := newSite(t)
	visitor, admin := s.browser(), s.signedIn("admin@example.org")
	fields := visitor.guarded("/contact", url.Values{"name": {"Vera"}, "email": {"vera@example.org"}, "message": {"How do I <get> in?"}})
	a := visitor.post("/contact", fields)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "faster than a person") || !strings.Contains(a.body, "How do I &lt;get&gt; in?") || !strings.Contains(a.body, `value="vera@example.org"`) {
		t.Errorf("at once: %v", a)
	}
	fields.Set("stamp", oldStamp())
	fields.Set("email", "vera")
	if a := visitor.post("/contact", fields); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "How do I &lt;get&gt; in?") || !strings.Contains(a.body, `value="vera"`) {
		t.Errorf("a bad address: %v", a)
	}
	fields.Set("email", "vera@example.org")
	for i := range 6 {
		forged := "203.0.113." + string(rune('1'+i))
		a := visitor.post("/contact", fields, "X-Forwarded-For", forged+", 10.0.0.1", "X-Real-Ip", forged, "Forwarded", "for="+forged)
		if i < 5 && a.StatusCode != http.StatusSeeOther || i == 5 && (a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "How do I &lt;get&gt; in?")) {
			t.Fatalf("message %d: %v", i, a)
		}
	}
	if page := visitor.ok("/contact?sent"); !strings.Contains(page, "Thank you") {
		t.Error(page)
	}
	if mail := s.lastMail(); !strings.Contains(mail, "To: <admin@example.org>") || !strings.Contains(mail, "How do I <get> in?") || !strings.Contains(mail, "https://photos.example.org/admin/messages") {
		t.Errorf("the mail: %s", mail)
	}
	page := admin.ok("/admin/messages")
	if !strings.Contains(page, "How do I &lt;get&gt; in?") || !strings.Contains(page, `href="mailto:vera@example.org"`) || !strings.Contains(page, "Open (5)") || !strings.Contains(page, "address not proven") {
		t.Error(page)
	}
	path := between(t, page, `action="`, `/answered"`)
	admin.post(path+"/answered", nil).want(t, http.StatusSeeOther, "/admin/messages")
	if page := admin.ok("/admin/messages?state=answered"); !strings.Contains(page, path+"/open") || !strings.Contains(page, "Answered, ") {
		t.Error(page)
	}
	admin.post(path+"/open", nil).want(t, http.StatusSeeOther, "/admin/messages?state=answered")
	admin.post(path+"/delete", nil).want(t, http.StatusSeeOther, "/admin/messages")
	admin.post(path+"/delete", nil).want(t, http.StatusNotFound, "")
	admin.post("/admin/messages/nonsense/delete", nil).want(t, http.StatusNotFound, "")
}

// between is what stands in a text after one mark and before the next other one.
func between(t *testing.T, text, from, to string) string {
	t.Helper()
	head, _, ok := strings.Cut(text, to)
	at := strings.LastIndex(head, from)
	if !ok || at < 0 {
		t.Fatalf("nothing between %q and %q: %s", from, to, text)
	}
	return head[at+len(from):]
}
