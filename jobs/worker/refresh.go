package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"albumen/app"
	"albumen/media"
	"albumen/storage"
)

// MetadataReader reads the metadata of one file; *media.Processor is the real one.
type MetadataReader interface {
	Metadata(ctx context.Context, path string) (media.Metadata, error)
}

// Refresh reads the metadata of finished items anew from their originals. All
// fields but Owner are required.
type Refresh struct {
	App      *app.App
	Media    MetadataReader
	Storage  storage.Store
	Parallel int            // items at a time
	Zone     *time.Location // assumed where a file's name gives a date
	TempDir  string         // for copies of originals that are not files of this machine
	Owner    *uuid.UUID     // whose items; nil: everybody's
	Report   func(Refreshed)
}

// Refreshed says what became of one item; one is reported at a time.
type Refreshed struct {
	Claim   app.Claim
	Changed bool
	Busy    bool                // left to the worker that has it
	Failure *media.ProcessError // the file's
}

// Run goes through all items once. It may run beside workers, and again: it
// takes no leases, and writes only where no worker has come in between.
func (r Refresh) Run(ctx context.Context) error {
	var one sync.Mutex
	for after := (uuid.UUID{}); ; {
		page, err := r.App.FinishedItems(ctx, app.SystemActor(), after, r.Owner)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Media.ID
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(r.Parallel)
		for _, claim := range page {
			group.Go(func() error {
				done, err := r.item(within, claim)
				if err != nil {
					return err
				}
				one.Lock()
				defer one.Unlock()
				r.Report(done)
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
}

// item's error is never the file's fault.
func (r Refresh) item(ctx context.Context, claim app.Claim) (Refreshed, error) {
	done := Refreshed{Claim: claim}
	ctx, cancel := context.WithTimeoutCause(ctx, limitOf(claim), errTooLong)
	defer cancel()
	path, remove, err := storage.LocalFile(ctx, r.Storage, claim.Original.StorageKey, r.TempDir)
	if errors.Is(err, storage.ErrNotFound) {
		done.Failure = app.OriginalMissing(err)
		return done, nil
	}
	if err != nil {
		return done, err
	}
	defer remove()
	meta, err := r.Media.Metadata(ctx, path)
	if failure, ok := errors.AsType[*media.ProcessError](err); ok {
		done.Failure = failure
		return done, nil
	}
	if err != nil {
		return done, fmt.Errorf("read the metadata of media %s: %w", claim.Media.ID, err)
	}
	meta.Complete(claim.Media.Filename, time.Time{}, r.Zone)
	done.Changed, err = r.App.RefreshMetadata(ctx, app.SystemActor(), claim, meta)
	if errors.Is(err, app.ErrLeaseLost) {
		done.Busy, err = true, nil
	}
	return done, err
}
