package ml_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
	"albumen/redisdb"
)

// answering is what of an ml process a client sees, over the real Redis.
type answering struct {
	mu    sync.Mutex
	asked []string
	stop  func()
}

func (a *answering) texts() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func answer(t *testing.T, pool *redis.Pool, prefix string, model ml.Model) *answering {
	t.Helper()
	keys := ml.Keys{Prefix: prefix}
	do := func(command string, args ...any) []byte {
		conn := pool.Get()
		defer conn.Close()
		reply, err := redis.DoWithTimeout(conn, 0, command, args...)
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		if pair, ok := reply.([]any); ok && len(pair) == 2 {
			reply = pair[1]
		}
		b, _ := reply.([]byte)
		return b
	}
	status, err := json.Marshal(ml.Status{Process: "p", State: ml.StateReady, Model: model})
	if err != nil {
		t.Fatal(err)
	}
	do("SADD", keys.Processes(), "p")
	do("SET", keys.Status("p"), status)
	a := &answering{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			raw := do("BLPOP", keys.Text(ml.ModelKey(model.ID)), 20)
			var r ml.TextRequest
			if json.Unmarshal(raw, &r) != nil || r.Text == "stop" {
				return
			}
			a.mu.Lock()
			a.asked = append(a.asked, r.Text)
			n := len(a.asked)
			a.mu.Unlock()
			v := make([]float32, model.Dimension)
			v[n%model.Dimension] = 1
			reply, err := json.Marshal(ml.TextReply{Model: model, Vector: ml.EncodeVector(v)})
			if err != nil {
				t.Error(err)
			}
			do("RPUSH", keys.Reply(r.ID), reply)
		}
	}()
	a.stop = func() {
		stop, _ := json.Marshal(ml.TextRequest{Text: "stop"})
		do("RPUSH", keys.Text(ml.ModelKey(model.ID)), stop)
		<-done
		do("DEL", keys.Status("p"))
	}
	return a
}

func TestAnswersAreKeptByModelAndText(t *testing.T) {
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	prefix := "test:" + uuid.NewString()
	keys := ml.Keys{Prefix: prefix}
	model := ml.Model{ID: "m@1", Name: "m", Dimension: 3}
	process := answer(t, pool, prefix, model)
	c := ml.NewClient(pool, prefix)
	ask := func(model, text string) []float32 {
		t.Helper()
		v, err := c.EmbedText(t.Context(), model, text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return v
	}
	first := ask("m@1", "Red  Bike\n")
	for _, same := range []string{"red bike", " RED BIKE ", "Red  Bike\n"} {
		if !slices.Equal(ask("m@1", same), first) {
			t.Errorf("%q has another vector", same)
		}
	}
	if slices.Equal(ask("m@1", "cafe\u0301"), first) || !slices.Equal(ask("m@1", "caf\u00e9"), ask("m@1", "cafe\u0301")) {
		t.Error("another text has the same vector, or the same text composed otherwise has not")
	}
	if got := process.texts(); !slices.Equal(got, []string{"red bike", "caf\u00e9"}) {
		t.Errorf("asked for %q", got)
	}
	if _, err := c.EmbedText(t.Context(), "m@2", "red bike"); !errors.Is(err, ml.ErrNoModel) {
		t.Errorf("another model: %v", err)
	}
	// What is damaged is asked for again.
	conn := pool.Get()
	defer conn.Close()
	key := keys.CachedText(ml.ModelKey("m@1"), "red bike")
	if ttl, err := redis.Int(conn.Do("TTL", key)); err != nil || ttl < 3600 {
		t.Errorf("kept for %d s: %v", ttl, err)
	}
	if _, err := conn.Do("SET", key, []byte{0, 0, 0xc0, 0x7f}); err != nil { // not a number
		t.Fatal(err)
	}
	ask("m@1", "red bike")
	if n := len(process.texts()); n != 3 {
		t.Errorf("%d texts asked for", n)
	}
	// It outlives the process, and what is not kept is refused at once.
	process.stop()
	ask("m@1", "red bike")
	if _, err := c.EmbedText(t.Context(), "m@1", "blue bike"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("without a process: %v", err)
	}
	if _, err := conn.Do("DEL", key, keys.Processes(), keys.CachedText(ml.ModelKey("m@1"), "caf\u00e9")); err != nil {
		t.Error(err)
	}
}
