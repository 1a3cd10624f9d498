package e2e

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// look is one way to see a page.
type look struct {
	name        string
	dark, phone bool
}

var looks = []look{
	{"desktop-light", false, false}, {"desktop-dark", true, false},
	{"phone-light", false, true}, {"phone-dark", true, true},
}

// both are two looks in which every size and every colour is seen.
var both = []look{looks[0], looks[3]}

// page is one page of the product as a person may meet it.
type page struct {
	name, path string
	// keys are pressed once the page is there.
	keys []string
}

// missing says whether the page is the answer to an address of nothing.
func (p page) missing() bool {
	return strings.HasPrefix(p.name, "not-found") || strings.HasSuffix(p.name, "-gone")
}

// pagesOfVisitors are seen without signing in.
var pagesOfVisitors = []page{
	{name: "sign-in", path: "/login"},
	{name: "not-found-visitor", path: "/nothing-here"},
	{name: "api-docs", path: "/api/docs"},
}

// pagesWhenEmpty are those that look different as long as there is no photo.
var pagesWhenEmpty = []page{
	{name: "timeline-empty", path: "/timeline"},
	{name: "favourites-empty", path: "/favourites"},
	{name: "trash-empty", path: "/trash"},
}

// pagesBeforeTheFamily look different as long as nobody else is there.
var pagesBeforeTheFamily = []page{
	{name: "albums-empty", path: "/albums"},
	{name: "albums-trash-empty", path: "/albums/trash"},
	{name: "categories-empty", path: "/categories"},
	{name: "groups-empty", path: "/admin/groups"},
	{name: "reports-empty", path: "/admin/reports"},
	{name: "mails-empty", path: "/admin/mail"},
	{name: "invitations-empty", path: "/admin/invitations"},
}

// pagesOfMembers are those of the signed-in administrator, once furnished.
// word finds photos, id is one of them.
func pagesOfMembers(word, id string) []page {
	return []page{
		{name: "timeline", path: "/timeline"},
		{name: "viewer", path: "/media/" + id},
		{name: "viewer-info", path: "/media/" + id + "?info=1"},
		{name: "edit", path: "/media/" + id + "/edit"},
		{name: "upload", path: "/upload"},
		{name: "search-start", path: "/search"},
		{name: "search", path: "/search?q=" + word},
		{name: "search-empty", path: "/search?q=zeppelin&mode=text"},
		{name: "search-meaning", path: "/search?mode=semantic&q=" + word},
		{name: "similar", path: "/search?similar=" + id},
		{name: "favourites", path: "/favourites"},
		{name: "trash", path: "/trash"},
		{name: "account", path: "/account"},
		{name: "tokens", path: "/account/tokens"},
		{name: "admin", path: "/admin"},
		{name: "admin-model", path: "/admin/model"},
		{name: "keys", path: "/help/keys"},
		{name: "keys-overlay", path: "/timeline", keys: []string{"?"}},
		{name: "not-found", path: "/media/nothing-here"},
	}
}

// as shows the pages to come in this look.
func (b *browser) as(l look) {
	b.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
	if l.phone {
		b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
	} else {
		b.do(chromedp.EmulateViewport(1280, 800))
	}
}

// show opens a page and waits for its pictures.
func (b *browser) show(p page) {
	b.t.Helper()
	b.visit(p.path)
	b.press(p.keys...)
	if len(p.keys) > 0 {
		b.until(`document.querySelector("dialog[open]")`)
	}
	// A picture that is decoded beside the page may come a frame after it; one in a folded part never comes.
	js[bool](b, `Promise.all([...document.images].filter(i => i.checkVisibility() && i.getBoundingClientRect().top < innerHeight).map(i => (i.decoding = "sync", i.decode())))
		.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))`)
}

// furnish imports a folder and waits until all its photos are on the
// timeline; a few become favourites and two go to the trash. It returns the
// newest photo.
func (b *browser) furnish(dir string, photos int) string {
	b.t.Helper()
	if out, err := b.i.command("", "albumen", "import", dir, "--owner", adminEmail); err != nil {
		b.t.Fatalf("import: %v\n%s", err, out)
	}
	tiles := `document.querySelectorAll("a.tile img:not(.ph)").length`
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		b.visit("/timeline")
		if js[int](b, tiles) == photos {
			break
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%d of %d photos came to the timeline:\n%s", js[int](b, tiles), photos, b.page())
		}
	}
	ids := js[[]string](b, `[...document.querySelectorAll("a.tile")].map(t => t.dataset.id)`)
	for n, id := range ids {
		switch {
		case n >= photos-2:
			b.post("/media/"+id+"/trash", "back=/timeline")
		case n%3 == 0:
			b.post("/media/"+id+"/favourite", "on=1&back=/timeline")
		}
	}
	return ids[0]
}

// post sends a form as the page itself would.
func (b *browser) post(path, form string) {
	b.t.Helper()
	status := js[int](b, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%q)}).then(r => r.status)`, path, form))
	if status != 200 {
		b.t.Fatalf("POST %s %s: status %d", path, form, status)
	}
}

// js evaluates an expression of the page, waiting for a promise.
func js[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a condition of the page to hold, also across navigations.
func (b *browser) until(condition string) {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("never came true: %s (%v)\non the page:\n%s", condition, err, b.page())
		}
	}
}

// listen collects what the console says from now on: errors, and violations of
// the content security policy.
func (b *browser) listen() func() []string {
	var mu sync.Mutex
	var said []string
	messages := chromedp.Console(b.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			mu.Lock()
			said = append(said, fmt.Sprintf("%s: %s", m.Type, strings.TrimSpace(m.Text)))
			mu.Unlock()
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		out := said
		said = nil
		return out
	}
}
