package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"albumen/ml"
	"albumen/ml/serve"
	"albumen/redisdb"
	"albumen/redisdb/redistest"
)

func readyz(server *serve.Server) int {
	w := httptest.NewRecorder()
	server.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return w.Code
}

// embedOne makes sure that texts and pictures are answered.
func (r *rig) embedOne(model ml.Model) {
	r.t.Helper()
	r.waitFor("a text is answered", func() bool {
		_, err := r.client.EmbedText(context.Background(), model.ID, "sunset")
		return err == nil
	})
	r.collect()
	job := r.add(model.ID, photo(r.t, 64, 64))
	r.enqueue(job)
	r.waitAnswers(1)
	r.embedding(r.answer(job.MediaID), model)
}

func TestRedisMayBeAwayAtTheStart(t *testing.T) {
	own := redistest.New(t)
	own.Kill()
	pool, err := redisdb.New(own.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	r := newRigOn(t, pool)
	server, _ := r.start(tinySource(t))
	r.waitFor("the process says that Redis is away", func() bool { return readyz(server) == http.StatusServiceUnavailable })
	own.Start()
	r.waitFor("the process is ready", func() bool { return readyz(server) == http.StatusOK })
	r.embedOne(r.waitState(1, ml.StateReady).Model)
}

func TestRedisMayBeAwayAtTheEnd(t *testing.T) {
	own := redistest.New(t)
	r := newRigOn(t, own.Open())
	server, stop := r.start(tinySource(t))
	r.embedOne(r.waitState(1, ml.StateReady).Model)
	own.Kill()
	r.waitFor("the process says that Redis is away", func() bool { return readyz(server) == http.StatusServiceUnavailable })
	stop() // is an error where it does not end
}

func TestRedisMayComeAndGo(t *testing.T) {
	own := redistest.New(t)
	r := newRigOn(t, own.Open())
	server, _ := r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	r.waitFor("the process is ready", func() bool { return readyz(server) == http.StatusOK })
	own.Kill()
	r.waitFor("the process says that Redis is away", func() bool { return readyz(server) == http.StatusServiceUnavailable })

	own.Start()
	r.waitFor("the process is ready again", func() bool { return readyz(server) == http.StatusOK })
	r.embedOne(model)
}
