package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/hub"
)

const (
	// lookEvery is how often the model's folder is looked at for changes.
	lookEvery = 2 * time.Second
	// The waits between attempts to get a model grow between these.
	retryAtLeast = 10 * time.Second
	retryAtMost  = 10 * time.Minute
)

// obtain returns the loaded model, however long it takes; nil when ctx ends.
func (s *Server) obtain(ctx context.Context) Model {
	retry := retryAtLeast
	for ctx.Err() == nil {
		before := s.cfg.Source.Signature()
		model, err := s.attempt(ctx)
		if err == nil {
			return model
		}
		if ctx.Err() != nil {
			return nil
		}
		detail := ml.Detail{Code: ml.DetailFolder, Text: err.Error()}
		if problem, ok := errors.AsType[*Problem](err); ok {
			detail = problem.Detail
		}
		s.status.set(func(now *ml.Status) {
			now.State, now.Detail, now.Fetched, now.FetchTotal = ml.StateFailed, &detail, 0, 0
			if now.Model.ID == "" && !s.cfg.Source.Present() {
				now.State = ml.StateNoModel
			}
		})
		s.cfg.Log.WarnContext(ctx, "there is no model: search by meaning is off, everything else works. "+detail.Text,
			"model", s.cfg.Source.Name(), "code", detail.Code, "error", errors.Unwrap(err))
		if s.awaitChange(ctx, before, retry) {
			retry = retryAtLeast
		} else {
			retry = min(2*retry, retryAtMost)
		}
	}
	return nil
}

// attempt fetches the model when it is missing, and loads it.
func (s *Server) attempt(ctx context.Context) (Model, error) {
	source := s.cfg.Source
	if !source.Present() {
		s.cfg.Log.InfoContext(ctx, "fetching the model", "model", source.Name())
		s.status.set(func(now *ml.Status) { now.State, now.Detail = ml.StateFetching, nil })
		if err := source.Fetch(ctx, s.fetching(ctx)); err != nil {
			return nil, err
		}
	}
	s.status.set(func(now *ml.Status) {
		now.State, now.Detail, now.Fetched, now.FetchTotal = ml.StateLoading, nil, 0, 0
	})
	started := time.Now()
	model, err := load(ctx, source)
	if err != nil {
		return nil, err
	}
	expected, err := tryOne(ctx, model)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "could not find out how fast the model is", "error", err)
	}
	s.status.set(func(now *ml.Status) {
		now.State, now.Model, now.Device, now.Expected = ml.StateReady, model.Identity(), model.Device(), expected
	})
	s.cfg.Log.InfoContext(ctx, "the model is ready", "model", model.Identity().ID, "dimension", model.Identity().Dimension,
		"device", model.Device(), "loaded_in", time.Since(started).Round(time.Millisecond))
	if model.Identity().Random {
		s.cfg.Log.WarnContext(ctx, "the weights of this model are random: what search by meaning finds is found by chance")
	}
	return model, nil
}

// tryOne embeds a grey picture, so that leases fit the model and the machine from
// the first picture on: it returns how many such there would be in a second.
func tryOne(ctx context.Context, model Model) (float64, error) {
	const side = 8 // is scaled
	px, err := model.Prepare(clip.RGBImage{Width: side, Height: side, Pix: bytes.Repeat([]byte{128}, 3*side*side)})
	if err != nil {
		return 0, fmt.Errorf("scale a picture to try the model: %w", err)
	}
	started := time.Now()
	if _, err := model.EmbedImages(ctx, []clip.Pixels{px}); err != nil {
		return 0, fmt.Errorf("try the model: %w", err)
	}
	return 1 / max(time.Since(started).Seconds(), 1e-6), nil
}

// load does not hold up a stop: loading takes seconds and cannot be ended, but
// the process can.
func load(ctx context.Context, source Source) (Model, error) {
	type loaded struct {
		model Model
		err   error
	}
	done := make(chan loaded, 1)
	go func() {
		model, err := source.Load(ctx)
		done <- loaded{model, err}
	}()
	select {
	case l := <-done:
		return l.model, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fetching returns what takes note of progress, with a line in the log now and
// then.
func (s *Server) fetching(ctx context.Context) func(hub.Progress) {
	const logEvery = 10 * time.Second
	said := time.Now()
	return func(p hub.Progress) {
		s.status.progress(p.Done, p.Total)
		if p.Total > 0 && time.Since(said) >= logEvery {
			said = time.Now()
			s.cfg.Log.InfoContext(ctx, "fetching the model", "model", s.cfg.Source.Name(), "megabytes", p.Done/1e6, "of", p.Total/1e6)
		}
	}
}

// awaitChange waits until the model's files differ from before and then stay
// as they are (they may be being copied), which it reports, or until the time
// to retry: a folder may also be mended by what does not show in its files, such
// as the right to read it.
func (s *Server) awaitChange(ctx context.Context, before string, retry time.Duration) bool {
	until := time.Now().Add(retry)
	last := before
	for ctx.Err() == nil {
		sleep(ctx, lookEvery)
		now := s.cfg.Source.Signature()
		if now != before && now == last {
			return true
		}
		last = now
		if time.Now().After(until) && now == before {
			return false
		}
	}
	return false
}
