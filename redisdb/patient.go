package redisdb

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Patient is pool for gocraft/work, whose workers ask again every 10 ms, each
// with a line of output, while Redis is away.
func Patient(pool *redis.Pool) *redis.Pool {
	return &redis.Pool{
		MaxIdle: pool.MaxIdle, IdleTimeout: pool.IdleTimeout, TestOnBorrow: pool.TestOnBorrow,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			conn, err := pool.DialContext(ctx)
			if err != nil {
				time.Sleep(time.Second)
			}
			return conn, err
		},
	}
}
