package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"albumen/db/dbtest"
	"albumen/media"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	os.Exit(m.Run())
}

const password = "correct horse battery"

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

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// environment is a complete one, with a database of its own.
func environment(t *testing.T, more ...string) []string {
	t.Helper()
	redisURL := os.Getenv("ALBUMEN_TEST_REDIS_URL")
	if redisURL == "" {
		t.Fatal("ALBUMEN_TEST_REDIS_URL is not set: run the tests through make test, which starts Redis")
	}
	dir := t.TempDir()
	return append([]string{
		"BASE_URL=http://localhost:8080", "LISTEN=" + freeAddress(t), "SECRET_KEY=0123456789abcdef0123456789abcdef",
		"DATABASE_URL=" + dbtest.NewURL(t), "REDIS_URL=" + redisURL, "DATA_DIR=" + dir, "STORAGE_URL=file://" + filepath.Join(dir, "media"),
	}, more...)
}

// albumen runs the program to its end.
func albumen(t *testing.T, environ []string, stdin string, args ...string) (code int, out, complaints string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, stdin); err != nil {
		t.Fatal(err)
	}
	w.Close()
	defer r.Close()
	var o, e bytes.Buffer
	p := &program{environ: environ, dir: t.TempDir(), in: r, out: &o, err: &e}
	code = p.run(t.Context(), args)
	return code, o.String(), e.String()
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"nonsense"}, {"web", "extra"}, {"web", "--nonsense"}, {"user"}, {"user", "nonsense"}, {"user", "create"},
		{"user", "create", "--email", "a@example.org"}, {"user", "create", "--password-stdin"}, {"user", "suspend"},
		{"user", "create", "--email", "a@example.org", "--password-stdin=false"}, {"check", "extra"}, {"version", "extra"},
	} {
		code, out, complaints := albumen(t, nil, "", args...)
		if code != exitUsage || out != "" || complaints == "" {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, complaints)
		}
	}
	if code, out, _ := albumen(t, nil, "", "--help"); code != exitDone || !strings.Contains(out, "migrate") || strings.Contains(out, "decode-child") {
		t.Errorf("--help: %d, %s", code, out)
	}
	if code, out, _ := albumen(t, nil, "", "version"); code != exitDone || out != "albumen unknown\n" {
		t.Errorf("version: %d, %q", code, out)
	}
}

func TestConfigurationIsRefusedWithTheRemedy(t *testing.T) {
	for _, args := range [][]string{{"web"}, {"worker"}, {"migrate"}, {"user", "list"}} {
		code, _, complaints := albumen(t, []string{"BASE_URL=nonsense"}, "", args...)
		if code != exitFailed || !strings.Contains(complaints, "DATABASE_URL") || !strings.Contains(complaints, "BASE_URL") {
			t.Errorf("%v: %d, %s", args, code, complaints)
		}
	}
}

func TestUsers(t *testing.T) {
	env := environment(t)
	run := func(wantCode int, stdin string, args ...string) string {
		t.Helper()
		code, out, complaints := albumen(t, env, stdin, append([]string{"user"}, args...)...)
		if code != wantCode {
			t.Fatalf("user %v: exit code %d\n%s%s", args, code, out, complaints)
		}
		if strings.Contains(out+complaints, password) || strings.Contains(out, "$2a$") {
			t.Errorf("user %v shows a password", args)
		}
		if wantCode == exitFailed {
			return complaints
		}
		return out
	}
	run(exitDone, password+"\n", "create", "--email", "Ann@Example.org", "--name", "Ann", "--admin", "--password-stdin")
	run(exitDone, password, "create", "--email", "bob@example.org", "--password-stdin", "--json")
	for _, one := range []struct {
		stdin, want string
		args        []string
	}{
		{password, "There is an account", []string{"create", "--email", "ANN@example.org", "--password-stdin"}},
		{password, "Enter an e-mail address", []string{"create", "--email", "nonsense", "--password-stdin"}},
		{"", "last administrator", []string{"suspend", "--email", "ann@example.org"}},
		{"", "There is no such user", []string{"suspend", "--email", "eve@example.org"}},
		{password, "There is no such user", []string{"reset-password", "--email", "eve@example.org", "--password-stdin"}},
		{"short\n", "Use at least 10 characters", []string{"reset-password", "--email", "bob@example.org", "--password-stdin"}},
	} {
		if said := run(exitFailed, one.stdin, one.args...); !strings.Contains(said, one.want) {
			t.Errorf("user %v says %q, want %q", one.args, said, one.want)
		}
	}
	run(exitDone, "", "suspend", "--email", "bob@example.org")
	run(exitDone, password+"!\n", "reset-password", "--email", "ann@example.org", "--password-stdin")

	var users []userLine
	if err := json.Unmarshal([]byte(run(exitDone, "", "list", "--json")), &users); err != nil {
		t.Fatal(err)
	}
	if len(users) != 2 || users[0].Email != "ann@example.org" || !users[0].Admin || users[0].SuspendedAt != nil || users[1].SuspendedAt == nil || users[1].Admin {
		t.Errorf("got %+v", users)
	}
	run(exitDone, "", "suspend", "--email", "bob@example.org", "--lift")
	if table := run(exitDone, "", "list"); strings.Count(table, "\n") != 3 || strings.Contains(table, "suspended") {
		t.Errorf("got\n%s", table)
	}
}

func TestOtherSchemaIsRefused(t *testing.T) {
	env := environment(t)
	ctx := context.Background()
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: io.Discard, err: io.Discard}
	s, err := p.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.db.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"web"}, {"worker"}, {"user", "list"}, {"check"}, {"migrate"}} {
		code, out, complaints := albumen(t, env, "", args...)
		if code != exitFailed || !strings.Contains(out+complaints, "99999") {
			t.Errorf("%v on a newer schema: %d, %s%s", args, code, out, complaints)
		}
	}
}

func TestCheck(t *testing.T) {
	env := environment(t)
	type result struct {
		OK       bool
		Findings []finding
	}
	look := func(environ []string, args ...string) (int, result) {
		t.Helper()
		code, out, complaints := albumen(t, environ, "", append([]string{"check", "--json"}, args...)...)
		var r result
		if err := json.Unmarshal([]byte(out), &r); err != nil || r.OK != (code == exitDone) {
			t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
		}
		return code, r
	}
	bad := func(r result) (names []string) {
		for _, f := range r.Findings {
			if !f.OK {
				names = append(names, f.Name)
				if f.Detail == "" || f.Remedy == "" {
					t.Errorf("%+v does not say what to do", f)
				}
			}
		}
		return names
	}
	if code, r := look(env); code != exitDone || len(r.Findings) != 12 {
		t.Fatalf("a sound installation: %+v", r)
	}
	if code, r := look(env, "--deploy"); code != exitFailed || !strings.Contains(fmt.Sprint(bad(r)), "BASE_URL") {
		t.Errorf("--deploy: %+v", r)
	}
	if _, r := look([]string{"BASE_URL=x"}); !strings.Contains(fmt.Sprint(bad(r)), "SECRET_KEY") {
		t.Errorf("no configuration: %+v", r)
	}
	broken := append(env, "REDIS_URL=redis://127.0.0.1:1/0", "STORAGE_URL=file:///proc/albumen")
	if _, r := look(broken); fmt.Sprint(bad(r)) != "[redis storage]" {
		t.Errorf("without Redis and storage: %+v", bad(r))
	}
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: io.Discard, err: io.Discard}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.db.Exec(t.Context(), `INSERT INTO users (id, email) VALUES ('0190a0b0-0000-7000-8000-000000000001', 'a@example.org');
		INSERT INTO albums (id, owner_id, title) VALUES ('0190a0b0-0000-7000-8000-000000000002', '0190a0b0-0000-7000-8000-000000000001', 'A');
		DELETE FROM album_access;
		INSERT INTO month_counts VALUES ('0190a0b0-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000000', '2024-07-01', 'listed', 3)`); err != nil {
		t.Fatal(err)
	}
	_, r := look(env)
	if fmt.Sprint(bad(r)) != "[derived data]" || !strings.Contains(fmt.Sprint(r.Findings), "1 rows of album_access and 1 rows of month_counts") {
		t.Errorf("drift: %+v", r)
	}
}

func TestWebStartsAnswersAndStops(t *testing.T) {
	env := environment(t)
	out, complaints := &lockedBuffer{}, &lockedBuffer{}
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: out, err: complaints}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, []string{"web"}) }()

	listening := regexp.MustCompile(`listen=(127\.0\.0\.1:\d+)`)
	var address string
	for address == "" {
		select {
		case code := <-ended:
			t.Fatalf("web ended with %d: %s", code, complaints)
		case <-time.After(20 * time.Millisecond):
		}
		if m := listening.FindStringSubmatch(complaints.String()); m != nil {
			address = m[1]
		}
	}
	code := regexp.MustCompile(`\n    ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})\n`).FindStringSubmatch(out.String())
	if code == nil || strings.Contains(complaints.String(), code[1]) {
		t.Errorf("the first-run code belongs on the console and not in the log: %s", out)
	}
	get := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, `"schema":"ok"`) || !strings.Contains(body, `"storage":"ok"`) || !strings.Contains(body, `"redis":"ok"`) {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status, body := get("/setup"); status != 200 || !strings.Contains(body, `name="code"`) {
		t.Errorf("/setup: %d %s", status, body)
	}
	if code, _, said := albumen(t, append(env, "LISTEN="+address), "", "web"); code != exitFailed || !strings.Contains(said, "LISTEN") {
		t.Errorf("a second web on the same port: %d %s", code, said)
	}

	// A request that is being read when the stop comes still gets its answer.
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := "email=a%40example.org&password=x"
	fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", len(body))
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	if _, err := io.ReadFull(conn, make([]byte, len(goOn))); err != nil {
		t.Fatal(err)
	}
	stop()
	for {
		other, err := net.Dial("tcp", address)
		if err != nil {
			break // no new ones any more
		}
		other.Close()
	}
	fmt.Fprint(conn, body)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 422") {
		t.Errorf("the running request got %.80q, %v", answer, err)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d: %s", code, complaints)
	}
}
