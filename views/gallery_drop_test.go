package views_test

import "testing"

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
