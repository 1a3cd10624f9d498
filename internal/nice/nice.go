// Package nice makes work that nobody waits for give way to what a person waits
// for: threads and processes of the lowest priority. What was lowered stays so.
package nice

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Lower makes the calling goroutine's thread run only while nothing else wants the
// processor (SCHED_IDLE: whatever wakes up takes it at once, which niceness does
// not give). The thread then belongs to the goroutine, which must not unlock it: it
// ends with it.
func Lower() error {
	runtime.LockOSThread()
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0); err != nil {
		return fmt.Errorf("lower the priority of a thread: %w", err)
	}
	return nil
}

// Lowered tells whether a thread, by its number, or the calling one, by 0, is lowered.
func Lowered(thread int) (bool, error) {
	attr, err := unix.SchedGetAttr(thread, 0)
	if err != nil {
		return false, fmt.Errorf("read the priority of a thread: %w", err)
	}
	return attr.Policy == unix.SCHED_IDLE, nil
}

// Start starts a process all threads of which are lowered. cmd must not have a
// Pdeathsig: the thread that is its parent ends.
func Start(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	go func() {
		if err := Lower(); err != nil {
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
func NewCrew(threads int) (*Crew, error) {
	c := &Crew{tasks: make(chan func())}
	lowered := make(chan error, threads)
	for range threads {
		c.ended.Go(func() {
			err := Lower()
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
