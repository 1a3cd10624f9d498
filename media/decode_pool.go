package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"albumen/internal/nice"
)

// recycleAfter is how many files a child decodes before a fresh one takes its
// place, so that leaks and fragmentation in C code stay small.
const recycleAfter = 200

// errChildDied means that a child ended, or was ended, without an answer.
var errChildDied = errors.New("decoder process ended")

// pool hands out decoder children, at most one for each slot.
type pool struct {
	exe    string
	logger *slog.Logger
	slots  chan *child // nil: free slot without a running child
	done   chan struct{}
	once   sync.Once
}

func newPool(exe string, workers int, logger *slog.Logger) *pool {
	p := &pool{exe: exe, logger: logger, slots: make(chan *child, workers), done: make(chan struct{})}
	for range workers {
		p.slots <- nil
	}
	return p
}

// acquire waits for a slot and returns its running child.
func (p *pool) acquire(ctx context.Context) (*child, error) {
	select {
	case <-p.done:
		return nil, errors.New("processor is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	case c := <-p.slots:
		if c != nil && !c.ended() {
			return c, nil
		}
		c, err := startChild(p.exe)
		if err != nil {
			p.slots <- nil
			return nil, err
		}
		return c, nil
	}
}

// release gives the slot back. A child that died or is worn out is replaced.
func (p *pool) release(c *child) {
	if c.ended() {
		p.logger.Warn("decoder process ended and is replaced", "state", c.cmd.ProcessState.String(), "stderr", c.stderr.String())
	}
	if c.files >= recycleAfter || c.ended() {
		c.kill()
		c = nil
	}
	p.slots <- c
}

// close ends every child, waiting for those at work.
func (p *pool) close() {
	p.once.Do(func() {
		close(p.done)
		for range cap(p.slots) {
			if c := <-p.slots; c != nil {
				c.kill()
			}
		}
	})
}

// child is one running decoder process.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	stderr *firstWords
	exited chan struct{}
	files  int
}

func startChild(exe string) (*child, error) {
	cmd := exec.Command(exe, DecoderArg)
	// Only what a decoder needs: no secrets are inherited.
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent",
		"VIPS_BLOCK_UNTRUSTED=1", "VIPS_CONCURRENCY=1", "VIPS_DISC_THRESHOLD=16g",
		"MALLOC_ARENA_MAX=2", "GOMAXPROCS=2", "GOMEMLIMIT=96MiB", "GOTRACEBACK=none",
	}
	cmd.Dir = "/"
	c := &child{cmd: cmd, stderr: &firstWords{}, exited: make(chan struct{})}
	cmd.Stderr = c.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start decoder: %w", err)
	}
	// An os.Pipe of our own: with StdoutPipe, Wait would close it under a read.
	out, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start decoder: %w", err)
	}
	cmd.Stdout = w
	err = nice.Start(cmd)
	w.Close()
	if err != nil {
		out.Close()
		return nil, fmt.Errorf("start decoder %s: %w", exe, err)
	}
	c.in, c.out = in, out
	go func() {
		_ = cmd.Wait() // how it ended is read from ProcessState
		close(c.exited)
	}()
	return c, nil
}

// ask sends one request and waits for its answer until ctx ends; then, or when
// the child dies, it returns an error and the child is gone.
func (c *child) ask(ctx context.Context, r decodeRequest) (decodeAnswer, error) {
	var a decodeAnswer
	done := make(chan error, 1)
	go func() {
		if err := writeFrame(c.in, r); err != nil {
			done <- err
			return
		}
		if err := readFrame(c.out, &a); err != nil {
			done <- err
			return
		}
		done <- a.readRGB(c.out, r.MemoryBytes)
	}()
	select {
	case <-ctx.Done():
		c.kill()
		<-done
		return decodeAnswer{}, ctx.Err()
	case err := <-done:
		if err != nil {
			c.kill()
			return decodeAnswer{}, fmt.Errorf("%w (%s): %s", errChildDied, c.cmd.ProcessState, c.stderr)
		}
		return a, nil
	}
}

func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// kill ends the child and waits until it is gone. A child that is about to end
// by itself gets a moment, so that its own reason is the one reported.
func (c *child) kill() {
	c.in.Close()
	select {
	case <-c.exited:
	case <-time.After(50 * time.Millisecond):
		_ = c.cmd.Process.Kill() // fails only if it ended meanwhile
		<-c.exited
	}
	if f, ok := c.out.(*os.File); ok {
		f.Close()
	}
}

// firstWords keeps the beginning of what was written to it: a process that
// dies says why first, and then shows its stacks.
type firstWords struct {
	mu sync.Mutex
	b  []byte
}

func (t *firstWords) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p[:min(len(p), 2048-len(t.b))]...)
	return len(p), nil
}

func (t *firstWords) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
