package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/singleflight"

	"albumen/db"
	"albumen/media"
	"albumen/storage"
)

// Stripped is the copy of the original without metadata; it is made when somebody
// first asks for it.
const Stripped DerivativeKind = "stripped"

// Stripper makes copies of originals without metadata; *media.Processor is the
// real one.
type Stripper interface {
	Strip(ctx context.Context, path string, t media.Type, to string) (media.Stripped, error)
}

const (
	// stripLimit is how long making a copy may take, apart from stripRate.
	stripLimit = 3 * time.Minute
	// stripRate is the slowest store, in bytes a second, that is waited for.
	stripRate = 4 << 20
)

// stripping makes one copy of an item at a time, however many ask for it.
type stripping struct {
	stripper Stripper
	group    singleflight.Group
}

// StrippedOriginal returns a copy of the original that tells neither where nor by
// whom or with what it was taken. Its pixels are the original's where the format
// allows; else its name says from what it was made. Errors are those of Original;
// CodeUnsupported when no such copy can be made: the original is never returned.
func (a *App) StrippedOriginal(ctx context.Context, actor Actor, id uuid.UUID) (Object, error) {
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
	d, err := a.strippedCopy(ctx, id, row.StorageKey, row.Bytes)
	if err != nil {
		return Object{}, err
	}
	return Object{
		MIME: d.Mime, Bytes: d.Bytes, Filename: strippedName(row.Filename, row.Mime, d.Mime), ETag: fmt.Sprintf("%s-stripped-%d", id, d.Version),
		Modified: d.CreatedAt, store: a.storage, key: d.StorageKey,
	}, nil
}

// strippedCopy returns the copy of the item's original, made where there is none.
// The caller has decided that it may be given away.
func (a *App) strippedCopy(ctx context.Context, id uuid.UUID, key string, bytes int64) (db.Derivative, error) {
	d, err := a.db.DerivativeOf(ctx, db.DerivativeOfParams{MediaID: id, Kind: string(Stripped)})
	if err == nil || !db.IsNotFound(err) {
		return d, err
	}
	if a.strip.stripper == nil {
		return db.Derivative{}, &Error{Code: CodeUnavailable, Key: "error.unavailable", Err: errors.New("this process makes no copies without metadata")}
	}
	// It goes on when the one who asked first has left: others may wait for it.
	done := a.strip.group.DoChan(id.String(), func() (any, error) {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stripLimit+time.Duration(bytes/stripRate)*time.Second)
		defer cancel()
		return a.makeStripped(limited, id, key)
	})
	select {
	case <-ctx.Done():
		return db.Derivative{}, ctx.Err()
	case r := <-done:
		d, _ := r.Val.(db.Derivative)
		return d, r.Err
	}
}

func (a *App) makeStripped(ctx context.Context, id uuid.UUID, key string) (db.Derivative, error) {
	local, remove, err := storage.LocalFile(ctx, a.storage, key, os.TempDir())
	if errors.Is(err, storage.ErrNotFound) {
		return db.Derivative{}, &Error{Code: CodeUnavailable, Key: "error.object_missing", Err: err}
	}
	if err != nil {
		return db.Derivative{}, err
	}
	defer remove()
	kind, err := sniffFile(local)
	if err != nil {
		return db.Derivative{}, strippingFailed(err)
	}
	dir, err := os.MkdirTemp("", "albumen-stripped-*")
	if err != nil {
		return db.Derivative{}, fmt.Errorf("strip %s: %w", id, err)
	}
	defer os.RemoveAll(dir)
	to := path.Join(dir, "copy")
	s, err := a.strip.stripper.Strip(ctx, local, kind, to)
	if err != nil {
		return db.Derivative{}, strippingFailed(err)
	}
	return a.keepStripped(ctx, id, to, s)
}

// keepStripped stores the copy and gives it its row. Where another process was
// faster, that one's counts.
func (a *App) keepStripped(ctx context.Context, id uuid.UUID, file string, s media.Stripped) (db.Derivative, error) {
	f, err := os.Open(file)
	if err != nil {
		return db.Derivative{}, fmt.Errorf("strip %s: %w", id, err)
	}
	defer f.Close()
	object := "derivatives/" + newID().String()
	if err := a.reserveObject(ctx, object); err != nil {
		return db.Derivative{}, err
	}
	written, err := a.storage.Put(ctx, object, f)
	if err != nil {
		a.dropObjects(ctx, object)
		return db.Derivative{}, fmt.Errorf("store the copy of %s without metadata: %w", id, err)
	}
	wanted := db.DerivativeOfParams{MediaID: id, Kind: string(Stripped)}
	var d db.Derivative
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockMedia(ctx, id); db.IsNotFound(err) {
			return NotFound("photo")
		} else if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		var err error
		if d, err = q.DerivativeOf(ctx, wanted); err == nil || !db.IsNotFound(err) {
			return err
		}
		err = q.PutDerivative(ctx, db.PutDerivativeParams{MediaID: id, Kind: string(Stripped), StorageKey: object, Mime: s.Type.MIME, Bytes: written})
		if err != nil {
			return fmt.Errorf("record the copy of %s without metadata: %w", id, err)
		}
		if err := keepObject(ctx, q, object); err != nil {
			return err
		}
		d, err = q.DerivativeOf(ctx, wanted)
		return err
	})
	if err != nil || d.StorageKey != object {
		a.dropObjects(ctx, object)
	}
	return d, err
}

// strippingFailed is what a person is told when no copy can be made.
func strippingFailed(err error) error {
	if failure, ok := errors.AsType[*media.ProcessError](err); ok {
		if failure.Retryable() {
			return &Error{Code: CodeUnavailable, Key: "error.strip_again", Err: err}
		}
		return &Error{Code: CodeUnsupported, Key: "error.strip", Err: err}
	}
	if _, ok := errors.AsType[*media.RefusedError](err); ok {
		return &Error{Code: CodeUnsupported, Key: "error.strip", Err: err}
	}
	return fmt.Errorf("make a copy without metadata: %w", err)
}

// strippedName is the original's name, with the ending of the copy, and from what
// it was made where that is another format.
func strippedName(name, was, is string) string {
	if was == is {
		return name
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	if from := strings.ToUpper(strings.TrimPrefix(ext, ".")); from != "" {
		base += " (converted from " + from + ")"
	} else {
		base += " (converted)"
	}
	return base + strippedEndings[is]
}

var strippedEndings = map[string]string{"image/jpeg": ".jpg", "image/webp": ".webp", "video/x-matroska": ".mkv"}

func sniffFile(name string) (media.Type, error) {
	f, err := os.Open(name)
	if err != nil {
		return media.Type{}, fmt.Errorf("open the original: %w", err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, media.SniffLen))
	if err != nil {
		return media.Type{}, fmt.Errorf("read the original: %w", err)
	}
	return media.Sniff(head)
}
