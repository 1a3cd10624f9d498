package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/jobs"
)

const (
	// waitingIdleSeconds is how long an untouched item counts as being on its way.
	waitingIdleSeconds = 10
	// refill is how many jobs the sweeper keeps in the queue: enough for the
	// workers until its next round, few enough that duplicates do not matter.
	refill = 200
	// SweepLock is the advisory lock under which one sweeper runs at a time.
	SweepLock = 0x616c62756d656e // "albumen"
)

// Swept says what one round of SweepProcessing did.
type Swept struct {
	Resumed  int  // items whose worker died, enqueued again
	Failed   int  // items given up
	Refilled int  // waiting items enqueued again
	Busy     bool // another process was sweeping
}

// SweepProcessing compares rows and queue, and enqueues what the queue has
// forgotten: items whose worker died, and waiting ones when the queue holds
// fewer jobs than there are items waiting. One process at a time does this.
func (a *App) SweepProcessing(ctx context.Context, actor Actor, queues jobs.Queues) (Swept, error) {
	if err := actor.allowSystem(); err != nil {
		return Swept{}, err
	}
	var swept Swept
	var given []db.FailCrashedRow
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		swept = Swept{}
		mine, err := q.TryAdvisoryLock(ctx, SweepLock)
		if err != nil {
			return fmt.Errorf("lock the sweeper: %w", err)
		}
		if !mine {
			swept.Busy = true
			return nil
		}
		if given, err = q.FailCrashed(ctx, db.FailCrashedParams{Error: crashedReason, MaxCrashes: MaxCrashes}); err != nil {
			return fmt.Errorf("give up crashing items: %w", err)
		}
		swept.Failed = len(given)
		if err := q.TrimSharingChanges(ctx); err != nil {
			return fmt.Errorf("forget old changes of what is shared: %w", err)
		}
		if swept.Resumed, err = a.resumeDead(ctx, q, queues); err != nil {
			return err
		}
		swept.Refilled, err = a.refillQueue(ctx, q, queues)
		return err
	})
	if err != nil {
		return Swept{}, err
	}
	for _, m := range given {
		a.log.WarnContext(ctx, "gave up an item whose processing died too often", "media", m.ID)
		a.publish(ctx, Event{UserID: m.OwnerID, MediaID: m.ID, Kind: EventFailed})
	}
	return swept, nil
}

// crashedReason is the plain sentence stored with the code media.CodeCrashed.
const crashedReason = "Processing this file stopped unexpectedly several times."

// resumeDead enqueues the items of dead workers on the fast lane: they have
// waited for their turn once already.
func (a *App) resumeDead(ctx context.Context, q *db.Queries, queues jobs.Queues) (int, error) {
	ids, err := q.ExpiredLeases(ctx, db.ExpiredLeasesParams{MaxCrashes: MaxCrashes, N: refill})
	if err != nil {
		return 0, fmt.Errorf("find expired leases: %w", err)
	}
	return a.topUp(ctx, queues, jobs.ResumeMedia{}.Kind(), ids, func(id string) jobs.Job { return jobs.ResumeMedia{MediaID: id} })
}

// refillQueue enqueues items that nobody seems to be coming for, as after
// Redis lost its data.
func (a *App) refillQueue(ctx context.Context, q *db.Queries, queues jobs.Queues) (int, error) {
	ids, err := q.WaitingMedia(ctx, db.WaitingMediaParams{IdleSeconds: waitingIdleSeconds, N: refill})
	if err != nil {
		return 0, fmt.Errorf("find waiting items: %w", err)
	}
	return a.topUp(ctx, queues, jobs.ProcessMedia{}.Kind(), ids, func(id string) jobs.Job { return jobs.ProcessMedia{MediaID: id} })
}

// topUp enqueues the ids only while the queue holds fewer jobs than that, which
// keeps duplicates out of a queue that is merely long.
func (a *App) topUp(ctx context.Context, queues jobs.Queues, kind string, ids []uuid.UUID, job func(id string) jobs.Job) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	n, err := queues.Length(ctx, kind)
	if err != nil {
		return 0, fmt.Errorf("measure the queue: %w", err)
	}
	if n >= int64(len(ids)) {
		return 0, nil
	}
	for _, id := range ids {
		if err := a.jobs.Enqueue(ctx, job(id.String())); err != nil {
			return 0, fmt.Errorf("enqueue media %s again: %w", id, err)
		}
	}
	return len(ids), nil
}

// ProcessingCounts are the numbers of items by status, for admins and scripts.
func (a *App) ProcessingCounts(ctx context.Context, actor Actor) (map[string]int64, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	rows, err := a.db.CountMediaByStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("count media by status: %w", err)
	}
	counts := map[string]int64{"pending": 0, "processing": 0, "ready": 0, "failed": 0}
	for _, r := range rows {
		counts[string(r.Status)] = r.N
	}
	return counts, nil
}
