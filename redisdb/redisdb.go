// Package redisdb opens the pool of Redis connections that queue, live
// updates, rate limits and caches share.
package redisdb

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Open is New, and checks that the server answers.
func Open(ctx context.Context, address string) (*redis.Pool, error) {
	pool, err := New(address)
	if err != nil {
		return nil, err
	}
	if err := Ping(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// New returns a pool for a redis://, rediss:// or unix:///path/to.sock?db=N
// address, whether or not the server answers.
func New(address string) (*redis.Pool, error) {
	dial, err := dialer(address)
	if err != nil {
		return nil, err
	}
	return &redis.Pool{
		MaxIdle: 16, MaxActive: 64, Wait: true, IdleTimeout: 4 * time.Minute,
		DialContext: dial,
		TestOnBorrow: func(c redis.Conn, idleSince time.Time) error {
			if time.Since(idleSince) < time.Minute {
				return nil
			}
			_, err := c.Do("PING")
			return err
		},
	}, nil
}

// Ping reports whether Redis answers.
func Ping(ctx context.Context, pool *redis.Pool) error {
	conn, err := pool.GetContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	if _, err := redis.DoContext(conn, ctx, "PING"); err != nil {
		return fmt.Errorf("ask Redis: %w", err)
	}
	return nil
}

func dialer(address string) (func(context.Context) (redis.Conn, error), error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read the Redis address: %w", err)
	}
	// A server that hangs fails requests instead of holding them; blocking
	// commands give a timeout of their own.
	options := []redis.DialOption{
		redis.DialConnectTimeout(5 * time.Second), redis.DialReadTimeout(10 * time.Second), redis.DialWriteTimeout(10 * time.Second),
	}
	if u.Scheme != "unix" {
		return func(ctx context.Context) (redis.Conn, error) {
			return redis.DialURLContext(ctx, address, options...)
		}, nil
	}
	number := 0
	if s := u.Query().Get("db"); s != "" {
		if number, err = strconv.Atoi(s); err != nil {
			return nil, fmt.Errorf("read the Redis database number %q: %w", s, err)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, redis.DialUsername(u.User.Username()), redis.DialPassword(password))
	}
	path, dialContext := u.Path, (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	options = append(options, redis.DialDatabase(number),
		redis.DialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) { return dialContext(ctx, "unix", path) }))
	return func(ctx context.Context) (redis.Conn, error) { return redis.DialContext(ctx, "unix", path, options...) }, nil
}
