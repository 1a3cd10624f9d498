package handlers_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/app"
	"albumen/live"
)

// events is an open stream of server-sent events.
type events struct {
	t       *testing.T
	res     *http.Response
	lines   *bufio.Scanner
	publish func(app.Event)
}

// openEvents connects b to a real server, as a browser's EventSource does.
func openEvents(t *testing.T, server *httptest.Server, b *browser, headers ...string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "photos.example.org"
	r.Header.Set("Accept", "text/event-stream")
	for _, c := range b.jar.Cookies(request(http.MethodGet, "/", nil).URL) {
		r.AddCookie(c)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	b.waitHub()
	client := *server.Client()
	client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.Host = r.Host
		return nil
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return &events{t: t, res: res, lines: bufio.NewScanner(res.Body), publish: func(e app.Event) {
		if err := b.live.Publish(context.Background(), e); err != nil {
			t.Error(err)
		}
	}}
}

// next reads one block; "" at the end of the stream.
func (e *events) next() string {
	e.t.Helper()
	var block []string
	for e.lines.Scan() {
		line := e.lines.Text()
		if line == "" {
			return strings.Join(block, "\n")
		}
		if !strings.HasPrefix(line, "id: ") {
			block = append(block, line)
		}
	}
	if err := e.lines.Err(); err != nil {
		e.t.Fatal(err)
	}
	return ""
}

// waitHub waits until the hub hears: what comes before is lost, as it should be.
func (s *site) waitHub() {
	s.t.Helper()
	conn := testRedis(s.t).Get()
	defer conn.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		counts, err := redis.IntMap(conn.Do("PUBSUB", "NUMSUB", s.channel))
		if err != nil || time.Now().After(deadline) {
			s.t.Fatalf("the hub does not listen: %v", err)
		}
		if counts[s.channel] > 0 {
			return
		}
	}
}

func (s *site) server() *httptest.Server {
	server := httptest.NewServer(s.web)
	s.t.(*testing.T).Cleanup(func() { s.web.Close(); server.Close() })
	return server
}

func TestEventsTellWhatHappensToOnesOwnItems(t *testing.T) {
	s := newSite(t)
	bob := s.user("bob@example.org", false)
	e := openEvents(t, s.server(), s.signedIn("admin@example.org"))
	if got := e.res.Header.Get("Content-Type"); e.res.StatusCode != 200 || !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("got %d %s", e.res.StatusCode, got)
	}
	if got := e.next(); got != "retry: 3000" {
		t.Fatalf("first came %q", got)
	}
	mine, his := s.photo(s.admin.ID), s.photo(bob.ID)
	e.publish(app.Event{UserID: bob.ID, MediaID: his, Kind: app.EventReady})
	e.publish(app.Event{UserID: s.admin.ID, MediaID: his, Kind: app.EventReady}) // rights are decided here, not by the sender
	e.publish(app.Event{UserID: s.admin.ID, MediaID: mine, Kind: app.EventReady})
	if got, want := e.next(), fmt.Sprintf("event: media\ndata: {\"id\":%q,\"kind\":\"ready\"}", mine); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEventsNeedASession(t *testing.T) {
	s := newSite(t)
	// An EventSource that is led to the sign-in page gives up.
	e := openEvents(t, s.server(), s.browser())
	if e.res.Request.URL.Path != "/login" || strings.HasPrefix(e.res.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("anonymous: %d %s %s", e.res.StatusCode, e.res.Request.URL, e.res.Header.Get("Content-Type"))
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	e := openEvents(t, s.server(), b)
	e.next()
	s.exec("DELETE FROM sessions")
	e.publish(app.Event{UserID: s.admin.ID, MediaID: s.photo(s.admin.ID), Kind: app.EventReady})
	if got := e.next(); got != "" {
		t.Errorf("after the session came %q", got)
	}
}

func TestEventsEndWithTheProcess(t *testing.T) {
	s := newSite(t)
	e := openEvents(t, s.server(), s.signedIn("admin@example.org"))
	e.next()
	s.web.Close()
	if got := e.next(); got != "" {
		t.Errorf("from a closed server came %q", got)
	}
}

func TestAReturningPageIsToldToReadAgain(t *testing.T) {
	s := newSite(t)
	e := openEvents(t, s.server(), s.signedIn("admin@example.org"), "Last-Event-ID", "7")
	e.next()
	if got := e.next(); got != "event: resync\ndata: {}" {
		t.Errorf("got %q", got)
	}
}

func TestEventsAreLimitedPerUser(t *testing.T) {
	s := newSite(t)
	server, b := s.server(), s.signedIn("admin@example.org")
	for range live.MaxPerUser {
		if e := openEvents(t, server, b); e.res.StatusCode != http.StatusOK {
			t.Fatalf("got %d", e.res.StatusCode)
		}
	}
	if e := openEvents(t, server, b); e.res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %d", e.res.StatusCode)
	}
}
