package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
)

// Limit allows Max acts per sliding Window under one Key.
type Limit struct {
	Key    string // such as "sign-in address 192.0.2.1"; only its hash is stored
	Max    int
	Window time.Duration
}

// RateLimiter counts acts in Redis, so that every web process sees the same
// numbers.
type RateLimiter struct {
	pool   *redis.Pool
	prefix string
}

// NewRateLimiter returns a limiter whose keys begin with prefix.
func NewRateLimiter(pool *redis.Pool, prefix string) *RateLimiter {
	return &RateLimiter{pool: pool, prefix: prefix}
}

// takeScript looks at every limit before it counts under any of them. An act
// that is refused is not counted, so that waiting always helps.
var takeScript = redis.NewScript(-1, `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local max, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  if redis.call('ZCARD', key) >= max then
    local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    wait = math.max(wait, oldest[2] + window - now)
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2 * i + 1])
end
return 0`)

// Take counts one act under all of the limits. It returns an Error with
// CodeRateLimited, and how long to wait in Args["Seconds"] and
// Args["Minutes"], when one of them is used up, and CodeUnavailable when Redis
// does not answer: what cannot be counted is not allowed.
func (r *RateLimiter) Take(ctx context.Context, limits ...Limit) error {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return r.unavailable(err)
	}
	defer conn.Close()
	args := redis.Args{len(limits)}
	for _, l := range limits {
		args = args.Add(r.key(l.Key))
	}
	args = args.Add(uuid.NewString())
	for _, l := range limits {
		args = args.Add(l.Max, l.Window.Milliseconds())
	}
	wait, err := redis.Int64(takeScript.DoContext(ctx, conn, args...))
	if err != nil {
		return r.unavailable(err)
	}
	if wait > 0 {
		seconds := int(math.Ceil(float64(wait) / 1000))
		return &Error{Code: CodeRateLimited, Key: "error.rate_limited", Args: map[string]any{
			"Seconds": seconds, "Minutes": (seconds + 59) / 60,
		}}
	}
	return nil
}

// Forget empties the count under a key.
func (r *RateLimiter) Forget(ctx context.Context, key string) error {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return r.unavailable(err)
	}
	defer conn.Close()
	if _, err := redis.DoContext(conn, ctx, "DEL", r.key(key)); err != nil {
		return r.unavailable(err)
	}
	return nil
}

func (r *RateLimiter) unavailable(err error) error {
	return &Error{Code: CodeUnavailable, Key: "error.unavailable", Err: fmt.Errorf("count attempts: %w", err)}
}

// key hides addresses and e-mails, and bounds what a client can make us store.
func (r *RateLimiter) key(k string) string {
	sum := sha256.Sum256([]byte(k))
	return r.prefix + hex.EncodeToString(sum[:16])
}

// origin names the network that a request comes from: whoever has an IPv6
// address usually has its whole /64.
func origin(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if from.Is6() {
		if p, err := from.Prefix(64); err == nil {
			return p.String()
		}
	}
	return from.String()
}
