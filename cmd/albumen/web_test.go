package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"albumen/app"
	"albumen/handlers"
	"albumen/live"
	"albumen/ml"
	"albumen/redisdb/redistest"
)

// What the ml process says is named and never makes web unready. Redis is the
// test's own: all processes on one share the statuses.
func TestReadyzNamesTheStateOfTheMLProcess(t *testing.T) {
	own := redistest.New(t)
	env := append(environment(t), "REDIS_URL="+own.URL())
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: io.Discard, err: io.Discard}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	conn, keys := s.redis.Get(), ml.Keys{Prefix: ml.Prefix}
	defer conn.Close()
	for _, state := range []ml.State{"", ml.StateNoModel, ml.StateFetching, ml.StateLoading, ml.StateReady, ml.StateFailed} {
		want := `"ml":"not running"`
		if state != "" {
			want = `"ml":"` + string(state) + `"`
			said, err := json.Marshal(ml.Status{Process: "one", State: state})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Do("SET", keys.Status("one"), said); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Do("SADD", keys.Processes(), "one"); err != nil {
				t.Fatal(err)
			}
		}
		web := handlers.New(handlers.Deps{App: s.app, Sessions: app.NewSessions(s.db, time.Now), Live: live.NewHub(s.redis, live.Channel, s.log),
			Config: s.cfg, Log: s.log, Queue: s.queue, Version: version, Parts: s.parts()}) // a new one remembers no answer
		w := httptest.NewRecorder()
		web.HTTPServer().Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %d %s", state, w.Code, w.Body)
		}
	}
}
