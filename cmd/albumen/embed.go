package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

// embedFlags are the choices of albumen media embed.
type embedFlags struct {
	app.EmbedOptions
	prune, wait bool
}

// modelLine is a model as printed.
type modelLine struct {
	Name      string `json:"name"`
	ID        string `json:"id"`
	State     string `json:"state"` // active, building or retired
	Dimension int32  `json:"dimension"`
	Random    bool   `json:"random"`
	Done      int    `json:"done"`
	Waiting   int    `json:"waiting"`
	Failed    int    `json:"failed"`
	Counting  bool   `json:"counting"`  // not all items are among these numbers yet
	Processes int    `json:"processes"` // that are ready with it
}

func (p *program) mediaEmbed() *cobra.Command {
	var f embedFlags
	c := p.withJSON(&cobra.Command{
		Use:   "embed",
		Short: "Have the photos looked at that search by meaning does not know yet",
		Long: "Have the photos looked at that search by meaning does not know yet, or could not look at. The ml processes do\n" +
			"it, as fast as they can; search keeps what it has meanwhile.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runEmbed(c.Context(), f) },
	})
	c.Flags().BoolVar(&f.FailedOnly, "failed", false, "only what could not be looked at")
	c.Flags().BoolVar(&f.Again, "again", false, "also what was looked at already")
	c.Flags().BoolVar(&f.prune, "prune", false, "remove the models that search does not use any more, and do nothing else")
	c.Flags().BoolVar(&f.wait, "wait", false, "wait until all is done, and show how far it is")
	c.MarkFlagsMutuallyExclusive("failed", "again", "prune")
	c.MarkFlagsMutuallyExclusive("wait", "prune")
	return c
}

func (p *program) runEmbed(ctx context.Context, f embedFlags) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if f.prune {
		return p.runPrune(ctx, s)
	}
	asked, err := s.app.EmbedAll(ctx, app.SystemActor(), f.EmbedOptions)
	if err != nil {
		return err
	}
	if len(asked) == 0 {
		return errors.New("there is no model yet: an ml process must have been ready with one (albumen-ml serve; albumen check tells more)")
	}
	if f.wait {
		if err := p.waitEmbedded(ctx, s.app); err != nil {
			return err
		}
	}
	state, err := s.app.MeaningState(ctx, app.SystemActor())
	if err != nil {
		return err
	}
	return p.printModels(state)
}

func (p *program) runPrune(ctx context.Context, s *services) error {
	asked, err := s.app.PruneModels(ctx, app.SystemActor())
	if err != nil {
		return err
	}
	if p.asJSON {
		return p.printJSON(map[string]any{"removing": asked})
	}
	_, err = fmt.Fprintf(p.out, "%d models are being removed in the background: %s\n", len(asked), strings.Join(asked, ", "))
	return err
}

// waitEmbedded looks again and again until the models in use have nothing left
// to do. It does not wait for an ml process to be started.
func (p *program) waitEmbedded(ctx context.Context, a *app.App) error {
	var bar *progress
	was := 0
	for {
		state, err := a.MeaningState(ctx, app.SystemActor())
		if err != nil {
			return err
		}
		if state.Unheard {
			return errors.New("no answer from Redis: start it, then wait again")
		}
		ended, total, ready, counting := 0, 0, 0, false
		for _, m := range state.Models {
			if m.State == db.EmbeddingModelStateRetired {
				continue
			}
			ended, total, ready = ended+m.Done+m.Failed, total+m.Total(), ready+m.Processes
			counting = counting || m.Counting
		}
		switch {
		case !counting && ended == total:
			if bar != nil {
				bar.finish()
			}
			return nil
		case ready == 0:
			return fmt.Errorf("%d photos wait, but no ml process is ready: start one with albumen-ml serve", total-ended)
		case !counting && bar == nil:
			bar, was = newProgress(p.err, "Embedding", int64(total-ended)), ended
		case bar != nil:
			bar.add(int64(ended - was))
			was = ended
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitEvery):
		}
	}
}

func (p *program) printModels(state app.MeaningState) error {
	lines := []modelLine{}
	for _, m := range state.Models {
		lines = append(lines, modelLine{m.Label, m.Name, string(m.State), m.Dimension, m.Random, m.Done, m.Left(), m.Failed, m.Counting, m.Processes})
	}
	if p.asJSON {
		return p.printJSON(map[string]any{"models": lines})
	}
	for _, m := range lines {
		more := ""
		if m.Counting {
			more = " so far"
		}
		if _, err := fmt.Fprintf(p.out, "%s (%s): %d done, %d waiting%s, %d failed, %d processes\n", m.Name, m.State, m.Done, m.Waiting, more, m.Failed, m.Processes); err != nil {
			return err
		}
	}
	return nil
}

// mlState is the state of the ml processes in a few words.
func mlState(ctx context.Context, client *ml.Client) (string, error) {
	status, err := client.Status(ctx)
	if errors.Is(err, ml.ErrUnavailable) {
		return "not running", nil
	}
	return string(status.State), err
}

// waitingState is how many photos search by meaning does not know yet.
func waitingState(ctx context.Context, a *app.App) (string, error) {
	n, more, err := a.WaitingEmbeddings(ctx, app.SystemActor())
	switch {
	case err != nil:
		return "", err
	case more:
		return fmt.Sprintf("more than %d waiting", n), nil
	case n > 0:
		return fmt.Sprintf("%d waiting", n), nil
	}
	return "", nil
}

// meaning tells about search by meaning. Everything else works without it, so
// it is never a failure.
func (k *checker) meaning(ctx context.Context, client *ml.Client, a *app.App) {
	k.ask("search by meaning", "Look at the log of the ml process.", func() (string, error) {
		status, err := client.Status(ctx)
		if errors.Is(err, ml.ErrUnavailable) {
			return "off: no ml process runs (albumen-ml serve)", nil
		}
		if err != nil {
			return "", err
		}
		if status.State != ml.StateReady {
			detail := "off for now: the ml process is in the state " + string(status.State)
			if status.Detail != nil {
				detail += ": " + status.Detail.Text
			}
			return detail, nil
		}
		waiting, err := waitingState(ctx, a)
		if waiting != "" {
			waiting = ", " + waiting
		}
		return "ready with " + status.Model.Name + waiting, err
	})
}
