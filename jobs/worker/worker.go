// Package worker runs the background jobs: it decodes their arguments, calls
// the use-cases of app, and leaves what failed to the rows in PostgreSQL.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"

	"albumen/app"
	"albumen/jobs"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb"
	"albumen/storage"
)

// Processor reads and pictures one file; *media.Processor is the real one.
type Processor interface {
	Still(ctx context.Context, path string, t media.Type) (media.Result, error)
	Metadata(ctx context.Context, path string) (media.Metadata, error)
	CheckKept(ctx context.Context, path string, t media.Type, m *media.Metadata) error
}

// Config is what a Worker needs; all fields are required.
type Config struct {
	App         *app.App
	Media       Processor
	Storage     storage.Store
	Queue       *jobs.Queue
	Redis       *redis.Pool
	Namespace   string         // of the queue, see jobs.Namespace
	Concurrency int            // jobs at a time
	Zone        *time.Location // assumed where a file's name gives a date
	TempDir     string         // for copies of originals that are not files of this machine
	Log         *slog.Logger
}

const (
	// grace is how long running jobs may go on after a stop was asked for. What
	// is still running then is given back and done again by somebody else.
	grace = 3 * time.Second
	// stopAtMost bounds the whole stop, should a job not heed its context.
	stopAtMost = 10 * time.Second
	// failurePause follows a job that failed for no fault of its file's.
	failurePause = time.Second
)

// Worker runs jobs and schedules of one process.
type Worker struct {
	cfg   Config
	tasks []task
	embed chan struct{} // asks for a round of the dispatcher of embeddings
	mail  chan struct{} // asks for a round of sending mails
	// jobs is the context of the running jobs; it outlives Run's by grace.
	jobs context.Context
}

// New returns a worker; Run starts it.
func New(cfg Config) *Worker {
	embed, mail := make(chan struct{}, 1), make(chan struct{}, 1)
	return &Worker{cfg: cfg, tasks: schedule(cfg.App, cfg.Queue, cfg.Log, embed, mail), embed: embed, mail: mail}
}

// Run works until ctx ends, then stops: running jobs get a few seconds to end,
// after that their items are given back.
func (w *Worker) Run(ctx context.Context) error {
	var cancel context.CancelFunc
	w.jobs, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	slots := w.slots(ctx)
	bells := make([]chan struct{}, len(slots))
	for i, slot := range slots {
		slot.Start()
		bells[i] = make(chan struct{}, 1)
		go answer(ctx, bells[i], slot)
	}
	var background sync.WaitGroup
	background.Go(func() { w.listen(ctx, bells) })
	for _, t := range w.tasks {
		background.Go(func() { t.loop(ctx, w.cfg.Log) })
	}
	w.cfg.Log.InfoContext(ctx, "the worker is ready", "concurrency", w.cfg.Concurrency)
	<-ctx.Done()

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		var all sync.WaitGroup
		for _, slot := range slots {
			all.Go(slot.Stop)
		}
		all.Wait()
		background.Wait()
	}()
	select {
	case <-stopped:
		return nil
	case <-time.After(grace):
	}
	cancel()
	select {
	case <-stopped:
		return nil
	case <-time.After(stopAtMost - grace):
		return fmt.Errorf("stop the worker: jobs still run after %s; their leases will expire", stopAtMost)
	}
}

// slots are pools of one worker each, so that each can be woken by itself: a
// pool wakes only when all of its workers are free.
func (w *Worker) slots(ctx context.Context) []*work.WorkerPool {
	pool := redisdb.Patient(ctx, w.cfg.Redis)
	slots := make([]*work.WorkerPool, w.cfg.Concurrency)
	for i := range slots {
		slots[i] = work.NewWorkerPool(struct{}{}, 1, w.cfg.Namespace, pool)
		// The rows are the truth and the sweeper retries: gocraft/work shall not.
		once := work.JobOptions{MaxFails: 1, SkipDead: true, Priority: 1}
		slots[i].JobWithOptions(jobs.ProcessMedia{}.Kind(), once, w.handler("process media", w.processMedia))
		once.Priority = 1000
		slots[i].JobWithOptions(jobs.ResumeMedia{}.Kind(), once, w.handler("resume media", w.processMedia))
		slots[i].JobWithOptions(ml.StoreEmbedding{}.Kind(), once, w.storeEmbedding)
		slots[i].JobWithOptions(jobs.SendMail{}.Kind(), once, w.sendMail)
		slots[i].JobWithOptions(jobs.MailAccount{}.Kind(), once, w.mailAccount)
	}
	return slots
}

// handler adapts a job on one item to gocraft/work.
func (w *Worker) handler(what string, run func(context.Context, string) error) func(*work.Job) error {
	return func(job *work.Job) error {
		id := job.ArgString("media_id")
		if err := job.ArgError(); err != nil {
			w.cfg.Log.Error("a job has wrong arguments", "job", job.Name, "error", err)
			return err
		}
		err := run(w.jobs, id)
		if err != nil {
			w.cfg.Log.Error("a job failed; the sweeper will try again", "job", what, "media", id, "error", err)
			w.pause()
		}
		return err
	}
}

// pause follows what failed like that: mostly something is away, and there is
// no need to hurry through the queue.
func (w *Worker) pause() {
	select {
	case <-w.jobs.Done():
	case <-time.After(failurePause):
	}
}

// listen rings the bells whenever a job is enqueued, and once after each time
// that the connection was lost.
func (w *Worker) listen(ctx context.Context, bells []chan struct{}) {
	ring := func() {
		for _, bell := range bells {
			select {
			case bell <- struct{}{}:
			default: // rung already
			}
		}
	}
	outage := &redisdb.Outage{Log: w.cfg.Log}
	redisdb.Subscription{
		Pool: w.cfg.Redis, Channel: jobs.BellChannel(w.cfg.Namespace),
		Connected: func() { outage.Note(ctx, nil); ring() },
		Message:   func([]byte) { ring() },
		Lost:      func(err error) { outage.Note(ctx, err) },
	}.Run(ctx)
}

// answer wakes a slot at each ring. Drain makes it look for jobs at once, and
// returns when it found no more. It may never return from a slot that is being
// stopped, which is why nobody waits for it.
func answer(ctx context.Context, bell <-chan struct{}, slot *work.WorkerPool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-bell:
			slot.Drain()
		}
	}
}
