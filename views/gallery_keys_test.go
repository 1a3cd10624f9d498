package views_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func focused(p *tab) string { return js[string](p, `document.activeElement.id`) }

func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		if k != "/" {
			p.do(chromedp.KeyEvent(k))
			continue
		}
		// The protocol types the character although the page took the key; a keyboard does not.
		if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Key: k, Code: "Slash", WindowsVirtualKeyCode: 191}); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *tab) open(url string) {
	p.t.Helper()
	p.do(chromedp.Navigate(url))
	p.until(`document.readyState === "complete"`)
}

func TestKeysMoveThroughTheGrid(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")

	p.press(kb.ArrowDown)
	if got := focused(p); got != "m-0000" {
		t.Fatalf("the first arrow went to %q", got)
	}
	p.press("j", "j", "k")
	if got := focused(p); got != "m-0001" {
		t.Errorf("j j k went to %q", got)
	}
	for range 5 {
		before := js[[]float64](p, `(r => [r.left + r.width / 2, r.top, r.bottom])(document.activeElement.getBoundingClientRect())`)
		best := js[string](p, `(() => {
			const from = document.activeElement.getBoundingClientRect(), x = from.left + from.width / 2;
			const below = [...document.querySelectorAll(".tile")].map(t => ({ id: t.id, r: t.getBoundingClientRect() })).filter(t => t.r.top >= from.bottom - 4);
			const top = Math.min(...below.map(t => t.r.top));
			return below.filter(t => Math.abs(t.r.top - top) < 5).sort((a, b) => Math.abs(a.r.left + a.r.width / 2 - x) - Math.abs(b.r.left + b.r.width / 2 - x))[0].id
		})()`)
		p.press(kb.ArrowDown)
		if got := focused(p); got != best {
			t.Errorf("down from %v went to %s, the photo below is %s", before, got, best)
		}
	}
	down := focused(p)
	p.press(kb.ArrowUp, kb.ArrowRight, kb.ArrowLeft)
	if got := focused(p); got == down {
		t.Error("up did not move the focus")
	}
	p.quiet("keys")
}

func TestKeysActOnThePhotoInFocus(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")

	p.press(kb.ArrowRight, kb.ArrowRight, "f")
	p.until(`document.querySelector("#m-0001[data-favourite]") && document.querySelector("#receipt").textContent.includes("favourites")`)
	if got := focused(p); got != "m-0001" {
		t.Errorf("after f the focus is on %q", got)
	}
	p.press("#")
	p.until(`!document.querySelector("#m-0001") && document.querySelector("#receipt").textContent.includes("trash")`)
	if got := focused(p); got != "m-0002" {
		t.Errorf("after # the focus is on %q", got)
	}
	p.until(`document.querySelector("#live").textContent === "Moved to the trash."`)
	p.press("u")
	p.until(`document.querySelector("#m-0000 + #m-0001") && document.querySelector("#receipt").textContent.includes("Undone")`)
	want := "/media/0001/favourite back=%2Ftimeline&on=1\n/media/0001/trash back=%2Ftimeline\n/undo back=%2Ftimeline"
	if got := g.posted(); got != want {
		t.Errorf("posted:\n%s\nwant:\n%s", got, want)
	}
	p.quiet("acts")
}

// What the page asked for before a key acted is older than the act and must not undo its mark.
func TestAnOlderAnswerKeepsTheMarkOfAnAct(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")
	g.events <- `{"id":"0003","kind":"ready"}`
	<-g.held
	p.press(kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, "f")
	p.until(`document.querySelector("#m-0003[data-favourite]")`)
	g.held <- struct{}{}
	select {
	case <-g.held:
		g.held <- struct{}{}
	case <-time.After(10 * time.Second):
		t.Error("the page took the older answer")
	}
	p.until(`document.querySelector("#m-0003[data-favourite]")`)
	p.quiet("older")
}

func TestKeysOfEveryPage(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/settings")
	p.press("?")
	p.until(`document.querySelector("#keys[open]") && document.querySelectorAll("#keys kbd").length > 15`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("#keys[open]")`)
	p.press("/")
	p.until(`document.activeElement.id === "q"`)
	p.press("g", "u")
	if got := js[string](p, `document.querySelector("#q").value`); got != "gu" {
		t.Errorf("letters typed into the box became %q", got)
	}
	p.press(kb.Escape, "g", "u")
	p.at("/upload")
	p.press("g", "f")
	p.at("/favourites")
	p.press("g", "s")
	p.at("/search")
	p.until(`document.activeElement.id === "q"`) // a moment after the page is complete
	p.press(kb.Escape, "g", "t")
	p.at("/timeline")
	p.open(g.URL + "/media/0002")
	p.press("g", "f")
	p.at("/favourites")
	p.open(g.URL + "/media/0002")
	p.press("/")
	p.at("/search")
	p.quiet("every page")
}

func TestViewerTurnsPagesAndComesBack(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")
	p.do(chromedp.Click(chromedp.CSS("#m-0002")))
	p.at("/media/0002")
	p.press(kb.ArrowRight)
	p.until(`document.querySelector('#viewer[data-id="0003"]') && document.title.startsWith("Photo 3")`)
	p.press(kb.ArrowRight)
	p.until(`document.querySelector('#viewer[data-id="0004"]') && location.pathname === "/media/0004"`)
	p.press(kb.ArrowLeft)
	p.until(`document.querySelector('#viewer[data-id="0003"]') && location.pathname === "/media/0003"`)
	p.press("i")
	p.until(`document.querySelector('#viewer[data-id="0003"] #info') && location.search.includes("info=1")`)
	p.press("i")
	p.until(`!document.querySelector("#info")`)
	p.press("f")
	p.until(`document.querySelector(".heart").getAttribute("aria-pressed") === "true" && document.querySelector("#receipt").textContent.includes("favourites")`)
	p.press("#")
	p.until(`document.querySelector('#viewer[data-id="0004"]')`)
	if got := g.posted(); !strings.Contains(got, "/media/0003/favourite") || !strings.Contains(got, "/media/0003/trash") {
		t.Errorf("posted: %s", got)
	}
	p.press(kb.Escape)
	p.until(`location.pathname === "/timeline" && document.activeElement.id === "m-0004"`)
	if got := js[int](p, `history.length`); got > 3 {
		t.Errorf("turning pages left %d steps of history", got)
	}
	p.quiet("viewer")
}

func TestOlderPhotosLoadByThemselves(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")
	before := js[int](p, `document.querySelectorAll(".day").length`)
	js[bool](p, `scrollTo(0, 1e6), true`)
	p.until(`document.querySelectorAll("[data-day]").length >= 8`)
	if got := js[int](p, `document.querySelectorAll(".day").length`); got != before+3 {
		t.Errorf("%d days became %d: the continued one should have joined its day", before, got)
	}
	p.until(`document.querySelector("[data-pager] .endmark")`)
	p.quiet("older")
}

func TestPhotosArriveOnTheOpenTimeline(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/timeline")
	arrive := func(ids ...string) {
		for _, id := range ids {
			g.events <- `{"id":"` + id + `","kind":"ready"}`
		}
	}
	count := `document.querySelector('[data-day="2024-07-12"] .day-count').textContent`
	before := js[string](p, count)
	arrive("a")
	p.until(`document.querySelector('[data-day="2024-07-12"] #m-0900.is-new')`)
	if now, tiles := js[string](p, count), js[int](p, `document.querySelectorAll('[data-day="2024-07-12"] .tile').length`); now == before || now != fmt.Sprint(tiles, " photos") {
		t.Errorf("the day of %d photos says %q", tiles, now)
	}
	if js[bool](p, `!document.querySelector("#arrivals").hidden`) {
		t.Error("the note of new photos shows although they are in view")
	}
	js[bool](p, `scrollTo(0, 1e6), true`)
	p.until(`scrollY > 300`)
	arrive("a", "b", "c")
	p.until(`!document.querySelector("#arrivals").hidden && document.querySelector("#arrivals").textContent.includes("3 new photos")`)
	p.quiet("arrivals")

	p.open(g.URL + "/timeline-empty")
	arrive("a")
	p.until(`document.querySelector("#m-0900") && !document.querySelector(".empty")`)
}

func TestAppearanceChangesAtOnce(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/settings")
	paper := `getComputedStyle(document.body).backgroundColor`
	light := js[string](p, paper)
	p.do(chromedp.Click(chromedp.CSS(`.masthead button[value=dark]`)))
	p.until(paper + ` !== "` + light + `"`)
	p.until(`document.querySelector(".masthead button[value=dark]").getAttribute("aria-pressed") === "true"`)
	p.until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/account/theme"))`)
	if got := g.posted(); !strings.HasPrefix(got, "/account/theme") || !strings.Contains(got, "theme=dark") {
		t.Errorf("posted: %s", got)
	}
}
