package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/h2non/bimg"

	"albumen/app"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/jobs"
	"albumen/jobs/worker"
	"albumen/live"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb/redistest"
	"albumen/storage"
)

// The whole way: the database's dispatcher, the queue, the ml process, which is
// killed in the middle of its work, and the worker that stores what comes back.
func TestEveryPhotoIsEmbeddedAlthoughTheProcessIsKilled(t *testing.T) {
	server := redistest.New(t)
	redis, pool, dir := server.Open(), dbtest.New(t), t.TempDir()
	env := withTiny(t, "REDIS_URL="+server.URL(), "DATA_DIR="+dir, "STORAGE_URL=file://"+filepath.Join(dir, "media"))
	store, err := storage.Open("file://" + filepath.Join(dir, "media"))
	if err != nil {
		t.Fatal(err)
	}
	const photos = 60
	addPhotos(t, pool, store, photos)
	stop := startWorker(t, app.Deps{
		DB: pool, Storage: store, Jobs: jobs.NewQueue(jobs.Namespace, redis), Live: live.NewPublisher(redis, live.Channel),
		Log: slog.New(slog.DiscardHandler), DefaultZone: time.UTC, Now: time.Now, ML: ml.NewClient(redis, ml.Prefix),
	}, worker.Config{Storage: store, Queue: jobs.NewQueue(jobs.Namespace, redis), Redis: redis})
	defer stop()

	count := func(sql string) (n int) {
		t.Helper()
		if err := pool.QueryRow(context.Background(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	done := func() int { return count("SELECT count(*) FROM media_ai WHERE state = 'done'") }
	first := startServe(t, env)
	waitFor(t, "some photos are embedded", func() bool { return done() >= 3 })
	kill(t, first)
	if n := done(); n == photos {
		t.Fatal("everything was embedded before the kill")
	}
	startServe(t, env)
	waitFor(t, "every photo is embedded", func() bool { return done() == photos })
	if n := count("SELECT count(*) FROM embeddings"); n != photos {
		t.Errorf("%d vectors of %d photos", n, photos)
	}
}

// addPhotos makes processed photos with previews.
func addPhotos(t *testing.T, pool *db.Pool, store storage.Store, n int) {
	t.Helper()
	preview, err := bimg.NewImage(photo(t)).Process(bimg.Options{Type: bimg.WEBP})
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	owner := uuid.New()
	exec("INSERT INTO users (id, email) VALUES ($1, 'ada@example.org')", owner)
	for range n {
		id := uuid.Must(uuid.NewV7())
		key := "derivatives/" + id.String()
		if _, err := store.Put(t.Context(), key, bytes.NewReader(preview)); err != nil {
			t.Fatal(err)
		}
		exec(`INSERT INTO media (id, owner_id, kind, filename, mime, bytes, sha256, status, taken_at, taken_at_local, taken_at_source)
			VALUES ($1, $2, 'photo', 'a.jpg', 'image/jpeg', 1, $3, 'ready', now(), now()::timestamp, 'none')`, id, owner, bytes.Repeat(id[:], 2))
		exec(`INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes)
			VALUES ($1, 'preview', 1, $2, 'image/webp', 2048, 1536, $3)`, id, key, len(preview))
	}
}

// startWorker runs the worker process's part.
func startWorker(t *testing.T, deps app.Deps, c worker.Config) (stop func()) {
	t.Helper()
	processor, err := media.NewProcessor(media.Config{Workers: 1, Logger: deps.Log})
	if err != nil {
		t.Fatal(err)
	}
	c.App, c.Media, c.Namespace, c.Concurrency = app.New(deps), processor, jobs.Namespace, 1
	c.Zone, c.TempDir, c.Log = time.UTC, os.TempDir(), deps.Log
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- worker.New(c).Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		processor.Close()
	}
}
