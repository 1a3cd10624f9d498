package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// Part is something that the web process stands on.
type Part struct {
	Name  string
	Check func(context.Context) (state string, err error) // state "" is "ok"
	// Optional parts are reported and never make the process unready.
	Optional bool
}

// alive says that the process answers, and nothing about what it stands on.
func (s *Server) alive(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.String(http.StatusOK, "ok\n")
}

const (
	readyFor     = 2 * time.Second // how long an answer is repeated, so that asking costs nothing
	readyTimeout = 5 * time.Second
)

// readiness asks the parts, at most once at a time.
type readiness struct {
	parts []Part
	log   *slog.Logger

	mu     sync.Mutex
	until  time.Time
	status int
	body   []byte
}

// handle answers 200 when every required part is well, else 503. It names
// states and no reasons; those are in the log.
func (r *readiness) handle(c echo.Context) error {
	status, body, err := r.answer(c.Request().Context())
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSONBlob(status, body)
}

func (r *readiness) answer(ctx context.Context) (int, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Now().Before(r.until) {
		return r.status, r.body, nil
	}
	// The client may leave; the next one wants the answer all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	status, overall, states := http.StatusOK, "ok", make(map[string]string, len(r.parts))
	for _, p := range r.parts {
		state, err := p.Check(ctx)
		switch {
		case err != nil && !p.Optional:
			status, overall, states[p.Name] = http.StatusServiceUnavailable, "unavailable", "failed"
			r.log.ErrorContext(ctx, "not ready", "part", p.Name, "error", err)
		case err != nil:
			states[p.Name] = "unknown"
			r.log.WarnContext(ctx, "could not ask an optional part", "part", p.Name, "error", err)
		case state == "":
			states[p.Name] = "ok"
		default:
			states[p.Name] = state
		}
	}
	body, err := json.Marshal(map[string]any{"status": overall, "parts": states})
	if err != nil {
		return 0, nil, fmt.Errorf("write the readiness: %w", err)
	}
	r.status, r.body, r.until = status, append(body, '\n'), time.Now().Add(readyFor)
	return r.status, r.body, nil
}
