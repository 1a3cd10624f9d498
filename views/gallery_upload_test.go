package views_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/tus/tusd/v2/pkg/filestore"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	"golang.org/x/exp/slog"
)

// serveTus puts tusd behind the upload page, as the product does: the last answer tells the outcome by the file's name.
// While cut is positive, it cuts the connection in the middle of a large PATCH and counts down. While out is set, the
// session has ended.
func (g *gallery) serveTus(t *testing.T, folder string) (cut, heads *atomic.Int32, out *atomic.Bool) {
	t.Helper()
	composer := tusd.NewStoreComposer()
	filestore.New(folder).UseIn(composer)
	memorylocker.New().UseIn(composer)
	header := func(result map[string]string) tusd.HTTPHeader {
		text, err := json.Marshal(result)
		if err != nil {
			t.Error(err)
		}
		return tusd.HTTPHeader{"Albumen-Result": base64.StdEncoding.EncodeToString(text)}
	}
	h, err := tusd.NewHandler(tusd.Config{
		StoreComposer: composer, BasePath: "/upload/tus/", Logger: tusLog(),
		PreFinishResponseCallback: func(e tusd.HookEvent) (tusd.HTTPResponse, error) {
			name := e.Upload.MetaData["filename"]
			if strings.HasPrefix(name, "again") {
				return tusd.HTTPResponse{Header: header(map[string]string{"outcome": "duplicate", "id": "1", "url": "/media/1"})}, nil
			}
			return tusd.HTTPResponse{Header: header(map[string]string{"outcome": "created", "id": "2", "url": "/media/2"})}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cut, heads, out = new(atomic.Int32), new(atomic.Int32), new(atomic.Bool)
	tus := http.StripPrefix("/upload/tus/", h)
	g.mux.HandleFunc("/upload/tus/", func(w http.ResponseWriter, r *http.Request) {
		meta := r.Header.Get("Upload-Metadata")
		switch {
		case out.Load():
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"code":"unauthenticated","detail":"Sign in first."}`)
			return
		case r.Method == http.MethodPost && strings.Contains(meta, base64.StdEncoding.EncodeToString([]byte("drawing.svg"))):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnsupportedMediaType)
			_, _ = io.WriteString(w, `{"code":"unsupported","detail":"SVG files can carry scripts. Export it as PNG."}`)
			return
		case r.Method == http.MethodHead:
			heads.Add(1)
		case r.Method == http.MethodPatch && r.ContentLength > 1<<20 && cut.Load() > 0:
			cut.Add(-1)
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 5<<20), failing{}))
			tus.ServeHTTP(httptestDiscard{}, r)
			panic(http.ErrAbortHandler)
		}
		tus.ServeHTTP(w, r)
	})
	return cut, heads, out
}

// failing is a body whose connection is gone.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// httptestDiscard takes an answer that nobody will hear.
type httptestDiscard struct{}

func (httptestDiscard) Header() http.Header         { return http.Header{} }
func (httptestDiscard) Write(b []byte) (int, error) { return len(b), nil }
func (httptestDiscard) WriteHeader(int)             {}

func TestUploadResumesAndTellsEveryOutcome(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	stored, from := t.TempDir(), t.TempDir()
	cut, heads, _ := g.serveTus(t, stored)
	var names []string
	big := bytes.Repeat([]byte("0123456789abcdef"), 20<<16) // 20 MiB: two parts
	for name, content := range map[string][]byte{"new photo.jpg": big, "again é.jpg": []byte("seen before"), "drawing.svg": []byte("<svg/>"), "empty.jpg": {}} {
		path := filepath.Join(from, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	cut.Store(1)

	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/upload")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), names))
	row := func(name string) string {
		return `[...document.querySelectorAll(".upload-row")].find(r => r.querySelector("[data-name]").textContent === ` + strconv.Quote(name) + `)`
	}
	p.until(row("new photo.jpg") + `.dataset.state === "created"`)
	p.until(row("again é.jpg") + `.dataset.state === "duplicate" && ` + row("again é.jpg") + `.querySelector("[data-link]").getAttribute("href") === "/media/1"`)
	p.until(row("drawing.svg") + `.dataset.state === "refused" && ` + row("drawing.svg") + `.textContent.includes("Export it as PNG")`)
	p.until(row("empty.jpg") + `.dataset.state === "created"`)
	p.until(`document.querySelector("[data-total-text]").textContent === "2 uploaded · 1 already there · 1 not accepted"`)
	if heads.Load() == 0 {
		t.Error("after the cut the upload did not ask how far it had come")
	}
	if left := js[int](p, `Object.keys(localStorage).filter(k => k.startsWith("tus:")).length`); left != 0 {
		t.Errorf("%d finished uploads are still remembered", left)
	}
	files, err := filepath.Glob(filepath.Join(stored, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range files {
		if got, err := os.ReadFile(f); err == nil && bytes.Equal(got, big) {
			found = true
		}
	}
	if !found {
		t.Error("the resumed file did not arrive byte for byte")
	}
	for _, m := range p.console() { // the cut connection and the refusal are logged by the browser itself
		if !strings.Contains(m, "Failed to load resource") {
			t.Errorf("the console says %s", m)
		}
	}
}

// The second would otherwise go on with the upload of the first, and both would be told as new.
func TestAFileChosenTwiceIsSentTwice(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	stored := t.TempDir()
	cut, _, _ := g.serveTus(t, stored)
	path := filepath.Join(t.TempDir(), "long.jpg")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 8<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	cut.Store(1000)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/upload")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{path}))
	p.until(`document.querySelector(".upload-row").dataset.state === "offline"`)
	for range 2 {
		p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{path}))
	}
	p.until(`document.querySelectorAll(".upload-row").length === 3`)
	// Nor does cancelling the second take the upload away from the first.
	p.do(chromedp.Click(chromedp.CSS(".upload-row:nth-child(2) [data-cancel]")))
	cut.Store(0)
	p.until(`[...document.querySelectorAll(".upload-row")].map(r => r.dataset.state).join() === "created,cancelled,created"`)
	opened, err := filepath.Glob(filepath.Join(stored, "*.info"))
	if err != nil || len(opened) != 2 {
		t.Errorf("%d uploads were made, want 2 (%v)", len(opened), err)
	}
}

func TestUploadContinuesAfterThePageWasClosed(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	stored := t.TempDir()
	cut, heads, out := g.serveTus(t, stored)
	path := filepath.Join(t.TempDir(), "long.jpg")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 30<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	cut.Store(1000)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/upload")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{path}))
	p.until(`document.querySelector(".upload-row").dataset.state === "offline"`)
	p.do(chromedp.Click(chromedp.CSS("[data-pause]")))
	p.until(`document.querySelector(".upload-row").dataset.state === "paused"`)
	js[bool](p, `onbeforeunload = null, true`)

	// Nor does a session that has ended make it begin anew.
	out.Store(true)
	p.open(g.URL + "/upload")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{path}))
	p.until(`document.querySelector(".upload-row").dataset.state === "refused"`)
	p.until(`document.querySelector(".upload-row").textContent.includes("Sign in first")`)
	out.Store(false)

	cut.Store(0)
	before := heads.Load()
	p.open(g.URL + "/upload")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{path}))
	p.until(`document.querySelector(".upload-row").dataset.state === "created"`)
	opened, err := filepath.Glob(filepath.Join(stored, "*.info"))
	if heads.Load() == before || len(opened) != 1 || err != nil {
		t.Errorf("a later visit began anew: %d uploads were opened, %v", len(opened), err)
	}
}

func tusLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
