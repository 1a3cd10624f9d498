package redisdb

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// patience is the wait between two attempts to reach Redis.
const patience = time.Second

// Patient is pool for gocraft/work, whose workers ask again every 10 ms, each
// with a line of output, while Redis is away. Here a connection is waited for,
// until ctx ends, and a worker that loses its connection while it asks for a job
// hears that there is none.
func Patient(ctx context.Context, pool *redis.Pool) *redis.Pool {
	return &redis.Pool{
		MaxIdle: pool.MaxIdle, IdleTimeout: pool.IdleTimeout, TestOnBorrow: pool.TestOnBorrow,
		DialContext: func(dialing context.Context) (redis.Conn, error) {
			for {
				ending := ctx.Err() != nil
				conn, err := answering(dialing, pool)
				if err == nil {
					return workerConn{conn}, nil
				}
				if ending || dialing.Err() != nil {
					return nil, err
				}
				select {
				case <-ctx.Done():
				case <-time.After(patience):
				}
			}
		},
	}
}

// answering returns a connection to a Redis that has loaded its data.
func answering(ctx context.Context, pool *redis.Pool) (redis.Conn, error) {
	conn, err := pool.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Do("PING"); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// workerConn is a connection of a worker.
type workerConn struct{ redis.Conn }

func (c workerConn) Do(command string, args ...any) (any, error) {
	reply, err := c.Conn.Do(command, args...)
	if err == nil || !asksForJob(args) {
		return reply, err
	}
	said, answered := errors.AsType[redis.Error](err)
	switch {
	case !answered || strings.HasPrefix(said.Error(), "LOADING "):
		return nil, nil // no job; the next attempt waits for a connection
	case !strings.HasPrefix(said.Error(), "NOSCRIPT "): // which is asked again with the script
		time.Sleep(patience)
	}
	return nil, err
}

// asksForJob tells the script that takes a job by its second key. To the others,
// such as that which rescues jobs of dead workers, a failure must not look like
// an empty queue.
func asksForJob(args []any) bool {
	if len(args) < 4 {
		return false
	}
	key, ok := args[3].(string)
	return ok && strings.HasSuffix(key, ":inprogress")
}
