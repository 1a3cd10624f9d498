package live

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/redisdb"
)

const (
	// MaxPerUser is how many listeners one user may have: pages open at a time.
	MaxPerUser = 24
	// buffered is how many pieces of news a slow listener may be behind before
	// it is dropped, which makes its page connect and read again.
	buffered = 64
)

// ErrTooMany reports a user with MaxPerUser listeners already.
var ErrTooMany = errors.New("too many open connections")

// News is what a listener gets: an event, or the advice to read everything
// again because some may have been lost.
type News struct {
	Event  app.Event
	Resync bool
}

// Listener receives the news of one user. C is closed when the hub drops it.
type Listener struct {
	C    <-chan News
	c    chan News
	user uuid.UUID
}

// Hub holds the one subscription of a web process and hands the news on.
type Hub struct {
	pool    *redis.Pool
	channel string
	log     *slog.Logger

	mu        sync.Mutex
	listeners map[uuid.UUID]map[*Listener]struct{}
	connected bool // there was a subscription before
	closed    bool
}

// NewHub returns a hub on a channel, see Channel. Run makes it listen.
func NewHub(pool *redis.Pool, channel string, log *slog.Logger) *Hub {
	return &Hub{pool: pool, channel: channel, log: log, listeners: map[uuid.UUID]map[*Listener]struct{}{}}
}

// Run listens until ctx ends and then drops all listeners.
func (h *Hub) Run(ctx context.Context) {
	outage := &redisdb.Outage{Log: h.log}
	redisdb.Subscription{
		Pool: h.pool, Channel: h.channel, Message: h.deliver,
		Connected: func() { outage.Note(ctx, nil); h.resync() },
		Lost:      func(err error) { outage.Note(ctx, err) },
	}.Run(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, of := range h.listeners {
		for l := range of {
			h.drop(l)
		}
	}
}

// Listen starts to collect the news of a user; the caller must Leave.
func (h *Hub) Listen(user uuid.UUID) (*Listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners[user]) >= MaxPerUser {
		return nil, ErrTooMany
	}
	c := make(chan News, buffered)
	l := &Listener{C: c, c: c, user: user}
	if h.closed {
		close(c)
		return l, nil
	}
	if h.listeners[user] == nil {
		h.listeners[user] = map[*Listener]struct{}{}
	}
	h.listeners[user][l] = struct{}{}
	return l, nil
}

// Leave ends a listener. It may have been dropped before.
func (h *Hub) Leave(l *Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(l)
}

// drop is Leave under the lock.
func (h *Hub) drop(l *Listener) {
	of := h.listeners[l.user]
	if _, ok := of[l]; !ok {
		return
	}
	close(l.c)
	delete(of, l)
	if len(of) == 0 {
		delete(h.listeners, l.user)
	}
}

// deliver hands one event to the listeners of its user.
func (h *Hub) deliver(message []byte) {
	var event app.Event
	if err := json.Unmarshal(message, &event); err != nil {
		h.log.Warn("an event on the live channel cannot be read", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners[event.UserID] {
		h.send(l, News{Event: event})
	}
}

// resync tells everybody that news may have been lost, except at the start.
func (h *Hub) resync() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.connected {
		for _, of := range h.listeners {
			for l := range of {
				h.send(l, News{Resync: true})
			}
		}
	}
	h.connected = true
}

// send never waits: a listener whose buffer is full is dropped.
func (h *Hub) send(l *Listener, n News) {
	select {
	case l.c <- n:
	default:
		h.drop(l)
	}
}
