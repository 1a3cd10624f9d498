// Package serve is the ml process: it answers what the others ask through
// Redis, and says how it is. It never sees the database.
package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
)

// NoModel is what a person is told where there is no model.
const NoModel = "No model is loaded: search by meaning is off, everything else works. " +
	"This version of Albumen has no model; one comes with an update that brings albumen-ml fetch-model."

const (
	// pause is the wait after Redis has failed.
	pause = time.Second
)

// Server answers requests.
type Server struct {
	pool   *redis.Pool
	keys   ml.Keys
	log    *slog.Logger
	status ml.Status

	mu   sync.Mutex
	away error // why Redis cannot be reached; nil when it can
}

// New returns a server without a model, under a prefix, see ml.Prefix.
func New(pool *redis.Pool, prefix string, log *slog.Logger) (*Server, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the name of this machine: %w", err)
	}
	return &Server{pool: pool, keys: ml.Keys{Prefix: prefix}, log: log, status: ml.Status{
		Process: uuid.NewString(), PID: os.Getpid(), Host: host, State: ml.StateNoModel, Since: time.Now().UTC(),
	}}, nil
}

// Run answers until ctx ends. Redis may come and go.
func (s *Server) Run(ctx context.Context) {
	ticker := time.NewTicker(ml.StatusEvery)
	defer ticker.Stop()
	for {
		err := s.say(ctx)
		s.note(err)
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "cannot reach Redis; trying again", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			s.takeBack(context.WithoutCancel(ctx))
			return
		}
	}
}

func (s *Server) say(ctx context.Context) error {
	encoded, err := json.Marshal(s.status)
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	if err := s.do(ctx, "SET", s.keys.Status(s.status.Process), encoded, "PX", ml.StatusLives.Milliseconds()); err != nil {
		return err
	}
	return s.do(ctx, "SADD", s.keys.Processes(), s.status.Process)
}

// takeBack removes the status.
func (s *Server) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	if err := s.do(ctx, "DEL", s.keys.Status(s.status.Process)); err != nil {
		s.log.DebugContext(ctx, "could not take the status back; it expires", "error", err)
	}
}

func (s *Server) do(ctx context.Context, command string, args ...any) error {
	conn, err := s.pool.GetContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	if _, err := redis.DoContext(conn, ctx, command, args...); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

func (s *Server) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}
