package hub

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const testID = "somebody/CLIP-small"

// hubServer behaves as the hub does: small files are answered with git's hash as
// ETag, the weights with a redirect to another address that names their SHA-256.
type hubServer struct {
	*httptest.Server
	revision string
	files    map[string][]byte
	// instead answers some requests in its own way; phase is "resolve" or "bytes".
	instead func(w http.ResponseWriter, r *http.Request, phase, name string) (done bool)

	mu  sync.Mutex
	log []string // method, phase, name, range
}

func newHub(t *testing.T) *hubServer {
	t.Helper()
	h := &hubServer{revision: "main", files: map[string][]byte{
		"config.json":              []byte(`{"model_type":"clip"}`),
		"preprocessor_config.json": []byte(`{"size":224}`),
		"special_tokens_map.json":  []byte(`{}`),
		"tokenizer.json":           []byte(`{"model":"` + strings.Repeat("x", 5000) + `"}`),
		weightsFile:                random(1_000_000),
		"pytorch_model.bin":        []byte("never"),
	}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func random(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (h *hubServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	name, phase := parts[len(parts)-1], "bytes"
	if strings.Contains(r.URL.Path, "/resolve/") {
		phase = "resolve"
	}
	h.mu.Lock()
	h.log = append(h.log, strings.TrimSpace(strings.Join([]string{r.Method, phase, name, r.Header.Get("Range")}, " ")))
	h.mu.Unlock()
	w.Header().Set("Content-Disposition", `attachment; filename="../../evil"; filename*=UTF-8''..%2Fevil`)
	if h.instead != nil && h.instead(w, r, phase, name) {
		return
	}
	content, ok := h.files[name]
	if phase == "resolve" && (!ok || !strings.HasSuffix(r.URL.Path, "/resolve/"+h.revision+"/"+name)) {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.Error(w, "Entry not found", http.StatusNotFound)
		return
	}
	if phase == "resolve" {
		w.Header().Set("X-Repo-Commit", "0123")
	}
	sum := sha256.Sum256(content)
	if phase == "resolve" && name == weightsFile {
		w.Header().Set("X-Linked-ETag", `"`+hex.EncodeToString(sum[:])+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		http.Redirect(w, r, "/cdn/"+name, http.StatusFound)
		return
	}
	blob := sha1.Sum(append([]byte(fmt.Sprintf("blob %d\x00", len(content))), content...))
	w.Header().Set("ETag", `"`+hex.EncodeToString(blob[:])+`"`)
	if phase == "bytes" {
		w.Header().Set("ETag", `"of-the-cdn-`+hex.EncodeToString(sum[:4])+`"`)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

// count says how many requests began with text.
func (h *hubServer) count(text string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range h.log {
		if strings.HasPrefix(line, text) {
			n++
		}
	}
	return n
}

func (h *hubServer) fetcher(t *testing.T) Fetcher {
	t.Helper()
	return Fetcher{Base: filepath.Join(t.TempDir(), "models"), URL: h.URL, pause: func(int) time.Duration { return 0 }}
}

// wantFolder checks that dir holds the files by these names, and nothing lies around.
func (h *hubServer) wantFolder(t *testing.T, f Fetcher, names ...string) {
	t.Helper()
	dir, err := Dir(f.Base, testID)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, h.files[e.Name()]) {
			t.Errorf("%s differs from what was published", e.Name())
		}
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("the folder holds %v, want %v", got, names)
	}
	around, err := os.ReadDir(f.Base)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range around {
		if e.Name() != filepath.Base(dir) && !strings.HasPrefix(e.Name(), ".lock-") {
			t.Errorf("%s lies around", e.Name())
		}
	}
	if above, err := os.ReadDir(filepath.Dir(f.Base)); err != nil || len(above) != 1 {
		t.Errorf("beside the folder of models: %v, %v", above, err)
	}
}

func wantKind(t *testing.T, err error, kind Kind, file string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != kind || e.File != file {
		t.Fatalf("got %v, want kind %q of file %q", err, kind, file)
	}
	if e.Remedy() == "" || !strings.Contains(err.Error(), e.Remedy()) || e.Model == "" {
		t.Errorf("says too little: %v", err)
	}
}

var allFiles = []string{"config.json", "preprocessor_config.json", "special_tokens_map.json", "tokenizer.json", weightsFile}
