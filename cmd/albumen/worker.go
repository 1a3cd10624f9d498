package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"albumen/jobs"
	"albumen/jobs/worker"
	"albumen/media"
)

func (p *program) worker() *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Do the background jobs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return p.runWorker(c.Context()) },
	}
}

func (p *program) runWorker(ctx context.Context) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	processor, err := media.NewProcessor(media.Config{Workers: s.cfg.WorkerConcurrency, DefaultZone: s.cfg.DefaultTimeZone, Logger: s.log})
	if err != nil {
		return err
	}
	err = worker.New(worker.Config{
		App: s.app, Media: processor, Storage: s.store, Queue: s.queue, Redis: s.redis, Namespace: jobs.Namespace,
		Concurrency: s.cfg.WorkerConcurrency, Zone: s.cfg.DefaultTimeZone, TempDir: os.TempDir(), Log: s.log,
	}).Run(ctx)
	return errors.Join(err, processor.Close())
}
