package serve_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
	"albumen/ml/serve"
	"albumen/redisdb"
)

func openRedis(t *testing.T) *redis.Pool {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// start runs a server and waits until it has reported itself.
func start(t *testing.T, pool *redis.Pool, prefix string) (server *serve.Server, stop func()) {
	t.Helper()
	server, err := serve.New(pool, prefix, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); server.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	client := ml.NewClient(pool, prefix)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := client.Status(t.Context()); err == nil {
			return server, stop
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestWithoutAModelRequestsFailAtOnce(t *testing.T) {
	pool, prefix := openRedis(t), "test:"+uuid.NewString()
	client := ml.NewClient(pool, prefix)
	if _, err := client.EmbedText(t.Context(), "some@model", "sunset"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("without a process: %v, want ErrUnavailable", err)
	}
	_, stop := start(t, pool, prefix)
	if _, err := client.EmbedText(t.Context(), "some@model", "sunset"); !errors.Is(err, ml.ErrNoModel) {
		t.Errorf("with a process: %v, want ErrNoModel", err)
	}
	status, err := client.Status(t.Context())
	if err != nil || status.State != ml.StateNoModel || status.PID != os.Getpid() || status.Model.ID != "" {
		t.Errorf("status %+v, %v", status, err)
	}
	stop()
	if _, err := client.Status(t.Context()); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("after the process has ended: %v, want ErrUnavailable", err)
	}
}

func TestAClientWaitsNoLongerThanItsDeadline(t *testing.T) {
	pool, prefix := openRedis(t), "test:"+uuid.NewString()
	conn := pool.Get()
	defer conn.Close()
	// A status without a process: it was killed a moment ago.
	keys := ml.Keys{Prefix: prefix}
	if _, err := conn.Do("SET", keys.Status("gone"), `{"state":"ready","model":{"id":"some@model"}}`, "EX", 60); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Do("SADD", keys.Processes(), "gone"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ml.NewClient(pool, prefix).EmbedText(ctx, "some@model", "sunset"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestHealth(t *testing.T) {
	pool, prefix := openRedis(t), "test:"+uuid.NewString()
	server, _ := start(t, pool, prefix)
	socket := filepath.Join(t.TempDir(), "h.sock")
	listener, err := serve.ListenHealth(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: server.Health(), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(listener) }() // ends with the Close below
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: dialer(socket)}}
	for path, want := range map[string]string{"/healthz": `"status":"ok"`, "/readyz": "fetch-model"} {
		res, err := client.Get("http://ml" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s, %v", path, res.StatusCode, body, err)
		}
	}
	if _, err := serve.ListenHealth(t.Context(), "unix:"+socket); err == nil {
		t.Error("a second process took the first one's address")
	}
	listener.Close()
	if err := os.WriteFile(socket, nil, 0o600); err != nil { // what a killed process leaves
		t.Fatal(err)
	}
	again, err := serve.ListenHealth(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatalf("after a killed process: %v", err)
	}
	again.Close()
}

func dialer(socket string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
}
