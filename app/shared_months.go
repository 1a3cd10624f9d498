package app

import (
	"sync"
	"time"

	"albumen/db"
)

const (
	// sharedKept is how long the counts of what others share are kept. Within
	// that time they are still right, or the database tells that they are not.
	sharedKept = 5 * time.Minute
	// sharedActors is of how many actors they are kept: about 10 kB each.
	sharedActors = 500
)

// sharedMonths keeps per actor how many items of others there are by month:
// counting them anew for every page would be most of what a page costs, for
// those who see hundreds of albums.
type sharedMonths struct {
	mu sync.Mutex
	of map[string]keptMonths // by the actor's subjects
}

type keptMonths struct {
	db.SharedCounts
	counted time.Time
}

func newSharedMonths() *sharedMonths { return &sharedMonths{of: map[string]keptMonths{}} }

func subjectsKey(actor Actor) string {
	var key []byte
	for _, s := range actor.Subjects() {
		key = append(key, s[:]...)
	}
	return string(key)
}

// known are the actor's counts, for the database to check; nil: none.
func (s *sharedMonths) known(actor Actor) *db.SharedCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.of[subjectsKey(actor)]
	if !ok || time.Since(kept.counted) > sharedKept {
		return nil
	}
	return &kept.SharedCounts
}

// keep notes what the database has counted, or has found to be right still.
func (s *sharedMonths) keep(actor Actor, counts db.SharedCounts) {
	if counts.AsOf == "" {
		return // of one's own only
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := subjectsKey(actor)
	kept := keptMonths{SharedCounts: counts, counted: time.Now()}
	if before, ok := s.of[key]; ok && sameCounts(before, kept) {
		kept.counted = before.counted
	}
	if len(s.of) >= sharedActors {
		clear(s.of)
	}
	s.of[key] = kept
}

// sameCounts tells that the second was not counted anew: it is the first one's rows.
func sameCounts(x, y keptMonths) bool {
	return len(x.Shared) > 0 && len(x.Shared) == len(y.Shared) && &x.Shared[0] == &y.Shared[0]
}
