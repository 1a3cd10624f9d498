package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"albumen/ml/modelfile"
)

func TestFetchBringsACheckedFolder(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	var last Progress
	f.Progress = func(p Progress) {
		if p.Done < last.Done || p.Total < p.Done {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	got, err := f.Fetch(context.Background(), testID)
	if err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
	for _, file := range got.Files {
		want := "git"
		if file.Name == weightsFile {
			want = "sha256"
		}
		if file.CheckedBy != want {
			t.Errorf("%s was checked by %q, want %q", file.Name, file.CheckedBy, want)
		}
	}
	if len(got.Files) != len(allFiles) || !got.New || !modelfile.Complete(got.Dir) || last.Done != last.Total || last.Total < 1_000_000 {
		t.Errorf("got %+v, last progress %+v", got, last)
	}
	asked := h.count("")
	again, err := f.Fetch(context.Background(), testID)
	if err != nil || again.New || again.Dir != got.Dir || h.count("") != asked {
		t.Errorf("a second time: %+v, %v, %d more requests", again, err, h.count("")-asked)
	}
}

func TestFetchTakesTheOtherTokenizer(t *testing.T) {
	h := newHub(t)
	delete(h.files, "tokenizer.json")
	delete(h.files, "special_tokens_map.json")
	h.files["vocab.json"], h.files["merges.txt"] = []byte(`{"a":1}`), random(700)
	f := h.fetcher(t)
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, "config.json", "preprocessor_config.json", "vocab.json", "merges.txt", weightsFile)
	delete(h.files, "merges.txt")
	_, err := h.fetcher(t).Fetch(context.Background(), testID)
	wantKind(t, err, KindNotFound, "merges.txt")
}

func TestAMirrorMayOnlyHaveMain(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	got, err := f.Fetch(context.Background(), DefaultModel) // whose revision we know
	if err != nil {
		t.Fatal(err)
	}
	if got.Dir != filepath.Join(f.Base, "laion--CLIP-ViT-B-32-laion2B-s34B-b79K") || !modelfile.Complete(got.Dir) {
		t.Errorf("got %+v", got)
	}
	// A checksum of our own holds whatever a mirror says of itself.
	_, err = h.fetcher(t).Fetch(context.Background(), "openai/clip-vit-large-patch14")
	wantKind(t, err, KindChecksum, weightsFile)
}

func TestOurChecksumWins(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	p := planned{file: file{name: weightsFile, most: maxWeightsBytes, sha256: strings.Repeat("0", 64)}, url: h.URL + "/x/resolve/main/" + weightsFile}
	base, err := parseBase(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := session{Fetcher: f, base: base, client: newClient(base, nil), partial: t.TempDir()}
	if err := s.probe(context.Background(), &p); err != nil {
		t.Fatal(err)
	}
	if p.remote.sha256 != p.file.sha256 || p.size != 1_000_000 {
		t.Errorf("planned %+v", p)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	status := func(code int, only, header string) func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		return func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
			if only != "" && name != only {
				return false
			}
			if header != "" {
				w.Header().Set("X-Error-Code", header)
			}
			w.WriteHeader(code)
			return true
		}
	}
	for name, c := range map[string]struct {
		instead func(w http.ResponseWriter, r *http.Request, phase, name string) bool
		kind    Kind
		file    string
	}{
		"unknown model":  {status(404, "", ""), KindNotFound, "config.json"},
		"hidden model":   {status(401, "", "RepoNotFound"), KindNotFound, "config.json"},
		"gated":          {status(401, "", ""), KindGated, "config.json"},
		"gated by 403":   {status(403, "", "GatedRepo"), KindGated, "config.json"},
		"no safetensors": {status(404, weightsFile, "EntryNotFound"), KindNoWeights, weightsFile},
		"no preprocessor": {status(404, "preprocessor_config.json", ""),
			KindNotFound, "preprocessor_config.json"},
		"broken server": {status(500, "", ""), KindServer, "config.json"},
		"teapot":        {status(418, weightsFile, ""), KindServer, weightsFile},
	} {
		h := newHub(t)
		h.instead = c.instead
		f := h.fetcher(t)
		_, err := f.Fetch(context.Background(), testID)
		t.Log(name, err)
		wantKind(t, err, c.kind, c.file)
		if dir, _ := Dir(f.Base, testID); modelfile.Complete(dir) {
			t.Errorf("%s: there is a folder", name)
		}
	}
}

func TestNoNetwork(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	h.Close()
	_, err := f.Fetch(context.Background(), testID)
	wantKind(t, err, KindNetwork, "config.json")
	f.URL = "http://nobody:secret@" + strings.TrimPrefix(f.URL, "http://")
	if _, err = f.Fetch(context.Background(), testID); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("tells the password, or nothing: %v", err)
	}
	for _, address := range []string{"ftp://host", "host", "https://", "https://host/?a=b", "://"} {
		f.URL = address
		_, err := f.Fetch(context.Background(), testID)
		wantKind(t, err, KindAddress, "")
	}
}

func TestNamesCannotLeaveTheFolder(t *testing.T) {
	for _, id := range []string{"", "..", "../x", "a/..", "a/b/c", "/etc", "a\\b", ".hidden", "a/.b", "a--b/c", "a b", "a/b\n", "a\x00", "-x", strings.Repeat("x", 97)} {
		if dir, err := Dir("/base", id); err == nil {
			t.Errorf("%q becomes %s", id, dir)
		}
	}
	for id, want := range map[string]string{"a/b": "/base/a--b", "gpt2": "/base/gpt2", testID: "/base/somebody--CLIP-small"} {
		if dir, err := Dir("/base", id); err != nil || dir != want {
			t.Errorf("%q becomes %s, %v", id, dir, err)
		}
	}
	for _, m := range models {
		if _, err := Dir("/base", m.ID); err != nil || m.SHA256 != "" && !isSHA256.MatchString(m.SHA256) || m.Revision != "" && !isSHA1.MatchString(m.Revision) {
			t.Errorf("known model %+v: %v", m, err)
		}
	}
	_, err := Fetcher{Base: t.TempDir()}.Fetch(context.Background(), "../x")
	wantKind(t, err, KindName, "")
}

func TestFolderInTheWay(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	dir, err := Dir(f.Base, testID)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	precious := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = f.Fetch(context.Background(), testID)
	wantKind(t, err, KindFolder, "")
	if err := os.Remove(precious); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	f.Base = precious + "/below"
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = f.Fetch(context.Background(), testID)
	wantKind(t, err, KindFolder, "")
}

func TestTooLittleSpace(t *testing.T) {
	s := session{partial: t.TempDir()}
	err := s.checkSpace([]planned{{file: file{name: weightsFile}, remote: remote{size: 1 << 60}}})
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindDisk {
		t.Errorf("got %v", err)
	}
	if err := s.checkSpace(nil); err != nil {
		t.Error(err)
	}
}

// Two processes are two open lock files; so are two calls.
func TestTwoAtOnceFetchOnce(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	started, waits := make(chan struct{}), make(chan struct{})
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		if r.Method == http.MethodGet && name == weightsFile && phase == "bytes" {
			close(started)
			<-waits
		}
		return false
	}
	var group sync.WaitGroup
	fetch := func(f Fetcher, isNew bool) {
		defer group.Done()
		got, err := f.Fetch(context.Background(), testID)
		if err != nil || got.New != isNew {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	group.Add(2)
	go fetch(f, true)
	<-started
	second := f
	var once sync.Once
	second.Progress = func(p Progress) {
		if p.Waiting {
			once.Do(func() { close(waits) })
		}
	}
	go fetch(second, false)
	group.Wait()
	h.wantFolder(t, f, allFiles...)
	if n := h.count("GET bytes " + weightsFile); n != 1 {
		t.Errorf("the weights were asked for %d times", n)
	}
}

func TestPlainMirror(t *testing.T) {
	files := newHub(t).files
	root := t.TempDir()
	dir := filepath.Join(root, "mirror", testID, "resolve", "main")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newHub(t)
	h.Config.Handler = http.FileServer(http.Dir(root))
	f := h.fetcher(t)
	f.URL += "/mirror/"
	got, err := f.Fetch(context.Background(), testID)
	if err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
	for _, file := range got.Files {
		if file.CheckedBy != "" {
			t.Errorf("%s was checked by %q, of which a file server says nothing", file.Name, file.CheckedBy)
		}
	}
}

// Some networks answer everything with a page of their own.
func TestPageInsteadOfAFile(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	h.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>Please sign in</html>"))
	})
	_, err := f.Fetch(context.Background(), testID)
	wantKind(t, err, KindServer, "config.json")
	h.Config.Handler = h
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
}

func TestChecksumsDiffer(t *testing.T) {
	h := newHub(t)
	f := h.fetcher(t)
	lie := sha256.Sum256([]byte("something else"))
	h.instead = func(w http.ResponseWriter, r *http.Request, phase, name string) bool {
		if phase == "resolve" && name == weightsFile {
			w.Header().Set("X-Linked-ETag", `"`+hex.EncodeToString(lie[:])+`"`)
			http.Redirect(w, r, "/cdn/"+name, http.StatusFound)
			return true
		}
		return false
	}
	_, err := f.Fetch(context.Background(), testID)
	wantKind(t, err, KindChecksum, weightsFile)
	left, err := filepath.Glob(filepath.Join(f.Base, ".partial-*", weightsFile+"*"))
	if err != nil || len(left) != 0 {
		t.Errorf("keeps %v, %v", left, err)
	}
	h.instead = nil
	if _, err := f.Fetch(context.Background(), testID); err != nil {
		t.Fatal(err)
	}
	h.wantFolder(t, f, allFiles...)
}
