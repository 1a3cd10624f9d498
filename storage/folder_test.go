package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func openTemp(t *testing.T) (Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	s, err := Open((&url.URL{Scheme: "file", Path: dir}).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dir
}

// files lists everything below dir, temporary files included.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestObjectsComeBackAsTheyWerePut(t *testing.T) {
	s, dir := openTemp(t)
	ctx := t.Context()
	for _, key := range []string{"media/0198-a", "uploads/x/0.part", "derivatives/ab/c.webp"} {
		body := bytes.Repeat([]byte(key), 100_000)
		n, err := s.Put(ctx, key, bytes.NewReader(body))
		if err != nil || n != int64(len(body)) {
			t.Fatalf("Put %s = %d, %v", key, n, err)
		}
		for _, c := range []struct{ offset, length int64 }{{0, -1}, {5, 7}, {int64(len(body)) - 3, -1}, {0, 0}} {
			r, err := s.Open(ctx, key, c.offset, c.length)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			want := body[c.offset:]
			if c.length >= 0 {
				want = want[:c.length]
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("Open %s %+v: %d bytes, %v", key, c, len(got), err)
			}
		}
		info, err := s.Stat(ctx, key)
		if err != nil || info.Bytes != n || info.Key != key || info.Modified.IsZero() {
			t.Errorf("Stat %s = %+v, %v", key, info, err)
		}
		path, ok := s.LocalPath(key)
		if got, err := os.ReadFile(path); !ok || err != nil || !bytes.Equal(got, body) {
			t.Errorf("LocalPath %s = %q, %v: %v", key, path, ok, err)
		}
		if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o007 != 0 {
			t.Errorf("%s may be read by everybody on the machine: %v, %v", key, st.Mode(), err)
		}
	}
	if got := files(t, dir); len(got) != 3 {
		t.Errorf("files = %q", got)
	}
}

func TestMissingObject(t *testing.T) {
	s, _ := openTemp(t)
	if _, err := s.Open(t.Context(), "media/none", 0, -1); !errors.Is(err, ErrNotFound) {
		t.Errorf("Open: %v", err)
	}
	if _, err := s.Stat(t.Context(), "media/none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Stat: %v", err)
	}
	if err := s.Delete(t.Context(), "media/none"); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func TestBadKeysReachNoFile(t *testing.T) {
	s, dir := openTemp(t)
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := []string{"", "/", "../secret", "media/../../secret", "media//a", "/etc/passwd", "media/", ".hidden", "media/.x",
		"media/a b", "media/ä", `media\a`, "media/a\x00", "media/a.tmp", "media/a.attrs", strings.Repeat("a/", 300) + "a", strings.Repeat("a", 201)}
	for _, key := range bad {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x")); !errors.Is(err, ErrBadKey) {
			t.Errorf("Put %q: %v", key, err)
		}
		if _, err := s.Open(t.Context(), key, 0, -1); !errors.Is(err, ErrBadKey) {
			t.Errorf("Open %q: %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, ErrBadKey) {
			t.Errorf("Stat %q: %v", key, err)
		}
		if err := s.Delete(t.Context(), key); !errors.Is(err, ErrBadKey) {
			t.Errorf("Delete %q: %v", key, err)
		}
		if p, ok := s.LocalPath(key); ok {
			t.Errorf("LocalPath %q = %q", key, p)
		}
	}
	if err := s.List(t.Context(), "../", func(Info) error { return nil }); !errors.Is(err, ErrBadKey) {
		t.Errorf("List ../: %v", err)
	}
	if _, err := os.Stat(secret); err != nil {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestABrokenSourceLeavesNothing(t *testing.T) {
	s, dir := openTemp(t)
	broken := errors.New("connection lost")
	if _, err := s.Put(t.Context(), "media/a", io.MultiReader(strings.NewReader("half"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("Put: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Put(ctx, "media/b", io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF }))); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with a cancelled context: %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A file size limit makes real writes fail half-way, as a full disk does.
func TestAFullDiskLeavesNothing(t *testing.T) {
	s, dir := openTemp(t)
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put(t.Context(), "media/a", bytes.NewReader(make([]byte, 2<<20)))
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); restore != nil {
		t.Fatal(restore)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Put: %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

func TestListIsInKeyOrder(t *testing.T) {
	s, dir := openTemp(t)
	want := []string{"a", "media/a-b", "media/a.b", "media/a/b", "media/a/c/d", "media/ab", "uploads/1/0"}
	for _, k := range slices.Backward(want) {
		if k != "a" { // "media/a" as a file would be in the way of media/a/b
			if _, err := s.Put(t.Context(), k, strings.NewReader(k)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Put(t.Context(), "a", strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "media", "x.123.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list := func(prefix string) (keys []string) {
		t.Helper()
		if err := s.List(t.Context(), prefix, func(i Info) error {
			if i.Bytes != int64(len(i.Key)) {
				t.Errorf("%s has %d bytes", i.Key, i.Bytes)
			}
			keys = append(keys, i.Key)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if got := list(""); !slices.Equal(got, want) || !slices.IsSorted(got) {
		t.Errorf("List = %q", got)
	}
	if got := list("media/"); !slices.Equal(got, want[1:6]) {
		t.Errorf("List media/ = %q", got)
	}
	if got := list("media/a/"); !slices.Equal(got, want[3:5]) {
		t.Errorf("List media/a/ = %q", got)
	}
	if got := list("none/"); got != nil {
		t.Errorf("List none/ = %q", got)
	}
	stop := errors.New("enough")
	if err := s.List(t.Context(), "", func(Info) error { return stop }); err != stop {
		t.Errorf("List returned %v", err)
	}
}

func TestRemoveLeftovers(t *testing.T) {
	s, dir := openTemp(t)
	if _, err := s.Put(t.Context(), "media/a", strings.NewReader("a")); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{"media/b.1a.tmp": 2 * time.Hour, "media/c.1b.tmp": 0, "media/a": 2 * time.Hour} {
		p := filepath.Join(dir, name)
		if name != "media/a" {
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(p, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	n, err := s.RemoveLeftovers(t.Context(), now.Add(-time.Hour))
	if got := files(t, dir); n != 1 || err != nil || !slices.Equal(got, []string{"media/a", "media/c.1b.tmp"}) {
		t.Errorf("RemoveLeftovers = %d, %v; left %q", n, err, got)
	}
}

// Delete takes empty folders away while Put makes them.
func TestPutAndDeleteSideBySide(t *testing.T) {
	s, _ := openTemp(t)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c"} {
		wg.Go(func() {
			for range 200 {
				if _, err := s.Put(t.Context(), "derivatives/x/"+name, strings.NewReader(name)); err != nil {
					t.Error(err)
				}
				if err := s.Delete(t.Context(), "derivatives/x/"+name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOpenRefusesOtherAddresses(t *testing.T) {
	for _, a := range []string{"", "relative", "file://host/x", "s3://bucket", "file:relative", "mem://"} {
		if s, err := Open(a); err == nil {
			t.Errorf("Open(%q) = %v", a, s)
		}
	}
}
