// Package e2e drives the built programs as a person does: real processes,
// real PostgreSQL and Redis, Chromium with and without JavaScript.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"albumen/db/dbtest"
)

// bins is where TestMain builds the programs.
var bins string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "albumen-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	bins = dir
	build := exec.Command("go", "build", "-ldflags", "-X main.version=0.1.0", "-o", dir+"/", "../cmd/...")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 1, fmt.Errorf("build the programs: %w", err)
	}
	return m.Run(), nil
}

// The administrator of every instance.
const (
	adminEmail    = "ann@example.org"
	adminPassword = "correct horse battery"
)

// instance is one running Albumen with a database of its own.
type instance struct {
	t       testing.TB
	url     string
	dir     string
	env     []string
	mu      sync.Mutex
	running map[string]*exec.Cmd
	logs    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start makes the administrator and runs web, worker and ml.
func start(t testing.TB) *instance {
	t.Helper()
	i := prepare(t)
	i.makeAdmin()
	i.launch()
	return i
}

// prepare is an instance that nobody uses and that does not run yet.
func prepare(t testing.TB) *instance {
	t.Helper()
	redisURL := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if redisURL == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	dir := t.TempDir()
	port := freePort(t)
	i := &instance{t: t, url: fmt.Sprintf("http://localhost:%d", port), dir: dir, running: map[string]*exec.Cmd{}, logs: &lockedBuffer{}}
	base, _, _ := strings.Cut(redisURL, "?")
	model, err := filepath.Abs("../ml/clip/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	i.env = append(os.Environ(),
		"BASE_URL="+i.url, fmt.Sprintf("LISTEN=127.0.0.1:%d", port), "SECRET_KEY=e2e-secret-key-of-at-least-32-bytes",
		"DATABASE_URL="+dbtest.NewURL(t), fmt.Sprintf("REDIS_URL=%s?db=%d", base, 1+rand.IntN(15)),
		"DATA_DIR="+dir, "STORAGE_URL=file://"+filepath.Join(dir, "media"), "LOG_LEVEL=info",
		"CLIP_MODEL="+model,
	)
	t.Cleanup(func() {
		for name := range i.running {
			i.stop(name, syscall.SIGTERM)
		}
		if t.Failed() {
			t.Logf("logs of the processes:\n%s", i.logs.String())
		}
	})
	return i
}

func (i *instance) makeAdmin() {
	i.t.Helper()
	out, err := i.command(adminPassword+"\n", "albumen", "user", "create", "--email", adminEmail, "--name", "Ann", "--admin", "--password-stdin")
	if err != nil {
		i.t.Fatalf("make the administrator: %v\n%s", err, out)
	}
}

// launch runs the processes and waits until they serve.
func (i *instance) launch() {
	i.t.Helper()
	i.spawn("web", "albumen", "web")
	i.spawn("worker", "albumen", "worker")
	i.spawn("ml", "albumen-ml", "serve")
	i.waitReady()
}

// command runs a program of Albumen's to its end and returns what it printed.
func (i *instance) command(stdin, program string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(bins, program), args...)
	cmd.Env, cmd.Dir, cmd.Stdin = i.env, i.dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (i *instance) spawn(name, program string, args ...string) {
	i.t.Helper()
	cmd := exec.Command(filepath.Join(bins, program), args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = i.env, i.dir, i.logs, i.logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		i.t.Fatalf("start %s: %v", name, err)
	}
	i.mu.Lock()
	i.running[name] = cmd
	i.mu.Unlock()
}

// stop signals a process and waits for its end; after ten seconds it is killed.
func (i *instance) stop(name string, signal syscall.Signal) {
	i.mu.Lock()
	cmd := i.running[name]
	delete(i.running, name)
	i.mu.Unlock()
	if cmd == nil {
		return
	}
	cmd.Process.Signal(signal) //nolint:errcheck // it may have ended already
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }() //nolint:errcheck // ended by a signal
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // as above
		<-ended
	}
}

func (i *instance) waitReady() {
	i.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		resp, err := http.Get(i.url + "/readyz")
		if err == nil {
			io.Copy(io.Discard, resp.Body) //nolint:errcheck // only the status matters
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			i.t.Fatalf("the web process did not become ready: %v\n%s", err, i.logs.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
