package ml

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
)

// textWait is how long a text is waited for where the context sets no limit.
const textWait = 2 * time.Second

// maxTextWait is the longest wait; a connection is read from for ten seconds at
// most.
const maxTextWait = 7 * time.Second

// maxAsking is how many texts are waited for at a time. Each wait holds a
// connection, of which the pool has twice as many: the rest is for who does not
// wait.
const maxAsking = 32

// Client asks the ml processes. It is safe for concurrent use.
type Client struct {
	pool   *redis.Pool
	keys   Keys
	asking chan struct{} // a place for each text that is waited for
	silent silence
}

// NewClient returns a client under a prefix, see Prefix.
func NewClient(pool *redis.Pool, prefix string) *Client {
	return &Client{pool: pool, keys: Keys{prefix}, asking: make(chan struct{}, maxAsking)}
}

// Status is what the best of the ml processes last said about itself: one that
// is ready before others; ErrUnavailable when none has said anything lately.
func (c *Client) Status(ctx context.Context) (Status, error) {
	all, err := c.Statuses(ctx)
	if err != nil {
		return Status{}, err
	}
	if len(all) == 0 {
		return Status{}, ErrUnavailable
	}
	return all[0], nil
}

// Statuses is what the living ml processes said about themselves, the best
// first; none is no error. What cannot be understood is left out.
func (c *Client) Statuses(ctx context.Context) ([]Status, error) {
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	return c.statuses(ctx, conn)
}

// rank orders states, best first.
var rank = []State{StateReady, StateLoading, StateFetching, StateNoModel, StateFailed}

func (c *Client) statuses(ctx context.Context, conn redis.Conn) ([]Status, error) {
	processes, err := redis.Strings(redis.DoContext(conn, ctx, "SMEMBERS", c.keys.Processes()))
	if err != nil {
		return nil, fmt.Errorf("list the ml processes: %w", err)
	}
	if len(processes) == 0 {
		return nil, nil
	}
	var args redis.Args
	for _, p := range processes {
		args = args.Add(c.keys.Status(p))
	}
	said, err := redis.ByteSlices(redis.DoContext(conn, ctx, "MGET", args...))
	if err != nil {
		return nil, fmt.Errorf("read the status of the ml processes: %w", err)
	}
	dead := redis.Args{}.Add(c.keys.Processes())
	var all []Status
	for i, one := range said {
		if one == nil {
			dead = dead.Add(processes[i])
			continue
		}
		var s Status
		if json.Unmarshal(one, &s) != nil || !slices.Contains(rank, s.State) {
			continue // of another version of Albumen; the others are as good as before
		}
		all = append(all, s)
	}
	if len(dead) > 1 {
		// One that only slept adds itself again.
		if _, err := redis.DoContext(conn, ctx, "SREM", dead...); err != nil {
			return nil, fmt.Errorf("forget ml processes that ended: %w", err)
		}
	}
	slices.SortFunc(all, func(a, b Status) int {
		if by := slices.Index(rank, a.State) - slices.Index(rank, b.State); by != 0 {
			return by
		}
		return a.Since.Compare(b.Since)
	})
	return all, nil
}

// askText has a text embedded; ErrUnavailable at once where too many texts are
// waited for already, or where the processes have just left one unanswered.
func (c *Client) askText(ctx context.Context, modelID, text string) ([]float32, error) {
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	default:
		return nil, ErrUnavailable
	}
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = time.Now().Add(textWait)
	} else if last := time.Now().Add(maxTextWait); deadline.After(last) {
		deadline = last
	}
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	all, err := c.statuses(ctx, conn)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrUnavailable
	}
	var ready []string
	for _, s := range all {
		if s.State == StateReady && s.Model.ID == modelID {
			ready = append(ready, s.Process)
		}
	}
	if len(ready) == 0 {
		return nil, ErrNoModel // at once, instead of waiting for nobody
	}
	if c.silent.all(ready) {
		return nil, ErrUnavailable
	}
	request := TextRequest{ID: uuid.NewString(), Text: cut(text, MaxTextBytes), Deadline: deadline}
	encoded, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode a text: %w", err)
	}
	list := c.keys.Text(ModelKey(modelID))
	if err := conn.Send("RPUSH", list, encoded); err != nil { // goes with the next
		return nil, fmt.Errorf("send a text to the ml process: %w", err)
	}
	// Should every process with this model be gone for good, the list shall
	// not stay.
	if _, err := redis.DoContext(conn, ctx, "EXPIRE", list, 60); err != nil {
		return nil, fmt.Errorf("send a text to the ml process: %w", err)
	}
	asked := time.Now()
	v, err := c.await(ctx, conn, modelID, request)
	switch {
	case err == nil:
		c.silent.answered()
	case errors.Is(err, ErrUnavailable):
		c.silent.unanswered(ready, time.Since(asked))
	}
	return v, err
}

func (c *Client) await(ctx context.Context, conn redis.Conn, modelID string, request TextRequest) ([]float32, error) {
	wait := max(time.Until(request.Deadline), time.Millisecond)
	// Redis ends the wait at the deadline. The context ends it when nobody wants
	// the answer any more, with the connection; past the deadline it leaves Redis
	// two seconds.
	asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait+2*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})()
	answer, err := redis.ByteSlices(redis.DoContext(conn, asked, "BLPOP", c.keys.Reply(request.ID), wait.Seconds()))
	if errors.Is(err, redis.ErrNil) {
		return nil, ErrUnavailable
	}
	if err != nil {
		return nil, fmt.Errorf("wait for the ml process: %w", errors.Join(err, ctx.Err()))
	}
	var reply TextReply
	if err := json.Unmarshal(answer[1], &reply); err != nil {
		return nil, fmt.Errorf("read the answer of the ml process: %w", err)
	}
	if reply.Error != "" || reply.Model.ID != modelID {
		return nil, fmt.Errorf("the ml process answered %q for the model %q", reply.Error, reply.Model.ID)
	}
	return DecodeVector(reply.Vector, reply.Model.Dimension)
}

// cut shortens text to at most n bytes of whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
