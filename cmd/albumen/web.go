package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/handlers"
	"albumen/live"
	"albumen/redisdb"
	"albumen/storage"
)

const (
	shutdownTimeout = 10 * time.Second
	sweepEvery      = time.Hour
)

func (p *program) web() *cobra.Command {
	return &cobra.Command{
		Use:   "web",
		Short: "Answer browsers and programs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return p.runWeb(c.Context()) },
	}
}

func (p *program) runWeb(ctx context.Context) error {
	s, err := p.open(ctx, withStripper)
	if err != nil {
		return err
	}
	defer s.close()
	sessions := app.NewSessions(s.db, time.Now)
	hub := live.NewHub(s.redis, live.Channel, s.log)
	web := handlers.New(handlers.Deps{App: s.app, Sessions: sessions, Live: hub, Config: s.cfg, Log: s.log, Queue: s.queue, Version: version, Parts: s.parts()})

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (LISTEN): %w", s.cfg.Listen, err)
	}
	if err := p.announceFirstRun(ctx, s); err != nil {
		return errors.Join(err, listener.Close())
	}
	go hub.Run(ctx)
	go sweepSessions(ctx, sessions, s.log)
	s.log.InfoContext(ctx, "the web process is ready", "address", s.cfg.BaseURL.String(), "listen", listener.Addr().String(), "version", version)
	return serve(ctx, web.HTTPServer(), listener)
}

// announceFirstRun prints the code that makes the first administrator.
func (p *program) announceFirstRun(ctx context.Context, s *services) error {
	code, err := s.app.FirstRunCode(ctx)
	if err != nil || code == "" {
		return err
	}
	_, err = fmt.Fprintf(p.out, "\nThere is no administrator yet. Open %s/setup and enter this one-time code:\n\n    %s\n\n", s.cfg.BaseURL, code)
	return err
}

// serve answers until ctx ends, then lets running requests come to their end.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shut down: %w", err)
	} else if err != nil {
		return server.Close() // long downloads go on elsewhere, by range
	}
	return nil
}

func sweepSessions(ctx context.Context, sessions *app.Sessions, log *slog.Logger) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := sessions.Sweep(ctx); err != nil {
				log.WarnContext(ctx, "could not remove ended sessions", "error", err)
			}
		}
	}
}

// parts is what /readyz asks.
func (s *services) parts() []handlers.Part {
	return []handlers.Part{
		{Name: "database", Check: func(ctx context.Context) (string, error) { return "", s.db.Ping(ctx) }},
		{Name: "schema", Check: func(ctx context.Context) (string, error) { return "", s.db.CheckSchema(ctx) }},
		{Name: "redis", Check: func(ctx context.Context) (string, error) { return "", redisdb.Ping(ctx, s.redis) }},
		{Name: "storage", Check: func(ctx context.Context) (string, error) {
			_, err := s.store.Stat(ctx, "ready")
			if errors.Is(err, storage.ErrNotFound) {
				err = nil // it answered
			}
			return "", err
		}},
		// Everything else works without it, so it is never a reason not to be ready.
		{Name: "ml", Optional: true, Check: func(ctx context.Context) (string, error) { return mlState(ctx, s.ml) }},
		{Name: "embeddings", Optional: true, Check: func(ctx context.Context) (string, error) { return waitingState(ctx, s.app) }},
	}
}
