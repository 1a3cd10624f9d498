package worker

import (
	"cmp"
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
	// now asks for a run before it is due; nil where nobody does.
	now <-chan struct{}
	// limit is how long a run may take; zero: ten minutes.
	limit time.Duration
}

// schedule lists the tasks. embed asks for a round of the dispatcher, mail for
// mails to be sent.
func schedule(a *app.App, queues jobs.Queues, log *slog.Logger, embed, mail <-chan struct{}) []task {
	system := app.SystemActor()
	return []task{
		{name: "sweep processing", every: 3 * time.Second, run: func(ctx context.Context) error {
			swept, err := a.SweepProcessing(ctx, system, queues)
			if swept.Resumed+swept.Refilled+swept.Failed > 0 {
				log.InfoContext(ctx, "found unfinished items", "resumed", swept.Resumed, "enqueued", swept.Refilled, "failed", swept.Failed)
			}
			return err
		}},
		{name: "dispatch embeddings", every: 2 * time.Second, now: embed, run: func(ctx context.Context) error {
			d, err := a.DispatchEmbeddings(ctx, system, queues)
			if d.Added+d.Expired+d.Failed+d.Switched > 0 {
				log.InfoContext(ctx, "embeddings", "added", d.Added, "sent", d.Sent, "expired", d.Expired, "failed", d.Failed, "switched", d.Switched)
			}
			return err
		}},
		{name: "delete objects that nobody refers to", every: time.Minute, run: func(ctx context.Context) error {
			return report(ctx, log, "deleted objects")(a.SweepObjects(ctx, system))
		}},
		{name: "end uploads that nobody continues", every: time.Minute, run: func(ctx context.Context) error {
			return report(ctx, log, "expired uploads")(a.SweepUploads(ctx, system))
		}},
		{name: "delete half-written files", every: 6 * time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "deleted half-written files")(a.SweepLeftovers(ctx, system))
		}},
		{name: "empty trashes and index texts anew", every: 5 * time.Second, run: func(ctx context.Context) error {
			return report(ctx, log, "went on with chores")(a.DoChores(ctx, system))
		}},
		{name: "make copies of people's data", every: 5 * time.Second, limit: 24 * time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "made copies of people's data")(a.RunExports(ctx, system))
		}},
		{name: "remove old copies of people's data", every: 10 * time.Minute, run: func(ctx context.Context) error {
			return report(ctx, log, "removed old copies of people's data")(a.SweepExports(ctx, system))
		}},
		{name: "end accounts as their people asked", every: time.Minute, run: func(ctx context.Context) error {
			return report(ctx, log, "reminded of or began the end of accounts")(a.EndAccounts(ctx, system))
		}},
		{name: "send mails", every: 10 * time.Second, now: mail, run: func(ctx context.Context) error {
			round, err := a.SendMails(ctx, system)
			if round != (app.MailRound{}) {
				log.InfoContext(ctx, "mails", "sent", round.Sent, "failed", round.Failed, "dead", round.Dead, "revived", round.Revived)
			}
			return err
		}},
		{name: "remove links and accounts that nobody confirmed", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "removed unconfirmed links and accounts")(a.SweepAccounts(ctx, system))
		}},
		{name: "forget old mails", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "forgot old mails")(a.SweepMails(ctx, system))
		}},
		{name: "forget the evidence of old reports", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "forgot closed reports")(a.SweepReports(ctx, system))
		}},
		{name: "forget old messages of the contact form", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "forgot old messages")(a.SweepContactMessages(ctx, system))
		}},
		{name: "seal the audit log", every: 5 * time.Second, run: func(ctx context.Context) error {
			_, err := a.SealAudit(ctx, system)
			return err
		}},
		{name: "remove old entries of the audit log", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "removed old entries of the audit log")(a.TrimAudit(ctx, system))
		}},
		{name: "purge the trash", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "purged items from the trash")(a.PurgeTrash(ctx, system))
		}},
		{name: "purge albums from the trash", every: time.Hour, run: func(ctx context.Context) error {
			return report(ctx, log, "purged albums from the trash")(a.PurgeAlbums(ctx, system))
		}},
	}
}

// gather is how long a run that was asked for waits for more who ask.
const gather = 50 * time.Millisecond

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
		limited, cancel := context.WithTimeout(ctx, cmp.Or(t.limit, 10*time.Minute))
		if err := t.run(limited); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "a scheduled task failed", "task", t.name, "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-t.now:
			time.Sleep(gather) // others who ask meanwhile are served by the same run
		}
	}
}
