package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/config"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/handlers"
	"albumen/jobs"
	"albumen/live"
	"albumen/mail"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb"
	"albumen/storage"
)

const goodPassword = "correct horse battery"

// site is a web process on a database of its own, as https://photos.example.org.
type site struct {
	t    testing.TB
	db   *db.Pool
	app  *app.App
	web  *handlers.Server
	live *live.Publisher
	hub  *live.Hub
	cfg  *config.Config

	channel string // of the live updates
	log     *syncBuffer
	store   storage.Store
	queue   *jobs.Queue
	redis   *redis.Pool

	outbox *mail.Outbox
	// identity is set by tests that sign in elsewhere; start then again.
	identity app.IdentityDeps
	rasters  *media.Rasters

	mlPrefix string  // of what ml processes say
	admin    db.User // has goodPassword
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// testRedis is the real Redis of the tests; a missing one fails them.
func testRedis(t testing.TB) *redis.Pool {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// newSite gives a site whose environment is extended by settings, with an
// administrator unless first is set.
func newSite(t testing.TB, settings ...string) *site {
	s := emptySite(t, settings...)
	s.admin = s.user("admin@example.org", true)
	return s
}

func emptySite(t testing.TB, settings ...string) *site {
	t.Helper()
	environ := append([]string{"BASE_URL=https://photos.example.org", "LOG_LEVEL=debug", "MAX_UPLOAD_BYTES=1MiB"}, settings...)
	cfg, err := config.Load(environ, t.TempDir(), config.NeedNothing)
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.Open("file://" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &site{t: t, db: dbtest.New(t), cfg: cfg, log: &syncBuffer{}, store: store}
	log := slog.New(handlers.LogHandler(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	pool, channel := testRedis(t), "test:"+uuid.NewString()
	s.channel, s.live = channel, live.NewPublisher(pool, channel)
	hub := live.NewHub(pool, channel, log)
	s.hub = hub
	hubContext, stopHub := context.WithCancel(context.Background())
	t.Cleanup(stopHub)
	go hub.Run(hubContext)
	s.mlPrefix, s.redis = "test:"+uuid.NewString(), pool
	s.queue = jobs.NewQueue("test"+uuid.NewString(), pool)
	rasters, err := media.NewRasters(media.Config{Workers: 1, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rasters.Close)
	s.rasters = rasters
	s.outbox = mail.NewOutbox(t.TempDir())
	s.start(log)
	return s
}

// start makes the use-cases and the web process on the site's database.
func (s *site) start(log *slog.Logger) {
	s.app = app.New(app.Deps{
		DB: s.db, Storage: s.store, Jobs: s.queue, Live: s.live, Log: log, Limits: app.Limits{MaxUploadBytes: s.cfg.MaxUploadBytes},
		ML: ml.NewClient(s.redis, s.mlPrefix), Pictures: s.rasters,
		SecretKey: []byte("0123456789abcdef0123456789abcdef"), DefaultZone: time.UTC, Now: time.Now,
		Attempts: app.NewRateLimiter(s.redis, "test:"+uuid.NewString()+":"), PasswordCost: 4,
		Identity: s.identity,
		Mail:     app.MailDeps{BaseURL: s.cfg.BaseURL, From: s.cfg.MailFrom, Transport: s.outbox, Outbox: s.outbox},
	})
	s.web = s.newServer()
}

// newServer is one more web process of the site.
func (s *site) newServer() *handlers.Server {
	log := slog.New(handlers.LogHandler(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	return handlers.New(handlers.Deps{
		App: s.app, Sessions: app.NewSessions(s.db, time.Now), Live: s.hub, Config: s.cfg, Log: log, Queue: s.queue, Version: "test",
		Parts: []handlers.Part{{Name: "database", Check: func(ctx context.Context) (string, error) { return "", s.db.Ping(ctx) }}},
	})
}

func (s *site) user(email string, admin bool) db.User {
	s.t.Helper()
	u, err := s.app.CreateUser(context.Background(), app.SystemActor(), app.NewUser{
		Email: email, Password: goodPassword, Admin: admin,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(context.Background(), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

// browser keeps cookies and follows no redirects.
type browser struct {
	*site
	jar *cookiejar.Jar
	ip  string
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, jar, "198.51.100.7"}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	if r.RemoteAddr == "192.0.2.1:1234" { // httptest's own
		r.RemoteAddr = b.ip + ":4711"
	}
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.web.ServeHTTP(w, r)
	res := w.Result()
	b.jar.SetCookies(r.URL, res.Cookies())
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res, string(body)}
}

func (b *browser) get(path string, headers ...string) answer {
	return b.do(request(http.MethodGet, path, nil, headers...))
}

// post sends a form as a browser does from the site's own page.
func (b *browser) post(path string, fields url.Values, headers ...string) answer {
	headers = append([]string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}, headers...)
	return b.do(request(http.MethodPost, path, strings.NewReader(fields.Encode()), headers...))
}

func request(method, path string, body io.Reader, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "https://photos.example.org"+path, body)
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (b *browser) signIn(email, password string) answer {
	return b.post("/login", url.Values{"email": {email}, "password": {password}})
}

// signedIn is a browser of the user's.
func (s *site) signedIn(email string) *browser {
	s.t.Helper()
	b := s.browser()
	if a := b.signIn(email, goodPassword); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("sign in: %d\n%s", a.StatusCode, a.body)
	}
	return b
}

func (a answer) want(t testing.TB, status int, location string) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Location") != location {
		t.Fatalf("got %d to %q, want %d to %q\n%s", a.StatusCode, a.Header.Get("Location"), status, location, a.body)
	}
}

func (a answer) String() string { return fmt.Sprintf("%d %v\n%s", a.StatusCode, a.Header, a.body) }
