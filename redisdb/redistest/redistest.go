// Package redistest gives a test a Redis of its own, which it may kill.
package redistest

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/redisdb"
)

// Server is a redis-server that keeps its data across Kill and Start.
type Server struct {
	t       testing.TB
	dir     string
	process *exec.Cmd
}

// New starts one; it ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir()}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// URL is its address, as REDIS_URL has it.
func (s *Server) URL() string { return "unix://" + s.socket() }

func (s *Server) socket() string { return filepath.Join(s.dir, "r.sock") }

// Start starts it again after Kill, and does not wait until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.process = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket(), "--dir", s.dir,
		"--appendonly", "yes", "--save", "")
	if err := s.process.Start(); err != nil {
		s.t.Fatalf("start redis-server (scripts/bootstrap installs it): %v", err)
	}
}

// Kill ends it at once.
func (s *Server) Kill() {
	s.t.Helper()
	if s.process == nil {
		return
	}
	if err := s.process.Process.Kill(); err != nil {
		s.t.Error(err)
	}
	_ = s.process.Wait() // reports the kill
	s.process = nil
}

// Open waits until it answers.
func (s *Server) Open() *redis.Pool {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		pool, err := redisdb.Open(s.t.Context(), s.URL())
		if err == nil {
			s.t.Cleanup(func() { pool.Close() })
			return pool
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
}
