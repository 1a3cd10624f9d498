package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// copyPattern names the copies, so that those of killed processes can be found.
const copyPattern = "albumen-original-*"

// LocalFile returns the object as a file of this machine: the store's own where it
// is a folder, which must not be changed, or a copy in dir that remove deletes. It
// returns ErrNotFound when there is no such object.
func LocalFile(ctx context.Context, store Store, key, dir string) (path string, remove func(), err error) {
	if path, ok := store.LocalPath(key); ok {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return "", nil, fmt.Errorf("read %s: %w", key, ErrNotFound)
		}
		return path, func() {}, nil
	}
	object, err := store.Open(ctx, key, 0, -1)
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", key, err)
	}
	defer object.Close()
	file, err := os.CreateTemp(dir, copyPattern)
	if err != nil {
		return "", nil, fmt.Errorf("copy %s: %w", key, err)
	}
	remove = func() { os.Remove(file.Name()) }
	_, err = io.Copy(file, object)
	if err = errors.Join(err, file.Close()); err != nil {
		remove()
		return "", nil, fmt.Errorf("copy %s: %w", key, err)
	}
	return file.Name(), remove, nil
}
