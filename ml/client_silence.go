package ml

import (
	"slices"
	"sync"
	"time"
)

const (
	// silentFor is how long processes that left a text unanswered are not asked
	// again: their status outlives a process that was killed by StatusLives, and a
	// process that hangs may go on saying that it is ready.
	silentFor = 10 * time.Second
	// patience is the shortest wait after which no answer says anything.
	patience = time.Second
)

// silence remembers which processes left a text unanswered, so that only the
// first search waits for them.
type silence struct {
	mu    sync.Mutex
	until map[string]time.Time // by Status.Process
}

// all tells whether every one of the processes is silent; one that has just
// been started is not.
func (s *silence) all(processes []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	return !slices.ContainsFunc(processes, func(p string) bool { return !now.Before(s.until[p]) })
}

// unanswered notes that none of the processes answered within the wait.
func (s *silence) unanswered(processes []string, wait time.Duration) {
	if wait < patience {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = map[string]time.Time{} // of the others nothing is known any more
	for _, p := range processes {
		s.until[p] = time.Now().Add(silentFor)
	}
}

// answered notes that somebody answered: whoever it was, asking is worth it.
func (s *silence) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.until)
}
