package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const (
	// reservedFor is how long a reserved object may lie without a row of its
	// own: longer than any upload takes.
	reservedFor = 24 * time.Hour
	// leftoverAge is when a half-written file counts as abandoned.
	leftoverAge = 24 * time.Hour
	sweepBatch  = 100
	// An object that could not be deleted waits this long; so many of them in a
	// row mean that the storage itself is in trouble.
	sweepAgain  = time.Hour
	sweepGiveUp = 5
)

// reserveObject notes that an object is about to be written under key, so that
// the sweeper removes it if its transaction never comes. That transaction
// calls keepObject.
func (a *App) reserveObject(ctx context.Context, key string) error {
	err := a.db.ReserveObject(ctx, db.ReserveObjectParams{StorageKey: key, DeleteAt: a.now().Add(reservedFor)})
	if err != nil {
		return fmt.Errorf("reserve the object %s: %w", key, err)
	}
	return nil
}

// keepObject makes a reserved object permanent when its transaction commits.
func keepObject(ctx context.Context, q *db.Queries, key string) error {
	n, err := q.KeepObject(ctx, key)
	if err != nil {
		return fmt.Errorf("keep the object %s: %w", key, err)
	}
	if n == 0 {
		return &Error{Code: CodeUnavailable, Key: "receive.too_slow", Err: fmt.Errorf("the sweeper has removed %s", key)}
	}
	return nil
}

// dropObjects deletes pending objects now. Failing only leaves them to the
// sweeper; it goes on although the request has ended.
func (a *App) dropObjects(ctx context.Context, keys ...string) {
	ctx = context.WithoutCancel(ctx)
	for batch := range slices.Chunk(keys, sweepBatch) {
		if err := a.dropBatch(ctx, batch); err != nil {
			a.log.WarnContext(ctx, "could not remove objects; the sweeper will", "keys", batch, "error", err)
		}
	}
}

func (a *App) dropBatch(ctx context.Context, keys []string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		// Those without a row are permanent, or the sweeper has them.
		locked, err := q.LockPendingObjects(ctx, keys)
		if err != nil {
			return err
		}
		for _, key := range locked {
			if err := a.deletePending(ctx, q, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// deletePending deletes an object whose pending row is locked, then the row.
func (a *App) deletePending(ctx context.Context, q *db.Queries, key string) error {
	if err := a.storage.Delete(ctx, key); err != nil {
		return err
	}
	_, err := q.KeepObject(ctx, key)
	return err
}

// SweepObjects deletes objects that no row wants: what killed uploads left
// behind and what deleted items owned. It returns how many it deleted. One that
// cannot be deleted is tried again an hour later and keeps no other from going;
// several in a row end the round with their error. Only the system may; several
// may run at once.
func (a *App) SweepObjects(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	swept := 0
	for {
		n, done, err := a.sweepObjectBatch(ctx)
		swept += n
		if err != nil || done {
			return swept, err
		}
	}
}

// SweepLeftovers deletes files that killed processes left half-written in the
// storage; it looks at every name there. Only the system may.
func (a *App) SweepLeftovers(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	return a.storage.RemoveLeftovers(ctx, time.Now().Add(-leftoverAge))
}

// sweepObjectBatch returns how many objects it deleted, and whether the others
// that are due are none or have to wait.
func (a *App) sweepObjectBatch(ctx context.Context) (deleted int, done bool, err error) {
	var broken error
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		deleted, broken = 0, nil
		keys, err := q.LockDueObjects(ctx, db.LockDueObjectsParams{Now: a.now(), N: sweepBatch})
		if err != nil {
			return fmt.Errorf("list the objects to delete: %w", err)
		}
		done = len(keys) < sweepBatch
		failed := 0
		for _, key := range keys {
			err := a.storage.Delete(ctx, key)
			if err == nil {
				if _, err := q.KeepObject(ctx, key); err != nil {
					return fmt.Errorf("forget the object %s: %w", key, err)
				}
				deleted, failed = deleted+1, 0
				continue
			}
			if ctx.Err() != nil {
				return fmt.Errorf("sweep the object %s: %w", key, err)
			}
			a.log.WarnContext(ctx, "could not delete an object; trying again later", "key", key, "error", err)
			if err := q.ReserveObject(ctx, db.ReserveObjectParams{StorageKey: key, DeleteAt: a.now().Add(sweepAgain)}); err != nil {
				return fmt.Errorf("postpone the object %s: %w", key, err)
			}
			if failed++; failed == sweepGiveUp {
				broken = fmt.Errorf("sweep the object %s, after others that failed: %w", key, err)
				return nil // what was done and postponed so far stays so
			}
		}
		return nil
	})
	if err == nil {
		err = broken
	}
	return deleted, done, err
}
