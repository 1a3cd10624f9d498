package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
	"github.com/h2non/bimg"

	"albumen/jobs"
	"albumen/ml"
	"albumen/ml/serve"
	"albumen/redisdb"
	"albumen/storage"
)

// patience bounds waits that end as soon as what is waited for happens.
const patience = 60 * time.Second

// rig is the surroundings of ml processes: Redis under names of its own, a
// storage, and a worker that collects what they answer.
type rig struct {
	t         testing.TB
	redis     *redis.Pool
	prefix    string
	namespace string
	store     storage.Store
	queue     *jobs.Queue
	client    *ml.Client

	mu      sync.Mutex
	answers map[string][]ml.StoreEmbedding // by media id
}

func openRedis(t testing.TB) *redis.Pool {
	t.Helper()
	address := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if address == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	pool, err := redisdb.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := newRigOn(t, openRedis(t))
	t.Cleanup(func() { r.forget(r.namespace + ":*"); r.forget(r.prefix + ":*") })
	return r
}

func newRigOn(t testing.TB, pool *redis.Pool) *rig {
	t.Helper()
	r := &rig{t: t, redis: pool, prefix: "test:" + uuid.NewString(), namespace: "test-" + uuid.NewString(), answers: map[string][]ml.StoreEmbedding{}}
	r.queue, r.client = jobs.NewQueue(r.namespace, r.redis), ml.NewClient(r.redis, r.prefix)
	var err error
	if r.store, err = storage.Open("file://" + t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return r
}

// forget removes keys from Redis.
func (r *rig) forget(pattern string) {
	conn := r.redis.Get()
	defer conn.Close()
	keys, err := redis.Strings(conn.Do("KEYS", pattern))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, key := range keys {
		if _, err := conn.Do("DEL", key); err != nil {
			r.t.Fatal(err)
		}
	}
}

// collect takes the answers, as the worker process does.
func (r *rig) collect() {
	r.t.Helper()
	pool := work.NewWorkerPool(struct{}{}, 1, r.namespace, r.redis)
	pool.Job(ml.StoreEmbedding{}.Kind(), func(job *work.Job) error {
		encoded, err := json.Marshal(job.Args)
		if err != nil {
			return err
		}
		var s ml.StoreEmbedding
		if err := json.Unmarshal(encoded, &s); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answers[s.MediaID] = append(r.answers[s.MediaID], s)
		return nil
	})
	pool.Start()
	r.t.Cleanup(pool.Stop)
}

// start runs an ml process inside the test; stop is what SIGTERM does.
func (r *rig) start(source serve.Source) (server *serve.Server, stop func()) {
	r.t.Helper()
	server, err := serve.New(serve.Config{
		Redis: r.redis, Prefix: r.prefix, Namespace: r.namespace, Storage: r.store, Source: source, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	})
	r.t.Cleanup(stop)
	return server, stop
}

func (r *rig) waitFor(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("this did not happen: %s", what)
		}
	}
}

// waitState waits until n processes are in a state, and returns what one of
// them says.
func (r *rig) waitState(n int, want ml.State) ml.Status {
	r.t.Helper()
	var found ml.Status
	r.waitFor("processes become "+string(want), func() bool {
		all, err := r.client.Statuses(context.Background())
		if err != nil {
			r.t.Fatal(err)
		}
		count := 0
		for _, s := range all {
			if s.State == want {
				count, found = count+1, s
			}
		}
		return count == n
	})
	return found
}

// add stores a preview and returns the job for it, which is not yet enqueued.
func (r *rig) add(model string, content []byte) ml.EmbedImage {
	r.t.Helper()
	id := uuid.NewString()
	if _, err := r.store.Put(r.t.Context(), "preview/"+id, bytes.NewReader(content)); err != nil {
		r.t.Fatal(err)
	}
	return ml.EmbedImage{MediaID: id, Model: model, StorageKey: "preview/" + id, Attempt: 3}
}

func (r *rig) enqueue(job jobs.Job) {
	r.t.Helper()
	if err := r.queue.Enqueue(r.t.Context(), job); err != nil {
		r.t.Fatal(err)
	}
}

// answered returns how many pictures have an answer.
func (r *rig) answered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers)
}

func (r *rig) waitAnswers(n int) {
	r.t.Helper()
	r.waitFor("every picture is answered", func() bool { return r.answered() >= n })
}

// answer is the only answer to a picture.
func (r *rig) answer(mediaID string) ml.StoreEmbedding {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.answers[mediaID]
	if len(got) != 1 {
		r.t.Fatalf("%d answers to %s", len(got), mediaID)
	}
	return got[0]
}

// embedding makes sure that an answer is a vector of the model.
func (r *rig) embedding(s ml.StoreEmbedding, model ml.Model) []float32 {
	r.t.Helper()
	if s.Error != "" || s.Model != model.ID || s.Attempt != 3 {
		r.t.Fatalf("answer %+v", s)
	}
	v, err := ml.DecodeVector(s.Vector, model.Dimension)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// photo makes a preview that no other has.
func photo(t testing.TB, w, h int) []byte {
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
	preview, err := bimg.NewImage(out.Bytes()).Process(bimg.Options{Type: bimg.WEBP})
	if err != nil {
		t.Fatal(err)
	}
	return preview
}
