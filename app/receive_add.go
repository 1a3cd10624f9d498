package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/jobs"
	"albumen/media"
	"albumen/storage"
)

// addOriginal gives a stored file its row, or finds the one that the owner has
// already. also runs in the same transaction, once the answer is known; it may
// be nil. After an error or a duplicate the stored object is gone.
func (a *App) addOriginal(ctx context.Context, actor Actor, o original, also func(*db.Queries, Received) error) (Received, error) {
	var got Received
	var err error
	if o.guest == nil { // rights may have changed while the bytes came in; of guests insertOriginal asks
		_, err = a.mayReceive(ctx, actor, o.AlbumID)
	}
	if err == nil {
		err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			var err error
			if got, err = a.insertOriginal(ctx, q, actor, o); err != nil {
				return err
			}
			if o.guest != nil {
				return a.noteGuest(ctx, q, actor, o, got)
			}
			if also != nil {
				return also(q, got)
			}
			return nil
		})
	}
	if err != nil || got.Outcome != OutcomeCreated && !got.repaired {
		a.dropObjects(ctx, o.key)
	}
	if err != nil {
		return Received{}, err
	}
	a.announce(ctx, got)
	return got, nil
}

// insertOriginal holds the lock on the owner's row, so that of two uploads of
// the same bytes the second finds the first.
func (a *App) insertOriginal(ctx context.Context, q *db.Queries, actor Actor, o original) (Received, error) {
	usage, err := q.LockUserUsage(ctx, o.owner)
	if err != nil {
		return Received{}, fmt.Errorf("lock user %s: %w", o.owner, err)
	}
	if o.guest != nil {
		if err := a.takeGuestQuota(ctx, q, actor, o); err != nil {
			return Received{}, err
		}
	}
	if got, found, err := a.existing(ctx, q, o); found || err != nil {
		if err == nil {
			got.repaired, err = a.repairOriginal(ctx, q, got.Media.ID, o.key)
		}
		return got, err
	}
	limit := a.limitFor(usage.QuotaBytes, usage.UsedBytes)
	if limit.guest = o.guest != nil; o.bytes > limit.bytes {
		return Received{}, limit.exceeded(o.Filename)
	}
	if err := keepObject(ctx, q, o.key); err != nil {
		return Received{}, err
	}
	taken, source := a.takenAt(o.Incoming)
	taken = taken.In(a.defaultZone)
	_, seconds := taken.Zone()
	offset := int32(seconds / 60)
	name := media.CorrectFilename(o.Filename, o.typ)
	m, err := q.InsertMedia(ctx, db.InsertMediaParams{
		ID: o.id, OwnerID: o.owner, AlbumID: o.AlbumID, Kind: db.MediaKind(o.typ.Kind), Filename: name, Mime: o.typ.MIME,
		Bytes: o.bytes, Sha256: o.sha256, TakenAt: taken, TakenAtLocal: wallClock(taken), TakenOffset: &offset, TakenAtSource: source,
		Now: a.now(), Withheld: o.guest.withholds(),
	})
	if err != nil {
		return Received{}, fmt.Errorf("insert media %s: %w", o.id, err)
	}
	err = q.InsertOriginal(ctx, db.InsertOriginalParams{
		ID: newID(), MediaID: m.ID, StorageKey: o.key, Filename: name, Mime: o.typ.MIME, Bytes: o.bytes, Sha256: o.sha256,
	})
	if err != nil {
		return Received{}, fmt.Errorf("insert the original of %s: %w", m.ID, err)
	}
	if err := q.AddUsedBytes(ctx, db.AddUsedBytesParams{ID: o.owner, Delta: o.bytes}); err != nil {
		return Received{}, fmt.Errorf("count the bytes of %s: %w", m.ID, err)
	}
	return Received{Outcome: OutcomeCreated, Media: m}, nil
}

// existing finds the item that the owner has of the same bytes, and takes it
// out of the trash, unless it is a guest who sends it.
func (a *App) existing(ctx context.Context, q *db.Queries, o original) (got Received, found bool, err error) {
	m, err := q.MediaBySHA256(ctx, db.MediaBySHA256Params{OwnerID: o.owner, Sha256: o.sha256})
	if db.IsNotFound(err) {
		return Received{}, false, nil
	}
	if err != nil {
		return Received{}, false, fmt.Errorf("look for a duplicate: %w", err)
	}
	if m.TrashedAt == nil || o.guest != nil {
		return Received{Outcome: OutcomeDuplicate, Media: m}, true, nil
	}
	m, err = q.RestoreMediaRow(ctx, db.RestoreMediaRowParams{ID: m.ID, Now: a.now()})
	if db.IsNotFound(err) {
		return Received{}, false, nil // deleted for ever meanwhile
	}
	if err != nil {
		return Received{}, false, fmt.Errorf("restore media: %w", err)
	}
	return Received{Outcome: OutcomeRestored, Media: m}, true, nil
}

// originalMissing tells whether the storage has lost an item's original.
func (a *App) originalMissing(ctx context.Context, q *db.Queries, media uuid.UUID) (bool, error) {
	file, err := q.OriginalOf(ctx, media)
	if err != nil {
		return false, fmt.Errorf("look up the original of %s: %w", media, err)
	}
	switch _, err := a.storage.Stat(ctx, file.StorageKey); {
	case errors.Is(err, storage.ErrNotFound):
		return true, nil
	case err != nil:
		return false, &Error{Code: CodeUnavailable, Key: "error.unavailable", Err: err}
	}
	return false, nil
}

// repairOriginal puts the object under key in the place of an original that
// the storage has lost: the same bytes have come again.
func (a *App) repairOriginal(ctx context.Context, q *db.Queries, media uuid.UUID, key string) (bool, error) {
	missing, err := a.originalMissing(ctx, q, media)
	if err != nil || !missing {
		return false, err
	}
	if err := keepObject(ctx, q, key); err != nil {
		return false, err
	}
	if err := q.ReplaceOriginalObject(ctx, db.ReplaceOriginalObjectParams{MediaID: media, StorageKey: key}); err != nil {
		return false, fmt.Errorf("replace the original of %s: %w", media, err)
	}
	if _, err := q.RetryMedia(ctx, media); err != nil {
		return false, fmt.Errorf("process %s again: %w", media, err)
	}
	a.log.WarnContext(ctx, "an original that the storage had lost has come again", "media", media)
	return true, nil
}

// announce hands new items to the workers and tells open pages of restored ones.
func (a *App) announce(ctx context.Context, got Received) {
	ctx = context.WithoutCancel(ctx) // the item is there, whether or not anybody waits for the answer
	switch {
	case got.Outcome == OutcomeCreated, got.repaired:
		// A lost job is no lost photo: the sweeper of pending items brings it back.
		if err := a.jobs.Enqueue(ctx, jobs.ProcessMedia{MediaID: got.Media.ID.String()}); err != nil {
			a.log.WarnContext(ctx, "could not enqueue the processing of an upload", "media", got.Media.ID, "error", err)
		}
	case got.Outcome == OutcomeRestored:
		a.publish(ctx, Event{UserID: got.Media.OwnerID, MediaID: got.Media.ID, Kind: EventChanged})
	}
}

// wallClock is what a clock on the wall showed at t, as a time without a zone.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}
