// Package live carries the news that an item has changed from whichever
// process changed it to the open pages, over Redis. News is ids only, and may
// be lost: whoever was away reads the database again.
package live

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"albumen/app"
)

// Channel is the Redis channel of the news.
const Channel = "albumen:live"

// Publisher sends events to all web processes; it implements app.Publisher.
type Publisher struct {
	pool    *redis.Pool
	channel string
}

// NewPublisher returns a publisher to a channel, see Channel.
func NewPublisher(pool *redis.Pool, channel string) *Publisher {
	return &Publisher{pool: pool, channel: channel}
}

// Publish implements app.Publisher.
func (p *Publisher) Publish(ctx context.Context, event app.Event) error {
	encoded, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	conn, err := p.pool.GetContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	if _, err := redis.DoContext(conn, ctx, "PUBLISH", p.channel, encoded); err != nil {
		return fmt.Errorf("publish an event: %w", err)
	}
	return nil
}
