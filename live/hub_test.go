package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/live"
	"albumen/redisdb"
)

// patience bounds waits that end as soon as what is waited for happens.
const patience = 30 * time.Second

func openRedis(t *testing.T) *redis.Pool {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	return openAt(t, address)
}

func openAt(t *testing.T, address string) *redis.Pool {
	t.Helper()
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// startHub runs a hub on a channel of its own, and waits until it hears.
func startHub(t *testing.T, pool *redis.Pool) (*live.Hub, *live.Publisher) {
	t.Helper()
	channel := "test:" + uuid.NewString()
	hub, publisher := live.NewHub(pool, channel, slog.New(slog.DiscardHandler)), live.NewPublisher(pool, channel)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); hub.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	waitHears(t, pool, channel)
	return hub, publisher
}

func waitHears(t *testing.T, pool *redis.Pool, channel string) {
	t.Helper()
	waitFor(t, func() bool {
		conn := pool.Get()
		defer conn.Close()
		counts, err := redis.IntMap(conn.Do("PUBSUB", "NUMSUB", channel))
		return err == nil && counts[channel] == 1
	})
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what was waited for did not happen")
		}
	}
}

func next(t *testing.T, l *live.Listener) (live.News, bool) {
	t.Helper()
	select {
	case n, ok := <-l.C:
		return n, ok
	case <-time.After(patience):
		t.Fatal("no news came")
	}
	panic("unreachable")
}

func listen(t *testing.T, hub *live.Hub, user uuid.UUID) *live.Listener {
	t.Helper()
	l, err := hub.Listen(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Leave(l) })
	return l
}

func publish(t *testing.T, p *live.Publisher, user uuid.UUID) app.Event {
	t.Helper()
	e := app.Event{UserID: user, MediaID: uuid.New(), Kind: app.EventReady}
	if err := p.Publish(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNewsGoesToEveryPageOfItsUserOnly(t *testing.T) {
	hub, publisher := startHub(t, openRedis(t))
	ada, bob := uuid.New(), uuid.New()
	first, second, other := listen(t, hub, ada), listen(t, hub, ada), listen(t, hub, bob)

	forAda, forBob := publish(t, publisher, ada), publish(t, publisher, bob)
	for _, l := range []*live.Listener{first, second} {
		if n, _ := next(t, l); n.Event != forAda {
			t.Errorf("Ada got %+v, want %+v", n.Event, forAda)
		}
	}
	if n, _ := next(t, other); n.Event != forBob {
		t.Errorf("Bob got %+v, want %+v: Ada's must not reach him", n.Event, forBob)
	}
}

func TestSlowListenerIsDroppedAndOthersAreNot(t *testing.T) {
	hub, publisher := startHub(t, openRedis(t))
	ada := uuid.New()
	slow, quick := listen(t, hub, ada), listen(t, hub, ada)
	got := 0
	for range 80 { // more than a listener may be behind
		publish(t, publisher, ada)
		if _, ok := next(t, quick); ok {
			got++
		}
	}
	if got != 80 {
		t.Errorf("the quick listener got %d of 80", got)
	}
	n := 0
	for range slow.C {
		n++
	}
	if n >= 80 {
		t.Errorf("the slow listener got all %d: it was not dropped", n)
	}
}

func TestConnectionsPerUserAreLimited(t *testing.T) {
	hub, _ := startHub(t, openRedis(t))
	ada := uuid.New()
	var last *live.Listener
	for range live.MaxPerUser {
		last = listen(t, hub, ada)
	}
	if _, err := hub.Listen(ada); !errors.Is(err, live.ErrTooMany) {
		t.Errorf("one more listener: %v, want ErrTooMany", err)
	}
	listen(t, hub, uuid.New())
	hub.Leave(last)
	listen(t, hub, ada)
}

func TestStoppingTheHubEndsItsListeners(t *testing.T) {
	pool := openRedis(t)
	hub := live.NewHub(pool, "test:"+uuid.NewString(), slog.New(slog.DiscardHandler))
	l := listen(t, hub, uuid.New())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hub.Run(ctx)
	if _, ok := next(t, l); ok {
		t.Error("the listener goes on after its hub has ended")
	}
	if _, ok := next(t, listen(t, hub, uuid.New())); ok {
		t.Error("a hub that has ended takes new listeners")
	}
}

// A Redis of its own, because this test kills it.
func TestListenersAreToldToReadAgainAfterRedisWasKilled(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "r.sock")
	server := startRedis(t, socket)
	waitFor(t, func() bool { _, err := os.Stat(socket); return err == nil })
	pool := openAt(t, fmt.Sprintf("unix://%s?db=0", socket))
	hub, publisher := startHub(t, pool)
	ada := uuid.New()
	l := listen(t, hub, ada)
	publish(t, publisher, ada)
	next(t, l)

	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // "signal: killed"
	startRedis(t, socket)
	if n, ok := next(t, l); !ok || !n.Resync {
		t.Fatalf("got %+v, want the advice to read again", n)
	}
	var want app.Event
	waitFor(t, func() bool { // connections of the dead server leave the pool one by one
		want = app.Event{UserID: ada, MediaID: uuid.New(), Kind: app.EventFailed}
		return publisher.Publish(t.Context(), want) == nil
	})
	if n, _ := next(t, l); n.Event != want {
		t.Errorf("after the restart got %+v, want %+v", n.Event, want)
	}
}

func startRedis(t *testing.T, socket string) *exec.Cmd {
	t.Helper()
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", filepath.Dir(socket))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // may have been killed by the test
		_ = server.Wait()
	})
	return server
}
