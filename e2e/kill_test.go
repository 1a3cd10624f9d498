package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/storage"
)

// killPatience bounds every wait for something that ends by itself.
const killPatience = 4 * time.Minute

// services are a PostgreSQL and a Redis of the test's own, safe against loss of
// power, because this test kills them.
type services struct {
	t   *testing.T
	dir string
	url string // of the database
}

func startServices(t *testing.T) (*services, []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "alb-kill-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the servers' users pass through
		t.Fatal(err)
	}
	s := &services{t: t, dir: filepath.Join(dir, "s")}
	t.Cleanup(func() {
		s.script("stop")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s.start()
	var env []string
	for _, line := range strings.Split(strings.TrimSpace(s.script("env")), "\n") {
		name, value, _ := strings.Cut(line, "=")
		value = strings.Trim(value, "'")
		env = append(env, name+"="+value)
		if name == "DATABASE_URL" {
			s.url = value
		}
	}
	return s, env
}

func (s *services) script(action string) string {
	s.t.Helper()
	cmd := exec.Command("../scripts/services", action, "dev", s.dir)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("scripts/services %s: %v\n%s", action, err, complaints.String())
	}
	return out.String()
}

func (s *services) start() { s.t.Helper(); s.script("start") }

// kill ends a server as a power cut would, and waits until it is gone.
func (s *services) kill(pidFile string) {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, pidFile))
	if err != nil {
		s.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	waitUntil(s.t, "the server is gone", func() bool { return syscall.Kill(pid, 0) != nil })
}

// query asks the database once; false while it is away.
func (s *services) query(sql string, into ...any) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	return conn.QueryRow(ctx, sql).Scan(into...) == nil
}

func (s *services) number(sql string) (n int) {
	s.t.Helper()
	waitUntil(s.t, sql, func() bool { return s.query(sql, &n) })
	return n
}

func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(killPatience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this did not happen: %s", what)
		}
	}
}

// photoFolder makes n small photos, all different, and a few broken files
// between them. It returns the SHA-256 of the photos.
func photoFolder(t *testing.T, dir string, n, broken int) map[string]bool {
	t.Helper()
	sums := map[string]bool{}
	for i := range n + broken {
		var content bytes.Buffer
		if i%(n/broken+1) == 1 {
			fmt.Fprintf(&content, "\xff\xd8\xff\xe0\x00\x10JFIF\x00 broken %d %s", i, strings.Repeat("x", 2000))
		} else {
			img := image.NewRGBA(image.Rect(0, 0, 640, 480))
			for y := range 480 {
				for x := range 640 {
					img.Set(x, y, color.RGBA{uint8(x + i), uint8(y + 90*(i>>8)), uint8(i), 255})
				}
			}
			if err := jpeg.Encode(&content, img, nil); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("%d", i/100), fmt.Sprintf("photo %d.jpg", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content.Bytes())
		sums[hex.EncodeToString(sum[:])] = true
	}
	if len(sums) != n+broken {
		t.Fatalf("only %d of the files differ", len(sums))
	}
	return sums
}

func TestNothingIsLostWhenEverythingIsKilledInTurn(t *testing.T) {
	const good, broken = 300, 4
	s, env := startServices(t)
	port := freePort(t)
	i := &instance{t: t, url: fmt.Sprintf("http://localhost:%d", port), dir: t.TempDir(), running: map[string]*exec.Cmd{}, logs: &lockedBuffer{}}
	i.env = append(os.Environ(), "BASE_URL="+i.url, fmt.Sprintf("LISTEN=127.0.0.1:%d", port), "SECRET_KEY=e2e-secret-key-of-at-least-32-bytes",
		"DATA_DIR="+i.dir, "STORAGE_URL=file://"+filepath.Join(i.dir, "media"), "WORKER_CONCURRENCY=2")
	model, err := filepath.Abs("../ml/clip/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	i.env = append(append(i.env, env...), "CLIP_MODEL="+model)
	t.Cleanup(func() {
		for name := range i.running {
			i.stop(name, syscall.SIGTERM)
		}
		if t.Failed() {
			t.Logf("logs of the processes:\n%s", i.logs.String())
		}
	})
	for _, args := range [][]string{{"migrate"}, {"user", "create", "--email", adminEmail, "--admin", "--password-stdin"}} {
		if out, err := i.command(adminPassword+"\n", "albumen", args...); err != nil {
			t.Fatalf("albumen %v: %v\n%s", args, err, out)
		}
	}
	processes := map[string][]string{"web": {"albumen", "web"}, "worker": {"albumen", "worker"}, "ml": {"albumen-ml", "serve"}}
	spawn := func(name string) { i.spawn(name, processes[name][0], processes[name][1:]...) }
	for name := range processes {
		spawn(name)
	}
	i.waitReady()

	dir := t.TempDir()
	sums := photoFolder(t, dir, good, broken)
	importing := exec.Command(filepath.Join(bins, "albumen"), "import", dir, "--owner", adminEmail)
	importing.Env, importing.Dir, importing.Stdout, importing.Stderr = i.env, i.dir, i.logs, i.logs
	if err := importing.Start(); err != nil {
		t.Fatal(err)
	}

	// Each is killed when the processing has come a step further, the worker
	// twice and while it holds leases.
	restart := func(name string) func() {
		return func() { i.stop(name, syscall.SIGKILL); spawn(name) }
	}
	for n, kill := range []func(){
		restart("worker"),
		restart("web"),
		func() { s.kill("redis/redis.pid"); s.start() },
		restart("ml"),
		func() { s.kill("postgres/postmaster.pid"); s.start() },
		restart("worker"),
	} {
		waitUntil(t, fmt.Sprintf("step %d of the processing", n), func() bool {
			var ended, held int
			return s.query("SELECT count(*) FILTER (WHERE status IN ('ready', 'failed')), count(*) FILTER (WHERE status = 'processing') FROM media", &ended, &held) &&
				ended >= (n+1)*30 && held > 0
		})
		kill()
	}
	if err := importing.Wait(); err != nil {
		t.Errorf("the import did not outlive the kills: %v", err)
	}
	left := "SELECT count(*) FROM media WHERE status IN ('pending', 'processing')"
	waitUntil(t, "everything ends ready or failed", func() bool { n := -1; return s.query(left, &n) && n == 0 })
	i.waitReady()

	if n := s.number("SELECT count(*) FROM media WHERE status = 'ready' AND processed_at IS NOT NULL AND thumbhash IS NOT NULL"); n != good {
		t.Errorf("%d are ready, want %d", n, good)
	}
	if n := s.number("SELECT count(*) FROM media WHERE status = 'failed' AND error_code = 'broken' AND error <> ''"); n != broken {
		t.Errorf("%d failed with the reason that they are broken, want %d", n, broken)
	}
	checkObjects(t, s, filepath.Join(i.dir, "media"), sums)
	// Also what the killed ml process, Redis and workers had in hand.
	waitUntil(t, "everything that is ready is embedded", func() bool {
		n := -1
		return s.query("SELECT count(*) FROM media_ai WHERE state = 'done'", &n) && n == good
	})
	if n := s.number("SELECT count(*) FROM embeddings"); n != good {
		t.Errorf("%d embeddings, want %d", n, good)
	}

	out, err := i.command("", "albumen", "import", dir, "--owner", adminEmail, "--wait", "--json")
	if err != nil || !strings.Contains(out, fmt.Sprintf(`"duplicate": %d`, good+broken)) {
		t.Errorf("importing again: %v\n%s", err, out)
	}
	if out, err := i.command("", "albumen", "check"); err != nil {
		t.Errorf("albumen check: %v\n%s", err, out)
	}
	i.stop("worker", syscall.SIGTERM)
	waitUntil(t, "no decoder outlives its worker", func() bool {
		found, _ := exec.Command("pgrep", "-f", filepath.Join(bins, "albumen")+" decode-child").Output() // fails when there is none
		return len(found) == 0
	})
}

// checkObjects compares rows and objects: every photo once, every ready item
// with its pictures, every object with a row that knows of it.
func checkObjects(t *testing.T, s *services, store string, sums map[string]bool) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT encode(m.sha256, 'hex'), f.storage_key FROM media m JOIN media_files f ON f.media_id = m.id`)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	var sum, key string
	if _, err := pgx.ForEachRow(rows, []any{&sum, &key}, func() error {
		if !sums[sum] {
			t.Errorf("an unknown or a second item: %s", sum)
		}
		delete(sums, sum)
		content, err := os.ReadFile(filepath.Join(store, key))
		if got := sha256.Sum256(content); err != nil || hex.EncodeToString(got[:]) != sum {
			t.Errorf("the original %s is not what was sent: %v", key, err)
		}
		known[key] = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(sums) > 0 {
		t.Errorf("%d files are missing", len(sums))
	}
	rows, err = conn.Query(ctx, "SELECT storage_key FROM derivatives")
	if err != nil {
		t.Fatal(err)
	}
	pictures := 0
	if _, err := pgx.ForEachRow(rows, []any{&key}, func() error {
		pictures++
		known[key] = true
		if _, err := os.Stat(filepath.Join(store, key)); err != nil {
			t.Errorf("a picture is missing: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := s.number("SELECT 2 * count(*) FROM media WHERE status = 'ready'"); pictures != n {
		t.Errorf("%d pictures, want %d", pictures, n)
	}
	rows, err = conn.Query(ctx, "SELECT storage_key FROM pending_objects")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&key}, func() error { known[key] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	// A write that was cut short leaves a temporary file, which the schedule
	// removes when it has grown old.
	objects, err := storage.Open("file://" + store)
	if err != nil {
		t.Fatal(err)
	}
	defer objects.Close()
	if _, err := objects.RemoveLeftovers(ctx, time.Now()); err != nil {
		t.Error(err)
	}
	for _, prefix := range []string{"media", "derivatives"} {
		err := filepath.WalkDir(filepath.Join(store, prefix), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(store, path)
			if err == nil && !known[name] {
				t.Errorf("no row knows of the object %s", name)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
