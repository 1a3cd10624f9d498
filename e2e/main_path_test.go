package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A person signs in, uploads photos, sees them on the timeline, opens one and
// finds it by words.
func TestFromSignInToSearch(t *testing.T) {
	i := start(t)
	dir := t.TempDir()
	lake := photo(t, dir, "Evening at the lake.jpg", "1", "-Model=X100")
	boat := photo(t, dir, "Red boat.jpg", "2", "-Model=D90")

	t.Run("with scripts", func(t *testing.T) {
		b := i.open(true)
		b.signIn()
		b.visit("/upload")
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{lake}))
		b.wait("[data-state=created] [data-link]")
		b.visit("/timeline")
		b.wait("a.tile img:not(.ph)")

		// A photo that arrives shows up on the open timeline by itself.
		other := i.open(true)
		other.signIn()
		other.visit("/upload")
		other.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{boat}))
		other.wait("[data-state=created] [data-link]")
		b.wait("a.tile + a.tile img:not(.ph)")

		search(b, "/timeline")
	})
	t.Run("without scripts", func(t *testing.T) {
		b := i.open(false)
		b.signIn()
		third := photo(t, dir, "Old mill.jpg", "3")
		b.visit("/upload")
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{third, lake}))
		b.click("#upload button[type=submit]")
		b.wait("[data-state=created]")
		if b.text("[data-state=duplicate] strong") != "Evening at the lake.jpg" {
			t.Errorf("the duplicate is not told:\n%s", b.page())
		}
		b.eventually("/search?q=mill", "m-")
		search(b, "/timeline")
	})
}

// search finds the lake by a word of its file name, opens it and reads its facts.
func search(b *browser, from string) {
	b.t.Helper()
	b.visit(from)
	b.fill("#q", "lake\r")
	b.wait("main a.tile")
	// What is below the divider matches no word.
	if text, _, _ := strings.Cut(b.page(), "Less certain"); !strings.Contains(text, "Evening at the lake") || strings.Contains(text, "Red boat") {
		b.t.Errorf("search for lake shows:\n%s", b.page())
	}
	b.click("main a.tile")
	b.wait("#viewer")
	if !strings.Contains(b.html(), "Evening at the lake") {
		b.t.Errorf("the viewer shows:\n%s", b.page())
	}
}
