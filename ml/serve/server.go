// Package serve is the ml process: it gets its model, takes pictures from the
// work queue and texts from a list in Redis, answers with vectors, and says how
// it is. It never sees the database.
package serve

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/ml"
	"albumen/storage"
)

// Config is what a Server needs; Batch may be zero, all else is required.
type Config struct {
	Redis     *redis.Pool
	Prefix    string // of the keys shared with clients, see ml.Prefix
	Namespace string // of the work queue, see jobs.Namespace
	Storage   storage.Store
	Source    Source
	Batch     int // pictures at a time; 0: what suits the model's device
	Log       *slog.Logger
}

const (
	// pause is the wait after something has failed that is mostly only away.
	pause = time.Second
	// grace is how long pictures in hand may go on after a stop was asked for;
	// what is not done then is given back to the queue.
	grace = 5 * time.Second
	// stopAtMost bounds the whole stop.
	stopAtMost = 10 * time.Second
)

// Server is one ml process.
type Server struct {
	cfg    Config
	keys   ml.Keys
	status *status
}

// New returns a server that has no model yet.
func New(cfg Config) (*Server, error) {
	status, err := newStatus(cfg.Redis, ml.Keys{Prefix: cfg.Prefix}, cfg.Source.Name(), cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Server{cfg: cfg, keys: ml.Keys{Prefix: cfg.Prefix}, status: status}, nil
}

// Run gets the model and serves until ctx ends. Redis, the network and the
// model's files may come and go. The error says that it could not stop cleanly.
func (s *Server) Run(ctx context.Context) error {
	reported := make(chan struct{})
	go func() { defer close(reported); s.status.report(ctx) }()
	defer func() { <-reported }()
	model := s.obtain(ctx)
	if model == nil {
		return nil
	}
	if err := s.serve(ctx, model); err != nil {
		return err // whoever still runs needs the model
	}
	model.Close()
	return nil
}

// serve answers with a model until ctx ends.
func (s *Server) serve(ctx context.Context, model Model) error {
	images, err := newImageLane(s.cfg, model, s.status)
	if err != nil {
		return fmt.Errorf("prepare for pictures: %w", err)
	}
	// The work in hand outlives ctx by grace.
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	textsEnded := make(chan struct{})
	go func() {
		defer close(textsEnded)
		(&textLane{pool: s.cfg.Redis, keys: s.keys, model: model, log: s.cfg.Log}).run(ctx)
	}()
	imagesEnded := make(chan struct{})
	go func() {
		defer close(imagesEnded)
		images.run(ctx, working)
	}()
	<-ctx.Done()
	stopped := make(chan struct{})
	go func() { defer close(stopped); <-textsEnded; <-imagesEnded }()
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
		return fmt.Errorf("stop the ml process: it still works after %s; others will do again what it has in hand", stopAtMost)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
