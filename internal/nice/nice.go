// Package nice makes work that nobody waits for give way to what a person waits
// for: threads and processes of lower priority. What was lowered stays so, since
// only root may raise a priority again.
package nice

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Steps by which kinds of work are lowered. Between 0 and 10, and between 10 and
// 19, the share of a busy processor falls to about a tenth.
const (
	Decoding  = 10 // new photos shall appear soon
	Embedding = 19 // nobody sees when it is done
)

// lowest is the niceness that nothing goes beyond.
const lowest = 19

// Lower makes the calling goroutine's thread nicer by some steps. The thread then
// belongs to the goroutine, which must not unlock it: it ends with it.
func Lower(steps int) error {
	runtime.LockOSThread()
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("read the priority of a thread: %w", err)
	}
	// The system call answers 20 - niceness.
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, min(lowest, 20-now+steps)); err != nil {
		return fmt.Errorf("lower the priority of a thread: %w", err)
	}
	return nil
}

// Start starts a process, all threads of which are nicer by some steps than this
// one's. cmd must not have a Pdeathsig: the thread that is its parent ends.
func Start(cmd *exec.Cmd, steps int) error {
	started := make(chan error, 1)
	go func() {
		if err := Lower(steps); err != nil {
			started <- err
			return
		}
		started <- cmd.Start()
	}()
	return <-started
}

// Crew is some threads of lower priority that do what they are told.
type Crew struct {
	tasks chan func()
	ended sync.WaitGroup
}

// NewCrew returns a crew of some threads, which must be closed.
func NewCrew(threads, steps int) (*Crew, error) {
	c := &Crew{tasks: make(chan func())}
	lowered := make(chan error, threads)
	for range threads {
		c.ended.Go(func() {
			err := Lower(steps)
			lowered <- err
			if err != nil {
				return
			}
			for task := range c.tasks {
				task()
			}
		})
	}
	for range threads {
		if err := <-lowered; err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Do has a thread do the task, when one is free, and returns when it is done.
func (c *Crew) Do(task func()) {
	done := make(chan struct{})
	c.tasks <- func() { defer close(done); task() }
	<-done
}

// Close ends the threads when they are done. Nothing may be asked of them any more.
func (c *Crew) Close() {
	close(c.tasks)
	c.ended.Wait()
}
