package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/jobs"
)

func (p *program) jobs() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use:   "jobs",
		Short: "Show the queue, the workers and how far processing is",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return p.runJobs(c.Context()) },
	})
}

func (p *program) runJobs(ctx context.Context) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	counts, err := s.app.ProcessingCounts(ctx, app.SystemActor())
	if err != nil {
		return err
	}
	now := time.Now()
	state, err := s.queue.State(ctx, now)
	if err != nil {
		return err
	}
	if p.asJSON {
		return p.printJSON(map[string]any{"media": counts, "queue": state})
	}
	return p.printJobs(counts, state, now)
}

func (p *program) printJobs(counts map[string]int64, state jobs.State, now time.Time) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "PHOTOS\t%d pending, %d processing, %d ready, %d failed\n", counts["pending"], counts["processing"], counts["ready"], counts["failed"])
	for _, q := range state.Queues {
		fmt.Fprintf(w, "QUEUE\t%s: %d waiting, the next for %d s\n", q.Kind, q.Waiting, q.LatencySeconds)
	}
	fmt.Fprintf(w, "LATER\t%d to be tried again, %d scheduled, %d given up\n", state.Retries, state.Scheduled, state.Dead)
	for _, one := range state.Workers {
		fmt.Fprintf(w, "WORKER\t%s as %d: %d jobs at a time, since %s\n", one.Host, one.PID, one.Slots, one.Started.Format(time.RFC3339))
	}
	if len(state.Workers) == 0 {
		fmt.Fprintln(w, "WORKER\tnone: start one with albumen worker")
	}
	for _, job := range state.Running {
		fmt.Fprintf(w, "RUNNING\t%s %s for %s\n", job.Kind, job.Args, now.Sub(job.Started).Round(time.Second))
	}
	return w.Flush()
}
