package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/jobs/worker"
	"albumen/media"
)

// metadataResult is the result of albumen media metadata.
type metadataResult struct {
	Read     int               `json:"read"`
	Changed  int               `json:"changed"`
	Busy     int               `json:"busy"` // left to the workers that have them
	Problems []metadataProblem `json:"problems"`
}

// metadataProblem is a file whose metadata stayed as it was.
type metadataProblem struct {
	ID     string `json:"id"`
	File   string `json:"filename"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func (p *program) mediaMetadata() *cobra.Command {
	var email string
	c := p.withJSON(&cobra.Command{
		Use:   "metadata",
		Short: "Read the metadata anew from the originals, without making pictures again",
		Long: "Read the metadata anew from the originals, without making pictures again. What people edited stays. It may run\n" +
			"beside workers; after a stop, call it again.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runMetadata(c.Context(), email) },
	})
	c.Flags().StringVar(&email, "owner", "", "only the items of the user with this e-mail address")
	return c
}

func (p *program) runMetadata(ctx context.Context, email string) (err error) {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	var owner *uuid.UUID
	if email != "" {
		user, err := s.app.UserByEmail(ctx, app.SystemActor(), email)
		if err != nil {
			return err
		}
		owner = &user.ID
	}
	total, err := s.app.CountFinished(ctx, app.SystemActor(), owner)
	if err != nil {
		return err
	}
	processor, err := media.NewProcessor(media.Config{Workers: s.cfg.WorkerConcurrency, DefaultZone: s.cfg.DefaultTimeZone, Logger: s.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, processor.Close()) }()
	result := metadataResult{Problems: []metadataProblem{}}
	bar := newProgress(p.err, "Reading", int64(total))
	err = worker.Refresh{
		App: s.app, Media: processor, Storage: s.store, Parallel: s.cfg.WorkerConcurrency, Zone: s.cfg.DefaultTimeZone,
		TempDir: os.TempDir(), Owner: owner, Report: func(r worker.Refreshed) { result.add(r); bar.add(1) },
	}.Run(ctx)
	bar.finish()
	if err != nil {
		return err
	}
	return p.printMetadata(result)
}

func (m *metadataResult) add(r worker.Refreshed) {
	switch {
	case r.Failure != nil:
		m.Problems = append(m.Problems, metadataProblem{r.Claim.Media.ID.String(), r.Claim.Media.Filename, r.Failure.Code, r.Failure.Reason})
		return
	case r.Busy:
		m.Busy++
		return
	case r.Changed:
		m.Changed++
	}
	m.Read++
}

func (p *program) printMetadata(m metadataResult) error {
	if p.asJSON {
		if err := p.printJSON(m); err != nil {
			return err
		}
	} else {
		for _, problem := range m.Problems {
			fmt.Fprintf(p.out, "%s: %s (%s)\n", problem.File, problem.Reason, problem.Code)
		}
		if _, err := fmt.Fprintf(p.out, "%d read, %d of them changed; %d left to the workers; %d could not be read.\n", m.Read, m.Changed, m.Busy, len(m.Problems)); err != nil {
			return err
		}
	}
	if len(m.Problems) > 0 {
		return errReported
	}
	return nil
}
