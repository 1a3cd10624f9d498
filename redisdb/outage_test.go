package redisdb

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestAnOutageIsSaidOnceAndThenRarely(t *testing.T) {
	var said bytes.Buffer
	o := &Outage{Log: slog.New(slog.NewTextHandler(&said, nil))}
	away := errors.New("connection refused")
	lines := func(want int) {
		t.Helper()
		if got := strings.Count(said.String(), "\n"); got != want {
			t.Fatalf("%d lines, want %d:\n%s", got, want, said.String())
		}
	}
	o.Note(t.Context(), nil)
	lines(0)
	for range 3 {
		o.Note(t.Context(), away)
	}
	lines(1)
	o.noted = o.noted.Add(-outageEvery)
	o.Note(t.Context(), away)
	o.Note(t.Context(), away)
	lines(2)
	o.Note(t.Context(), nil)
	o.Note(t.Context(), nil)
	lines(3)
	o.Note(t.Context(), away)
	lines(4)
}
