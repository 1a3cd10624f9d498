package redisdb_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"

	"albumen/redisdb"
	"albumen/redisdb/redistest"
)

// gocraft/work prints its errors, and 16 workers have many while Redis is away.
func TestPatientWorkersAreQuietWhileRedisIsAway(t *testing.T) {
	own := redistest.New(t)
	pool := own.Open()
	var dialled atomic.Int64
	dial := pool.DialContext
	pool.DialContext = func(ctx context.Context) (redis.Conn, error) {
		dialled.Add(1)
		return dial(ctx)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	printed, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	stdout := os.Stdout
	os.Stdout = printed
	defer func() { os.Stdout = stdout }()

	const workers = 16
	var handled atomic.Int64
	working := work.NewWorkerPool(struct{}{}, workers, "test", redisdb.Patient(ctx, pool))
	working.Job("count", func(*work.Job) error { handled.Add(1); return nil })
	working.Start()
	stop := func() { cancel(); working.Stop() }
	wait := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				stop()
				t.Fatalf("this did not happen: %s", what)
			}
		}
	}
	enqueue := func() {
		t.Helper()
		if _, err := work.NewEnqueuer("test", pool).Enqueue("count", nil); err != nil {
			t.Fatal(err)
		}
	}
	enqueue()
	wait("a job is done", func() bool { return handled.Load() == 1 })

	own.Kill()
	before := dialled.Load()
	wait("every worker asks in vain, twice", func() bool { return dialled.Load() >= before+2*workers })
	own.Start()
	wait("Redis answers", func() bool { return redisdb.Ping(ctx, pool) == nil })
	enqueue()
	wait("a job is done after the outage", func() bool { return handled.Load() == 2 })
	stop()

	said, err := os.ReadFile(printed.Name())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(said), "worker.fetch") {
		t.Errorf("printed:\n%s", said)
	}
}

func TestPatientEndsWithItsContext(t *testing.T) {
	own := redistest.New(t)
	pool := own.Open()
	own.Kill()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	conn := redisdb.Patient(ctx, pool).Get()
	defer conn.Close()
	if _, err := conn.Do("PING"); err == nil {
		t.Error("a Redis that is away answered")
	}
}
