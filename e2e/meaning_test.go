package e2e

import (
	"encoding/json"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What was uploaded is embedded and found by meaning alone, in the order in
// which the small model sees it, and leads to its like.
func TestFoundByMeaning(t *testing.T) {
	i := start(t)
	dir := t.TempDir()
	b := i.open(true)
	b.signIn()
	likeness := map[string]float64{} // item → cosine, as the model itself tells
	const query = "a red bicycle"
	text := i.vector(t, "embed-text", query)
	for seed, name := range map[string]string{"1": "one.jpg", "2": "two.jpg", "3": "three.jpg"} {
		file := photo(t, dir, name, seed)
		b.visit("/upload")
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{file}))
		b.wait("[data-state=created] [data-link]")
		id := path.Base(js[string](b, `document.querySelector("[data-state=created] [data-link]").pathname`))
		for k, x := range i.vector(t, "embed-image", file) {
			likeness[id] += x * text[k]
		}
	}
	if len(likeness) != 3 {
		t.Fatalf("%v", likeness)
	}
	address := "/search?mode=semantic&q=" + strings.ReplaceAll(query, " ", "+")
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(300 * time.Millisecond) {
		b.visit(address)
		if js[int](b, `document.querySelectorAll(".hits a.tile").length`) == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never all found; the page shows:\n%s", b.page())
		}
	}
	if shown := b.page(); !strings.Contains(shown, "for trying out only") || strings.Contains(shown, "Search by meaning is off") {
		t.Errorf("the page does not say that the model knows nothing:\n%s", shown)
	}
	var found []string
	if err := json.Unmarshal([]byte(js[string](b, `JSON.stringify([...document.querySelectorAll(".hits a.tile")].map(a => a.dataset.id))`)), &found); err != nil {
		t.Fatal(err)
	}
	for n := range found[1:] {
		// Previews differ from the files by as much as WebP loses.
		if likeness[found[n]] < likeness[found[n+1]]-0.01 {
			t.Errorf("hits in the order %v, likeness %v", found, likeness)
		}
	}
	b.visit("/media/" + found[0] + "?info=1")
	b.click(`a[href^="/search?similar="]`)
	b.wait(".seed a.tile")
	b.until(`document.querySelectorAll(".hits a.tile").length === 2`)
	// The mode and the seed stay in the address; without the seed the search goes on.
	b.fill("#q", "two\r")
	b.until(`location.search.includes("similar=") && location.search.includes("q=two")`)
	b.click(`.seed a:not(.tile)`)
	b.until(`!location.search.includes("similar=") && location.search.includes("q=two")`)
}

// vector has the command-line tool embed one thing.
func (i *instance) vector(t *testing.T, command, what string) []float64 {
	t.Helper()
	out, err := i.command("", "albumen-ml", command, "--json", what)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", command, what, err, out)
	}
	var found struct {
		Vector []float64 `json:"vector"`
		Images []struct {
			Vector []float64 `json:"vector"`
		} `json:"images"`
	}
	// Warnings come before the result.
	if err := json.NewDecoder(strings.NewReader(out[max(0, strings.Index(out, "{")):])).Decode(&found); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	if len(found.Images) == 1 {
		return found.Images[0].Vector
	}
	return found.Vector
}
