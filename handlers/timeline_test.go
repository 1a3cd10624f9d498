package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// linkOf is the target of the first link whose tag matches, "" for none.
func linkOf(page, tag string) string {
	found := regexp.MustCompile(`<a [^>]*` + tag + `[^>]*>`).FindString(page)
	href := regexp.MustCompile(`href="([^"]*)"`).FindStringSubmatch(found)
	if href == nil {
		return ""
	}
	return html.UnescapeString(href[1])
}

var tileID = regexp.MustCompile(`data-id="([0-9a-f-]{36})"`)

func idsOf(page string) []string {
	var ids []string
	for _, m := range tileID.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// many adds n photos, one an hour, and returns their ids as the timeline lists them.
func (s *site) many(n int) []string {
	ids := make([]string, n)
	start := time.Date(2024, 7, 1, 0, 30, 0, 0, time.UTC)
	for i := range n {
		ids[n-1-i] = s.add(file{taken: start.Add(time.Duration(i) * time.Hour)}).String()
	}
	return ids
}

func TestTimelineGoesOnByLinksAndByScrolling(t *testing.T) {
	s := newSite(t)
	want := s.many(230)
	b := s.signedIn("admin@example.org")

	t.Run("by links", func(t *testing.T) {
		var got []string
		pages := 0
		last := ""
		for next := "/timeline"; next != ""; pages++ {
			last = next
			page := b.ok(next)
			contains(t, page, "<!doctype html>", `id="months"`)
			got = append(got, idsOf(page)...)
			next = linkOf(page, `rel="next"`)
		}
		if pages != 3 || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d pages hold %d photos, or in another order", pages, len(got))
		}
		// And the way back.
		var back []string
		for previous := last; previous != ""; {
			page := b.ok(previous)
			back = append(idsOf(page), back...)
			previous = linkOf(page, `rel="prev"`)
		}
		if strings.Join(back, " ") != strings.Join(want, " ") {
			t.Errorf("going back shows %d photos, or in another order", len(back))
		}
	})
	t.Run("by scrolling", func(t *testing.T) {
		first := b.ok("/timeline")
		part := b.get(linkOf(first, `rel="next"`), "HX-Request", "true")
		lacks(t, part.body, "<html", `id="months"`)
		if ids := idsOf(part.body); len(ids) != 100 || ids[0] != want[100] {
			t.Errorf("the second part holds %d photos", len(ids))
		}
		if !strings.Contains(part.body, "is-continued") || !strings.Contains(part.Header.Get("Vary"), "HX-Request") {
			t.Errorf("the day goes on without saying so: %v", part.Header)
		}
		// Going back in history wants the whole page.
		whole := b.ok(linkOf(first, `rel="next"`), "HX-Request", "true", "HX-History-Restore-Request", "true")
		contains(t, whole, "<html")
		lacks(t, whole, "is-continued")
	})
	t.Run("back to a photo", func(t *testing.T) {
		if ids := idsOf(b.ok("/timeline?at=" + want[50])); ids[0] != want[0] {
			t.Error("a photo of the first page leads to another page")
		}
		if ids := idsOf(b.ok("/timeline?at=" + want[150])); ids[0] != want[150] {
			t.Error("the page does not start with the photo")
		}
		if ids := idsOf(b.ok("/timeline?at=" + uuid.NewString())); ids[0] != want[0] {
			t.Error("a photo that is not there leads elsewhere than to the start")
		}
	})
	t.Run("not again", func(t *testing.T) {
		a := b.get("/timeline")
		tag := a.Header.Get("ETag")
		if tag == "" || a.Header.Get("Cache-Control") != "private, no-cache" {
			t.Fatalf("%v", a.Header)
		}
		if again := b.get("/timeline", "If-None-Match", tag); again.StatusCode != http.StatusNotModified || again.body != "" {
			t.Errorf("%v", again)
		}
	})
	for _, bad := range []string{"before=x", "after=x", "month=2024-13", "month=July", "at=x", "before=a&after=b", "month=2024-07&at=" + want[0]} {
		if a := b.get("/timeline?" + bad); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("?%s: %d", bad, a.StatusCode)
		}
	}
}

func TestTimelineByMonths(t *testing.T) {
	s := newSite(t)
	for month := time.January; month <= time.April; month++ {
		for day := 1; day <= int(month); day++ {
			s.add(file{name: fmt.Sprintf("%d-%d.jpg", month, day), taken: time.Date(2023, month, day, 9, 0, 0, 0, time.UTC)})
		}
	}
	b := s.signedIn("admin@example.org")
	page := b.ok("/timeline")
	contains(t, page, `href="/timeline?month=2023-02"`, "February 2023, 2 photos", "January 2023, one photo")
	page = b.ok("/timeline?month=2023-02")
	if ids := idsOf(page); len(ids) != 3 {
		t.Errorf("from February on there are %d photos", len(ids))
	}
	contains(t, page, "Thursday, 2 February 2023")
	if found := regexp.MustCompile(`aria-current="true"> *<span class="unseen">([^<]*)<`).FindStringSubmatch(page); found == nil || found[1] != "February 2023, 2 photos" {
		t.Errorf("the month that is shown: %v", found)
	}
	if ids := idsOf(b.ok(linkOf(page, `rel="prev"`))); len(ids) != 7 {
		t.Errorf("newer than February are %d photos", len(ids))
	}
	contains(t, s.signedInAs(t, "empty@example.org").ok("/timeline"), "Your album is empty")
}

// signedInAs makes the user first.
func (s *site) signedInAs(t *testing.T, email string) *browser {
	t.Helper()
	s.user(email, false)
	return s.signedIn(email)
}

func TestChangedItemsOfAnOpenTimeline(t *testing.T) {
	s := newSite(t)
	b, other := s.signedIn("admin@example.org"), s.signedInAs(t, "other@example.org")
	old := s.add(file{taken: time.Date(2020, 1, 1, 8, 0, 0, 0, time.UTC)}).String()
	young := s.add(file{}).String()
	gone := s.add(file{}).String()
	b.post("/media/"+gone+"/trash", nil)
	part := b.ok("/timeline/items?ids="+strings.Join([]string{old, uuid.NewString(), gone, young}, ","), "HX-Request", "true")
	if ids := idsOf(part); len(ids) != 2 || ids[0] != young || ids[1] != old {
		t.Errorf("the parts are %v", ids)
	}
	if ids := idsOf(other.ok("/timeline/items?ids=" + young)); len(ids) != 0 {
		t.Error("another sees what has changed")
	}
	if a := b.get("/timeline/items?ids=" + strings.Repeat(young+",", 100) + young); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("101 ids: %d", a.StatusCode)
	}
}
