package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/media"
	"albumen/storage"
)

const (
	joinHeartbeat = 10 * time.Second // well below the lease of 30 s in queries/upload.sql
	joinPatience  = 20 * time.Second // how long to wait for another process that is at it
	joinPoll      = 250 * time.Millisecond
	joinLimit     = 30 * time.Minute
)

// errFinished says that another process has finished the upload.
var errFinished = errors.New("the upload is finished already")

// FinishUpload makes an item of an upload whose bytes are all there. It may be
// called again and gives the same answer, until the upload expires; when the
// item was deleted for ever meanwhile, without its Media. It goes on when the
// request ends. Codes: those of ReceiveMedia; CodeConflict while bytes are
// missing; CodeUnavailable while another process is at it for long.
func (a *App) FinishUpload(ctx context.Context, actor Actor, id uuid.UUID) (Received, error) {
	for patience := time.Now().Add(joinPatience); ; {
		u, err := a.UploadByID(ctx, actor, id)
		if err != nil {
			return Received{}, err
		}
		if u.Outcome != nil {
			return a.finished(ctx, u)
		}
		if u.Received < u.Bytes {
			return Received{}, &Error{Code: CodeConflict, Key: "receive.incomplete", Args: fileArgs(u.Filename)}
		}
		n, err := a.db.StartJoining(ctx, id)
		if err != nil {
			return Received{}, fmt.Errorf("lease upload %s: %w", id, err)
		}
		if n == 1 {
			got, err := a.finishLeased(ctx, actor, u)
			if errors.Is(err, errFinished) {
				continue
			}
			return got, err
		}
		if time.Now().After(patience) {
			return Received{}, &Error{Code: CodeUnavailable, Key: "receive.busy", Args: map[string]any{"Seconds": 5}}
		}
		select {
		case <-ctx.Done():
			return Received{}, ctx.Err()
		case <-time.After(joinPoll):
		}
	}
}

// finished repeats the answer of an upload that has one.
func (a *App) finished(ctx context.Context, u db.Upload) (Received, error) {
	got := Received{Outcome: ReceiveOutcome(*u.Outcome)}
	if u.MediaID == nil {
		return got, nil
	}
	m, err := a.db.MediaByID(ctx, *u.MediaID)
	if err != nil && !db.IsNotFound(err) {
		return Received{}, fmt.Errorf("load media %s: %w", *u.MediaID, err)
	}
	got.Media = m
	return got, nil
}

// finishLeased does the work under the lease and gives it back.
func (a *App) finishLeased(ctx context.Context, actor Actor, u db.Upload) (Received, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinLimit)
	defer cancel()
	stop := a.keepJoining(ctx, u.ID)
	got, err := a.join(ctx, actor, u)
	stop()
	switch CodeOf(err) {
	case CodeUnsupported, CodeInvalid: // trying again would not help
		err = errors.Join(err, a.CancelUpload(ctx, actor, u.ID))
	}
	if err != nil {
		if stopErr := a.db.StopJoining(ctx, u.ID); stopErr != nil {
			a.log.WarnContext(ctx, "could not give back the lease of an upload; it lapses", "upload", u.ID, "error", stopErr)
		}
	}
	return got, err
}

// keepJoining renews the lease until stop is called.
func (a *App) keepJoining(ctx context.Context, id uuid.UUID) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(joinHeartbeat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := a.db.ExtendJoining(ctx, id); err != nil && ctx.Err() == nil {
					a.log.WarnContext(ctx, "could not renew the lease of an upload", "upload", id, "error", err)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

// join puts the pieces together under the final key, unless the owner has
// these bytes already.
func (a *App) join(ctx context.Context, actor Actor, u db.Upload) (Received, error) {
	sum, err := resumeHash(u.Sha256State)
	if err != nil {
		return Received{}, fmt.Errorf("finish upload %s: %w", u.ID, err)
	}
	wanted := sum.Sum(nil)
	if got, found, err := a.joinDuplicate(ctx, u, wanted); found || err != nil {
		return got, err
	}
	limit, err := a.room(ctx, u.OwnerID, u.Filename, u.Bytes)
	if err != nil {
		return Received{}, err
	}
	parts, err := a.db.UploadParts(ctx, u.ID)
	if err != nil {
		return Received{}, fmt.Errorf("list the pieces of upload %s: %w", u.ID, err)
	}
	pieces := &pieceReader{ctx: ctx, store: a.storage, parts: parts}
	defer pieces.Close()
	o := original{Incoming: Incoming{Filename: u.Filename, AlbumID: a.albumStill(ctx, actor, u.AlbumID), Modified: u.Modified, Size: u.Bytes}, owner: u.OwnerID, id: newID()}
	body := newIntake(pieces, limit)
	head, err := body.head(media.SniffLen)
	if err == nil {
		if o.typ, err = sniff(u.Filename, head); err != nil {
			return Received{}, err
		}
		err = a.store(ctx, &o, body, limit)
	}
	if errors.Is(pieces.err, storage.ErrNotFound) {
		return Received{}, &Error{Code: CodeInvalid, Key: "receive.broken", Args: fileArgs(u.Filename), Err: pieces.err}
	}
	if pieces.err != nil { // our storage, not the sender's line
		return Received{}, &Error{Code: CodeUnavailable, Key: "receive.storage", Args: fileArgs(u.Filename), Err: pieces.err}
	}
	if err != nil {
		return Received{}, err
	}
	if !bytes.Equal(o.sha256, wanted) {
		a.dropObjects(ctx, o.key)
		return Received{}, &Error{Code: CodeInvalid, Key: "receive.broken", Args: fileArgs(u.Filename)}
	}
	var keys []string
	got, err := a.addOriginal(ctx, actor, o, func(q *db.Queries, got Received) error {
		keys, err = a.closeUpload(ctx, q, u, got)
		return err
	})
	if err == nil {
		a.dropObjects(ctx, keys...)
	}
	return got, err
}

// joinDuplicate saves putting together what is there already.
func (a *App) joinDuplicate(ctx context.Context, u db.Upload, sha256 []byte) (got Received, found bool, err error) {
	var keys []string
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockUserUsage(ctx, u.OwnerID); err != nil {
			return fmt.Errorf("lock user %s: %w", u.OwnerID, err)
		}
		if got, found, err = a.existing(ctx, q, original{owner: u.OwnerID, sha256: sha256}); !found || err != nil {
			return err
		}
		// A lost original is repaired by putting the pieces together after all.
		missing, err := a.originalMissing(ctx, q, got.Media.ID)
		if err != nil || missing {
			found = false
			return err
		}
		keys, err = a.closeUpload(ctx, q, u, got)
		return err
	})
	if err != nil || !found {
		return Received{}, false, err
	}
	a.dropObjects(ctx, keys...)
	a.announce(ctx, got)
	return got, true, nil
}

// closeUpload notes the result and hands the pieces to the sweeper.
func (a *App) closeUpload(ctx context.Context, q *db.Queries, u db.Upload, got Received) ([]string, error) {
	outcome := string(got.Outcome)
	n, err := q.FinishUpload(ctx, db.FinishUploadParams{ID: u.ID, Outcome: &outcome, MediaID: &got.Media.ID, ExpiresAt: a.now().Add(UploadTTL)})
	if err != nil {
		return nil, fmt.Errorf("finish upload %s: %w", u.ID, err)
	}
	if n == 0 {
		return nil, errFinished // or cancelled; the caller looks
	}
	keys, err := q.DeleteUploadParts(ctx, u.ID)
	if err != nil {
		return nil, fmt.Errorf("delete the pieces of upload %s: %w", u.ID, err)
	}
	return keys, nil
}

// albumStill gives up the album where the actor may no longer add to it: the
// photo is then in none, rather than lost.
func (a *App) albumStill(ctx context.Context, actor Actor, album *uuid.UUID) *uuid.UUID {
	if album == nil {
		return nil
	}
	if _, _, err := a.authorizeAlbum(ctx, actor, AddToAlbum, *album); err != nil {
		return nil
	}
	return album
}

// pieceReader reads the pieces of an upload one after the other.
type pieceReader struct {
	ctx   context.Context
	store storage.Store
	parts []db.UploadPart
	open  io.ReadCloser
	err   error
}

func (p *pieceReader) Read(b []byte) (int, error) {
	for {
		if p.open == nil {
			if len(p.parts) == 0 {
				return 0, io.EOF
			}
			r, err := p.store.Open(p.ctx, p.parts[0].StorageKey, 0, -1)
			if err != nil {
				p.err = err
				return 0, err
			}
			p.open, p.parts = r, p.parts[1:]
		}
		n, err := p.open.Read(b)
		if err == io.EOF {
			err = p.Close()
		}
		if err != nil {
			p.err = err
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close closes the piece that is being read.
func (p *pieceReader) Close() error {
	if p.open == nil {
		return nil
	}
	r := p.open
	p.open = nil
	return r.Close()
}
