package redisdb

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// outageEvery is how often the log is reminded of an outage.
const outageEvery = time.Minute

// Outage keeps the log of a process readable while Redis is away. The zero value
// with a Log is ready for use, by several goroutines.
type Outage struct {
	Log *slog.Logger

	mu           sync.Mutex
	since, noted time.Time // zero while Redis answers
}

// Note takes what an attempt came to. A line says that Redis is away, at once and
// then every minute, and one that it is back.
func (o *Outage) Note(ctx context.Context, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	away := now.Sub(o.since).Round(time.Second)
	switch {
	case err == nil && o.since.IsZero():
	case err == nil:
		o.Log.InfoContext(ctx, "Redis answers again", "away_for", away)
		o.since = time.Time{}
	case o.since.IsZero():
		o.Log.WarnContext(ctx, "cannot reach Redis; trying again until it answers", "error", err)
		o.since, o.noted = now, now
	case now.Sub(o.noted) >= outageEvery:
		o.Log.WarnContext(ctx, "still cannot reach Redis", "away_for", away, "error", err)
		o.noted = now
	}
}
