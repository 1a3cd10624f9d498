package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func get(path string, header http.Header) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEncodingsCarryTheSameContent(t *testing.T) {
	plain := body(t, get(URL("app.css"), nil).Body)
	if !strings.Contains(plain, ".tile") || !strings.Contains(plain, ".i1{--i:1}") {
		t.Fatal("app.css lacks its parts")
	}
	zipped := get(URL("app.css"), http.Header{"Accept-Encoding": {"br;q=0, gzip"}})
	if zipped.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("encoding %q", zipped.Header.Get("Content-Encoding"))
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, r); got != plain {
		t.Error("gzip carries something else")
	}
	br := get(URL("app.css"), http.Header{"Accept-Encoding": {"gzip, deflate, br"}})
	if br.Header.Get("Content-Encoding") != "br" {
		t.Fatalf("encoding %q", br.Header.Get("Content-Encoding"))
	}
	if got := body(t, brotli.NewReader(br.Body)); got != plain {
		t.Error("brotli carries something else")
	}
}

func TestAnswersAreImmutable(t *testing.T) {
	r := get(URL("app.js"), nil)
	if got := r.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := r.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	again := get(URL("app.js"), http.Header{"If-None-Match": {r.Header.Get("ETag")}})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("a known version answered %d", again.StatusCode)
	}
}

func TestOnlyKnownNamesExist(t *testing.T) {
	for _, path := range []string{"/static/app.css", "/static/app.000000000000.css", "/static/", "/static/../go.mod", "/static/css/10-tokens.css"} {
		if got := get(path, nil).StatusCode; got != http.StatusNotFound {
			t.Errorf("%s answered %d", path, got)
		}
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, URL("app.css"), nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d", w.Code)
	}
}

func TestManifestNamesHashedIcons(t *testing.T) {
	m := body(t, get(URL("app.webmanifest"), nil).Body)
	if !strings.Contains(m, URL("icon.svg")) || strings.Contains(m, "{{") {
		t.Errorf("manifest: %s", m)
	}
}

// physical matches properties that name a side of the screen instead of a side of the text.
var physical = regexp.MustCompile(`(?:^|[;{\s])((?:margin|padding|border)-(?:left|right|top|bottom)[\w-]*|left|right|top|bottom|(?:max-|min-)?(?:width|height)|text-align:\s*(?:left|right)|float)\s*:`)

func TestStylesAreLogical(t *testing.T) {
	css, err := joined("css/*.css")
	if err != nil {
		t.Fatal(err)
	}
	comments := regexp.MustCompile(`(?s)/\*.*?\*/`)
	media := regexp.MustCompile(`@media[^{]*`)
	text := media.ReplaceAllString(comments.ReplaceAllString(string(css), ""), "@media ")
	for _, m := range physical.FindAllStringSubmatch(text, -1) {
		t.Errorf("physical property %s", m[1])
	}
	four := regexp.MustCompile(`(?:margin|padding):\s*([^;\s]+) ([^;\s]+) ([^;\s]+) ([^;\s]+)\s*;`)
	for _, m := range four.FindAllStringSubmatch(text, -1) {
		if m[2] != m[4] {
			t.Errorf("start and end differ without naming them: %s", m[0])
		}
	}
	if !physical.MatchString(".a { margin-left: 1px }") || physical.MatchString(".a { margin-inline-start: 1px; border-block-end: 0 }") {
		t.Error("the check itself is wrong")
	}
}

func TestScriptsNeedNoEval(t *testing.T) {
	for _, name := range []string{"app.js", "upload.js"} {
		text := loaded().byName[name].plain
		for _, bad := range []string{"eval(", "new Function", "innerHTML", "document.write", ".style."} {
			if bytes.Contains(text, []byte(bad)) {
				t.Errorf("%s uses %s", name, bad)
			}
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		if _, err := build(); err != nil {
			b.Fatal(err)
		}
	}
}
