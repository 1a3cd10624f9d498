package serve

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"albumen/storage"
)

// A pipe that nobody writes to is a file whose reader waits for ever.
func TestAStorageThatHangsIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	store, err := storage.Open("file://" + dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "preview", "hangs")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &imageLane{cfg: Config{Storage: store}, working: t.Context(), readWithin: 50 * time.Millisecond}
	if content, err := l.preview("preview/hangs"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read %d bytes, %v", len(content), err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0) // lets the reader go
	if err != nil {
		t.Fatal(err)
	}
	writer.Close()
}
