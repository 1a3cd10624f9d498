package markdown

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestHTMLIsStrict(t *testing.T) {
	for source, want := range map[string]string{
		"# Terms":                     "<h2>Terms</h2>\n",
		"[a](/contact)":               `<p><a href="/contact" rel="noopener nofollow">a</a></p>` + "\n",
		"[a](https://example.org/?x)": `<p><a href="https://example.org/?x" rel="noopener nofollow">a</a></p>` + "\n",
		"[a](javascript:alert(1))":    "<p>a</p>\n",
		"[a](JaVaScRiPt:alert(1))":    "<p>a</p>\n",
		"[a](data:text/html,x)":       "<p>a</p>\n",
		"[a](//example.org)":          "<p>a</p>\n",
		"![words](https://x.org/a)":   "<p>words</p>\n",
		"[![w](x)](javascript:x)":     "<p>w</p>\n",
		"<script>alert(1)</script>":   "<!-- raw HTML omitted -->\n",
	} {
		if got, err := HTML(source); err != nil || got != want {
			t.Errorf("%q:\n got %q, %v\nwant %q", source, got, err, want)
		}
	}
}

// Whatever is written, nothing comes of it but a few harmless elements.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"# A\n\n* [b](https://example.org \"t\")\n", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<javascript:alert(1)>", "[a]: javascript:x\n[a]",
		"|a|b|\n|:-:|--|\n|1|2|", "![x](data:image/svg+xml;base64,x)", "<https://example.org>", "[x](&#106;avascript:alert(1))", "```html\n<script>\n```",
	} {
		f.Add(s)
	}
	attributes := map[string]bool{"href": true, "rel": true, "title": true, "class": true, "align": true, "start": true}
	elements := map[string]bool{}
	for e := range strings.FieldsSeq("html head body h2 h3 h4 h5 h6 p a em strong ul ol li blockquote code pre hr br table thead tbody tr th td") {
		elements[e] = true
	}
	f.Fuzz(func(t *testing.T, source string) {
		out, err := HTML(source)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !elements[n.Data] {
				t.Fatalf("%q: an element %s in %q", source, n.Data, out)
			}
			for _, a := range n.Attr {
				if !attributes[a.Key] {
					t.Fatalf("%q: an attribute %s in %q", source, a.Key, out)
				}
				if a.Key == "href" && !allowed(a.Val) {
					t.Fatalf("%q: leads to %q", source, a.Val)
				}
			}
			if n.Data == "a" && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "rel" }) {
				t.Fatalf("%q: a link without rel in %q", source, out)
			}
		}
	})
}
