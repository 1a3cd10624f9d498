package worker

import (
	"context"
	"log/slog"
	"time"

	"albumen/app"
	"albumen/jobs"
)

// task is something that every worker process does from time to time; the
// use-case sees to it that several at once do no harm.
type task struct {
	name  string
	every time.Duration
	run   func(context.Context) error
}

// schedule lists the tasks.
func schedule(a *app.App, queues jobs.Queues, log *slog.Logger) []task {
	system := app.SystemActor()
	return []task{
		{"sweep processing", 3 * time.Second, func(ctx context.Context) error {
			swept, err := a.SweepProcessing(ctx, system, queues)
			if swept.Resumed+swept.Refilled+swept.Failed > 0 {
				log.InfoContext(ctx, "found unfinished items", "resumed", swept.Resumed, "enqueued", swept.Refilled, "failed", swept.Failed)
			}
			return err
		}},
		{"delete objects that nobody refers to", time.Minute, func(ctx context.Context) error {
			return report(ctx, log, "deleted objects")(a.SweepObjects(ctx, system))
		}},
		{"end uploads that nobody continues", time.Minute, func(ctx context.Context) error {
			return report(ctx, log, "expired uploads")(a.SweepUploads(ctx, system))
		}},
		{"delete half-written files", 6 * time.Hour, func(ctx context.Context) error {
			return report(ctx, log, "deleted half-written files")(a.SweepLeftovers(ctx, system))
		}},
		{"empty trashes and index texts anew", 5 * time.Second, func(ctx context.Context) error {
			return report(ctx, log, "went on with chores")(a.DoChores(ctx, system))
		}},
		{"purge the trash", time.Hour, func(ctx context.Context) error {
			return report(ctx, log, "purged items from the trash")(a.PurgeTrash(ctx, system))
		}},
	}
}

// report logs how much a task did, where it did something.
func report(ctx context.Context, log *slog.Logger, what string) func(int, error) error {
	return func(n int, err error) error {
		if n > 0 {
			log.InfoContext(ctx, what, "n", n)
		}
		return err
	}
}

// loop runs the task now and then every so often until ctx ends.
func (t task) loop(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	for {
		limited, cancel := context.WithTimeout(ctx, 10*time.Minute)
		if err := t.run(limited); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "a scheduled task failed", "task", t.name, "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
