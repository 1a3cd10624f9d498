package handlers_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// tusClient is a tus client over real connections.
type tusClient struct {
	*browser
	server *httptest.Server
}

// tusClient starts another web process and signs in; every one it starts is
// over the same database and storage.
func (s *site) tusClient(b *browser) *tusClient {
	s.t.Helper()
	server := httptest.NewServer(s.newServer())
	s.t.Cleanup(server.Close)
	return &tusClient{b, server}
}

func (c *tusClient) request(method, path string, body io.Reader, headers ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Host = "photos.example.org"
	site := request(http.MethodGet, "/", nil)
	for _, cookie := range c.jar.Cookies(site.URL) {
		r.AddCookie(cookie)
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (c *tusClient) send(r *http.Request) answer {
	c.t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{res, string(body)}
}

func (c *tusClient) create(name string, size int, headers ...string) answer {
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",lastModified " + base64.StdEncoding.EncodeToString([]byte("1600000000000"))
	return c.send(c.request(http.MethodPost, "/upload/tus/", nil, append([]string{"Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta}, headers...)...))
}

func (c *tusClient) patch(url string, at int, body string) answer {
	return c.send(c.request(http.MethodPatch, url, strings.NewReader(body), "Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream"))
}

func (c *tusClient) head(url string) answer { return c.send(c.request(http.MethodHead, url, nil)) }

type tusOutcome struct{ Outcome, ID, URL, Message string }

func (a answer) result(t *testing.T) (o tusOutcome) {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(a.Header.Get("Albumen-Result"))
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		t.Fatalf("result %q: %v\n%s", a.Header.Get("Albumen-Result"), err, a)
	}
	return o
}

// problem checks that the answer is one, and returns its detail.
func (a answer) problem(t *testing.T, status int, code string) string {
	t.Helper()
	var p struct {
		Type, Title, Code, Detail string
		Status                    int
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.StatusCode != status || p.Status != status || p.Code != code ||
		p.Type == "" || p.Title == "" || p.Detail == "" || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("want a problem %d %s, got %.400s", status, code, a)
	}
	return p.Detail
}

// The connection breaks in the middle; another web process goes on from what
// HEAD says; the last answer is lost and asked for again.
func TestTusResumesOnAnotherHost(t *testing.T) {
	s := newSite(t, "MAX_UPLOAD_BYTES=64MiB")
	b := s.signedIn("admin@example.org")
	one, two := s.tusClient(b), s.tusClient(b)
	content := png(strings.Repeat("0123456789abcdef", 1<<20))
	made := one.create("été 2020.jpg", len(content))
	url := made.Header.Get("Location")
	if made.StatusCode != http.StatusCreated || !strings.HasPrefix(url, "/upload/tus/") || made.Header.Get("Upload-Expires") == "" {
		t.Fatal(made)
	}
	one.breakOff(url, content, 10_000_000)
	at := one.offset(t, two, url)
	if at < 8<<20 || at > 10_000_000 {
		t.Fatalf("offset %d after ten million bytes were sent", at)
	}
	if a := two.patch(url, at+1, content[at+1:]); a.StatusCode != http.StatusConflict {
		t.Errorf("a wrong offset: %s", a)
	}
	done := two.patch(url, at, content[at:])
	if done.StatusCode != http.StatusNoContent || done.Header.Get("Upload-Offset") != strconv.Itoa(len(content)) {
		t.Fatal(done)
	}
	first := done.result(t)
	if first.Outcome != "created" || first.URL != "/media/"+first.ID || first.Message == "" {
		t.Errorf("result = %+v", first)
	}
	for name, again := range map[string]answer{"HEAD": one.head(url), "PATCH": one.patch(url, len(content), "")} {
		if again.StatusCode >= 300 || again.result(t) != first {
			t.Errorf("%s once more: %s", name, again)
		}
	}
	m, err := s.db.MediaByID(t.Context(), uuid.MustParse(first.ID))
	if err != nil || m.Filename != "été 2020.png" || m.Bytes != int64(len(content)) || m.TakenAt.UnixMilli() != 1600000000000 {
		t.Errorf("media = %+v, %v", m, err)
	}
}

// breakOff sends the first n bytes of a larger body, then closes the connection.
func (c *tusClient) breakOff(url, content string, n int) {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.server.Listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	r := c.request(http.MethodPatch, url, nil, "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream")
	var head strings.Builder
	fmt.Fprintf(&head, "PATCH %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", url, r.Host, len(content))
	if err := r.Header.Write(&head); err != nil {
		c.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"+content[:n]); err != nil {
		c.t.Fatal(err)
	}
}

// offset asks until the broken request has committed its last piece.
func (c *tusClient) offset(t *testing.T, by *tusClient, url string) int {
	t.Helper()
	for received := 0; received <= 8<<20; time.Sleep(20 * time.Millisecond) {
		if err := c.db.QueryRow(t.Context(), "SELECT received FROM uploads").Scan(&received); err != nil {
			t.Fatal(err)
		}
	}
	a := by.head(url)
	at, err := strconv.Atoi(a.Header.Get("Upload-Offset"))
	if err != nil || a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%v: %s", err, a)
	}
	return at
}

func TestTusRefusals(t *testing.T) {
	s := newSite(t)
	s.user("ben@example.org", false)
	c := s.tusClient(s.signedIn("admin@example.org"))
	page := "<html><script>" + strings.Repeat("x", 200_000)
	url := c.create("photo.jpg", len(page)).Header.Get("Location")
	if detail := c.patch(url, 0, page).problem(t, http.StatusUnsupportedMediaType, "unsupported"); !strings.Contains(detail, "photo.jpg") {
		t.Errorf("%q does not name the file", detail)
	}
	if a := c.head(url); a.StatusCode != http.StatusNotFound {
		t.Errorf("a refused upload is still there: %s", a)
	}
	c.create("big.png", 1<<20+1).problem(t, http.StatusRequestEntityTooLarge, "too_large")
	c.create("empty.png", 0).problem(t, http.StatusUnsupportedMediaType, "unsupported")
	c.create(strings.Repeat("n", 5000), 10).problem(t, http.StatusUnprocessableEntity, "invalid")
	c.create("a.png", 10, "Upload-Metadata", "album_id "+base64.StdEncoding.EncodeToString([]byte("x"))).problem(t, http.StatusUnprocessableEntity, "invalid")
	c.create("a.png", 10, "Upload-Metadata", "album_id "+base64.StdEncoding.EncodeToString([]byte(uuid.NewString()))).problem(t, http.StatusNotFound, "not_found")
	c.create("a.png", -1).problem(t, http.StatusBadRequest, "bad_request")
	c.create("a.png", 10, "Tus-Resumable", "0.2").problem(t, http.StatusPreconditionFailed, "precondition_failed")
	c.create("a.png", 10, "Sec-Fetch-Site", "cross-site").problem(t, http.StatusForbidden, "cross_origin")

	content := png(strings.Repeat("x", 100_000))
	url = c.create("a.png", len(content)).Header.Get("Location")
	c.patch(url, 0, content[:1000]).problem(t, http.StatusUnprocessableEntity, "invalid")
	c.patch(url, 0, content+"more").problem(t, http.StatusRequestEntityTooLarge, "too_large")
	c.patch("/upload/tus/nonsense", 0, content).problem(t, http.StatusNotFound, "not_found")
	ben := s.tusClient(s.signedIn("ben@example.org"))
	ben.patch(url, 0, content).problem(t, http.StatusNotFound, "not_found")
	nobody := s.tusClient(s.browser())
	nobody.patch(url, 0, content).problem(t, http.StatusUnauthorized, "unauthenticated")
	nobody.create("a.png", 10).problem(t, http.StatusUnauthorized, "unauthenticated")
	for name, a := range map[string]answer{
		"another's HEAD":   ben.head(url),
		"another's DELETE": ben.send(ben.request(http.MethodDelete, url, nil)),
	} {
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", name, a)
		}
	}
	if a := c.send(c.request(http.MethodDelete, url, nil)); a.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE: %s", a)
	}
	if a := c.head(url); a.StatusCode != http.StatusNotFound {
		t.Errorf("a cancelled upload is still there: %s", a)
	}
}

func TestTusTellsWhatItCan(t *testing.T) {
	s := newSite(t, "MAX_UPLOAD_BYTES=5MiB")
	c := s.tusClient(s.signedIn("admin@example.org"))
	a := c.send(c.request(http.MethodOptions, "/upload/tus/", nil))
	for name, want := range map[string]string{
		"Tus-Version": "1.0.0", "Tus-Resumable": "1.0.0", "Tus-Max-Size": "5242880", "Tus-Extension": "creation,creation-with-upload,termination,expiration",
	} {
		if a.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, a.Header.Get(name), want)
		}
	}
	content := png(strings.Repeat("x", 100_000))
	r := c.request(http.MethodPost, "/upload/tus/", strings.NewReader(content), "Upload-Length", strconv.Itoa(len(content)), "Content-Type", "application/offset+octet-stream")
	if a := c.send(r); a.StatusCode != http.StatusCreated || a.result(t).Outcome != "created" {
		t.Errorf("creation with upload: %s", a)
	}
}

// A connection that carried an upload carries what comes next without the
// deadlines of the upload.
func TestTusLeavesNoDeadline(t *testing.T) {
	s := newSite(t)
	c := s.tusClient(s.signedIn("admin@example.org"))
	deadlines := &watched{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.newServer()}
	go server.Serve(watchedListener{listener, deadlines}) //nolint:errcheck // ends with Close
	defer server.Close()
	c.server.URL = "http://" + listener.Addr().String()
	content := png("x")
	c.patch(c.create("a.png", len(content)).Header.Get("Location"), 0, content)
	if deadlines.set.Load() == 0 || !deadlines.lifted.Load() {
		t.Errorf("write deadlines set %d times, lifted last: %v", deadlines.set.Load(), deadlines.lifted.Load())
	}
}

// watched sees the write deadlines of all connections.
type watched struct {
	set    atomic.Int64
	lifted atomic.Bool // the last one was none
}

type watchedListener struct {
	net.Listener
	seen *watched
}

func (l watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return watchedConn{c, l.seen}, err
}

type watchedConn struct {
	net.Conn
	seen *watched
}

func (c watchedConn) SetWriteDeadline(at time.Time) error {
	c.seen.set.Add(1)
	c.seen.lifted.Store(at.IsZero())
	return c.Conn.SetWriteDeadline(at)
}
