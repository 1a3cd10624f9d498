package views_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// spilt are the texts that stick out of the box that they are laid out in, or out of the screen.
const spilt = `(() => {
	const found = [];
	for (const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); texts.nextNode();) {
		const text = texts.currentNode;
		let box = text.parentElement;
		if (!text.data.trim() || !box.checkVisibility({ visibilityProperty: true }) || box.closest(".unseen, .skip, .table-scroll, .viewer-title, .tile-card, textarea, option")) continue;
		while (getComputedStyle(box).display === "inline") box = box.parentElement;
		const range = document.createRange();
		range.selectNodeContents(text);
		const t = range.getBoundingClientRect(), b = box.getBoundingClientRect();
		if (t.right > Math.min(b.right, innerWidth) + 1 || t.left < Math.max(b.left, 0) - 1) found.push(text.data.trim().slice(0, 40) + " in " + box.tagName + "." + box.className);
	}
	return found.slice(0, 8);
})()`

// Whoever has set the browser's text to twice its size reads everything, on a desktop and on a phone.
func TestTextOfTwiceTheSizeFits(t *testing.T) {
	g, b := newGallery(t), newBrowser(t, chromedp.Flag("blink-settings", "defaultFontSize=32,defaultFixedFontSize=26"))
	p := b.tab(t)
	for _, name := range slices.Sorted(maps.Keys(g.pages())) {
		for screen, width := range map[string]int64{"desktop": 1280, "phone": 390} {
			p.do(chromedp.EmulateViewport(width, 844), chromedp.Navigate(g.URL+"/"+name))
			if size := js[string](p, `getComputedStyle(document.documentElement).fontSize`); size != "32px" {
				t.Fatalf("the text was not enlarged: %s", size)
			}
			if js[bool](p, `document.documentElement.scrollWidth > innerWidth + 1`) {
				t.Errorf("%s, %s: wider than the screen", name, screen)
			}
			for _, text := range js[[]string](p, spilt) {
				t.Errorf("%s, %s: does not fit: %s", name, screen, text)
			}
		}
	}
}

// lines are the boxes of the lines of text that are on the screen: left, top, right, bottom, and the text's beginning.
const lines = `(() => {
	const found = [];
	for (const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); texts.nextNode();) {
		const text = texts.currentNode;
		if (!text.data.trim() || !text.parentElement.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || text.parentElement.closest(".unseen, .skip, option")) continue;
		const range = document.createRange();
		range.selectNodeContents(text);
		for (const r of range.getClientRects()) {
			if (r.width > 3 && r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth) found.push({ Box: [r.left, r.top, r.right, r.bottom].map(Math.round), Text: text.data.trim().slice(0, 40) });
		}
	}
	return JSON.stringify(found);
})()`

// In the colours of the system, as people with low vision set them, all text can be told from what is behind it. What the
// browser computes is not what it paints then, so the painted lines are looked at.
func TestForcedColoursLeaveTextReadable(t *testing.T) {
	g, b := newGallery(t), newBrowser(t)
	p := b.tab(t)
	forced := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, forced); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1280, 800))
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(g.pages())) {
		p.do(chromedp.Navigate(g.URL + "/" + name))
		if !js[bool](p, `matchMedia("(forced-colors: active)").matches`) {
			t.Fatal("the colours are not forced")
		}
		var texts []struct {
			Box  [4]int
			Text string
		}
		if err := json.Unmarshal([]byte(js[string](p, lines)), &texts); err != nil {
			t.Fatal(err)
		}
		shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range texts {
			seen++
			if c := contrast(picture, line.Box); c < 4 {
				t.Errorf("%s: %q stands out by %.1f : 1", name, line.Text, c)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d lines were looked at", seen)
	}
}

// contrast is the WCAG ratio of the lightest to the darkest pixel in a box.
func contrast(picture image.Image, box [4]int) float64 {
	lightest, darkest := 0.0, 1.0
	for y := box[1]; y < box[3]; y++ {
		for x := box[0]; x < box[2]; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			l := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
			lightest, darkest = max(lightest, l), min(darkest, l)
		}
	}
	return (lightest + 0.05) / (darkest + 0.05)
}

func linear(v uint32) float64 {
	c := float64(v) / 0xffff
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
