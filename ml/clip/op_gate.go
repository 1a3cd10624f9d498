package clip

import (
	"sync"
	"sync/atomic"
	"time"
)

// longestShut is for how long texts may hold up pictures at a stretch. Searches of
// people are far below it.
const longestShut = time.Second

// gate lets texts overtake pictures: while it is held shut, pictures wait between two
// pieces of work. It is never shut for more than longestShut and half of the time: of
// more texts than that, the others run beside the pictures, which share the processor
// with them then.
type gate struct {
	holders atomic.Int32
	mu      sync.Mutex
	opened  chan struct{}

	now  func() time.Time // nil: time.Now
	left time.Duration    // how long it may still be shut, at the time at
	at   time.Time
}

// shut holds the gate shut until the function that it returns is called; where it has
// been shut for too long, it does nothing.
func (g *gate) shut() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.settle(); g.left <= 0 {
		return func() {}
	}
	if g.holders.Add(1) == 1 {
		g.opened = make(chan struct{})
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.settle()
		if g.holders.Add(-1) == 0 {
			close(g.opened)
		}
	}
}

// settle brings left up to date: it goes down while the gate is shut, and up again
// while it is open.
func (g *gate) settle() {
	now := time.Now
	if g.now != nil {
		now = g.now
	}
	at := now()
	switch passed := at.Sub(g.at); {
	case g.at.IsZero():
		g.left = longestShut
	case g.holders.Load() > 0:
		g.left -= passed
	default:
		g.left = min(g.left+passed, longestShut)
	}
	g.at = at
}

// pass returns when the gate is open; a nil gate always is.
func (g *gate) pass() {
	if g == nil || g.holders.Load() == 0 {
		return
	}
	g.mu.Lock()
	opened := g.opened
	g.mu.Unlock()
	<-opened
}
