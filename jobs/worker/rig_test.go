package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"math/rand/v2"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/jobs"
	"albumen/jobs/worker"
	letters "albumen/mail"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb"
	"albumen/storage"
)

// TestMain lets the test binary be its own decoder child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	os.Exit(m.Run())
}

// patience bounds waits that end as soon as what is waited for happens.
const patience = 60 * time.Second

// rig is a whole pipeline of its own: database, queue, storage and decoders.
type rig struct {
	*app.App
	t         *testing.T
	db        *db.Pool
	redis     *redis.Pool
	store     storage.Store
	queue     *jobs.Queue
	media     worker.Processor
	namespace string
	outbox    *letters.Outbox
	owner     db.User
	mu        sync.Mutex
	events    []app.Event
}

// Publish implements app.Publisher.
func (r *rig) Publish(_ context.Context, e app.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return nil
}

func (r *rig) eventsOf(id uuid.UUID) (kinds []app.EventKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.MediaID == id && e.UserID == r.owner.ID {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

func newRig(t *testing.T) *rig {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	r := &rig{t: t, db: dbtest.New(t), namespace: "test-" + uuid.NewString()}
	var err error
	if r.redis, err = redisdb.Open(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.emptyRedis(); r.redis.Close() })
	if r.store, err = storage.Open("file://" + t.TempDir()); err != nil {
		t.Fatal(err)
	}
	processor, err := media.NewProcessor(media.Config{Workers: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { processor.Close() })
	r.media = processor
	r.queue = jobs.NewQueue(r.namespace, r.redis)
	r.outbox = letters.NewOutbox(t.TempDir())
	r.App = app.New(app.Deps{
		DB: r.db, Storage: r.store, Jobs: r.queue, Live: r, Log: slog.New(slog.DiscardHandler), DefaultZone: time.UTC, Now: time.Now,
		ML: ml.NewClient(r.redis, r.namespace+":ml"), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		Mail: app.MailDeps{From: &mail.Address{Address: "photos@example.org"}, Transport: r.outbox, Outbox: r.outbox},
	})
	if r.owner, err = r.db.CreateUser(t.Context(), db.CreateUserParams{ID: uuid.New(), Email: "ada@example.org", Language: "en", TimeZone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	return r
}

// emptyRedis is what remains when Redis loses its data, for this rig alone.
func (r *rig) emptyRedis() {
	conn := r.redis.Get()
	defer conn.Close()
	keys, err := redis.Strings(conn.Do("KEYS", r.namespace+":*"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, key := range keys {
		if _, err := conn.Do("DEL", key); err != nil {
			r.t.Fatal(err)
		}
	}
}

// start runs a worker; the returned function stops it, as SIGTERM would.
func (r *rig) start(m worker.Processor) (stop func()) {
	r.t.Helper()
	w := worker.New(worker.Config{
		App: r.App, Media: m, Storage: r.store, Queue: r.queue, Redis: r.redis, Namespace: r.namespace,
		Concurrency: 2, Zone: time.UTC, TempDir: r.t.TempDir(), Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

// add stores an original and its pending row, and does not enqueue it.
func (r *rig) add(name, mime string, content []byte) uuid.UUID {
	r.t.Helper()
	id := uuid.Must(uuid.NewV7())
	sum, key := sha256.Sum256(content), "media/"+id.String()
	if _, err := r.store.Put(r.t.Context(), key, bytes.NewReader(content)); err != nil {
		r.t.Fatal(err)
	}
	r.exec(`INSERT INTO media (id, owner_id, kind, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		VALUES ($1, $2, 'photo', $3, $4, $5, $6, now(), now()::timestamp, 'none')`, id, r.owner.ID, name, mime, len(content), sum[:])
	r.exec(`INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		VALUES ($1, $2, 'original', $3, $4, $5, $6, $7)`, uuid.New(), id, key, name, mime, len(content), sum[:])
	return id
}

func (r *rig) enqueue(id uuid.UUID) {
	r.t.Helper()
	if err := r.queue.Enqueue(r.t.Context(), jobs.ProcessMedia{MediaID: id.String()}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) exec(sql string, args ...any) {
	r.t.Helper()
	if _, err := r.db.Exec(context.Background(), sql, args...); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
}

func (r *rig) row(id uuid.UUID) db.Media {
	r.t.Helper()
	m, err := r.db.MediaByID(context.Background(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) waitFor(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("this did not happen: %s", what)
		}
	}
}

func (r *rig) waitStatus(id uuid.UUID, want db.MediaStatus) db.Media {
	r.t.Helper()
	r.waitFor("the item becomes "+string(want), func() bool { return r.row(id).Status == want })
	return r.row(id)
}

// waitIdle waits until no job is queued or in hand.
func (r *rig) waitIdle() {
	r.t.Helper()
	r.waitFor("the queue becomes idle", func() bool {
		s, err := r.queue.State(context.Background(), time.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		waiting := int64(0)
		for _, q := range s.Queues {
			waiting += q.Waiting
		}
		return waiting == 0 && len(s.Running) == 0
	})
}

// photo makes a JPEG that no other has.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	shade := rand.Uint32()
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x*255/w) ^ uint8(shade), uint8(y * 255 / h), uint8(shade >> 8), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tagged writes metadata into a file with exiftool.
func tagged(t *testing.T, content []byte, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tagged.jpg")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("exiftool", append(args, "-overwrite_original", path)...).CombinedOutput(); err != nil {
		t.Fatalf("exiftool: %v\n%s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// clip makes a short video with ffmpeg.
func clip(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=1",
		"-pix_fmt", "yuv420p", path).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
