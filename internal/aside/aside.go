// Package aside runs something beside its caller, which sees it end.
package aside

import (
	"context"
	"fmt"
	"runtime/debug"
)

// Task is something that runs beside its caller. Whoever starts one stops it.
type Task[T any] struct {
	cancel context.CancelFunc
	done   chan struct{}
	value  T
	err    error
}

// Run starts f. A panic of f's is an error of the task's.
func Run[T any](ctx context.Context, f func(context.Context) (T, error)) *Task[T] {
	ctx, cancel := context.WithCancel(ctx)
	t := &Task[T]{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer func() {
			if r := recover(); r != nil {
				t.err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		t.value, t.err = f(ctx)
	}()
	return t
}

// Wait returns what f returned, as soon as it has.
func (t *Task[T]) Wait() (T, error) {
	<-t.done
	return t.value, t.err
}

// Ended reports whether f has returned.
func (t *Task[T]) Ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// Stop ends the context of f and returns when f has returned.
func (t *Task[T]) Stop() {
	t.cancel()
	<-t.done
}
