package hub

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// cutOff sends the beginning of an answer and then breaks the connection.
func cutOff(w http.ResponseWriter, length int, part []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = w.Write(part)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestKilledConnectionsAreContinued(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	weights := h.files[weightsFile]
	var sent atomic.Int64
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		if phase != "bytes" || r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("ETag", `"stays"`)
		from := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(weights)-1, len(weights)))
			w.Header().Set("Content-Length", strconv.Itoa(len(weights)-from))
			w.WriteHeader(http.StatusPartialContent)
		}
		part := weights[from:min(from+90_000, len(weights))]
		sent.Add(int64(len(part)))
		if from+len(part) == len(weights) {
			_, _ = w.Write(part)
			return true
		}
		cutOff(w, len(weights)-from, part)
		return true
	}
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
	if n := h.count("GET bytes"); n < 10 || sent.Load() > 1_300_000 {
		t.Errorf("%d requests, %d bytes for 1000000", n, sent.Load())
	}
}

func TestNextCallContinues(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f.Progress = func(p Progress) {
		if p.File == weightsFile && p.Done > 300_000 {
			cancel()
		}
	}
	if _, err := f.Fetch(ctx, testID); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	f.Progress = nil
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
	if h.count("GET bytes "+weightsFile+" bytes=") != 1 {
		t.Errorf("did not continue: %v", h.log)
	}
	if n := h.count("GET resolve tokenizer.json"); n != 1 {
		t.Errorf("checked files are fetched %d times", n)
	}
}

// begin leaves the beginning of the weights as an earlier call would have.
func begin(t *testing.T, f Fetcher, content []byte, tag string) {
	t.Helper()
	dir := filepath.Join(f.Base, ".partial-somebody--CLIP-small")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{sourceFile: []byte("main"), weightsFile + partSuffix: content, weightsFile + partSuffix + tagSuffix: []byte(tag)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatChangedIsFetchedAnew(t *testing.T) {
	for name, c := range map[string]struct {
		begun []byte
		tag   string
	}{
		"another version":         {random(5000), `"older"`},
		"wrong bytes, right size": {random(999_999), ""},
		"all, but wrong":          {bytes.Repeat([]byte{1}, 1_000_000), ""},
		"too long":                {random(1_000_001), ""},
		"nothing":                 {nil, ""},
	} {
		h := newHub(t)
		f := h.fetcher(t)
		begin(t, f, c.begun, c.tag)
		if _, err := f.Fetch(context.Background(), testID); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h.wantFolder(t, f, allFiles...)
	}
}

func TestServersWithoutRanges(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, weights []byte){
		"whole file": func(w http.ResponseWriter, weights []byte) { _, _ = w.Write(weights) },
		"no length": func(w http.ResponseWriter, weights []byte) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(weights)
		},
		"416": func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) },
		"other range": func(w http.ResponseWriter, weights []byte) {
			w.Header().Set("Content-Range", "bytes 7-9/10")
			w.WriteHeader(206)
			_, _ = w.Write(weights)
		},
	} {
		h := newHub(t)
		f := h.fetcher(t)
		begin(t, f, h.files[weightsFile][:400_000], `"tag"`)
		h.instead = func(w http.ResponseWriter, r *http.Request, phase, file string) bool {
			if r.Header.Get("Range") == "" || phase != "bytes" {
				return false
			}
			answer(w, h.files[weightsFile])
			return true
		}
		if _, err := f.Fetch(context.Background(), testID); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h.wantFolder(t, f, allFiles...)
	}
}

func TestLengthsThatLie(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, weights []byte)
		kind   Kind
	}{
		"more than announced": {func(w http.ResponseWriter, weights []byte) { _, _ = w.Write(append(weights, weights...)) }, KindTooLarge},
		"less than announced": {func(w http.ResponseWriter, weights []byte) { _, _ = w.Write(weights[:10]) }, KindNetwork},
		"cut off every time":  {func(w http.ResponseWriter, weights []byte) { cutOff(w, len(weights), weights[:10]) }, KindNetwork},
		"nothing at all":      {func(w http.ResponseWriter, weights []byte) { cutOff(w, len(weights), nil) }, KindNetwork},
		"an endless stream": {func(w http.ResponseWriter, weights []byte) {
			for {
				if _, err := w.Write(weights); err != nil {
					return
				}
			}
		}, KindTooLarge},
	} {
		h := newHub(t)
		f := h.fetcher(t)
		h.instead = func(w http.ResponseWriter, r *http.Request, phase, file string) bool {
			if phase != "bytes" || r.Method != http.MethodGet {
				return false
			}
			c.answer(w, h.files[weightsFile])
			return true
		}
		_, err := f.Fetch(context.Background(), testID)
		t.Log(name, err)
		wantKind(t, err, c.kind, weightsFile)
		if n := h.count("GET bytes"); n > 6 {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}

// Nothing of such an answer can be continued, so that the same half over and over is
// no progress.
func TestHalvesWithoutAnETagAreGivenUp(t *testing.T) {
	h := newHub(t)
	weights := h.files[weightsFile]
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		switch {
		case name != weightsFile:
			return false
		case r.Method == http.MethodHead:
			w.Header().Set("Content-Length", strconv.Itoa(len(weights)))
		default:
			if h.count("GET resolve "+weightsFile) > 20 {
				_, _ = w.Write(weights) // ends the test
				return true
			}
			cutOff(w, len(weights), weights[:len(weights)/2])
		}
		return true
	}
	_, err := h.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindNetwork, weightsFile)
}

// Of a part whose file may go on for any length nobody knows whether it is complete.
func TestAPartWithoutATotalIsFetchedAnew(t *testing.T) {
	h := newHub(t)
	weights := h.files[weightsFile]
	f := h.fetcher(t)
	begin(t, f, weights[:400_000], `"tag"`)
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		switch {
		case name != weightsFile:
			return false
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.Header.Get("Range") != "":
			w.Header().Set("Content-Range", "bytes 400000-499999/*")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(weights[400_000:500_000])
		default:
			_, _ = w.Write(weights)
		}
		return true
	}
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
}

func TestProgressIsNeverOverItsTotal(t *testing.T) {
	h := newHub(t)
	h.instead = func(w http.ResponseWriter, r *http.Request, _, name string) bool {
		if name == weightsFile && r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return true
		}
		return false
	}
	f := h.fetcher(t)
	var last Progress
	f.Progress = func(p Progress) {
		if last = p; p.Done > p.Total {
			t.Errorf("%+v", p)
		}
	}
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	if last.Done < int64(len(h.files[weightsFile])) {
		t.Errorf("the last was %+v", last)
	}
}

func TestSmallFilesHaveALimit(t *testing.T) {
	h := newHub(t)
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		if name != "config.json" {
			return false
		}
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return true
		}
		for block := make([]byte, 1<<20); ; {
			if _, err := w.Write(block); err != nil {
				return true
			}
		}
	}
	_, err := h.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindTooLarge, "config.json")
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		w.Header().Set("Content-Length", "99999999999")
		return true
	}
	_, err = h.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindTooLarge, "config.json")
}

func TestStallIsGivenUpAndContinued(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	f.stall = 300 * time.Millisecond
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	var first atomic.Bool
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		if phase == "bytes" && r.Method == http.MethodGet && first.CompareAndSwap(false, true) {
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write(h.files[weightsFile][:100_000])
			_ = http.NewResponseController(w).Flush()
			<-release
			return true
		}
		return false
	}
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
	if h.count("GET bytes "+weightsFile+" bytes=100000-") != 1 {
		t.Errorf("did not continue: %v", h.log)
	}
}

func TestTroubleThatPasses(t *testing.T) {
	h := newHub(t)
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		switch h.count(r.Method + " " + phase + " " + name) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	}
	f := h.fetcher(t)
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
}

func TestRedirects(t *testing.T) {
	plain := newHub(t)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(secure.Close)
	f := plain.fetcher(t)
	f.URL, f.roots = secure.URL, x509.NewCertPool()
	f.roots.AddCert(secure.Certificate())
	_, err := f.Fetch(context.Background(), testID)
	wantKind(t, err, KindRedirect, "config.json")
	if plain.count("") != 0 {
		t.Error("followed from https to http")
	}

	onwards := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(onwards.Close)
	f = plain.fetcher(t)
	f.URL = onwards.URL // http by the operator's own choice
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	plain.wantFolder(t, f, allFiles...)

	plain.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
		return true
	}
	_, err = plain.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindServer, "config.json")
	plain.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		return true
	}
	_, err = plain.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindRedirect, "config.json")
}
