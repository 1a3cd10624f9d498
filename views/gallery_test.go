// Package views_test opens every page in a real browser under the real content security policy.
//
// To look at the pages: ALBUMEN_SHOTS=folder (and ALBUMEN_GALLERY_PHOTOS=folder for real photos) go test ./views -run Look
package views_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"albumen/static"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// look is one way to see a page.
type look struct {
	name        string
	dark, phone bool
}

const axePath = "../node_modules/axe-core/axe.min.js"

func TestEveryPageIsAccessibleAndQuiet(t *testing.T) {
	source, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is missing (npm ci in the project's root): %v", err)
	}
	g, b := newGallery(t), newBrowser(t)
	shots := os.Getenv("ALBUMEN_SHOTS")
	looks := []look{{"desktop-light", false, false}, {"phone-dark", true, true}, {"desktop-dark", true, false}, {"phone-light", false, true}}
	for i, name := range slices.Sorted(maps.Keys(g.pages())) {
		looks := looks
		if shots == "" { // two looks a page, in turn: every part of the shell is seen in all four
			looks = looks[i%2*2:][:2]
		}
		if only := os.Getenv("ALBUMEN_ONLY"); only != "" && !strings.HasPrefix(name, only) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p := b.tab(t)
			for _, look := range looks {
				p.scheme(look.dark, look.phone)
				p.do(chromedp.Navigate(g.URL + "/" + name))
				if wide := js[bool](p, `document.documentElement.scrollWidth > innerWidth + 1`); wide {
					t.Errorf("%s is wider than the screen: %s", look.name, js[string](p, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.tagName + "." + e.className).join(", ")`))
				}
				for _, problem := range p.axe(string(source)) {
					t.Errorf("%s: %s", look.name, problem)
				}
				if shots != "" {
					png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
					if err == nil {
						err = os.WriteFile(filepath.Join(shots, name+"-"+look.name+".png"), png, 0o644)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			p.quiet(name)
		})
	}
}

func TestPagesWorkWithoutScripts(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.scheme(false, false)
	p.do(chromedp.Navigate(g.URL+"/upload"), chromedp.WaitVisible(chromedp.CSS("#files")), chromedp.WaitVisible(chromedp.CSS(`#upload button[type=submit]`)))
	p.do(chromedp.WaitNotVisible(chromedp.CSS(`label[for=folder]`)))
	if shots := os.Getenv("ALBUMEN_SHOTS"); shots != "" {
		png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shots, "upload-noscript.png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.do(chromedp.Navigate(g.URL+"/timeline"), chromedp.Click(chromedp.CSS("#m-0000")), chromedp.WaitVisible(chromedp.CSS("#viewer")), chromedp.Click(chromedp.CSS("#step-next")), chromedp.WaitVisible(chromedp.CSS(`#viewer[data-id="0001"]`)))
	p.do(chromedp.Click(chromedp.CSS("#info-toggle")), chromedp.WaitVisible(chromedp.CSS("#info")))
	p.quiet("without scripts")
}

func TestWeight(t *testing.T) {
	_, own, _ := static.Sizes("app.js")
	_, htmx, _ := static.Sizes("htmx.min.js")
	_, uploads, _ := static.Sizes("upload.js")
	if own+uploads > 20_000 {
		t.Errorf("our own scripts weigh %d bytes compressed, at most 20,000", own+uploads)
	}
	if uploads > 6_000 {
		t.Errorf("the upload script weighs %d bytes compressed, at most 6,000", uploads)
	}
	if own+htmx > 50_000 {
		t.Errorf("the timeline loads %d bytes of compressed scripts, at most 50,000", own+htmx)
	}
	t.Logf("compressed: app.js %d, upload.js %d, htmx %d", own, uploads, htmx)
}
