package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"
)

// Namespace is the prefix of the queue's keys in Redis.
const Namespace = "albumen"

// BellChannel is where an enqueuer tells sleeping workers of a new job: left
// alone, an idle worker looks only every 5 s.
func BellChannel(namespace string) string { return namespace + ":bell" }

// Queue is the queue in Redis, seen from those who fill it. It implements
// Enqueuer and Queues, and is safe for concurrent use.
type Queue struct {
	namespace string
	pool      *redis.Pool
	enqueuer  *work.Enqueuer
}

// NewQueue returns the queue under a namespace, see Namespace.
func NewQueue(namespace string, pool *redis.Pool) *Queue {
	return &Queue{namespace: namespace, pool: pool, enqueuer: work.NewEnqueuer(namespace, pool)}
}

// Enqueue implements Enqueuer.
func (q *Queue) Enqueue(ctx context.Context, job Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	encoded, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode the job %s: %w", job.Kind(), err)
	}
	args := map[string]any{}
	if err := json.Unmarshal(encoded, &args); err != nil {
		return fmt.Errorf("encode the job %s: %w", job.Kind(), err)
	}
	if _, err := q.enqueuer.Enqueue(job.Kind(), args); err != nil {
		return fmt.Errorf("enqueue the job %s: %w", job.Kind(), err)
	}
	conn, err := q.pool.GetContext(ctx)
	if err != nil {
		return nil // enqueued; a worker finds it by itself within seconds
	}
	defer conn.Close()
	_, _ = redis.DoContext(conn, ctx, "PUBLISH", BellChannel(q.namespace), job.Kind()) // likewise
	return nil
}

// Length implements Queues.
func (q *Queue) Length(ctx context.Context, kind string) (int64, error) {
	conn, err := q.pool.GetContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	// gocraft/work keeps a kind's jobs under this key.
	n, err := redis.Int64(redis.DoContext(conn, ctx, "LLEN", q.namespace+":jobs:"+kind))
	if err != nil {
		return 0, fmt.Errorf("measure the queue %s: %w", kind, err)
	}
	return n, nil
}
