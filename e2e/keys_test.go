package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// press presses keys one after the other, whatever has the focus.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		if k != "/" {
			b.do(chromedp.KeyEvent(k))
			continue
		}
		// The protocol types the character although the page took the key; a keyboard does not.
		slash := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: k, Code: "Slash", WindowsVirtualKeyCode: 191}
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, slash); err != nil {
			b.t.Fatal(err)
		}
	}
}

// at waits until a page is there and its scripts ran.
func (b *browser) at(path string) {
	b.t.Helper()
	b.until(`location.pathname + location.search === "` + path + `" && document.readyState === "complete"`)
}

const focused = `document.activeElement.dataset.id`

// From sign-in to search, and through everything that keys do, without a mouse.
func TestEverythingByKeyboard(t *testing.T) {
	i := start(t)
	dir := t.TempDir()
	for n, name := range []string{"Lake.jpg", "Boat.jpg", "Mill.jpg", "Road.jpg", "Wood.jpg", "Hill.jpg"} {
		photo(t, dir, name, string(rune('1'+n)), "-DateTimeOriginal=2024:07:1"+string(rune('9'-n))+" 12:00:00")
	}
	if out, err := i.command("", "albumen", "import", dir, "--owner", adminEmail); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	b := i.open(true)
	said := b.listen()

	b.visit("/login")
	b.until(`document.activeElement.name === "email"`)
	b.press(adminEmail, kb.Tab, adminPassword, kb.Enter)
	b.at("/timeline")
	for deadline := time.Now().Add(30 * time.Second); js[int](b, `document.querySelectorAll("a.tile img:not(.ph)").length`) < 6; b.visit("/timeline") {
		if time.Now().After(deadline) {
			t.Fatalf("the photos did not come:\n%s", b.page())
		}
		time.Sleep(200 * time.Millisecond)
	}
	ids := js[[]string](b, `[...document.querySelectorAll("a.tile")].map(t => t.dataset.id)`)

	t.Log("in the grid")
	b.press(kb.ArrowRight)
	b.until(focused + ` === "` + ids[0] + `"`)
	b.press("j", "j", "k", kb.ArrowRight, kb.ArrowLeft)
	b.until(focused + ` === "` + ids[1] + `"`)
	b.press("f")
	b.until(`document.activeElement.matches("[data-favourite]")`)
	b.press("#")
	b.until(`document.querySelectorAll("a.tile").length === 5 && ` + focused + ` === "` + ids[2] + `"`)
	b.press("u")
	b.until(`document.querySelectorAll("a.tile")[1].dataset.id === "` + ids[1] + `"`)
	b.until(focused + ` === "` + ids[2] + `"`)

	b.press("#")
	b.until(`document.querySelectorAll("a.tile").length === 5`)
	b.press("#")
	b.until(`document.querySelectorAll("a.tile").length === 4`)
	b.press("u", "u")
	b.until(`[...document.querySelectorAll("a.tile")].map(t => t.dataset.id).join() === "` + strings.Join(ids, ",") + `"`)
	js[bool](b, `(document.getElementById("m-`+ids[2]+`").focus(), true)`)
	b.until(focused + ` === "` + ids[2] + `"`)

	t.Log("in the viewer")
	b.press(kb.Enter)
	b.at("/media/" + ids[2])
	b.press(kb.ArrowRight)
	b.until(`document.querySelector("#viewer").dataset.id === "` + ids[3] + `"`)
	b.press(kb.ArrowLeft)
	b.until(`document.querySelector("#viewer").dataset.id === "` + ids[2] + `"`)
	b.press("i")
	b.until(`document.querySelector("#info")?.textContent.includes(".jpg")`)
	b.press("i")
	b.until(`!document.querySelector("#info")`)
	b.press("f")
	b.until(`document.querySelector(".heart[aria-pressed=true]") && document.querySelector("#receipt").textContent.trim()`)
	b.download(t, "d")
	b.press("#")
	b.until(`document.querySelector("#viewer").dataset.id === "` + ids[3] + `"`)
	b.press("u")
	b.until(`document.readyState === "complete" && document.querySelector("#receipt").textContent.includes("Undone") &&
		document.querySelector("#viewer").dataset.id === "` + ids[2] + `"`)
	b.visit("/timeline")
	b.until(`document.querySelectorAll("a.tile").length === 6`)

	t.Log("there and back to the same place")
	b.press(kb.ArrowRight, "j", "j", "j", kb.Enter)
	b.at("/media/" + ids[3])
	b.press(kb.ArrowRight)
	b.until(`document.querySelector("#viewer").dataset.id === "` + ids[4] + `"`)
	b.press(kb.Escape)
	b.at("/timeline")
	b.until(focused + ` === "` + ids[4] + `"`)

	t.Log("anywhere")
	b.press("?")
	b.until(`document.querySelector("#keys[open] kbd")`)
	b.press(kb.Escape)
	b.until(`!document.querySelector("#keys[open]")`)
	b.press("g", "f")
	b.at("/favourites")
	b.until(`document.querySelectorAll("a.tile").length === 2`)
	b.press("g", "u")
	b.at("/upload")
	b.press("g", "s")
	b.at("/search")
	b.press(kb.Escape, "g", "t")
	b.at("/timeline")
	b.press("/")
	b.until(`document.activeElement.id === "q"`)
	b.press("mill", kb.Enter)
	b.until(`location.pathname === "/search" && document.querySelectorAll("main .hit:not(.divider ~ .hit)").length === 1`)
	for _, message := range said() {
		t.Errorf("the console says %s", message)
	}
}

// download presses the key and expects an original to arrive.
func (b *browser) download(t *testing.T, key string) {
	t.Helper()
	dir := t.TempDir()
	to := cdp.SetDownloadBehaviorParams{Behavior: cdp.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}
	if _, err := chromedp.Call(b.ctx, cdp.SetDownloadBehavior, to); err != nil {
		t.Fatal(err)
	}
	b.press(key)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 1 {
			if info, err := os.Stat(files[0]); err == nil && info.Size() > 0 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was downloaded to %s", dir)
		}
	}
}
