package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSearchPage(t *testing.T) {
	s := newSite(t)
	b, other := s.signedIn("admin@example.org"), s.signedInAs(t, "other@example.org")
	lake := s.add(file{title: "Evening at the lake", taken: time.Date(2024, 7, 3, 20, 0, 0, 0, time.UTC)}).String()
	boat := s.add(file{title: "Boat on the lake", taken: time.Date(2023, 5, 3, 20, 0, 0, 0, time.UTC)}).String()
	s.exec("UPDATE media SET camera_make = 'Canon', camera_model = 'Canon EOS 7D' WHERE id = $1", boat)

	contains(t, b.ok("/search"), "What are you looking for?")
	page := b.ok("/search?q=lake")
	contains(t, page, "2 results", "<mark>lake</mark>", "Search by meaning is off", `value="lake"`, "Canon EOS 7D",
		"/media/"+lake+"?in=search&amp;q=lake")
	lacks(t, b.ok("/search?q=lake&mode=text"), "Search by meaning is off")
	for filter, want := range map[string]string{
		"from=2024-01-01": lake, "to=2023-05-03": boat, "camera=Canon+EOS+7D": boat, "from=2024-07-03&to=2024-07-03": lake,
	} {
		page := b.ok("/search?q=lake&" + filter)
		if ids := idsOf(page); len(ids) != 1 || ids[0] != want {
			t.Errorf("%s finds %v", filter, ids)
		}
		contains(t, page, `href="/search?q=lake"`)
	}
	if ids := idsOf(b.ok("/search?type=video")); len(ids) != 0 {
		t.Errorf("videos are %v", ids)
	}
	contains(t, b.ok("/search?q=zebra"), "Nothing found")
	contains(t, other.ok("/search?q=lake"), "Nothing found")
	for _, nothing := range []string{"/search?similar=00000000-0000-0000-0000-000000000000", "/search?similar=x",
		"/api/v1/search?similar=00000000-0000-0000-0000-000000000000", "/api/v1/media/00000000-0000-0000-0000-000000000000/similar"} {
		if a := b.get(nothing); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", nothing, a.StatusCode)
		}
	}
	s.browser().get("/search?q=lake").want(t, http.StatusSeeOther, "/login?next=%2Fsearch%3Fq%3Dlake")

	// The viewer stays within what was found and says why.
	viewer := b.ok("/media/" + lake + "?in=search&q=lake&info=1")
	contains(t, viewer, "Title: Evening at the lake", `href="/search?q=lake#m-`+lake)
	if prev, next := linkOf(viewer, `rel="prev"`), linkOf(viewer, `rel="next"`); prev+next != "/media/"+boat+"?in=search&q=lake&info=1" {
		t.Errorf("beside it are %q and %q", prev, next)
	}
}

func TestSearchKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	s.add(file{title: "Lake"})
	b := s.signedIn("admin@example.org")
	for query, wanted := range map[string]string{
		"q=lake&from=yesterday":                    "yesterday",
		"q=lake&from=2024-02-01&to=2024-01-01":     `value="2024-02-01"`,
		"q=lake&mode=magic":                        "lake",
		"q=lake&type=spreadsheet":                  "lake",
		"q=" + url.QueryEscape("la\x00ke"):         "",
		"q=lake&camera=" + url.QueryEscape("\xff"): "lake",
		"q=" + strings.Repeat("a", 501):            "Use at most 500 characters.",
	} {
		a := b.get("/search?" + query)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, a.StatusCode)
		}
		contains(t, a.body, wanted)
		lacks(t, a.body, "1 result", "One result")
	}
}

func TestSearchGoesOn(t *testing.T) {
	s := newSite(t)
	for range 130 {
		s.add(file{title: "Lake"})
	}
	b := s.signedIn("admin@example.org")
	page := b.ok("/search?q=lake")
	next := linkOf(page, `rel="next"`)
	seen := map[string]bool{}
	for _, id := range append(idsOf(page), idsOf(b.ok(next, "HX-Request", "true"))...) {
		seen[id] = true
	}
	if len(seen) != 130 {
		t.Errorf("two pages hold %d of 130 photos", len(seen))
	}
	// Without scripts the second page stands alone, and leads back.
	if back := linkOf(page, `rel="prev"`) + linkOf(b.ok(next), `rel="prev"`); back != "/search?q=lake" {
		t.Errorf("the pages lead back to %q", back)
	}
}
