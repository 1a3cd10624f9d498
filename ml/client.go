package ml

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
)

// textWait is how long a text is waited for where the context sets no limit.
const textWait = 2 * time.Second

// Client asks the ml process. It is safe for concurrent use.
type Client struct {
	pool *redis.Pool
	keys Keys
}

// NewClient returns a client under a prefix, see Prefix.
func NewClient(pool *redis.Pool, prefix string) *Client {
	return &Client{pool: pool, keys: Keys{prefix}}
}

// Status is what the ml process last said about itself; ErrUnavailable when
// none has lately.
func (c *Client) Status(ctx context.Context) (Status, error) {
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	return c.status(ctx, conn)
}

func (c *Client) status(ctx context.Context, conn redis.Conn) (Status, error) {
	said, err := redis.Bytes(redis.DoContext(conn, ctx, "GET", c.keys.Status()))
	if errors.Is(err, redis.ErrNil) {
		return Status{}, ErrUnavailable
	}
	if err != nil {
		return Status{}, fmt.Errorf("read the status of the ml process: %w", err)
	}
	var s Status
	if err := json.Unmarshal(said, &s); err != nil {
		return Status{}, fmt.Errorf("read the status of the ml process: %w", err)
	}
	return s, nil
}

// EmbedText returns the unit vector of a text and the model that made it. It
// waits until the context's deadline, or two seconds where there is none.
// ErrNoModel and ErrUnavailable say that search goes on without meaning.
func (c *Client) EmbedText(ctx context.Context, text string) (Model, []float32, error) {
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = time.Now().Add(textWait)
	}
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return Model{}, nil, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	if _, err := c.status(ctx, conn); err != nil {
		return Model{}, nil, err // at once, instead of waiting for nobody
	}
	request := TextRequest{ID: uuid.NewString(), Text: text, Deadline: deadline}
	encoded, err := json.Marshal(request)
	if err != nil {
		return Model{}, nil, fmt.Errorf("encode a text: %w", err)
	}
	if _, err := redis.DoContext(conn, ctx, "RPUSH", c.keys.Text(), encoded); err != nil {
		return Model{}, nil, fmt.Errorf("send a text to the ml process: %w", err)
	}
	return c.await(ctx, conn, request)
}

func (c *Client) await(ctx context.Context, conn redis.Conn, request TextRequest) (Model, []float32, error) {
	wait := max(time.Until(request.Deadline), time.Millisecond)
	// Redis ends the wait; the timeout is for a Redis that does not.
	answer, err := redis.ByteSlices(redis.DoWithTimeout(conn, wait+2*time.Second, "BLPOP", c.keys.Reply(request.ID), wait.Seconds()))
	if errors.Is(err, redis.ErrNil) {
		return Model{}, nil, ErrUnavailable
	}
	if err != nil {
		return Model{}, nil, fmt.Errorf("wait for the ml process: %w", errors.Join(err, ctx.Err()))
	}
	var reply TextReply
	if err := json.Unmarshal(answer[1], &reply); err != nil {
		return Model{}, nil, fmt.Errorf("read the answer of the ml process: %w", err)
	}
	switch {
	case reply.Error == ReplyNoModel:
		return Model{}, nil, ErrNoModel
	case reply.Error != "" || len(reply.Vector) == 0 || len(reply.Vector) != reply.Model.Dimension:
		return Model{}, nil, fmt.Errorf("the ml process answered %q with %d numbers of %d", reply.Error, len(reply.Vector), reply.Model.Dimension)
	}
	return reply.Model, reply.Vector, nil
}
