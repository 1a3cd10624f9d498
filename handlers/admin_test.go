package handlers_test

import (
	"net/http"
	"testing"

	"albumen/jobs"
)

func TestAdminPage(t *testing.T) {
	s := newSite(t)
	b, other := s.signedIn("admin@example.org"), s.signedInAs(t, "other@example.org")
	u, err := s.db.UserByEmail(t.Context(), "other@example.org")
	if err != nil {
		t.Fatal(err)
	}
	own := s.add(file{failed: "broken", name: "mine.jpg"}).String()
	foreign := s.add(file{failed: "too_many_pixels", name: "private.jpg", owner: u}).String()
	page := b.ok("/admin")
	contains(t, page, "mine.jpg", `href="/media/`+own+`"`, "A file of other@example.org", "more pixels", "No worker was heard of",
		`action="/admin/media/`+foreign+`/retry"`, `action="/admin/retry"`)
	lacks(t, page, "private.jpg", `href="/media/`+foreign)
	for _, path := range []string{"/admin"} {
		if a := other.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("another's %s: %d", path, a.StatusCode)
		}
	}
	for _, path := range []string{"/admin/retry", "/admin/media/" + foreign + "/retry"} {
		if a := other.post(path, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("another's POST %s: %d", path, a.StatusCode)
		}
	}
	s.browser().get("/admin").want(t, http.StatusSeeOther, "/login?next=%2Fadmin")

	b.post("/admin/media/"+foreign+"/retry", nil).want(t, http.StatusSeeOther, "/admin")
	contains(t, b.ok("/admin"), "It is being tried again.")
	if a := b.post("/admin/media/"+foreign+"/retry", nil); a.StatusCode != http.StatusConflict {
		t.Errorf("trying again what does not fail: %v", a)
	}
	b.post("/admin/retry", nil).want(t, http.StatusSeeOther, "/admin")
	page = b.ok("/admin")
	contains(t, page, "One item is being tried again.", "Everything was processed.")
	if n, err := s.queue.Length(t.Context(), jobs.ProcessMedia{}.Kind()); err != nil || n != 2 {
		t.Errorf("%d jobs are enqueued (%v), want 2", n, err)
	}
}
