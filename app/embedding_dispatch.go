package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/jobs"
	"albumen/ml"
)

const (
	// EmbedLease is how long an item may at least be away with an ml process,
	// apart from the time in the queue, and maxEmbedLease the longest.
	EmbedLease, maxEmbedLease = 2 * time.Minute, 30 * time.Minute
	// leaseFactor times what the processes need for all that is away, by their
	// rate or, before there is one, by the picture that each tries when it loads
	// the model, is what an item may be away.
	leaseFactor = 4
	// maxInFlight and minInFlight bound how many items of a model are away at a
	// time: enough for its processes' batches, few enough that a photo that
	// comes now is soon its turn.
	maxInFlight, minInFlight = 128, 16
	// inFlightAhead is how much work, by the rate of the processes, is handed out.
	inFlightAhead = 2 * time.Second
	// backlogChunk items at a time get their rows when a model is new, and
	// backlogChunks of them in one round.
	backlogChunk, backlogChunks = 2000, 5
	// dispatchLock is the advisory lock under which one dispatcher runs at a time.
	dispatchLock = 0x616c62656d62 // "albemb"
)

// embedCrashedReason is the plain sentence stored with the code ml.EmbedCrashed.
const embedCrashedReason = "The ml process stopped each time while it had this picture in hand."

// Dispatched says what one round of DispatchEmbeddings did.
type Dispatched struct {
	Added    int // items that were there before a model and now wait for it
	Sent     int // handed to the ml processes
	Expired  int // never came back, and wait again
	Failed   int // given up
	Switched int // models that were complete and are searched from now on
}

// DispatchEmbeddings does what is due for embeddings: it learns of new models,
// gives old items to them, hands waiting items to the ml processes as fast as
// they work, takes back what never returned, and makes search use a model that
// is complete. Any number of processes may call it at any time. While no
// process is ready with a model, none of its items are handed out.
func (a *App) DispatchEmbeddings(ctx context.Context, actor Actor, queues jobs.Queues) (Dispatched, error) {
	if err := actor.allowSystem(); err != nil {
		return Dispatched{}, err
	}
	statuses, err := a.ml.Statuses(ctx)
	if err != nil {
		return Dispatched{}, fmt.Errorf("ask the ml processes: %w", err)
	}
	ready := capacities(statuses)
	models, err := a.register(ctx, ready)
	errs := []error{err} // what is wrong with one model does not keep the others waiting
	var d Dispatched
	for _, m := range models {
		if m.State == db.EmbeddingModelStateRetired {
			continue
		}
		if err := a.dispatchModel(ctx, m, ready[m.Name], queues, &d); err != nil {
			errs = append(errs, fmt.Errorf("dispatch for the model %s: %w", m.Name, err))
		}
	}
	return d, errors.Join(errs...)
}

// dispatchModel is one round for one model.
func (a *App) dispatchModel(ctx context.Context, m db.EmbeddingModel, c capacity, queues jobs.Queues, d *Dispatched) error {
	var err error
	for n := 0; n < backlogChunks && !m.BacklogDone; n++ {
		chunk, err := a.continueBacklog(ctx, m.ID)
		if err != nil {
			return fmt.Errorf("add what was there before the model: %w", err)
		}
		m.BacklogDone = chunk.BacklogDone
		d.Added += int(chunk.Added)
	}
	overdue, err := a.overdue(ctx, m, queues)
	if err != nil {
		return err
	}
	var claimed []db.ClaimEmbeddingsRow
	var expired []db.ExpireEmbeddingLeasesRow
	complete := false
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		claimed, expired, complete = nil, nil, false
		mine, err := q.TryAdvisoryLock(ctx, dispatchLock)
		if err != nil {
			return fmt.Errorf("lock the dispatcher: %w", err)
		}
		if !mine {
			return nil
		}
		if expired, err = expireEmbeddings(ctx, q, m, c, overdue); err != nil {
			return err
		}
		if c.processes > 0 {
			if claimed, err = claimEmbeddings(ctx, q, m, c); err != nil {
				return err
			}
		}
		if m.State == db.EmbeddingModelStateBuilding && m.BacklogDone {
			unfinished, err := q.Unfinished(ctx, m.ID)
			if err != nil {
				return fmt.Errorf("look whether the model is complete: %w", err)
			}
			complete = !unfinished
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.tellExpired(ctx, expired, d)
	if complete {
		switched, err := a.activate(ctx, SystemActor(), m.ID)
		if err != nil {
			return err
		}
		if switched {
			d.Switched++
			a.log.InfoContext(ctx, "the new model is complete; search uses it from now on", "model", m.Name)
		}
	}
	sent, err := a.sendEmbeddings(ctx, m, claimed)
	d.Sent += sent
	return err
}

// continueBacklog gives the next chunk of items their rows.
func (a *App) continueBacklog(ctx context.Context, model int32) (chunk db.ContinueBacklogRow, err error) {
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockModel(ctx, model); err != nil {
			return fmt.Errorf("lock the model: %w", err)
		}
		chunk, err = q.ContinueBacklog(ctx, db.ContinueBacklogParams{ModelID: model, N: backlogChunk})
		return err
	})
	return chunk, err
}

// overdue is what is away for longer than its lease, and what tells whether it
// is lost.
type overdue struct {
	items, begun []uuid.UUID // begun are those of items that a process has begun and not ended
	queued       int         // items of the model that wait in a queue, on the way to an ml process or back
}

func (a *App) overdue(ctx context.Context, m db.EmbeddingModel, queues jobs.Queues) (overdue, error) {
	late, err := a.db.OverdueEmbeddings(ctx, m.ID)
	if err != nil || len(late) == 0 {
		return overdue{}, err
	}
	o := overdue{begun: []uuid.UUID{}} // nil would be NULL
	asked := make([]ml.EmbedImage, len(late))
	for n, l := range late {
		o.items = append(o.items, l.MediaID)
		asked[n] = ml.EmbedImage{MediaID: l.MediaID.String(), Model: m.Name, Attempt: int(l.Attempts)}
	}
	begun, err := a.ml.Begun(ctx, asked)
	if err != nil {
		return overdue{}, fmt.Errorf("ask what the ml processes have begun: %w", err)
	}
	for n, id := range o.items {
		if begun[n] {
			o.begun = append(o.begun, id)
		}
	}
	there, err := queues.Length(ctx, ml.EmbedImageKind(m.Name))
	if err != nil {
		return overdue{}, err
	}
	back, err := queues.Length(ctx, ml.StoreEmbedding{}.Kind())
	if err != nil {
		return overdue{}, err
	}
	o.queued = int(there + back)
	return o, nil
}

// expireEmbeddings ends leases that ran out. As many items as wait in a queue
// are not lost, whatever their leases say, and those that left first left the
// queue first. What no process has in hand got lost in Redis, which is no fault
// of the item's: only what was begun counts as a crash.
func expireEmbeddings(ctx context.Context, q *db.Queries, m db.EmbeddingModel, c capacity, late overdue) ([]db.ExpireEmbeddingLeasesRow, error) {
	if len(late.items) == 0 {
		return nil, nil
	}
	load, err := q.EmbeddingLoad(ctx, m.ID)
	if err != nil {
		return nil, fmt.Errorf("count what is away: %w", err)
	}
	expired, err := q.ExpireEmbeddingLeases(ctx, db.ExpireEmbeddingLeasesParams{
		ModelID: m.ID, MaxCrashes: MaxCrashes, ErrorCode: ml.EmbedCrashed, Error: embedCrashedReason,
		LookedAt: late.items, Begun: late.begun, N: max(0, load.InFlight-int32(late.queued)),
	})
	if err != nil {
		return nil, fmt.Errorf("end leases that ran out: %w", err)
	}
	if err := q.ExtendEmbeddingLeases(ctx, db.ExtendEmbeddingLeasesParams{ModelID: m.ID, LookedAt: late.items, LeaseSeconds: c.lease().Seconds()}); err != nil {
		return nil, fmt.Errorf("renew leases of what waits in the queue: %w", err)
	}
	return expired, nil
}

// claimEmbeddings takes leases on as many items as the processes can use. An
// item that was there at two crashes is sent alone, when all others are back:
// so it cannot take them along a third time.
func claimEmbeddings(ctx context.Context, q *db.Queries, m db.EmbeddingModel, c capacity) ([]db.ClaimEmbeddingsRow, error) {
	load, err := q.EmbeddingLoad(ctx, m.ID)
	if err != nil {
		return nil, fmt.Errorf("count what is away: %w", err)
	}
	if load.Suspects && load.InFlight > 0 {
		return nil, nil
	}
	if load.Suspects {
		rows, err := q.ClaimSuspect(ctx, db.ClaimSuspectParams{ModelID: m.ID, LeaseSeconds: c.lease().Seconds()})
		if err != nil {
			return nil, fmt.Errorf("claim a suspect: %w", err)
		}
		var claimed []db.ClaimEmbeddingsRow
		for _, r := range rows {
			claimed = append(claimed, db.ClaimEmbeddingsRow(r))
		}
		return claimed, nil
	}
	room := c.window() - load.InFlight
	if room <= 0 {
		return nil, nil
	}
	claimed, err := q.ClaimEmbeddings(ctx, db.ClaimEmbeddingsParams{ModelID: m.ID, LeaseSeconds: c.lease().Seconds(), N: room})
	if err != nil {
		return nil, fmt.Errorf("claim items: %w", err)
	}
	return claimed, nil
}

// window is how many items may be away.
func (c capacity) window() int32 {
	ahead := math.Ceil(c.rate * inFlightAhead.Seconds())
	return int32(min(max(ahead, minInFlight*float64(c.processes)), maxInFlight))
}

// lease is how long an item may be away: with a slow model, or large batches of
// one, longer than EmbedLease, so that nothing is taken back that is in hand.
func (c capacity) lease() time.Duration {
	if c.expected <= 0 {
		return EmbedLease
	}
	seconds := min(leaseFactor*float64(c.window())/c.expected, maxEmbedLease.Seconds())
	return max(EmbedLease, time.Duration(seconds*float64(time.Second)))
}

// sendEmbeddings enqueues what was claimed. What cannot be enqueued is given
// back; the next round tries again.
func (a *App) sendEmbeddings(ctx context.Context, m db.EmbeddingModel, claimed []db.ClaimEmbeddingsRow) (int, error) {
	for n, c := range claimed {
		err := a.sendEmbedding(ctx, m, c)
		if err == nil {
			continue
		}
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		errs := []error{fmt.Errorf("hand media %s to the ml processes: %w", c.MediaID, err)}
		for _, rest := range claimed[n:] {
			errs = append(errs, a.db.ReleaseEmbedding(clean, db.ReleaseEmbeddingParams{ModelID: m.ID, MediaID: rest.MediaID, Attempts: rest.Attempts}))
		}
		return n, errors.Join(errs...)
	}
	return len(claimed), nil
}

func (a *App) sendEmbedding(ctx context.Context, m db.EmbeddingModel, c db.ClaimEmbeddingsRow) error {
	if c.StorageKey == "" {
		// Its preview was there when it was added; StoreEmbedding knows what to do.
		missing := ml.StoreEmbedding{MediaID: c.MediaID.String(), Model: m.Name, Attempt: int(c.Attempts), Error: ml.EmbedMissing, Reason: "The item has no preview."}
		return a.StoreEmbedding(ctx, SystemActor(), missing)
	}
	return a.jobs.Enqueue(ctx, ml.EmbedImage{MediaID: c.MediaID.String(), Model: m.Name, StorageKey: c.StorageKey, Attempt: int(c.Attempts)})
}

// tellExpired counts what never came back, and tells of what was given up.
func (a *App) tellExpired(ctx context.Context, expired []db.ExpireEmbeddingLeasesRow, d *Dispatched) {
	for _, e := range expired {
		if e.State != db.AiStateFailed {
			d.Expired++
			continue
		}
		d.Failed++
		a.log.WarnContext(ctx, "gave up an item whose embedding never came back", "media", e.MediaID)
		a.publishEmbedded(ctx, e.OwnerID, e.MediaID)
	}
}

func (a *App) publishEmbedded(ctx context.Context, owner, item uuid.UUID) {
	a.publish(ctx, Event{UserID: owner, MediaID: item, Kind: EventEmbedded})
}
