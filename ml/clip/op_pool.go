package clip

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"albumen/internal/nice"
)

// spin is how long an idle helper looks for more work before it sleeps: longer than
// the pauses within a run, too short to matter between runs.
const spin = 150 * time.Microsecond

// pool splits loops over several threads: the caller's and those of its helpers. One
// of low priority has a thread of its own in place of the caller's. It serves one
// caller at a time. A helper that comes late costs nothing, since whoever
// is there takes the next piece.
type pool struct {
	first   *nice.Crew // of one thread; nil: the caller's
	helpers []*helper
	gate    *gate // before every piece; nil: none
}

type helper struct {
	slot   atomic.Pointer[loop]
	asleep atomic.Bool
	wake   chan struct{}
	_      [64]byte // helpers spin on lines of their own
}

// loop is one split loop.
type loop struct {
	n, piece   int
	gate       *gate
	next, left atomic.Int64
	body       func(worker, first, last int)
}

// newPool returns a pool; idle: whose threads run only while nothing else wants to.
func newPool(threads int, g *gate, idle bool) (p *pool, err error) {
	p = &pool{gate: g}
	if idle {
		if p.first, err = nice.NewCrew(1); err != nil {
			return nil, err
		}
	}
	lowered := make(chan error, threads)
	for i := 1; i < threads; i++ {
		h := &helper{wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go func() {
			var err error
			if idle {
				err = nice.Lower()
			}
			if lowered <- err; err == nil {
				h.run(i)
			}
		}()
	}
	for range p.helpers {
		err = errors.Join(err, <-lowered)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// do runs a function, which may split loops, on the pool's first thread.
func (p *pool) do(f func()) {
	if p.first == nil {
		f()
		return
	}
	p.first.Do(f)
}

// threads is how many workers may be at work at once.
func (p *pool) threads() int { return len(p.helpers) + 1 }

// split calls body for pieces of 0 … n-1, each of at most the given length, and
// returns when all are done. Workers are numbered from 0.
func (p *pool) split(n, piece int, body func(worker, first, last int)) {
	piece = max(1, min(piece, (n+3*p.threads()-1)/(3*p.threads())))
	if len(p.helpers) == 0 || n <= piece {
		for first := 0; first < n; first += piece {
			p.gate.pass()
			body(0, first, min(first+piece, n))
		}
		return
	}
	l := &loop{n: n, piece: piece, gate: p.gate, body: body}
	l.left.Store(int64(n))
	for _, h := range p.helpers {
		h.slot.Store(l)
		if h.asleep.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
	l.work(0)
	for i := 0; l.left.Load() > 0; i++ {
		if i > 2000 {
			runtime.Gosched()
		}
	}
}

// close ends the helpers; the pool must be idle.
func (p *pool) close() {
	for _, h := range p.helpers {
		close(h.wake)
	}
	if p.first != nil {
		p.first.Close()
	}
}

func (l *loop) work(worker int) {
	for {
		l.gate.pass() // before a piece is taken: others wait for whoever has one
		first := int(l.next.Add(int64(l.piece))) - l.piece
		if first >= l.n {
			return
		}
		last := min(first+l.piece, l.n)
		l.body(worker, first, last)
		l.left.Add(int64(first - last))
	}
}

func (h *helper) run(worker int) {
	for {
		idle := time.Now()
		for h.slot.Load() != nil || time.Since(idle) < spin {
			if l := h.slot.Swap(nil); l != nil {
				l.work(worker)
				idle = time.Now()
			}
			for i := 0; i < 500 && h.slot.Load() == nil; i++ {
			}
		}
		h.asleep.Store(true)
		if h.slot.Load() != nil && h.asleep.CompareAndSwap(true, false) {
			continue
		}
		if _, open := <-h.wake; !open {
			return
		}
	}
}
