package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/storage"
)

// DerivativeKind names a file that is made from the original.
type DerivativeKind string

// The derivatives: both WebP, right way up, in sRGB.
const (
	Thumb   DerivativeKind = "thumb"   // fits 512 × 512 pixels
	Preview DerivativeKind = "preview" // fits 2048 × 2048 pixels
)

// Object is a stored file that the actor may read.
type Object struct {
	MIME     string
	Bytes    int64
	Filename string // for downloads; empty for derivatives
	ETag     string // without quotes; changes with the content
	Modified time.Time

	store storage.Store
	key   string
}

// Open returns the bytes for random reading; the caller closes it. An object
// that its row promises but the storage lacks is CodeUnavailable.
func (o Object) Open(ctx context.Context) (io.ReadSeekCloser, error) {
	r, err := storage.OpenSeeker(ctx, o.store, o.key, o.Bytes)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, &Error{Code: CodeUnavailable, Key: "error.object_missing", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open the stored file: %w", err)
	}
	return r, nil
}

// Original returns the file as it was uploaded, or StrippedOriginal's copy to the
// holder of a share link that gives away no metadata. CodeNotFound when the actor
// may not see the item, CodeForbidden when it may not download it.
func (a *App) Original(ctx context.Context, actor Actor, id uuid.UUID) (Object, error) {
	if actor.link != nil && actor.link.Strip {
		return a.StrippedOriginal(ctx, actor, id)
	}
	row, err := a.db.OriginalWithRole(ctx, db.OriginalWithRoleParams{ID: id, Subjects: actor.Subjects()})
	if db.IsNotFound(err) {
		return Object{}, NotFound("photo")
	}
	if err != nil {
		return Object{}, fmt.Errorf("load the original of %s: %w", id, err)
	}
	if err := actor.allowOn(DownloadMedia, "photo", roleOf(row.Role), row.TrashedAt != nil); err != nil {
		return Object{}, err
	}
	return Object{
		MIME: row.Mime, Bytes: row.Bytes, Filename: row.Filename, ETag: hex.EncodeToString(row.Sha256[:16]),
		Modified: row.CreatedAt, store: a.storage, key: row.StorageKey,
	}, nil
}

// Derivative returns the thumb or preview. CodeNotFound also while it has not
// been made, which is for ever where the original cannot be decoded.
func (a *App) Derivative(ctx context.Context, actor Actor, id uuid.UUID, kind DerivativeKind) (Object, error) {
	row, err := a.db.DerivativeWithRole(ctx, db.DerivativeWithRoleParams{ID: id, Kind: string(kind), Subjects: actor.Subjects()})
	if db.IsNotFound(err) {
		return Object{}, NotFound("photo")
	}
	if err != nil {
		return Object{}, fmt.Errorf("load the %s of %s: %w", kind, id, err)
	}
	if err := actor.allowOn(ViewMedia, "photo", roleOf(row.Role), row.TrashedAt != nil); err != nil {
		return Object{}, err
	}
	if row.StorageKey == "" {
		return Object{}, NotFound("picture")
	}
	return Object{
		MIME: row.Mime, Bytes: row.Bytes, ETag: fmt.Sprintf("%s-%s-%d", id, kind, row.Version),
		Modified: row.CreatedAt, store: a.storage, key: row.StorageKey,
	}, nil
}
