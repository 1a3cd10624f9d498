package clip

import (
	"sync"
	"sync/atomic"
)

// gate lets texts overtake pictures: while it is held shut, pictures wait between two
// pieces of work.
type gate struct {
	holders atomic.Int32
	mu      sync.Mutex
	opened  chan struct{}
}

// shut holds the gate shut until the function that it returns is called.
func (g *gate) shut() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holders.Add(1) == 1 {
		g.opened = make(chan struct{})
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.holders.Add(-1) == 0 {
			close(g.opened)
		}
	}
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
