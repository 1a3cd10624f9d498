package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
	"albumen/redisdb"
)

// status is what the process says about itself, kept fresh in Redis.
type status struct {
	pool    *redis.Pool
	keys    ml.Keys
	log     *slog.Logger
	outage  *redisdb.Outage
	changed chan struct{} // rung when waiting for the next report would be too long

	mu    sync.Mutex
	now   ml.Status
	meter meter
	away  error // why Redis cannot be reached; nil when it can
}

func newStatus(pool *redis.Pool, keys ml.Keys, model string, log *slog.Logger) (*status, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the name of this machine: %w", err)
	}
	return &status{pool: pool, keys: keys, log: log, outage: &redisdb.Outage{Log: log}, changed: make(chan struct{}, 1), now: ml.Status{
		Process: uuid.NewString(), PID: os.Getpid(), Host: host, State: ml.StateLoading,
		Model: ml.Model{Name: model}, Since: time.Now().UTC(),
	}}, nil
}

// snapshot returns the status as of now, and why Redis is away if it is.
func (s *status) snapshot() (ml.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	now.ImagesPerSecond = s.meter.rate(time.Now())
	return now, s.away
}

// set changes the status and has it reported at once.
func (s *status) set(change func(*ml.Status)) {
	s.mu.Lock()
	change(&s.now)
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default: // rung already
	}
}

// progress notes how far fetching is; the next report tells.
func (s *status) progress(done, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Fetched, s.now.FetchTotal = done, total
}

// embedded counts pictures.
func (s *status) embedded(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Images += int64(n)
	s.meter.add(time.Now(), n)
}

// fetchingEvery is how often progress is reported.
const fetchingEvery = time.Second

// report keeps the status fresh until ctx ends, and then takes it back.
func (s *status) report(ctx context.Context) {
	for {
		s.note(ctx, s.say(ctx))
		every := ml.StatusEvery
		if now, _ := s.snapshot(); now.State == ml.StateFetching {
			every = fetchingEvery
		}
		select {
		case <-s.changed:
		case <-time.After(every):
		case <-ctx.Done():
			s.takeBack(context.WithoutCancel(ctx))
			return
		}
	}
}

func (s *status) say(ctx context.Context) error {
	now, _ := s.snapshot()
	encoded, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	conn, err := s.pool.GetContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	if _, err := redis.DoContext(conn, ctx, "SET", s.keys.Status(now.Process), encoded, "PX", ml.StatusLives.Milliseconds()); err != nil {
		return fmt.Errorf("report the status: %w", err)
	}
	if _, err := redis.DoContext(conn, ctx, "SADD", s.keys.Processes(), now.Process); err != nil {
		return fmt.Errorf("report the status: %w", err)
	}
	return nil
}

// takeBack removes the status, so that nobody waits for this process.
func (s *status) takeBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	conn, err := s.pool.GetContext(ctx)
	if err == nil {
		defer conn.Close()
		_, err = redis.DoContext(conn, ctx, "DEL", s.keys.Status(s.now.Process))
	}
	if err != nil {
		s.log.DebugContext(ctx, "could not take the status back; it expires", "error", err)
	}
}

// note remembers whether Redis answers.
func (s *status) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.away = err
	s.mu.Unlock()
	s.outage.Note(ctx, err)
}

// meter measures how many pictures a second there were in the last minute,
// from the first of them on.
type meter struct {
	seconds [60]struct{ at, n int64 }
}

func (m *meter) add(now time.Time, n int) {
	at := now.Unix()
	slot := &m.seconds[at%60]
	if slot.at != at {
		slot.at, slot.n = at, 0
	}
	slot.n += int64(n)
}

func (m *meter) rate(now time.Time) float64 {
	var sum, span int64
	for _, slot := range m.seconds {
		if age := now.Unix() - slot.at; age < 60 {
			sum, span = sum+slot.n, max(span, age+1)
		}
	}
	if sum == 0 {
		return 0
	}
	return float64(sum) / float64(span)
}
