// Package serve is the ml process: it answers what the others ask through
// Redis, and says how it is. It never sees the database.
package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/ml"
)

// NoModel is what a person is told where there is no model.
const NoModel = "No model is loaded: search by meaning is off, everything else works. " +
	"This version of Albumen has no model; one comes with an update that brings albumen-ml fetch-model."

const (
	// block is how long one look for requests waits inside Redis.
	block = 2 * time.Second
	// replyLives is how long an answer waits for its reader.
	replyLives = 10 * time.Second
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
		PID: os.Getpid(), Host: host, State: ml.StateNoModel, Since: time.Now().UTC(),
	}}, nil
}

// Run answers until ctx ends. Redis may come and go.
func (s *Server) Run(ctx context.Context) {
	var reporting sync.WaitGroup
	reporting.Go(func() { s.report(ctx) })
	for ctx.Err() == nil {
		err := s.answerNext(ctx)
		s.note(err)
		if err != nil {
			s.log.WarnContext(ctx, "cannot reach Redis; trying again", "error", err)
			sleep(ctx, pause)
		}
	}
	reporting.Wait()
}

// answerNext takes one request, if one comes soon, and answers it.
func (s *Server) answerNext(ctx context.Context) error {
	conn, err := s.pool.GetContext(ctx)
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	defer conn.Close()
	taken, err := redis.ByteSlices(redis.DoWithTimeout(conn, 2*block, "BLPOP", s.keys.Text(), block.Seconds()))
	if errors.Is(err, redis.ErrNil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for requests: %w", err)
	}
	var request ml.TextRequest
	if err := json.Unmarshal(taken[1], &request); err != nil || request.ID == "" {
		s.log.WarnContext(ctx, "dropped a request that cannot be read", "error", err)
		return nil
	}
	if time.Now().After(request.Deadline) {
		return nil // nobody waits for it any more
	}
	return s.reply(conn, request.ID, ml.TextReply{Error: ml.ReplyNoModel})
}

func (s *Server) reply(conn redis.Conn, id string, reply ml.TextReply) error {
	encoded, err := json.Marshal(reply)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	key := s.keys.Reply(id)
	for _, command := range []struct {
		name string
		args []any
	}{
		{"MULTI", nil}, {"RPUSH", []any{key, encoded}}, {"PEXPIRE", []any{key, replyLives.Milliseconds()}},
	} {
		if err := conn.Send(command.name, command.args...); err != nil {
			return fmt.Errorf("answer a request: %w", err)
		}
	}
	if _, err := conn.Do("EXEC"); err != nil {
		return fmt.Errorf("answer a request: %w", err)
	}
	return nil
}

// report keeps the status fresh, and takes it back at the end.
func (s *Server) report(ctx context.Context) {
	ticker := time.NewTicker(ml.StatusEvery)
	defer ticker.Stop()
	for {
		if err := s.say(ctx); err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "could not report", "error", err)
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
	return s.do(ctx, "SET", s.keys.Status(), encoded, "PX", ml.StatusLives.Milliseconds())
}

// takeBack removes the status; another process sets its own again within
// ml.StatusEvery.
func (s *Server) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	if err := s.do(ctx, "DEL", s.keys.Status()); err != nil {
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

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("connect to Redis: %w", err)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
