package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// List implements Store. It walks the folders itself: fileblob walks all of
// them anew for every page of a thousand.
func (s *folder) List(ctx context.Context, prefix string, fn func(Info) error) error {
	from := path.Dir(prefix + "x")
	if from != "." {
		if err := CheckKey(from); err != nil {
			return err
		}
	}
	return s.list(ctx, strings.TrimPrefix(from, "."), prefix, fn)
}

func (s *folder) list(ctx context.Context, at, prefix string, fn func(Info) error) error {
	entries, err := os.ReadDir(filepath.Join(s.dir, filepath.FromSlash(at)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list objects below %q: %w", at, err)
	}
	// In key order "a.b" comes before "a/b", though "a" comes before "a.b".
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := path.Join(at, e.Name())
		switch {
		case CheckKey(key) != nil:
		case e.IsDir():
			if strings.HasPrefix(key+"/", prefix) || strings.HasPrefix(prefix, key+"/") {
				if err := s.list(ctx, key, prefix, fn); err != nil {
					return err
				}
			}
		case strings.HasPrefix(key, prefix):
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("look at object %s: %w", key, err)
			}
			if err := fn(Info{Key: key, Bytes: info.Size(), Modified: info.ModTime()}); err != nil {
				return err
			}
		}
	}
	return nil
}

func sortName(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}
