package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/jobs"
	"albumen/ml"
	"albumen/ml/serve"
	"albumen/redisdb"
	"albumen/storage"
)

// longestSocket is what the kernel takes as the path of a socket, with room.
const longestSocket = 100

func (p *program) serve() *cobra.Command {
	var health string
	c := &cobra.Command{
		Use: "serve", Short: "Answer the web and worker processes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.runServe(c.Context(), health)
		},
	}
	c.Flags().StringVar(&health, "health", "", "where /healthz and /readyz are answered: host:port or unix:/path (default unix:DATA_DIR/ml.sock)")
	return c
}

func (p *program) runServe(ctx context.Context, health string) error {
	cfg, log, err := p.load(config.NeedRedis)
	if err != nil {
		return err
	}
	pool, err := redisdb.New(cfg.Redis.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	store, err := storage.Open(cfg.StorageURL)
	if err != nil {
		return fmt.Errorf("open the storage: %w", err)
	}
	defer store.Close()
	server, err := serve.New(serve.Config{
		Redis: pool, Prefix: ml.Prefix, Namespace: jobs.Namespace, Storage: store, Source: p.source(cfg), Batch: cfg.MLBatch, Log: log,
	})
	if err != nil {
		return err
	}
	if health == "" {
		health = defaultHealth(cfg.DataDir)
	}
	listener, err := serve.ListenHealth(ctx, health)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: server.Health(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	log.InfoContext(ctx, "the ml process runs", "model", cfg.CLIPModel, "health", listener.Addr().String())
	err = server.Run(ctx)
	if closing := web.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("close the health address: %w", closing))
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("answer on the health address: %w", served))
	}
	return err
}

func defaultHealth(dataDir string) string {
	path := filepath.Join(dataDir, "ml.sock")
	if _, err := os.Stat(dataDir); err != nil || len(path) > longestSocket {
		return "127.0.0.1:0" // any free port; the log says which
	}
	return "unix:" + path
}
