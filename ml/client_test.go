package ml_test

import (
	"os"
	"testing"

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
