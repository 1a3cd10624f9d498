package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Health answers /healthz (the process lives) and /readyz (it answers
// requests; 503 while Redis is away). Having no model is no reason not to be
// ready: everything else works, and the detail says what to do.
func (s *Server) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		now, away := s.status.snapshot()
		if away != nil {
			reply(w, http.StatusServiceUnavailable, map[string]any{"status": "unavailable", "detail": "Redis cannot be reached. Start it, or correct REDIS_URL."})
			return
		}
		body := map[string]any{"status": "ok", "state": now.State, "model": now.Model}
		if now.Detail != nil {
			body["detail"] = now.Detail.Text
		}
		if now.FetchTotal > 0 {
			body["fetched"], body["fetch_total"] = now.Fetched, now.FetchTotal
		}
		reply(w, http.StatusOK, body)
	})
	return mux
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that has left needs no answer
}

// ListenHealth opens host:port or unix:/path. A socket that a killed process
// left behind is replaced; one that answers is not, nor is any other file.
func ListenHealth(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	path, isSocket := strings.CutPrefix(address, "unix:")
	if !isSocket {
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s for health: %w", address, err)
		}
		return l, nil
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("listen on %s for health: another process answers there; give each an address of its own with --health", address)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("listen on %s for health: there is something that is no socket; choose another path with --health", address)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listen on %s for health: %w", address, err)
	}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s for health: %w", address, err)
	}
	return l, nil
}
