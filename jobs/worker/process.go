package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/media"
	"albumen/storage"
)

const (
	// processLimit is how long one item may take, apart from fetching it.
	processLimit = 3 * time.Minute
	// fetchRate is the slowest store, in bytes a second, that is waited for.
	fetchRate = 4 << 20
	// cleanupLimit is for giving an item back after its context has ended.
	cleanupLimit = 5 * time.Second
)

var errTooLong = errors.New("the time limit of the job is over")

// processMedia does the whole way of one item. It may run twice: the second
// run finds nothing to claim.
func (w *Worker) processMedia(ctx context.Context, mediaID string) error {
	id, err := uuid.Parse(mediaID)
	if err != nil {
		return fmt.Errorf("read the media id: %w", err)
	}
	system := app.SystemActor()
	claim, err := w.cfg.App.ClaimMedia(ctx, system, id)
	if errors.Is(err, app.ErrNotClaimable) {
		return nil
	}
	if err != nil {
		return err
	}
	limited, cancelLimit := context.WithTimeoutCause(ctx, limitOf(claim), errTooLong)
	defer cancelLimit()
	held, lose := context.WithCancelCause(limited)
	defer lose(nil)
	go w.keep(held, lose, claim)

	outcome, err := w.process(held, claim)
	if err == nil && outcome.Failure != nil && outcome.Failure.Retryable() && !claim.LastTry() {
		w.cfg.Log.WarnContext(ctx, "processing died; trying again", "media", id, "error", outcome.Failure)
		return w.release(ctx, claim, true)
	}
	if err == nil {
		err = w.cfg.App.FinishMedia(held, system, claim, outcome)
	}
	if err == nil {
		w.askForEmbeddings()
		return nil
	}
	return w.giveUp(ctx, context.Cause(held), claim, err)
}

// limitOf is how long an item may take, fetching included.
func limitOf(claim app.Claim) time.Duration {
	return processLimit + time.Duration(claim.Original.Bytes/fetchRate)*time.Second
}

// giveUp decides what becomes of an item whose attempt ended in err; cause is
// why its context ended, nil when it did not.
func (w *Worker) giveUp(ctx context.Context, cause error, claim app.Claim, err error) error {
	switch {
	case errors.Is(err, app.ErrLeaseLost) || errors.Is(cause, app.ErrLeaseLost):
		w.cfg.Log.WarnContext(ctx, "another worker took the item over", "media", claim.Media.ID)
		return nil
	case errors.Is(cause, errTooLong) && claim.LastTry():
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
		defer cancel()
		return w.cfg.App.FailMedia(clean, app.SystemActor(), claim,
			&media.ProcessError{Code: media.CodeTimeout, Reason: "Processing this file took too long.", Err: err})
	case errors.Is(cause, errTooLong):
		return errors.Join(err, w.release(ctx, claim, true))
	case ctx.Err() != nil: // stopping: the next worker goes on
		return w.release(ctx, claim, false)
	}
	return errors.Join(err, w.release(ctx, claim, false))
}

// release gives the item back, also when ctx has ended.
func (w *Worker) release(ctx context.Context, claim app.Claim, crashed bool) error {
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	err := w.cfg.App.ReleaseMedia(clean, app.SystemActor(), claim, crashed)
	if errors.Is(err, app.ErrLeaseLost) {
		return nil
	}
	return err
}

// keep renews the lease until ctx ends, and ends it when the lease is lost: by
// somebody else's claim, or because it ran out while the database was away.
func (w *Worker) keep(ctx context.Context, lose context.CancelCauseFunc, claim app.Claim) {
	ticker := time.NewTicker(app.HeartbeatEvery)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		limited, cancel := context.WithTimeout(ctx, app.HeartbeatEvery)
		err := w.cfg.App.KeepMedia(limited, app.SystemActor(), claim)
		cancel()
		switch {
		case err == nil:
			renewed = asked
		case errors.Is(err, app.ErrLeaseLost) || time.Since(renewed) > app.LeaseTime:
			lose(app.ErrLeaseLost)
			return
		}
	}
}

// process reads and pictures the file. Its error is never the file's fault;
// what is, comes as the Failure.
func (w *Worker) process(ctx context.Context, claim app.Claim) (app.Outcome, error) {
	path, remove, err := storage.LocalFile(ctx, w.cfg.Storage, claim.Original.StorageKey, w.cfg.TempDir)
	if errors.Is(err, storage.ErrNotFound) {
		return app.Outcome{Failure: app.OriginalMissing(err)}, nil
	}
	if err != nil {
		return app.Outcome{}, err
	}
	defer remove()
	kind, err := sniff(path)
	if refused, ok := errors.AsType[*media.RefusedError](err); ok {
		return app.Outcome{Failure: &media.ProcessError{Code: media.CodeUnsupported, Reason: "This type of file is not supported.", Err: refused}}, nil
	}
	if err != nil {
		return app.Outcome{}, err
	}

	var outcome app.Outcome
	meta, err := w.cfg.Media.Metadata(ctx, path)
	switch failure, broken := errors.AsType[*media.ProcessError](err); {
	case broken && failure.Retryable() && !claim.LastTry():
		return app.Outcome{Failure: failure}, nil
	case broken: // pictures can be made of files with unreadable metadata
		w.cfg.Log.WarnContext(ctx, "could not read the metadata", "media", claim.Media.ID, "error", failure)
	case err != nil:
		return app.Outcome{}, fmt.Errorf("read the metadata of media %s: %w", claim.Media.ID, err)
	default:
		meta.Complete(claim.Media.Filename, time.Time{}, w.cfg.Zone)
		outcome.Metadata = &meta
	}
	if !kind.Decodable {
		err := w.cfg.Media.CheckKept(ctx, path, kind, outcome.Metadata)
		if failure, ok := errors.AsType[*media.ProcessError](err); ok {
			outcome.Failure = failure
			return outcome, nil
		}
		return outcome, err
	}
	still, err := w.cfg.Media.Still(ctx, path, kind)
	if failure, ok := errors.AsType[*media.ProcessError](err); ok {
		outcome.Failure = failure
		return outcome, nil
	}
	if err != nil {
		return app.Outcome{}, fmt.Errorf("make the pictures of media %s: %w", claim.Media.ID, err)
	}
	outcome.Still = &still
	return outcome, nil
}

func sniff(path string) (media.Type, error) {
	file, err := os.Open(path)
	if err != nil {
		return media.Type{}, fmt.Errorf("open the original: %w", err)
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, media.SniffLen))
	if err != nil {
		return media.Type{}, fmt.Errorf("read the original: %w", err)
	}
	return media.Sniff(head)
}
