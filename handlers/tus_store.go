package handlers

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	tusd "github.com/tus/tusd/v2/pkg/handler"

	"albumen/app"
	"albumen/db"
)

// tusStore is tusd's data store and lock over the use-cases. It keeps nothing:
// who asks comes with the request's context.
type tusStore struct{ h tusHandlers }

// NewUpload implements tusd.DataStore.
func (s tusStore) NewUpload(ctx context.Context, info tusd.FileInfo) (tusd.Upload, error) {
	call, err := tusCallOf(ctx)
	if err != nil {
		return nil, err
	}
	n, err := newUploadOf(info.MetaData, info.Size)
	if err != nil {
		return nil, call.fail(err)
	}
	u, err := s.h.app.CreateUpload(ctx, call.actor, n)
	if err != nil {
		return nil, call.fail(err)
	}
	call.expires(u.ExpiresAt)
	return &tusUpload{s.h, u}, nil
}

// newUploadOf reads the Upload-Metadata of tus clients. What it does not know
// it passes over.
func newUploadOf(meta map[string]string, size int64) (app.NewUpload, error) {
	n := app.NewUpload{Filename: meta["filename"], Bytes: size}
	if n.Filename == "" {
		n.Filename = meta["name"]
	}
	album, err := albumField(meta["album_id"])
	if err != nil {
		return app.NewUpload{}, err
	}
	n.AlbumID = album
	// Milliseconds since 1970, as File.lastModified in browsers; up to the year 9999.
	if ms, err := strconv.ParseInt(meta["lastModified"], 10, 64); err == nil && ms > 0 && ms < 253402300800000 {
		at := time.UnixMilli(ms)
		n.Modified = &at
	}
	return n, nil
}

// albumField reads an album's id; "" is none.
func albumField(text string) (*uuid.UUID, error) {
	if text == "" {
		return nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, app.Invalid("album_id", "receive.album")
	}
	return &id, nil
}

// GetUpload implements tusd.DataStore.
func (s tusStore) GetUpload(ctx context.Context, id string) (tusd.Upload, error) {
	call, err := tusCallOf(ctx)
	if err != nil {
		return nil, err
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return nil, call.fail(app.NotFound("upload"))
	}
	u, err := s.h.app.UploadByID(ctx, call.actor, parsed)
	if err != nil {
		return nil, call.fail(err)
	}
	return &tusUpload{s.h, u}, nil
}

// AsTerminatableUpload implements tusd.TerminaterDataStore.
func (s tusStore) AsTerminatableUpload(u tusd.Upload) tusd.TerminatableUpload { return u.(*tusUpload) }

// NewLock implements tusd.Locker.
func (s tusStore) NewLock(id string) (tusd.Lock, error) { return tusLock{s.h, id}, nil }

// tusLock draws the right to add to the upload. It never waits and is never
// given back: whoever asks last has it.
type tusLock struct {
	h  tusHandlers
	id string
}

// Lock implements tusd.Lock.
func (l tusLock) Lock(ctx context.Context, _ func()) error {
	call, err := tusCallOf(ctx)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(l.id)
	if err != nil {
		return call.fail(app.NotFound("upload"))
	}
	if call.fence, err = l.h.app.TakeUpload(ctx, call.actor, id); err != nil {
		return call.fail(err)
	}
	return nil
}

// Unlock implements tusd.Lock.
func (tusLock) Unlock() error { return nil }

// tusUpload is one upload in one request.
type tusUpload struct {
	h tusHandlers
	u db.Upload
}

// WriteChunk implements tusd.Upload.
func (t *tusUpload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	call, err := tusCallOf(ctx)
	if err != nil {
		return 0, err
	}
	n, err := t.h.app.AppendUpload(ctx, call.actor, t.u.ID, call.fence, offset, src)
	if err != nil {
		return n, call.fail(err)
	}
	call.expires(time.Now().Add(app.UploadTTL))
	return n, nil
}

// GetInfo implements tusd.Upload.
func (t *tusUpload) GetInfo(context.Context) (tusd.FileInfo, error) {
	return tusd.FileInfo{ID: t.u.ID.String(), Size: t.u.Bytes, Offset: t.u.Received, MetaData: tusd.MetaData{"filename": t.u.Filename}}, nil
}

// GetReader implements tusd.Upload; downloads are off.
func (t *tusUpload) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, tusd.ErrNotImplemented
}

// FinishUpload implements tusd.Upload.
func (t *tusUpload) FinishUpload(ctx context.Context) error {
	call, err := tusCallOf(ctx)
	if err != nil {
		return err
	}
	if call.err != nil {
		return nil // the last piece came, then something broke: the next request finishes
	}
	call.writer.deadlines(time.Time{}) // putting a long video together takes its time
	got, err := t.h.app.FinishUpload(ctx, call.actor, t.u.ID)
	if err != nil {
		return call.fail(err)
	}
	if err := call.result(got); err != nil {
		return call.fail(err)
	}
	return nil
}

// Terminate implements tusd.TerminatableUpload.
func (t *tusUpload) Terminate(ctx context.Context) error {
	call, err := tusCallOf(ctx)
	if err != nil {
		return err
	}
	if err := t.h.app.CancelUpload(ctx, call.actor, t.u.ID); err != nil {
		return call.fail(err)
	}
	return nil
}
