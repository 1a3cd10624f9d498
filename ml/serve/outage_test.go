package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"albumen/ml"
	"albumen/redisdb/redistest"
)

func TestRedisMayComeAndGo(t *testing.T) {
	own := redistest.New(t)
	r := newRigOn(t, own.Open())
	server, _ := r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	ready := func() int {
		w := httptest.NewRecorder()
		server.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code
	}
	r.waitFor("the process is ready", func() bool { return ready() == http.StatusOK })
	own.Kill()
	r.waitFor("the process says that Redis is away", func() bool { return ready() == http.StatusServiceUnavailable })

	own.Start()
	r.waitFor("a text is answered again", func() bool {
		_, err := r.client.EmbedText(context.Background(), model.ID, "sunset")
		return err == nil
	})
	r.waitFor("the process is ready again", func() bool { return ready() == http.StatusOK })
	r.collect()
	job := r.add(model.ID, photo(t, 64, 64))
	r.enqueue(job)
	r.waitAnswers(1)
	r.embedding(r.answer(job.MediaID), model)
}
