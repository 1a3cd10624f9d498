package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

var undoForm = regexp.MustCompile(`action="(/undo/[0-9a-f-]{36})"`)

// undoOf is where the receipt on the page posts to.
func undoOf(t *testing.T, page string) string {
	t.Helper()
	found := undoForm.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("there is nothing to undo on\n%s", page)
	}
	return found[1]
}

func TestFavouriteReceiptAndUndoWithoutScripts(t *testing.T) {
	s := newSite(t)
	id := s.add(file{}).String()
	b := s.signedIn("admin@example.org")
	back := "/media/" + id + "?in=favourites&info=1"
	b.post("/media/"+id+"/favourite", url.Values{"on": {"1"}, "back": {back}}).want(t, http.StatusSeeOther, back)
	page := b.ok(back)
	contains(t, page, "Added to favourites.", `aria-pressed="true"`)
	undo := undoOf(t, page)
	if strings.Contains(b.ok(back), "Added to favourites.") {
		t.Error("the receipt is shown twice")
	}
	if got := idsOf(b.ok("/favourites")); len(got) != 1 {
		t.Errorf("favourites are %v", got)
	}
	b.post(undo, url.Values{"back": {back}}).want(t, http.StatusSeeOther, back)
	page = b.ok(back)
	contains(t, page, "Undone.", `aria-pressed="false"`)
	// Only once.
	b.post(undo, url.Values{"back": {back}}).want(t, http.StatusSeeOther, back)
	contains(t, b.ok(back), "That can no longer be undone.")
}

// Throwing away leads on to the next photo; undoing brings back the one thrown away.
func TestUndoingInTheViewerComesBack(t *testing.T) {
	s := newSite(t)
	ids := s.many(2)
	b := s.signedIn("admin@example.org")
	own := "/media/" + ids[0] + "?in=favourites"
	contains(t, b.ok(own), `name="undone" value="`+own+`"`)
	b.post("/media/"+ids[0]+"/trash", url.Values{"back": {"/media/" + ids[1]}, "undone": {own}}).want(t, http.StatusSeeOther, "/media/"+ids[1])
	page := b.ok("/media/" + ids[1])
	contains(t, page, `name="back" value="`+own+`"`)
	b.post(undoOf(t, page), url.Values{"back": {own}}).want(t, http.StatusSeeOther, own)
	contains(t, b.ok(own), "Undone.", `data-trash-form`)
	// Only places of this site.
	b.post("/media/"+ids[0]+"/trash", url.Values{"back": {"/trash"}, "undone": {"//evil.example/"}})
	contains(t, b.ok("/trash"), `name="back" value="/trash"`)
}

func TestUndoGoesOnWithTheActBefore(t *testing.T) {
	s := newSite(t)
	ids := s.many(3)
	b := s.signedIn("admin@example.org")
	back := url.Values{"back": {"/timeline"}}
	for _, id := range ids {
		b.post("/media/"+id+"/trash", back)
	}
	page := b.ok("/timeline")
	lacks(t, page, "Undo the one before")
	for left := 2; left >= 0; left-- {
		b.post(undoOf(t, page), back).want(t, http.StatusSeeOther, "/timeline")
		page = b.ok("/timeline")
		contains(t, page, "Undone.")
		if got := idsOf(page); len(got) != 3-left {
			t.Errorf("%v are back, want %d", got, 3-left)
		}
		if left > 0 {
			contains(t, page, "Undo the one before")
		}
	}
	lacks(t, page, `action="/undo/`)
}

func TestUndoIsOnesOwn(t *testing.T) {
	s := newSite(t)
	id := s.add(file{}).String()
	b, other := s.signedIn("admin@example.org"), s.signedInAs(t, "other@example.org")
	b.post("/media/"+id+"/trash", nil)
	undo := undoOf(t, b.ok("/trash"))
	other.post(undo, nil).want(t, http.StatusSeeOther, "/timeline")
	contains(t, other.ok("/timeline"), "That can no longer be undone.")
	s.browser().post(undo, nil).want(t, http.StatusSeeOther, "/login")
	if a := b.post("/undo/nonsense", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("%v", a)
	}
	b.post(undo, url.Values{"back": {"/trash"}}).want(t, http.StatusSeeOther, "/trash")
	contains(t, b.ok("/trash"), "Undone.", "The trash is empty")
}

func TestUndoLeavesNewerChangesAlone(t *testing.T) {
	s := newSite(t)
	id := s.add(file{title: "One"}).String()
	b := s.signedIn("admin@example.org")
	b.post("/media/"+id+"/edit", url.Values{"title": {"Two"}, "description": {"Text"}, "row_version": {"1"}})
	undo := undoOf(t, b.ok("/media/"+id))
	s.exec("UPDATE media SET title = 'Three' WHERE id = $1", uuid.MustParse(id))
	b.post(undo, nil)
	page := b.ok("/media/" + id + "?info=1")
	contains(t, page, "Undone in part", "<h1>Three</h1>")
	lacks(t, page, ">Text<")
}

func TestScriptsGetTheReceiptAlone(t *testing.T) {
	s := newSite(t)
	ids := s.many(2)
	b := s.signedIn("admin@example.org")
	on := url.Values{"on": {"1"}, "back": {"/timeline?month=2024-07"}}
	a := b.post("/media/"+ids[0]+"/favourite", on, "HX-Request", "true")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%v", a)
	}
	contains(t, a.body, `id="receipt"`, "hx-swap-oob", "Added to favourites.", "/undo/")
	lacks(t, a.body, "<html", "data-id=")
	lacks(t, b.ok("/timeline"), "Added to favourites.")
	a = b.post("/media/"+ids[1]+"/trash", url.Values{"back": {"/timeline"}}, "HX-Request", "true")
	contains(t, a.body, "Moved to the trash.", "/undo/")
	lacks(t, a.body, "data-id=")
	// Without a session a script is sent to the sign-in page as a whole.
	a = s.browser().post("/media/"+ids[1]+"/restore", nil, "HX-Request", "true", "HX-Current-URL", "https://photos.example.org/trash")
	if a.StatusCode != http.StatusNotFound && a.Header.Get("HX-Redirect") == "" {
		t.Errorf("%v", a)
	}
}

func TestActsLeadBackOnlyToOurselves(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	id := s.add(file{taken: time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)}).String()
	for _, bad := range []string{
		"https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/%5cevil.example",
		"/%09/evil.example", "http:/evil.example", "/\n/evil.example", "evil.example",
	} {
		// In this order: what lies in the trash cannot be marked.
		for _, act := range []struct{ path, fallback string }{
			{"/media/" + id + "/favourite", "/media/" + id}, {"/media/" + id + "/trash", "/timeline"}, {"/media/" + id + "/restore", "/trash"},
			{"/undo/" + uuid.NewString(), "/timeline"},
		} {
			a := b.post(act.path, url.Values{"back": {bad}})
			if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != act.fallback {
				t.Errorf("%s back to %q leads to %q", act.path, bad, a.Header.Get("Location"))
			}
		}
	}
}

func TestActsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	id := s.add(file{}).String()
	b := s.signedIn("admin@example.org")
	for _, path := range []string{"/media/" + id + "/trash", "/media/" + id + "/favourite", "/trash/empty", "/media/" + id + "/edit"} {
		if a := b.post(path, nil, "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
		if a := b.get(path); a.StatusCode == http.StatusOK && !strings.HasSuffix(path, "/edit") {
			t.Errorf("GET %s: %d", path, a.StatusCode)
		}
	}
	if got := idsOf(b.ok("/timeline")); len(got) != 1 {
		t.Error("another site's form was obeyed")
	}
}
