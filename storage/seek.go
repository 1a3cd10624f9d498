package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// OpenSeeker returns the object for random reading, as HTTP range requests
// need it: the file itself where the store is a folder, otherwise a reader
// that asks the store for the rest from wherever it is sought to.
func OpenSeeker(ctx context.Context, s Store, key string, size int64) (io.ReadSeekCloser, error) {
	path, ok := s.LocalPath(key)
	if !ok {
		return &seeker{ctx: ctx, store: s, key: key, size: size}, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	return f, nil
}

// seeker opens the object lazily, so that seeking to the end to learn the
// size, as http.ServeContent does, costs nothing.
type seeker struct {
	ctx    context.Context
	store  Store
	key    string
	size   int64
	offset int64
	body   io.ReadCloser
}

func (s *seeker) Read(p []byte) (int, error) {
	if s.offset >= s.size {
		return 0, io.EOF
	}
	if s.body == nil {
		body, err := s.store.Open(s.ctx, s.key, s.offset, -1)
		if err != nil {
			return 0, err
		}
		s.body = body
	}
	n, err := s.body.Read(p)
	s.offset += int64(n)
	return n, err
}

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start of an object")
	}
	if offset != s.offset {
		if err := s.Close(); err != nil {
			return 0, err
		}
	}
	s.offset = offset
	return offset, nil
}

func (s *seeker) Close() error {
	if s.body == nil {
		return nil
	}
	body := s.body
	s.body = nil
	return body.Close()
}
