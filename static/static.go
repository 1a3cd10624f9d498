// Package static serves the browser's files: embedded, named by their content's hash, compressed once at start-up.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

//go:embed css js vendor icons app.webmanifest
var files embed.FS

// asset is one file as it goes over the wire.
type asset struct {
	name, mime, etag string
	plain, gzip, br  []byte
}

// assets is the immutable set of files, by asset name and by hashed path.
type assets struct {
	byName map[string]*asset
	byPath map[string]*asset
	paths  map[string]string
}

var loaded = sync.OnceValue(func() *assets {
	set, err := build()
	if err != nil {
		panic(err) // the files are embedded: only a broken build gets here, and the package's test stops it
	}
	return set
})

const prefix = "/static/"

// URL returns the address of an asset such as "app.css", which changes whenever its content does.
// An unknown name panics: the set is fixed at build time.
func URL(name string) string {
	p, ok := loaded().paths[name]
	if !ok {
		panic("static: there is no asset " + strconv.Quote(name))
	}
	return p
}

// Sizes returns what an asset weighs in bytes: as it is, with gzip and with brotli.
func Sizes(name string) (plain, gzipped, brotlied int) {
	a := loaded().byName[name]
	if a == nil {
		return 0, 0, 0
	}
	return len(a.plain), len(a.gzip), len(a.br)
}

// Handler serves everything below /static/. Unknown or outdated names are 404.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	a := loaded().byPath[r.URL.Path]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	switch accept := r.Header.Get("Accept-Encoding"); {
	case a.br != nil && accepts(accept, "br"):
		body = a.br
		h.Set("Content-Encoding", "br")
	case a.gzip != nil && accepts(accept, "gzip"):
		body = a.gzip
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // a reader who left is no one's error
}

// accepts tells whether an Accept-Encoding header takes a coding; a weight of 0 refuses it.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == coding {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// build reads the embedded files, joins the parts of app.css and app.js, and names and compresses each result.
func build() (*assets, error) {
	set := &assets{byName: map[string]*asset{}, byPath: map[string]*asset{}, paths: map[string]string{}}
	css, err := joined("css/*.css")
	if err != nil {
		return nil, err
	}
	js, err := joined("js/app/*.js")
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{"app.css": append(css, ratios()...), "app.js": js}
	for _, pattern := range []string{"js/*.js", "vendor/*.js", "icons/*"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, fmt.Errorf("listing static files: %w", err)
		}
		for _, name := range names {
			if contents[path.Base(name)], err = files.ReadFile(name); err != nil {
				return nil, fmt.Errorf("reading a static file: %w", err)
			}
		}
	}
	for name, content := range contents {
		if err := set.add(name, content); err != nil {
			return nil, err
		}
	}
	manifest, err := files.ReadFile("app.webmanifest")
	if err != nil {
		return nil, fmt.Errorf("reading the web manifest: %w", err)
	}
	for name, p := range set.paths { // the manifest names other assets by their hashed paths
		manifest = bytes.ReplaceAll(manifest, []byte("{{"+name+"}}"), []byte(p))
	}
	return set, set.add("app.webmanifest", manifest)
}

// joined concatenates the files of a pattern in the order of their names.
func joined(pattern string) ([]byte, error) {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return nil, fmt.Errorf("listing static files: %w", err)
	}
	var out bytes.Buffer
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading a static file: %w", err)
		}
		out.Write(b)
	}
	return out.Bytes(), nil
}

func (set *assets) add(name string, content []byte) error {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:6])
	ext := path.Ext(name)
	p := prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
	a := &asset{name: name, mime: typeOf(ext), etag: `"` + hash + `"`, plain: content}
	if ext != ".png" {
		var err error
		if a.gzip, err = gzipped(content); err != nil {
			return fmt.Errorf("compressing %s: %w", name, err)
		}
		if a.br, err = brotlied(content); err != nil {
			return fmt.Errorf("compressing %s: %w", name, err)
		}
	}
	set.byName[name], set.byPath[p], set.paths[name] = a, a, p
	return nil
}

func typeOf(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(ext)
}

func gzipped(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func brotlied(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 9)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
