package ml_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
	"albumen/redisdb"
)

// A process of another version does not hide the others.
func TestStatusesLeaveOutWhatTheyDoNotUnderstand(t *testing.T) {
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, prefix := pool.Get(), "test:"+uuid.NewString()
	defer conn.Close()
	keys := ml.Keys{Prefix: prefix}
	for process, said := range map[string]string{
		"newer": `{"process": "newer", "state": "dreaming"}`, "rubbish": `{"state": [1]}`,
		"failed": `{"process": "failed", "state": "failed"}`, "ready": `{"process": "ready", "state": "ready"}`,
	} {
		if _, err := conn.Do("SET", keys.Status(process), said, "EX", 60); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Do("SADD", keys.Processes(), process); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ml.NewClient(pool, prefix).Statuses(t.Context())
	if err != nil || len(all) != 2 || all[0].Process != "ready" || all[1].Process != "failed" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := conn.Do("DEL", keys.Processes()); err != nil {
		t.Error(err)
	}
}

// Many who wait for a slow ml process leave connections for the others; who
// gives up leaves his place at once.
func TestFewTextsAreWaitedForAtATime(t *testing.T) {
	pool, err := redisdb.Open(t.Context(), os.Getenv("ALBUMEN_TEST_REDIS_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, keys := pool.Get(), ml.Keys{Prefix: "test:" + uuid.NewString()}
	defer conn.Close()
	texts := keys.Text(ml.ModelKey("m@1"))
	for _, command := range [][]any{{"SET", keys.Status("p"), `{"process": "p", "state": "ready", "model": {"id": "m@1"}}`, "EX", 60}, {"SADD", keys.Processes(), "p"}} {
		if _, err := conn.Do(command[0].(string), command[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	defer conn.Do("DEL", keys.Processes(), texts)
	client := ml.NewClient(pool, keys.Prefix)
	waiting, giveUp := context.WithTimeout(t.Context(), time.Minute)
	defer giveUp()
	ended := make(chan error, 32)
	for n := range 32 {
		go func() {
			_, err := client.EmbedText(waiting, "m@1", fmt.Sprint("text ", n))
			ended <- err
		}()
	}
	for asked := 0; asked < 32; time.Sleep(5 * time.Millisecond) { // nobody takes them
		if asked, err = redis.Int(conn.Do("LLEN", texts)); err != nil || len(ended) > 0 {
			t.Fatalf("%d asked, %d ended, %v", asked, len(ended), err)
		}
	}
	if _, err := client.EmbedText(waiting, "m@1", "one more"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("one more: %v", err)
	}
	if asked, err := redis.Int(conn.Do("LLEN", texts)); err != nil || asked != 32 {
		t.Errorf("%d asked, %v", asked, err)
	}
	giveUp()
	for range 32 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.EmbedText(short, "m@1", "later"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("with all places free and no answer: %v", err)
	}
	if asked, err := redis.Int(conn.Do("LLEN", texts)); err != nil || asked != 33 {
		t.Errorf("with all places free: %d asked, %v", asked, err)
	}
}

// Only the first search waits for processes that say that they are ready and do
// not answer; one that comes anew is asked.
func TestWhoLeftATextUnansweredIsNotWaitedFor(t *testing.T) {
	pool, err := redisdb.Open(t.Context(), os.Getenv("ALBUMEN_TEST_REDIS_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	conn, keys := pool.Get(), ml.Keys{Prefix: "test:" + uuid.NewString()}
	defer conn.Close()
	texts := keys.Text(ml.ModelKey("m@1"))
	defer conn.Do("DEL", keys.Processes(), texts)
	client := ml.NewClient(pool, keys.Prefix)
	ready := func(process string) {
		t.Helper()
		if _, err := conn.Do("SET", keys.Status(process), fmt.Sprintf(`{"process": %q, "state": "ready", "model": {"id": "m@1"}}`, process), "EX", 60); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Do("SADD", keys.Processes(), process); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(text string, wait time.Duration, want int) {
		t.Helper()
		limited, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		if _, err := client.EmbedText(limited, "m@1", text); !errors.Is(err, ml.ErrUnavailable) {
			t.Errorf("%s: %v", text, err)
		}
		if asked, err := redis.Int(conn.Do("LLEN", texts)); err != nil || asked != want {
			t.Errorf("%s: %d asked, want %d, %v", text, asked, want, err)
		}
	}
	ready("p")
	ask("in no time", 50*time.Millisecond, 1) // says nothing of the process
	ask("first", 1100*time.Millisecond, 2)
	ask("second", time.Minute, 2)
	ready("q")
	ask("of another process", 50*time.Millisecond, 3)
}
