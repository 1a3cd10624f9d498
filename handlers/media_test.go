package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const markup = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

func TestViewerMovesWithinItsList(t *testing.T) {
	s := newSite(t)
	ids := s.many(3) // newest first
	b := s.signedIn("admin@example.org")
	b.post("/media/"+ids[0]+"/favourite", url.Values{"on": {"1"}})
	b.post("/media/"+ids[2]+"/favourite", url.Values{"on": {"1"}})

	page := b.ok("/media/" + ids[1])
	if prev, next := linkOf(page, `rel="prev"`), linkOf(page, `rel="next"`); prev != "/media/"+ids[0] || next != "/media/"+ids[2] {
		t.Errorf("on the timeline: %q and %q", prev, next)
	}
	contains(t, page, `data-preview="/media/`+ids[2]+`/preview?v=3"`, `href="/timeline?at=`+ids[1]+`#m-`+ids[1]+`"`, "/original")
	page = b.ok("/media/" + ids[2] + "?in=favourites&info=1")
	if prev, next := linkOf(page, `rel="prev"`), linkOf(page, `rel="next"`); prev != "/media/"+ids[0]+"?in=favourites&info=1" || next != "" {
		t.Errorf("among favourites: %q and %q", prev, next)
	}
	contains(t, page, `id="info"`, "photo.jpg", "/favourites?at="+ids[2])
	part := b.ok("/media/"+ids[1], "HX-Request", "true")
	contains(t, part, `id="viewer"`)
	lacks(t, part, "<html", `id="receipt"`) // what was just done stays on the page
}

func TestViewerTellsTheStateOfAnItem(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	failed := s.add(file{failed: "broken", name: "broken.jpg"})
	waiting := s.add(file{kind: "video", mime: "video/mp4"})
	s.exec("UPDATE media SET status = 'pending', processed_at = NULL WHERE id = $1", waiting)
	clip := s.add(file{kind: "video", mime: "video/mp4", name: "clip.mp4"})
	raw := s.add(file{kind: "photo", mime: "image/x-adobe-dng", name: "raw.dng"})
	s.exec("DELETE FROM derivatives WHERE media_id = $1", raw)
	for id, text := range map[uuid.UUID]string{
		failed: "This file is broken", waiting: "is being developed", clip: "no preview of this kind", raw: "no preview of this kind",
	} {
		page := b.ok("/media/" + id.String())
		contains(t, page, text, `href="/media/`+id.String()+`/original"`)
		lacks(t, page, "/preview")
	}
}

func TestForeignItemsAreNotThere(t *testing.T) {
	s := newSite(t)
	id, random := s.add(file{title: "Secret"}).String(), uuid.NewString()
	other, nobody := s.signedInAs(t, "other@example.org"), s.browser()
	for _, path := range []string{"", "/edit", "?in=trash", "?info=1"} {
		foreign, missing := other.get("/media/"+id+path), other.get("/media/"+random+path)
		if foreign.StatusCode != http.StatusNotFound || alike(foreign.body, id) != alike(missing.body, random) {
			t.Errorf("%s tells a foreign photo from none: %d\n%s\n%s", path, foreign.StatusCode, foreign.body, missing.body)
		}
		for _, at := range []string{id, random} {
			nobody.get("/media/"+at).want(t, http.StatusSeeOther, "/login?next=%2Fmedia%2F"+at)
		}
	}
	for _, act := range []string{"/edit", "/favourite", "/trash", "/restore", "/delete"} {
		foreign, missing := other.post("/media/"+id+act, url.Values{"row_version": {"1"}}), other.post("/media/"+random+act, url.Values{"row_version": {"1"}})
		if foreign.StatusCode != http.StatusNotFound || alike(foreign.body, id) != alike(missing.body, random) {
			t.Errorf("POST %s tells a foreign photo from none: %v", act, foreign)
		}
		if a := nobody.post("/media/"+id+act, nil); a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusNotFound {
			t.Errorf("POST %s without signing in: %v", act, a)
		}
	}
	if page := s.signedIn("admin@example.org").ok("/media/" + id); !strings.Contains(page, "Secret") {
		t.Error("the owner's photo was changed by others")
	}
}

func TestMarkupInTextsIsText(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	id := s.add(file{title: markup, description: markup, name: markup + ".jpg"}).String()
	failed := s.add(file{failed: "broken", name: markup + ".jpg"}).String()
	s.exec("UPDATE media SET camera_model = $1, place = $1, lens = $1", markup)
	for _, path := range []string{
		"/timeline", "/media/" + id, "/media/" + id + "?info=1", "/media/" + failed, "/media/" + id + "/edit", "/admin",
		"/search?q=" + url.QueryEscape("script"), "/search?q=" + url.QueryEscape(markup), "/search?from=" + url.QueryEscape(markup),
		"/search?camera=" + url.QueryEscape(markup),
	} {
		a := b.get(path)
		lacks(t, a.body, "<script>alert", "<img src=x")
		if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	b.post("/media/"+id+"/trash", nil)
	lacks(t, b.ok("/trash"), "<script>alert", "<img src=x")
}

func TestPagesCarryTheirShields(t *testing.T) {
	s := newSite(t)
	id := s.add(file{}).String()
	b := s.signedIn("admin@example.org")
	for _, path := range []string{
		"/timeline", "/favourites", "/trash", "/search", "/search?q=photo", "/media/" + id, "/media/" + id + "/edit",
		"/admin", "/help/keys", "/account", "/nothing", "/media/" + uuid.NewString(),
	} {
		a := b.get(path)
		h := a.Header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "private, no-cache" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		lacks(t, a.body, " style=", "<style", "onclick=", "hx-on")
	}
}

func TestEditKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	id := s.add(file{title: "Lake"}).String()
	b := s.signedIn("admin@example.org")
	address := "/media/" + id + "/edit"
	contains(t, b.ok(address), `value="Lake"`, `name="row_version" value="1"`)

	long := strings.Repeat("x", 501)
	a := b.post(address, url.Values{"title": {long}, "description": {"By the <shore>"}, "row_version": {"1"}})
	if a.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("%v", a)
	}
	contains(t, a.body, long, "By the &lt;shore&gt;", "This is too long. Shorten it.", `aria-invalid="true"`)

	b.post(address, url.Values{"title": {"Sea"}, "description": {""}, "row_version": {"1"}}).want(t, http.StatusSeeOther, "/media/"+id)
	contains(t, b.ok("/media/"+id), "<h1>Sea</h1>", "Saved.", `action="/undo/`)

	// Somebody who still has the old form open.
	a = b.post(address, url.Values{"title": {"Pond"}, "description": {"Small"}, "row_version": {"1"}})
	if a.StatusCode != http.StatusConflict {
		t.Fatalf("%v", a)
	}
	contains(t, a.body, `value="Pond"`, "Small", "Sea", "Someone changed this photo")
	lacks(t, a.body, `name="row_version" value="1"`)
	contains(t, b.ok("/media/"+id), "<h1>Sea</h1>")
	if a := b.post(address, url.Values{"title": {"x"}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a form without its version: %v", a)
	}
}

func TestTrashRestoreDelete(t *testing.T) {
	s := newSite(t)
	ids := s.many(3)
	b := s.signedIn("admin@example.org")
	b.post("/media/"+ids[0]+"/trash", url.Values{"back": {"/media/" + ids[1]}}).want(t, http.StatusSeeOther, "/media/"+ids[1])
	b.post("/media/"+ids[2]+"/trash", nil).want(t, http.StatusSeeOther, "/timeline")
	if got := idsOf(b.ok("/timeline")); len(got) != 1 {
		t.Errorf("the timeline holds %v", got)
	}
	page := b.ok("/trash")
	contains(t, page, "30 days left", `action="/media/`+ids[0]+`/restore"`, `action="/media/`+ids[0]+`/delete"`, `action="/trash/empty"`)
	if got := idsOf(page); len(got) != 2 || got[0] != ids[2] {
		t.Errorf("the trash holds %v", got)
	}
	viewer := b.ok("/media/" + ids[0])
	contains(t, viewer, `action="/media/`+ids[0]+`/restore"`, `href="/trash?at=`+ids[0])
	lacks(t, viewer, "/favourite\"", "/edit", `/trash"`)
	b.post("/media/"+ids[0]+"/restore", url.Values{"back": {"/trash"}}).want(t, http.StatusSeeOther, "/trash")
	// What does not lie in the trash is not deleted.
	if a := b.post("/media/"+ids[0]+"/delete", nil); a.StatusCode != http.StatusConflict {
		t.Errorf("%v", a)
	}
	b.post("/media/"+ids[2]+"/delete", nil).want(t, http.StatusSeeOther, "/trash")
	contains(t, b.ok("/trash"), "Deleted for ever.", "The trash is empty")
	b.post("/media/"+ids[1]+"/trash", nil)
	b.post("/trash/empty", nil).want(t, http.StatusSeeOther, "/trash")
	contains(t, b.ok("/trash"), "One photo was deleted for ever.")
	if got := idsOf(b.ok("/timeline")); len(got) != 1 || got[0] != ids[0] {
		t.Errorf("left is %v", got)
	}
}

// What is still to go is counted, and can be saved.
func TestTrashThatIsBeingEmptied(t *testing.T) {
	s := newSite(t)
	id := s.add(file{})
	b := s.signedIn("admin@example.org")
	b.post("/media/"+id.String()+"/trash", nil)
	s.exec("INSERT INTO chores (user_id, kind, asked) VALUES ($1, 'empty_trash', now() - interval '1 hour')", s.admin.ID)
	page := b.ok("/trash")
	contains(t, page, "being emptied in the background. One photo is still here", "/restore")
	lacks(t, page, `action="/trash/empty"`)
}

func TestTrashedItemsAreListedByTheirRemainingDays(t *testing.T) {
	s := newSite(t)
	id := s.add(file{})
	s.exec("UPDATE media SET trashed_at = $2 WHERE id = $1", id, time.Now().Add(-29*24*time.Hour-time.Hour))
	contains(t, s.signedIn("admin@example.org").ok("/trash"), "One day left")
}

func TestHelp(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	contains(t, b.ok("/help/keys"), "<html", "<kbd>")
	part := b.ok("/help/keys", "HX-Request", "true")
	contains(t, part, "<kbd>")
	lacks(t, part, "<html")
}
