package app

import "sync"

// archiveSlots counts the archives that each actor is fetching from this process.
type archiveSlots struct {
	mu      sync.Mutex
	running map[string]int
}

// enter takes a slot; done gives it back and may be called again.
func (s *archiveSlots) enter(who string) (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = map[string]int{}
	}
	if s.running[who] >= archivesAtOnce {
		return nil, false
	}
	s.running[who]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running[who]--; s.running[who] == 0 {
			delete(s.running, who)
		}
	}), true
}
