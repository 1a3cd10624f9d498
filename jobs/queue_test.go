package jobs_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/jobs"
	"albumen/redisdb"
)

// queue is a queue under a namespace of its own in the real Redis.
func queue(t *testing.T) (*jobs.Queue, *redis.Pool, string) {
	t.Helper()
	url := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if url == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	namespace := "test:" + uuid.NewString()
	t.Cleanup(func() {
		conn := pool.Get()
		keys, err := redis.Values(conn.Do("KEYS", namespace+":*"))
		if err == nil && len(keys) > 0 {
			_, err = conn.Do("DEL", keys...)
		}
		if err != nil {
			t.Error(err)
		}
		conn.Close()
		pool.Close()
	})
	return jobs.NewQueue(namespace, pool), pool, namespace
}

func TestJobsAreEnqueuedAndCounted(t *testing.T) {
	q, pool, namespace := queue(t)
	kind := jobs.ProcessMedia{}.Kind()
	for i, id := range []string{"a", "b", "c"} {
		if err := q.Enqueue(t.Context(), jobs.ProcessMedia{MediaID: id}); err != nil {
			t.Fatal(err)
		}
		if n, err := q.Length(t.Context(), kind); n != int64(i+1) || err != nil {
			t.Errorf("after %d jobs: %d, %v", i+1, n, err)
		}
	}
	if n, err := q.Length(t.Context(), jobs.ResumeMedia{}.Kind()); n != 0 || err != nil {
		t.Errorf("jobs of another kind: %d, %v", n, err)
	}
	state, err := q.State(t.Context(), time.Now())
	if err != nil || len(state.Queues) != 1 || state.Queues[0].Kind != kind || state.Queues[0].Waiting != 3 || len(state.Workers) != 0 {
		t.Errorf("%+v, %v", state, err)
	}

	// A worker gets them in the order in which they came, with their arguments.
	got := make(chan string, 3)
	worker := work.NewWorkerPool(struct{}{}, 1, namespace, pool)
	worker.Job(kind, func(j *work.Job) error {
		got <- j.ArgString("media_id")
		return j.ArgError()
	})
	worker.Start()
	defer worker.Stop()
	for _, want := range []string{"a", "b", "c"} {
		if id := <-got; id != want {
			t.Errorf("the job of %q came, want %q", id, want)
		}
	}
	worker.Drain()
	if n, err := q.Length(t.Context(), kind); n != 0 || err != nil {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

// Every job rings the bell with its kind, after it has become visible.
func TestTheBellRings(t *testing.T) {
	q, pool, namespace := queue(t)
	ctx, stop := context.WithCancel(t.Context())
	rung, connected, ended := make(chan string, 2), make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		redisdb.Subscription{
			Pool: pool, Channel: jobs.BellChannel(namespace),
			Connected: func() { connected <- struct{}{} },
			Message:   func(m []byte) { rung <- string(m) },
			Lost:      func(err error) { t.Errorf("lost: %v", err) },
		}.Run(ctx)
	}()
	<-connected
	for _, job := range []jobs.Job{jobs.ProcessMedia{MediaID: "a"}, jobs.ResumeMedia{MediaID: "b"}} {
		if err := q.Enqueue(ctx, job); err != nil {
			t.Fatal(err)
		}
		if kind := <-rung; kind != job.Kind() {
			t.Errorf("the bell says %q, want %q", kind, job.Kind())
		}
		if n, err := q.Length(ctx, job.Kind()); n != 1 || err != nil {
			t.Errorf("behind the bell are %d jobs, %v", n, err)
		}
	}
	stop()
	<-ended
}

func TestAnEndedContextEnqueuesNothing(t *testing.T) {
	q, _, _ := queue(t)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := q.Enqueue(ended, jobs.ProcessMedia{MediaID: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n, err := q.Length(t.Context(), jobs.ProcessMedia{}.Kind()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := q.State(ended, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
