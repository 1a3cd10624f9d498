package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// zipPhotos is how many photos the album of BenchmarkZip holds.
const zipPhotos = 10_000

// BenchmarkZip downloads an album of 10,000 photos, no two alike, from a web
// process that has done nothing else, and tells the most memory that the process
// ever had (its RSS, shared pages included).
func BenchmarkZip(b *testing.B) {
	i := prepare(b)
	i.makeAdmin()
	i.spawn("web", "albumen", "web")
	i.waitReady()
	token, album := i.filledAlbum(b)
	for b.Loop() {
		i.stop("web", syscall.SIGTERM)
		i.spawn("web", "albumen", "web")
		i.waitReady()
		idle := i.peakRSS(b, "web")
		file := filepath.Join(b.TempDir(), "album.zip")
		res := i.send(b, token, http.MethodGet, "/api/v1/albums/"+album+"/download", "", nil)
		out, err := os.Create(file)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(out, res.Body)
		if err != nil || n != res.ContentLength {
			b.Fatalf("%d of %d bytes: %v", n, res.ContentLength, err)
		}
		res.Body.Close()
		out.Close()
		b.ReportMetric(idle, "idle-MB")
		b.ReportMetric(i.peakRSS(b, "web"), "peak-MB")
		b.ReportMetric(float64(n)/1e6, "zip-MB")
		r, err := zip.OpenReader(file)
		if err != nil || len(r.File) != zipPhotos {
			b.Fatalf("no archive of %d photos: %v", zipPhotos, err)
		}
		r.Close()
	}
}

// filledAlbum uploads the photos and returns a token and their album.
func (i *instance) filledAlbum(b *testing.B) (token, album string) {
	b.Helper()
	decode := func(res *http.Response, out any) {
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			b.Fatal(err)
		}
	}
	var made struct{ Token, ID string }
	const kind = "application/json"
	decode(i.send(b, "", http.MethodPost, "/api/v1/tokens", kind, strings.NewReader(`{"email":"`+adminEmail+`","password":"`+adminPassword+`","expires_in":3600}`)), &made)
	token = made.Token
	decode(i.send(b, token, http.MethodPost, "/api/v1/albums", kind, strings.NewReader(`{"title":"Ten thousand"}`)), &made)
	album = made.ID

	seed := filepath.Join(b.TempDir(), "seed.jpg")
	run(b, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "gradients=s=320x240:n=4:seed=7:d=1,noise=alls=20:allf=u", "-frames:v", "1", "-q:v", "3", seed)
	content, err := os.ReadFile(seed)
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := next.Add(1); n <= zipPhotos && !b.Failed(); n = next.Add(1) {
				comment := fmt.Sprintf("photo %05d", n)
				marker := append([]byte{0xff, 0xfe, 0, byte(len(comment) + 2)}, comment...)
				i.upload(b, token, album, fmt.Sprintf("IMG_%05d.jpg", n), bytes.Join([][]byte{content[:2], marker, content[2:]}, nil))
			}
		})
	}
	all.Wait()
	i.listAll(b)
	return token, album
}

func (i *instance) upload(b *testing.B, token, album, name string, content []byte) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	w.WriteField("album_id", album) //nolint:errcheck // to memory
	part, _ := w.CreateFormFile("file", name)
	part.Write(content) //nolint:errcheck // to memory
	w.Close()           //nolint:errcheck // to memory
	res := i.send(b, token, http.MethodPost, "/api/v1/media", w.FormDataContentType(), &form)
	io.Copy(io.Discard, res.Body) //nolint:errcheck // only the status matters
	res.Body.Close()
}

// listAll says of all photos that they were processed: a zip needs no pictures.
func (i *instance) listAll(b *testing.B) {
	b.Helper()
	for _, v := range i.env {
		if url, ok := strings.CutPrefix(v, "DATABASE_URL="); ok {
			conn, err := pgx.Connect(b.Context(), url)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close(b.Context()) //nolint:errcheck // it has done its work
			done, err := conn.Exec(b.Context(), "UPDATE media SET status = 'ready', processed_at = now(), width = 320, height = 240")
			if err != nil || done.RowsAffected() != zipPhotos {
				b.Fatalf("%d photos: %v", done.RowsAffected(), err)
			}
		}
	}
}

// send asks the API and wants a good answer.
func (i *instance) send(b *testing.B, token, method, path, kind string, body io.Reader) *http.Response {
	r, err := http.NewRequest(method, i.url+path, body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body) // what could be read
		b.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res
}

// peakRSS is the most memory that a process has had, in MB.
func (i *instance) peakRSS(b *testing.B, name string) float64 {
	b.Helper()
	i.mu.Lock()
	pid := i.running[name].Process.Pid
	i.mu.Unlock()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) * 1024 / 1e6
		}
	}
	b.Fatal("the kernel does not tell")
	return 0
}
