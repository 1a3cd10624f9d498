package views_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// drop lets go of files and folders over the page, as a file manager does.
func (p *tab) drop(paths ...string) {
	p.t.Helper()
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		if _, err := chromedp.Call(p.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: 640, Y: 400, Data: data}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// A folder is read to its depths, also when it is dropped on another page than that of uploads.
func TestDroppedFoldersAreUploaded(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	g.serveTus(t, t.TempDir())
	folder := filepath.Join(t.TempDir(), "Holidays ☀")
	for _, name := range []string{"one.jpg", "day <b>1</b>/two & \"a\".jpg", "day <b>1</b>/deeper/three.jpg", ".DS_Store", ".hidden/four.jpg"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(folder, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := b.tab(t)
	p.scheme(false, false)
	for _, page := range []string{"/upload", "/timeline", "/media/0002"} {
		p.open(g.URL + page)
		p.drop(folder)
		p.until(`location.pathname === "/upload" && document.querySelectorAll('.upload-row[data-state="created"]').length === 3`)
		names := js[string](p, `[...document.querySelectorAll("[data-name]")].map(n => n.textContent).sort().join(", ")`)
		if names != `one.jpg, three.jpg, two & "a".jpg` {
			t.Errorf("dropped on %s, uploaded: %s", page, names)
		}
		if page != "/upload" { // and back to where one was
			js[bool](p, `history.back(), true`)
			p.until(`location.pathname === "` + page + `" && document.readyState === "complete" && !document.querySelector("[data-drop]")`)
		}
	}
	p.quiet("folders")
}

// A second click on a button does not send its form twice.
func TestFormsAreSentOnce(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/settings")
	js[bool](p, `(() => {
		window.sent = 0;
		addEventListener("submit", (event) => { if (!event.defaultPrevented) { sent++; event.preventDefault(); } });
		const form = document.querySelector("main form");
		form.requestSubmit(); form.requestSubmit();
		return true; })()`)
	if n := js[int](p, `sent`); n != 1 {
		t.Errorf("two clicks sent the form %d times", n)
	}
}

// Files that are pasted or dropped go the way of those that are picked.
func TestPastedAndDroppedFilesAreUploaded(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	g.serveTus(t, t.TempDir())
	p := b.tab(t)
	p.scheme(false, false)
	p.open(g.URL + "/upload")
	for event, script := range map[string]string{
		"paste": `dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }))`,
		"drop":  `dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }))`,
	} {
		js[bool](p, `(() => { const data = new DataTransfer();
			data.items.add(new File(["picture"], "`+event+`ed.jpg", { type: "image/jpeg" })); `+script+`; return true; })()`)
		p.until(`[...document.querySelectorAll(".upload-row")].some(r =>
			r.querySelector("[data-name]").textContent === "` + event + `ed.jpg" && r.dataset.state === "created")`)
	}
	p.quiet("paste and drop")
}
