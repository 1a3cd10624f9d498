package redisdb_test

import (
	"os"
	"testing"

	"albumen/redisdb"
)

func TestOpenAnswers(t *testing.T) {
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
}

func TestOpenRefusesWhatIsNotThere(t *testing.T) {
	for _, address := range []string{"unix:///nowhere/redis.sock", "unix:///nowhere?db=x", "redis://127.0.0.1:1", "://"} {
		if pool, err := redisdb.Open(t.Context(), address); err == nil {
			pool.Close()
			t.Errorf("Open(%q) gave no error", address)
		}
	}
}
