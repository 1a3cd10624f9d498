package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

const (
	folderMode = 0o750
	fileMode   = 0o640 // photos are nobody else's business on this machine
)

// folder keeps objects as files below one folder of this machine.
type folder struct {
	bucket *blob.Bucket
	dir    string
}

func openFolder(dir string) (*folder, error) {
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: folderMode,
		// Temporary files beside their targets: a rename must not cross file systems.
		NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open the storage folder: %w", err)
	}
	return &folder{bucket: bucket, dir: filepath.Clean(dir)}, nil
}

// Put implements Store.
func (s *folder) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := CheckKey(key); err != nil {
		return 0, err
	}
	ctx, abort := context.WithCancel(ctx)
	defer abort()
	w, file, err := s.newWriter(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("write object %s: %w", key, err)
	}
	n, err := io.Copy(w, r)
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		abort() // makes Close throw the temporary file away
		w.Close()
		return n, fmt.Errorf("write object %s: %w", key, err)
	}
	if err := w.Close(); err != nil {
		return n, fmt.Errorf("write object %s: %w", key, err)
	}
	if err := s.syncFolders(key); err != nil {
		return n, fmt.Errorf("write object %s: %w", key, err)
	}
	return n, nil
}

// newWriter opens the temporary file. Delete may remove an empty folder while
// it is made or just before the file is, hence the further tries.
func (s *folder) newWriter(ctx context.Context, key string) (w *blob.Writer, file *os.File, err error) {
	opts := &blob.WriterOptions{
		DisableContentTypeDetection: true,
		BeforeWrite: func(as func(any) bool) error {
			if !as(&file) {
				return errors.New("the store gives no file")
			}
			return file.Chmod(fileMode)
		},
	}
	for range 10 {
		w, err = s.bucket.NewWriter(ctx, key, opts)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return w, file, err
}

// syncFolders makes the names on the way to key survive a power cut.
func (s *folder) syncFolders(key string) error {
	for at := path.Dir(key); ; at = path.Dir(at) {
		d, err := os.Open(filepath.Join(s.dir, filepath.FromSlash(at)))
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return err
		}
		if at == "." {
			return nil
		}
	}
}

// Open implements Store.
func (s *folder) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	r, err := s.bucket.NewRangeReader(ctx, key, offset, length, nil)
	if err != nil {
		return nil, s.explain("open", key, err)
	}
	return r, nil
}

// Stat implements Store.
func (s *folder) Stat(ctx context.Context, key string) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	a, err := s.bucket.Attributes(ctx, key)
	if err != nil {
		return Info{}, s.explain("look at", key, err)
	}
	return Info{Key: key, Bytes: a.Size, Modified: a.ModTime}, nil
}

// Delete implements Store.
func (s *folder) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	// Folders that became empty go too, all but the first level.
	for at := path.Dir(key); strings.Contains(at, "/"); at = path.Dir(at) {
		if os.Remove(filepath.Join(s.dir, filepath.FromSlash(at))) != nil {
			break
		}
	}
	return nil
}

// LocalPath implements Store.
func (s *folder) LocalPath(key string) (string, bool) {
	if CheckKey(key) != nil {
		return "", false
	}
	return filepath.Join(s.dir, filepath.FromSlash(key)), true
}

// Close implements Store.
func (s *folder) Close() error { return s.bucket.Close() }

func (s *folder) explain(act, key string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s object %s: %w", act, key, ErrNotFound)
	}
	return fmt.Errorf("%s object %s: %w", act, key, err)
}
