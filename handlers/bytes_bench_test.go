package handlers_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// thumbBytes is what a thumb of a photograph weighs.
const thumbBytes = 30_000

// BenchmarkThumbs asks the web process for thumbs as a signed-in browser does,
// over TCP, with session, permission and storage checked each time. Its floor,
// in the same run, is net/http's file server with the same file.
func BenchmarkThumbs(b *testing.B) {
	s := newSite(b)
	content := strings.Repeat("x", thumbBytes)
	paths := make([]string, 100)
	for i := range paths {
		id := s.add(file{})
		s.exec("UPDATE derivatives SET bytes = $2, storage_key = $3 WHERE media_id = $1 AND kind = 'thumb'", id, thumbBytes, "bench/"+id.String())
		s.put("bench/"+id.String(), content)
		paths[i] = "/media/" + id.String() + "/thumb?v=3"
	}
	cookie := s.signedIn("admin@example.org").jar.Cookies(&url.URL{Scheme: "https", Host: "photos.example.org", Path: "/"})[0]
	web := httptest.NewServer(s.web)
	defer web.Close()

	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thumb.webp"), []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	floor := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer floor.Close()

	b.ResetTimer()
	ours := requests(b, func(n int) *http.Request {
		r := newRequest(b, web.URL+paths[n%len(paths)])
		r.Host = "photos.example.org"
		r.AddCookie(cookie)
		return r
	})
	b.StopTimer()
	theirs := requests(b, func(int) *http.Request { return newRequest(b, floor.URL+"/thumb.webp") })
	b.ReportMetric(ours, "thumbs/s")
	b.ReportMetric(theirs, "floor/s")
	b.ReportMetric(ours/theirs, "ratio")
}

func newRequest(b *testing.B, address string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// requests makes b.N requests, several at a time, and returns how many were
// answered a second.
func requests(b *testing.B, next func(int) *http.Request) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for n := int(uuid.New()[0]); pb.Next(); n++ {
			res, err := client.Do(next(n))
			if err != nil {
				b.Error(err)
				return
			}
			size, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK || size != thumbBytes {
				b.Errorf("%d with %d bytes: %v", res.StatusCode, size, err)
				return
			}
		}
	})
	return float64(b.N) / time.Since(start).Seconds()
}
