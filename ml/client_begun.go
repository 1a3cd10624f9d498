package ml

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// Begun tells of each request whether a process has begun and not ended it. Of
// what Redis has lost it knows nothing: that was not begun.
func (c *Client) Begun(ctx context.Context, requests []EmbedImage) ([]bool, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	var args redis.Args
	for _, r := range requests {
		args = args.Add(c.keys.Taken(r))
	}
	kept, err := redis.ByteSlices(redis.DoContext(conn, ctx, "MGET", args...))
	if err != nil {
		return nil, fmt.Errorf("look for what was begun: %w", err)
	}
	begun := make([]bool, len(requests))
	for i, k := range kept {
		begun[i] = k != nil
	}
	return begun, nil
}
