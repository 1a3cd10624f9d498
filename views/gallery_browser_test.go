package views_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"albumen/i18n"
	"albumen/static"
	"albumen/views/help"
	"albumen/views/layout"
	"albumen/views/media"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// policy is the content security policy that the product sends.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; media-src 'self'"

// gallery serves every page with made-up content, the real static files and the real policy.
type gallery struct {
	*httptest.Server
	photos []photo
	mux    *http.ServeMux
	events chan string
	held   chan struct{} // tells that an answer about photo 0003 is made, then waits for leave to send it

	mu    sync.Mutex
	posts []string // "path form" of every POST, in order
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{photos: photos(t), mux: http.NewServeMux(), events: make(chan string), held: make(chan struct{})}
	for name, component := range g.pages() {
		g.mux.Handle("GET /"+name, templ.Handler(component))
	}
	g.mux.Handle("GET /admin/model", templ.Handler(g.pages()["model"]))
	g.mux.Handle("GET /static/", static.Handler())
	g.mux.HandleFunc("GET /media/{id}/thumb", g.servePhoto)
	g.mux.HandleFunc("GET /media/{id}/preview", g.servePhoto)
	g.mux.HandleFunc("GET /media/{id}", g.serveViewer)
	g.mux.HandleFunc("POST /media/{id}/favourite", g.acted("Added to favourites."))
	g.mux.HandleFunc("POST /media/{id}/trash", g.acted("Moved to the trash."))
	g.mux.HandleFunc("POST /undo", g.acted("Undone."))
	g.mux.HandleFunc("POST /account/theme", g.acted("Remembered."))
	g.mux.HandleFunc("GET /help/keys", func(w http.ResponseWriter, r *http.Request) { render(w, r, help.KeyTable()) })
	g.mux.HandleFunc("GET /timeline/items", g.serveItems)
	g.mux.HandleFunc("GET /events", g.serveEvents)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cache-Control", "private, no-cache")
		if r.URL.Path == "/timeline" && r.URL.Query().Has("before") {
			g.serveOlder(w, r)
			return
		}
		if r.URL.Path == "/timeline" {
			r = r.WithContext(i18n.With(r.Context(), i18n.Match("en", "", nil)))
			render(w, r, media.TimelinePage(g.now(g.timeline(page("/timeline")))))
			return
		}
		g.mux.ServeHTTP(w, r.WithContext(i18n.With(r.Context(), i18n.Match("en", "", nil))))
	}))
	t.Cleanup(g.Close)
	return g
}

func render(w http.ResponseWriter, r *http.Request, c templ.Component) {
	templ.Handler(c).ServeHTTP(w, r)
}

func (g *gallery) note(r *http.Request) {
	_ = r.ParseForm()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.posts = append(g.posts, r.URL.Path+" "+r.PostForm.Encode())
}

func (g *gallery) posted() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.posts, "\n")
}

// now is the timeline after what was posted: the page reads it again when its stream opens.
func (g *gallery) now(t media.Timeline) media.Timeline {
	posted := g.posted()
	for d := range t.Days {
		var left []media.Tile
		for _, tile := range t.Days[d].Tiles {
			tile.Favourite = tile.Favourite || strings.Contains(posted, "/media/"+tile.ID+"/favourite")
			if !strings.Contains(posted, "/media/"+tile.ID+"/trash") || strings.Contains(posted, "/undo") {
				left = append(left, tile)
			}
		}
		t.Days[d].Tiles = left
	}
	return t
}

func (g *gallery) serveOlder(w http.ResponseWriter, r *http.Request) {
	render(w, r, media.DaysPage(append([]media.Day{{Date: noon.AddDate(0, 0, -4), Tiles: g.days(5, []int{4})[0].Tiles, Continued: true}}, g.days(6, []int{12, 30, 9})...), ""))
}

func (g *gallery) serveViewer(w http.ResponseWriter, r *http.Request) {
	n := 0
	_, _ = fmt.Sscanf(r.PathValue("id"), "%d", &n)
	v := g.viewer(n, r.URL.Query().Has("info"))
	if r.URL.Query().Has("info") {
		v.InfoURL = g.viewerURL(n)
	}
	v.Item.Title = fmt.Sprintf("Photo %d", n)
	render(w, r, media.ViewerPage(v))
}

// acted answers a key as the product does: scripts get the receipt alone.
func (g *gallery) acted(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.note(r)
		back := r.PostForm.Get("back")
		if r.Header.Get("HX-Request") != "true" {
			http.Redirect(w, r, back, http.StatusSeeOther)
			return
		}
		receipt := &layout.Receipt{Text: text}
		if r.URL.Path != "/undo" {
			receipt.UndoURL, receipt.Back = "/undo", back
		}
		render(w, r, layout.ReceiptRegion(receipt, true))
	}
}

func (g *gallery) serveItems(w http.ResponseWriter, r *http.Request) {
	ids := r.URL.Query().Get("ids")
	if ids == "0001" { // the one that was thrown away and brought back
		render(w, r, media.DaysPage([]media.Day{{Date: noon, Tiles: g.days(0, []int{2})[0].Tiles[1:]}}, ""))
		return
	}
	if ids == "0003" {
		tile := g.now(g.timeline(page("/timeline"))).Days[0].Tiles[3]
		g.held <- struct{}{}
		<-g.held
		render(w, r, media.DaysPage([]media.Day{{Date: noon, Tiles: []media.Tile{tile}}}, ""))
		return
	}
	day := media.Day{Date: noon.AddDate(0, 0, -1)}
	for i := range strings.Split(ids, ",") {
		day.Tiles = append(day.Tiles, g.tile(900+i, noon.AddDate(0, 0, -1)))
	}
	render(w, r, media.DaysPage([]media.Day{day}, ""))
}

func (g *gallery) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case e := <-g.events:
			fmt.Fprintf(w, "event: media\ndata: %s\n\n", e)
			w.(http.Flusher).Flush()
		}
	}
}

// browser is a headless Chromium; tab opens a page in it.
type browser struct{ ctx context.Context }

func newBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) browser {
	t.Helper()
	path := "/usr/bin/chromium"
	if p := os.Getenv("CHROMIUM"); p != "" {
		path = p
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("these tests need Chromium (apt install chromium, or set CHROMIUM to its path): %v", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true), chromedp.Flag("disable-dev-shm-usage", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return browser{ctx}
}

// tab is one page of the browser with what its console said.
type tab struct {
	t       *testing.T
	ctx     context.Context
	console func() []string
}

func (b browser) tab(t *testing.T) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(stop)
	var mu sync.Mutex
	var said []string
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type != "debug" && m.Type != "info" {
				mu.Lock()
				said = append(said, string(m.Type)+": "+m.Text)
				mu.Unlock()
			}
		}
	}()
	return &tab{t: t, ctx: ctx, console: func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), said...)
	}}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// js evaluates an expression, waiting for a promise.
func js[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a condition of the page to hold, also across navigations.
func (p *tab) until(condition string) {
	p.t.Helper()
	end := time.Now().Add(15 * time.Second)
	for {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+condition+")"))
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("never came true: %s (%v); the console says %q", condition, err, p.console())
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// at waits until a page is there and its scripts ran.
func (p *tab) at(path string) {
	p.t.Helper()
	p.until(`location.pathname === "` + path + `" && document.readyState === "complete"`)
}

// quiet fails when the console has anything to say: errors, or violations of the policy.
func (p *tab) quiet(where string) {
	p.t.Helper()
	for _, m := range p.console() {
		p.t.Errorf("%s: the console says %s", where, m)
	}
}

func (p *tab) scheme(dark, phone bool) {
	p.t.Helper()
	value := "light"
	if dark {
		value = "dark"
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}}); err != nil {
		p.t.Fatal(err)
	}
	if phone {
		p.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
	} else {
		p.do(chromedp.EmulateViewport(1280, 800))
	}
}

// axe returns what axe-core finds on the page.
func (p *tab) axe(source string) []string {
	p.t.Helper()
	js[string](p, source+";axe.version")
	found := js[string](p, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target.join(" ") + ": " + n.failureSummary))))`)
	var out []string
	if err := json.Unmarshal([]byte(found), &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}
