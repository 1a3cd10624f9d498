package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// RemoveLeftovers implements Store. It reads names in batches: the folder of
// originals may have millions.
func (s *folder) RemoveLeftovers(ctx context.Context, before time.Time) (int, error) {
	removed, err := removeLeftovers(ctx, s.dir, before)
	if err != nil {
		return removed, fmt.Errorf("remove half-written files: %w", err)
	}
	return removed, nil
}

func removeLeftovers(ctx context.Context, dir string, before time.Time) (removed int, err error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // went away meanwhile
	}
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for {
		entries, end := d.ReadDir(1000)
		for _, e := range entries {
			n := 0
			name := filepath.Join(dir, e.Name())
			if e.IsDir() {
				n, err = removeLeftovers(ctx, name, before)
			} else if strings.HasSuffix(name, temporaryExt) {
				n, err = removeOlder(name, before)
			}
			removed += n
			if err := errors.Join(err, ctx.Err()); err != nil {
				return removed, err
			}
		}
		if end == io.EOF {
			return removed, nil
		}
		if end != nil {
			return removed, end
		}
	}
}

func removeOlder(name string, before time.Time) (int, error) {
	info, err := os.Lstat(name)
	if err == nil && info.ModTime().Before(before) {
		err = os.Remove(name)
	} else if err == nil {
		return 0, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // finished meanwhile
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}
