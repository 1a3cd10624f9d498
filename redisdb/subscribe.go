package redisdb

import (
	"context"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Subscription receives the messages of one channel until its context ends,
// across restarts of Redis.
type Subscription struct {
	Pool    *redis.Pool
	Channel string
	// Connected is called whenever the subscription stands, the first time and
	// after each loss: what was sent in between is lost.
	Connected func()
	// Message gets what was published. It must not block.
	Message func([]byte)
	// Lost is told why the connection ended; a new one is tried after a pause.
	Lost func(error)
}

const (
	// subscribePing keeps a silent connection honest: one that does not answer
	// is given up.
	subscribePing    = 20 * time.Second
	reconnectAtLeast = 100 * time.Millisecond
	reconnectAtMost  = 5 * time.Second
)

// Run subscribes and stays subscribed; it returns when ctx ends.
func (s Subscription) Run(ctx context.Context) {
	pause := reconnectAtLeast
	for ctx.Err() == nil {
		stood, err := s.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		s.Lost(err)
		if stood {
			pause = reconnectAtLeast
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, reconnectAtMost)
	}
}

// listen holds one connection; stood reports that it was subscribed.
func (s Subscription) listen(ctx context.Context) (stood bool, err error) {
	// Outside the pool, so that it never takes a place from requests.
	conn, err := s.Pool.DialContext(ctx)
	if err != nil {
		return false, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	psc := redis.PubSubConn{Conn: conn}
	if err := psc.Subscribe(s.Channel); err != nil {
		return false, fmt.Errorf("subscribe to %s: %w", s.Channel, err)
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		ticker := time.NewTicker(subscribePing)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				conn.Close() // ends the Receive below
				return
			case <-ticker.C:
				_ = psc.Ping("") // a failure shows in Receive
			}
		}
	}()
	for {
		switch m := psc.ReceiveWithTimeout(2 * subscribePing).(type) {
		case redis.Subscription:
			stood = true
			s.Connected()
		case redis.Message:
			s.Message(m.Data)
		case error:
			return stood, fmt.Errorf("listen on %s: %w", s.Channel, m)
		}
	}
}
