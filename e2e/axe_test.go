package e2e

import (
	"os"
	"strings"
	"testing"
)

const axePath = "../node_modules/axe-core/axe.min.js"

// Every page in every look: axe-core finds nothing, the console is silent, the
// page is not wider than the screen and asks nobody but its own server.
func TestEveryPageIsAccessibleQuietAndAlone(t *testing.T) {
	i := prepare(t)
	i.launch()
	b := i.open(true)
	inspect := b.overseer(looks...)
	inspect(page{name: "first-run", path: "/setup"})
	i.makeAdmin()
	inspect(pagesOfVisitors...)
	b.as(looks[0])
	b.signIn()
	inspect(pagesWhenEmpty...)
	b.overseer(both...)(pagesBeforeTheFamily...)

	id := b.furnish(fourPhotos(t), 4)
	inspect(pagesOfMembers("jpg", id)...)
}

// The same of everything that a family uses together, with and without an account.
func TestEveryPageOfAFamilyIsAccessibleQuietAndAlone(t *testing.T) {
	i := start(t)
	b, visitor := i.open(true), i.open(true)
	b.signIn()
	b.furnish(fourPhotos(t), 4)
	sent := t.TempDir()
	s := b.settle(t, visitor, photo(t, sent, "Guest-1.jpg", "8"), photo(t, sent, "Guest-2.jpg", "9"))
	b.overseer(both...)(pagesOfTheFamily(s)...)
	visitor.overseer(both...)(pagesOfGuests(s)...)
}

// fourPhotos is a folder with photographs that tell where they were taken.
func fourPhotos(t *testing.T) string {
	dir := t.TempDir()
	for n, name := range []string{"Lake.jpg", "Boat.jpg", "Mill.jpg", "Road.jpg"} {
		photo(t, dir, name, string(rune('1'+n)), "-Model=X100", "-GPSLatitude=46.5", "-GPSLatitudeRef=N", "-GPSLongitude=7.5", "-GPSLongitudeRef=E")
	}
	return dir
}

// overseer looks at pages in these looks and tells what is wrong with them.
func (b *browser) overseer(looks ...look) func(pages ...page) {
	b.t.Helper()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		b.t.Fatalf("axe-core is missing (npm ci in the project's root): %v", err)
	}
	said := b.listen()
	return func(pages ...page) {
		b.t.Helper()
		said()
		for _, p := range pages {
			for _, l := range looks {
				b.as(l)
				b.show(p)
				for _, problem := range b.problems(string(axe)) {
					b.t.Errorf("%s, %s: %s", p.name, l.name, problem)
				}
				for _, message := range said() {
					if strings.HasPrefix(message, "debug: [DOM]") { // advice for password managers, no fault
						continue
					}
					// A page that is not there is told with its status, which Chromium mentions.
					if !p.missing() || !strings.Contains(message, "404") {
						b.t.Errorf("%s, %s: the console says %s", p.name, l.name, message)
					}
				}
			}
		}
	}
}

// problems are what axe-core finds, and what else is wrong with the page.
func (b *browser) problems(axe string) []string {
	b.t.Helper()
	js[string](b, axe+";axe.version")
	found := js[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target.join(" ") + ": " + n.failureSummary)))`)
	found = append(found, js[[]string](b, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin + "/") && !n.startsWith("data:") && !n.startsWith("blob:")).map(n => "asks somebody else: " + n)`)...)
	return append(found, js[[]string](b, `document.documentElement.scrollWidth > innerWidth + 1 ? [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => "wider than the screen: " + e.tagName + "." + e.className) : []`)...)
}
