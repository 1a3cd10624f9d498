package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"albumen/app"
	"albumen/db"
)

const (
	waitEvery = time.Second
	waitBatch = 1000
	// sayEvery is how often progress is told where nobody watches a bar.
	sayEvery = 10 * time.Second
)

// waitProcessed looks again and again until each item is ready, failed or gone.
func (p *program) waitProcessed(ctx context.Context, a *app.App, actor app.Actor, left []uuid.UUID, r *importResult) error {
	r.Processed = map[string]int{}
	bar := newProgress(p.err, "Processing", int64(len(left)))
	defer bar.finish()
	for len(left) > 0 {
		batch := left[:min(len(left), waitBatch)]
		states, err := a.ImportStates(ctx, actor, batch)
		if err != nil {
			return err
		}
		open := make([]uuid.UUID, 0, len(left))
		for _, s := range states {
			switch s.Status {
			case db.MediaStatusReady, db.MediaStatusFailed:
				r.Processed[string(s.Status)]++
			default:
				open = append(open, s.ID)
			}
			if s.Status == db.MediaStatusFailed {
				r.Problems = append(r.Problems, importProblem{s.Filename, "unprocessed", s.Reason + " (" + s.Code + ")"})
			}
		}
		if gone := len(batch) - len(states); gone > 0 {
			r.Processed["deleted meanwhile"] += gone
		}
		bar.add(int64(len(batch) - len(open)))
		left = append(open, left[len(batch):]...)
		if len(open) == 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitEvery):
		}
	}
	return nil
}

// progress is a bar at a terminal, and a line now and then elsewhere.
type progress struct {
	out   io.Writer
	what  string
	total int64
	done  int64
	bar   *progressbar.ProgressBar
	said  time.Time
}

func newProgress(out io.Writer, what string, total int64) *progress {
	g := &progress{out: out, what: what, total: total, said: time.Now()}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		g.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return g
}

func (g *progress) add(n int64) {
	g.done += n
	if g.bar != nil {
		_ = g.bar.Add64(n) // only fails on a bar that is full
		return
	}
	if time.Since(g.said) >= sayEvery && g.total > 0 {
		g.said = time.Now()
		fmt.Fprintf(g.out, "%s: %d %%\n", g.what, 100*g.done/g.total)
	}
}

func (g *progress) say(text string) {
	if g.bar != nil {
		_ = g.bar.Clear() // the bar comes back with the next file
	}
	fmt.Fprintln(g.out, text)
}

func (g *progress) finish() {
	if g.bar != nil {
		_ = g.bar.Finish() // likewise
	}
}
