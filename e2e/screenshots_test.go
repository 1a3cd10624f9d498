//go:build screenshots

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Takes pictures of every page in every look. scripts/screenshots runs it:
// ALBUMEN_PHOTOS is the folder with the sample photographs, ALBUMEN_SHOTS the
// target.
func TestScreenshots(t *testing.T) {
	photos, target := os.Getenv("ALBUMEN_PHOTOS"), os.Getenv("ALBUMEN_SHOTS")
	files, err := filepath.Glob(filepath.Join(photos, "*.jpg"))
	if err != nil || len(files) == 0 || target == "" {
		t.Fatal("run scripts/screenshots, which brings the photographs and names the target")
	}
	i := prepare(t)
	i.launch()
	b := i.open(true)
	shootAs := func(b *browser, looks []look, pages ...page) {
		for _, p := range pages {
			for _, l := range looks {
				b.as(l)
				b.show(p)
				b.shoot(filepath.Join(target, p.name+"-"+l.name+".webp"))
			}
		}
	}
	shoot := func(pages ...page) { shootAs(b, looks, pages...) }
	shoot(page{name: "first-run", path: "/setup"})
	i.makeAdmin()
	shoot(pagesOfVisitors...)
	b.as(looks[0])
	b.signIn()
	shoot(pagesWhenEmpty...)
	b.as(looks[0])
	b.furnish(photos, len(files))
	// A landscape, as wide as the screen.
	b.visit("/search?q=picos")
	id := js[string](b, `document.querySelector("main a.tile").dataset.id`)
	shoot(pagesOfMembers("flower", id)...)

	b.as(looks[0])
	visitor, sent := i.open(true), t.TempDir()
	var guests []string
	for _, name := range []string{"Dune.jpg", "Storm.jpg"} { // the two that lie in the trash, seen by somebody else
		guests = append(guests, filepath.Join(sent, name))
		run(t, "vips", "thumbnail", filepath.Join(photos, name), guests[len(guests)-1], "1600")
	}
	s := b.settle(t, visitor, guests...)
	shootAs(b, both, among(pagesOfTheFamily(s), "albums", "album", "album-edit", "album-arrange", "members", "links", "guests-queue", "report",
		"users", "user", "group", "invitations", "settings", "audit", "reports", "own-data", "security")...)
	shootAs(visitor, both, among(pagesOfGuests(s), "share", "share-photo", "share-upload", "share-locked", "invitation", "privacy")...)
}

// among are the pages with these names.
func among(pages []page, names ...string) (out []page) {
	for _, p := range pages {
		if slices.Contains(names, p.name) {
			out = append(out, p)
		}
	}
	return out
}

// shoot writes what the screen shows, in WebP, with as much quality as fits
// into 150 kB.
func (b *browser) shoot(file string) {
	b.t.Helper()
	for quality := int64(88); ; quality -= 8 {
		format := cdp.CaptureScreenshotFormatWebp
		params := cdp.CaptureScreenshotParams{Format: format, Quality: &quality}
		shot, err := chromedp.Call(b.ctx, cdp.CaptureScreenshot, params)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(shot.Data) > 150_000 && quality > 40 {
			continue
		}
		if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
			b.t.Fatal(err)
		}
		return
	}
}
