package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sourceFile names the revision whose files lie in a partial folder.
const sourceFile = "revision"

// spareBytes are left free on the disk.
const spareBytes = 64 << 20

// lock takes the lock file at path, calling waiting while another process has it.
// The file stays: removing it would let two processes lock two files of one name.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, disk("", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, disk("", fmt.Errorf("lock %s: %w", filepath.Base(path), err))
		}
		waiting()
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// open makes the partial folder, empty if it holds another revision.
func (s *session) open(revision string) error {
	if b, err := os.ReadFile(filepath.Join(s.partial, sourceFile)); err != nil || string(b) != revision {
		if err := os.RemoveAll(s.partial); err != nil {
			return disk("", err)
		}
	}
	if err := os.MkdirAll(s.partial, 0o755); err != nil {
		return disk("", err)
	}
	if err := os.WriteFile(filepath.Join(s.partial, sourceFile), []byte(revision), 0o644); err != nil {
		return disk("", err)
	}
	return nil
}

// checkSpace fails where what is missing does not fit onto the disk.
func (s *session) checkSpace(plan []planned) error {
	need := int64(spareBytes)
	for _, p := range plan {
		path := filepath.Join(s.partial, p.name)
		need += max(0, p.size-size(path)-size(path+partSuffix))
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(s.partial, &disk); err != nil {
		return &Error{Kind: KindFolder, Err: err}
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < need {
		return &Error{Kind: KindDisk, Err: fmt.Errorf("%d MB are needed, %d MB are free", need/1e6, free/1e6)}
	}
	return nil
}

// publish gives the partial folder its name, once it holds the files of the plan
// and nothing else.
func (s *session) publish(plan []planned, dir string) error {
	keep := map[string]bool{}
	for _, p := range plan {
		keep[p.name] = true
	}
	entries, err := os.ReadDir(s.partial)
	if err != nil {
		return disk("", err)
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			if err := os.RemoveAll(filepath.Join(s.partial, e.Name())); err != nil {
				return disk("", err)
			}
		}
	}
	if err := syncFolder(s.partial); err != nil {
		return err
	}
	if err := os.Rename(s.partial, dir); err != nil {
		return disk("", err)
	}
	return syncFolder(filepath.Dir(dir))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return disk("", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return disk("", err)
	}
	return nil
}

// check compares the file at path with what was published of p. It returns its
// length and the kind of checksum, empty where there is none.
func check(path string, p planned) (int64, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", disk(p.name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, "", disk(p.name, err)
	}
	n := info.Size()
	if p.size >= 0 && n != p.size {
		return 0, "", &Error{Kind: KindChecksum, File: p.name, Err: fmt.Errorf("has %d bytes, not %d", n, p.size)}
	}
	var sum hash.Hash
	by, want := "", ""
	switch {
	case p.remote.sha256 != "":
		sum, by, want = sha256.New(), "sha256", p.remote.sha256
	case p.gitSHA1 != "":
		sum, by, want = sha1.New(), "git", p.gitSHA1
		fmt.Fprintf(sum, "blob %d\x00", n)
	case strings.HasSuffix(p.name, ".json"):
		return n, "", checkJSON(f, p.name)
	default:
		return n, "", nil
	}
	if _, err := io.Copy(sum, f); err != nil {
		return 0, "", disk(p.name, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return 0, "", &Error{Kind: KindChecksum, File: p.name, Err: fmt.Errorf("%s is %s, not %s", by, got, want)}
	}
	return n, by, nil
}

// checkJSON tells a file from the page of a proxy that wants to be signed in to.
func checkJSON(f io.Reader, name string) error {
	b, err := io.ReadAll(f)
	if err != nil {
		return disk(name, err)
	}
	if !json.Valid(b) {
		return &Error{Kind: KindServer, File: name, Err: errors.New("what came is no JSON")}
	}
	return nil
}
