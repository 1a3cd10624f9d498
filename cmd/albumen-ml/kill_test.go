package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
	"github.com/h2non/bimg"

	"albumen/jobs"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb/redistest"
	"albumen/storage"
)

// asProgram makes the test binary be albumen-ml.
const asProgram = "ALBUMEN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// startServe runs albumen-ml serve as a process.
func startServe(t *testing.T, environ []string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	c := exec.Command(program, "serve")
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), append(environ, asProgram+"=1"), log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			kill(t, c)
		}
		if t.Failed() {
			t.Logf("the log of process %d:\n%s", c.Process.Pid, log)
		}
	})
	return c
}

func kill(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // reports the kill
}

const patience = 90 * time.Second

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this did not happen: %s", what)
		}
	}
}

// collectAnswers takes what the ml process answers, by media id.
func collectAnswers(t *testing.T, pool *redis.Pool) (answers func() map[string][]ml.StoreEmbedding) {
	t.Helper()
	var mu sync.Mutex
	all := map[string][]ml.StoreEmbedding{}
	worker := work.NewWorkerPool(struct{}{}, 1, jobs.Namespace, pool)
	worker.Job(ml.StoreEmbedding{}.Kind(), func(job *work.Job) error {
		encoded, err := json.Marshal(job.Args)
		if err != nil {
			return err
		}
		var s ml.StoreEmbedding
		if err := json.Unmarshal(encoded, &s); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all[s.MediaID] = append(all[s.MediaID], s)
		return nil
	})
	worker.Start()
	t.Cleanup(worker.Stop)
	return func() map[string][]ml.StoreEmbedding {
		mu.Lock()
		defer mu.Unlock()
		copied := make(map[string][]ml.StoreEmbedding, len(all))
		for id, list := range all {
			copied[id] = list
		}
		return copied
	}
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	server := redistest.New(t)
	pool := server.Open()
	dir := t.TempDir()
	env := withTiny(t, "REDIS_URL="+server.URL(), "DATA_DIR="+dir, "STORAGE_URL=file://"+filepath.Join(dir, "media"))
	store, err := storage.Open("file://" + filepath.Join(dir, "media"))
	if err != nil {
		t.Fatal(err)
	}
	preview, err := bimg.NewImage(photo(t)).Process(bimg.Options{Type: bimg.WEBP})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "preview/x", bytes.NewReader(preview)); err != nil {
		t.Fatal(err)
	}
	answers := collectAnswers(t, pool)

	first := startServe(t, env)
	client := ml.NewClient(pool, ml.Prefix)
	var model ml.Model
	waitFor(t, "the model is ready", func() bool {
		s, err := client.Status(context.Background())
		model = s.Model
		return err == nil && s.State == ml.StateReady
	})
	const pictures = 100
	queue := jobs.NewQueue(jobs.Namespace, pool)
	for range pictures {
		job := ml.EmbedImage{MediaID: uuid.NewString(), Model: model.ID, StorageKey: "preview/x", Attempt: 1}
		if err := queue.Enqueue(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "it is in the middle of its work", func() bool { return len(answers()) >= 3 })
	kill(t, first)
	before := len(answers())
	if before == pictures {
		t.Fatal("everything was answered before the kill")
	}
	startServe(t, env)
	waitFor(t, "every picture is answered", func() bool { return len(answers()) == pictures })
	for id, list := range answers() {
		for _, s := range list {
			if s.Error != "" || len(s.Vector) != 4*model.Dimension || !bytes.Equal(s.Vector, list[0].Vector) {
				t.Errorf("%s: %+v", id, s)
			}
		}
	}
	if _, err := client.EmbedText(t.Context(), model.ID, "sunset"); err != nil {
		t.Errorf("a text after the kill: %v", err)
	}
}
