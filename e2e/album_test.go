package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const orderShown = `[...document.querySelectorAll("[data-arrange] > li, #days .tile")].map(e => e.dataset.id)`

// Albums from the first to the trash and back, by keys, pointer and plain
// forms; axe-core finds nothing on any of their pages.
func TestAlbums(t *testing.T) {
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is missing (npm ci in the project's root): %v", err)
	}
	i := start(t)
	dir := t.TempDir()
	for n, name := range []string{"Lake.jpg", "Boat.jpg", "Mill.jpg", "Road.jpg", "Wood.jpg", "Hill.jpg"} {
		photo(t, dir, name, string(rune('1'+n)), "-DateTimeOriginal=2024:07:1"+string(rune('9'-n))+" 12:00:00")
	}
	b := i.open(true)
	b.signIn()
	b.furnish(dir, 6) // two of them go to the trash
	said := b.listen()
	inspect := func(name, path string) {
		t.Helper()
		for _, l := range looks {
			b.as(l)
			b.show(page{path: path})
			for _, problem := range b.problems(string(axe)) {
				t.Errorf("%s, %s: %s", name, l.name, problem)
			}
			for _, message := range said() {
				t.Errorf("%s, %s: the console says %s", name, l.name, message)
			}
		}
		b.as(looks[0])
	}

	b.visit("/timeline")
	b.press("g", "a")
	b.at("/albums")
	inspect("albums-empty", "/albums")
	inspect("album-new", "/albums/new")
	b.visit("/albums")
	b.click(".page-head a[href='/albums/new']")
	b.at("/albums/new")
	b.fill("#f-title", "Summer at the lake\r")
	b.until(`location.pathname.match(/^\/albums\/[0-9a-f-]{36}$/)`)
	album := js[string](b, `location.pathname`)
	inspect("album-empty", album)

	// a on the timeline leads to the choice, and the choice back to the photo.
	b.visit("/timeline")
	ids := js[[]string](b, `[...document.querySelectorAll("a.tile")].map(t => t.dataset.id)`)
	if len(ids) != 4 {
		t.Fatalf("%d photos on the timeline", len(ids))
	}
	b.press(kb.ArrowRight, "a")
	b.until(`location.pathname === "/media/` + ids[0] + `/album" && document.readyState === "complete"`)
	inspect("album-choose", "/media/"+ids[0]+"/album")
	b.visit("/timeline")
	b.press(kb.ArrowRight, "a")
	b.until(`location.pathname === "/media/` + ids[0] + `/album" && document.readyState === "complete"`)
	b.click(".choose-album")
	b.at("/timeline")
	if text := b.text("[data-receipt-text]"); text != "Put into Summer at the lake." {
		t.Errorf("the receipt says %q", text)
	}
	for _, id := range ids[1:] {
		b.post("/media/"+id+"/album", "album_id="+strings.TrimPrefix(album, "/albums/")+"&back=/timeline")
	}
	b.visit(album)
	if got := js[[]string](b, orderShown); !slices.Equal(got, ids) {
		t.Errorf("newest first: %v, want %v", got, ids)
	}
	inspect("album", album)
	inspect("album-edit", album+"/edit")
	inspect("albums", "/albums")

	// The viewer stays in the album.
	b.visit(album)
	b.click("#days .tile")
	b.until(`document.querySelector("#step-next") && document.readyState === "complete"`)
	b.press(kb.ArrowRight)
	b.until(`location.pathname === "/media/` + ids[1] + `"`)
	b.press(kb.Escape)
	b.until(`location.pathname === "` + album + `"`)

	// By hand: with Shift and the arrows, and by dragging.
	b.visit(album + "/edit")
	b.do(chromedp.SetValue(chromedp.CSS("#f-sort"), "manual"))
	b.click(".album-form button[type=submit]")
	b.at(album)
	b.click("a[href$='/arrange']")
	b.until(`document.querySelector("[data-arrange]") && document.readyState === "complete"`)
	inspect("album-arrange", album+"/arrange")
	settled := func(want ...string) {
		t.Helper()
		if got := js[[]string](b, orderShown); !slices.Equal(got, want) {
			t.Errorf("shown: %v, want %v", got, want)
		}
		js[bool](b, `new Promise(done => setTimeout(done, 700)).then(() => true)`)
		b.visit(album)
		if got := js[[]string](b, orderShown); !slices.Equal(got, want) {
			t.Errorf("kept: %v, want %v", got, want)
		}
		b.visit(album + "/arrange")
	}
	js[bool](b, `document.querySelector("[data-arrange] a").focus() || true`)
	b.do(chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(8)))
	settled(ids[1], ids[0], ids[2], ids[3])
	js[bool](b, `(() => {
		const items = document.querySelectorAll("[data-arrange] > li"), drag = (type, on) => on.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true }));
		drag("dragstart", items[0]); drag("dragover", items[3]); drag("drop", items[3]); drag("dragend", items[0]); return true; })()`)
	settled(ids[0], ids[2], ids[3], ids[1])

	inspect("categories", "/categories")
	b.visit(album + "/edit")
	b.click("form[action$='/trash'] button")
	b.at("/albums")
	inspect("albums-trash", "/albums/trash")
	inspect("album-trashed", album)
	b.click("form[action$='/restore'] button")
	b.at(album)

	t.Run("without scripts", func(t *testing.T) {
		plain := i.open(false)
		plain.t = t
		plain.signIn()
		plain.visit(album + "/arrange")
		plain.click("#m-" + ids[0] + " button[value=later]")
		plain.wait("#m-" + ids[2] + " ~ #m-" + ids[0]) // the page that comes back, not the one that is left
		plain.visit(album)
		if html := plain.html(); strings.Index(html, "m-"+ids[2]) > strings.Index(html, "m-"+ids[0]) {
			t.Error("the photo did not go later")
		}
		plain.visit("/media/" + ids[0] + "/album")
		plain.fill("#f-title", "Winter\r")
		plain.wait("#viewer")
		plain.visit("/albums")
		if text := plain.page(); !strings.Contains(text, "Winter") || !strings.Contains(text, "3 photos") {
			t.Errorf("the albums:\n%s", text)
		}
		plain.visit(album + "/edit")
		plain.click("form[action$='/trash'] button")
		plain.wait("[data-undo]")
		plain.click("[data-undo] button")
		plain.wait(".album-head")
		if html := plain.html(); !strings.Contains(html, "The album was restored.") {
			t.Error("undoing did not restore the album")
		}
	})
}
