package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/ml"
	"albumen/ml/serve"
	"albumen/redisdb"
)

// longestSocket is what the kernel takes as the path of a socket, with room.
const longestSocket = 100

func (p *program) serve() *cobra.Command {
	var health string
	c := &cobra.Command{
		Use: "serve", Short: "Answer the web and worker processes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p.started = true
			return p.runServe(c.Context(), health)
		},
	}
	c.Flags().StringVar(&health, "health", "", "where /healthz and /readyz are answered: host:port or unix:/path (default unix:DATA_DIR/ml.sock)")
	return c
}

func (p *program) runServe(ctx context.Context, health string) error {
	cfg, err := config.Load(p.environ, p.dir, config.NeedRedis)
	if err != nil {
		return err
	}
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(p.err, options)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(p.err, options)
	}
	log := slog.New(handler)
	pool, err := redisdb.Open(ctx, cfg.Redis.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	server, err := serve.New(pool, ml.Prefix, log)
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
	log.InfoContext(ctx, "the ml process is ready", "model", "none", "health", listener.Addr().String())
	log.InfoContext(ctx, serve.NoModel)
	server.Run(ctx)
	if err := web.Close(); err != nil {
		return fmt.Errorf("close the health address: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer on the health address: %w", err)
	}
	return nil
}

func defaultHealth(dataDir string) string {
	path := filepath.Join(dataDir, "ml.sock")
	if _, err := os.Stat(dataDir); err != nil || len(path) > longestSocket {
		return "127.0.0.1:0" // any free port; the log says which
	}
	return "unix:" + path
}

func (p *program) check() *cobra.Command {
	c := &cobra.Command{
		Use: "check", Short: "Say whether search by meaning works, and what it lacks", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p.started = true
			return p.runCheck(c.Context())
		},
	}
	c.Flags().BoolVar(&p.asJSON, "json", false, "print the result as JSON")
	return c
}

// runCheck fails while there is no model: then search by meaning does not work.
func (p *program) runCheck(ctx context.Context) error {
	cfg, err := config.Load(p.environ, p.dir, config.NeedRedis)
	if err != nil {
		return err
	}
	pool, err := redisdb.Open(ctx, cfg.Redis.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	process, mark := "not running", "FAIL"
	status, err := ml.NewClient(pool, ml.Prefix).Status(ctx)
	if err == nil {
		process, mark = fmt.Sprintf("runs on %s as %d since %s", status.Host, status.PID, status.Since.Format(time.RFC3339)), "ok  "
	} else if !errors.Is(err, ml.ErrUnavailable) {
		return err
	}
	if p.asJSON {
		encoder := json.NewEncoder(p.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(map[string]any{"ok": false, "redis": "answers", "process": process, "model": "", "detail": serve.NoModel})
	} else {
		_, err = fmt.Fprintf(p.out, "ok    redis: answers\n%s  process: %s\nFAIL  model: none\n      %s\n", mark, process, serve.NoModel)
	}
	if err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return errReported
}
