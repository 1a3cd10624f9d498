// Package storage keeps the bytes: originals, derivatives and the chunks of
// unfinished uploads, as objects under slash-separated keys.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound reports that there is no object under the key.
var ErrNotFound = errors.New("no such object")

// Info describes a stored object.
type Info struct {
	Key      string
	Bytes    int64
	Modified time.Time
}

// Store is one place that keeps objects. Objects are written once and never
// changed. Keys are as CheckKey wants them. Implementations are safe for
// concurrent use.
type Store interface {
	// Put writes all of r under key and returns how many bytes it wrote. The
	// object appears only when r has been read to its end without error, and
	// then survives a power cut.
	Put(ctx context.Context, key string, r io.Reader) (int64, error)
	// Open reads the object from offset; length < 0 reads to its end. It
	// returns ErrNotFound when there is none.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// Stat returns ErrNotFound when there is no object under key.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes the object; removing a missing one is no error.
	Delete(ctx context.Context, key string) error
	// List calls fn for every object below prefix, in key order, until fn
	// returns an error, which List returns.
	List(ctx context.Context, prefix string, fn func(Info) error) error
	// LocalPath returns the file that holds the object where the store is a
	// folder of this machine; decoders read it without a copy.
	LocalPath(key string) (path string, ok bool)
	// RemoveLeftovers removes what writes that were killed left behind, last
	// touched before the given time, and returns how many there were.
	RemoveLeftovers(ctx context.Context, before time.Time) (int, error)
	Close() error
}
