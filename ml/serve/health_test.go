package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"albumen/ml"
	"albumen/ml/serve"
)

func TestHealth(t *testing.T) {
	r := newRig(t)
	server, _ := r.start(tinySource(t))
	r.waitState(1, ml.StateReady)
	socket := filepath.Join(t.TempDir(), "h.sock")
	listener, err := serve.ListenHealth(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: server.Health(), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(listener) }() // ends with the Close below
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: dialer(socket)}}
	for path, want := range map[string]string{"/healthz": `"status":"ok"`, "/readyz": `"state":"ready"`} {
		res, err := client.Get("http://ml" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s, %v", path, res.StatusCode, body, err)
		}
	}
	if _, err := serve.ListenHealth(t.Context(), "unix:"+socket); err == nil {
		t.Error("a second process took the first one's address")
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // so does a killed process
	listener.Close()
	again, err := serve.ListenHealth(t.Context(), "unix:"+socket)
	if err != nil {
		t.Fatalf("after a killed process: %v", err)
	}
	again.Close()
}

func TestHealthReplacesNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := serve.ListenHealth(t.Context(), "unix:"+file); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("got %v", err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "precious" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

func dialer(socket string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
}
