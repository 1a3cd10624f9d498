package handlers_test

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// inAlbum adds a file to an album.
func (s *site) inAlbum(album uuid.UUID, f file) uuid.UUID {
	s.t.Helper()
	id := s.add(f)
	s.exec("UPDATE media SET album_id = $2 WHERE id = $1", id, album)
	return id
}

// unzipped downloads an archive, has it unpacked by unzip and returns the content
// of each file by its path.
func (b *browser) unzipped(path string, headers ...string) (string, map[string]string) {
	b.t.Helper()
	a := b.get(path, headers...)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/zip" || a.Header.Get("Content-Length") != strconv.Itoa(len(a.body)) {
		b.t.Fatalf("%s: %d %v", path, a.StatusCode, a.Header)
	}
	dir := b.t.TempDir()
	file, to := filepath.Join(dir, "a.zip"), filepath.Join(dir, "to")
	if err := os.WriteFile(file, []byte(a.body), 0o600); err != nil {
		b.t.Fatal(err)
	}
	unzip := exec.Command("unzip", "-q", file, "-d", to)
	unzip.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
	if out, err := unzip.CombinedOutput(); err != nil {
		b.t.Fatalf("unzip: %v\n%s", err, out)
	}
	got := map[string]string{}
	err := filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		got[strings.TrimPrefix(path, to+"/")] = string(content)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return to, got
}

func TestAnAlbumAsOneZip(t *testing.T) {
	s := newSite(t)
	album, path := s.albumOf(s.admin, "Été 2024 / <Lake>")
	below, _ := s.albumOf(s.admin, "../../evil")
	s.exec("UPDATE albums SET parent_id = $2 WHERE id = $1", below, album)
	old := time.Date(1975, 8, 3, 12, 30, 0, 0, time.UTC)
	want := map[string]string{}
	for n, c := range []struct {
		name, becomes string
		taken         time.Time
	}{
		{"photo.jpg", "photo.jpg", time.Time{}},
		{"PHOTO.JPG", "PHOTO (2).JPG", time.Time{}},
		{"photo.jpg", "photo (3).jpg", time.Time{}},
		{"写真 🎈.jpg", "写真 🎈.jpg", time.Time{}},
		{"u\u0308ber.jpg", "über.jpg", time.Time{}}, // in the form of the Mac
		{"../../../etc/passwd", "_._.._.._etc_passwd", time.Time{}},
		{`..\..\windows\win.ini`, "_._.._windows_win.ini", time.Time{}},
		{"/etc/cron.d/x", "_etc_cron.d_x", time.Time{}},
		{"..", "file", time.Time{}},
		{"CON.jpg", "_CON.jpg", time.Time{}},
		{"a\r\nb\x1b.jpg", "ab.jpg", time.Time{}},
		{"not-included.TXT", "not-included (2).TXT", time.Time{}},
		{"old.jpg", "old.jpg", old},
	} {
		content := fmt.Sprint("content ", n)
		f := file{name: c.name, content: content, taken: c.taken}
		if f.taken.IsZero() { // so that the oldest of the same name comes first
			f.taken = time.Date(2024, 7, 1, 12, n, 0, 0, time.UTC)
		}
		s.inAlbum(album, f)
		want[c.becomes] = content
	}
	s.exec("UPDATE albums SET sort = 'oldest'")
	s.inAlbum(below, file{name: "deep.jpg", content: "deep"})
	want["_._.._evil/deep.jpg"] = "deep"

	b := s.signedIn("admin@example.org")
	to, got := b.unzipped(path + "/download")
	if len(got) != len(want) {
		t.Errorf("got %d files, want %d: %q", len(got), len(want), got)
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%q holds %q, want %q", name, got[name], content)
		}
	}
	for name, taken := range map[string]time.Time{"old.jpg": old, "写真 🎈.jpg": time.Date(2024, 7, 1, 12, 3, 0, 0, time.UTC)} {
		if info, err := os.Stat(filepath.Join(to, name)); err != nil || !info.ModTime().Equal(taken) {
			t.Errorf("%s is of %v (%v), want %v", name, info.ModTime().UTC(), err, taken)
		}
	}
	head := b.do(request(http.MethodHead, path+"/download", nil))
	whole := b.get(path + "/download")
	if head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("Content-Length") != strconv.Itoa(len(whole.body)) {
		t.Errorf("HEAD: %v", head)
	}
	how, params, err := mime.ParseMediaType(exactNameOnly(whole.Header.Get("Content-Disposition")))
	if err != nil || how != "attachment" || params["filename"] != "Été 2024 _ _Lake_.zip" {
		t.Errorf("it is called %q (%v)", whole.Header.Get("Content-Disposition"), err)
	}
	if whole.Header.Get("Cache-Control") != "private, no-store" || !strings.Contains(whole.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("headers: %v", whole.Header)
	}
	contains(t, b.ok(path), `href="`+path+`/download"`)
}

// An archive has more pages of items than one.
func TestAZipOfManyPhotos(t *testing.T) {
	s := newSite(t)
	album, path := s.albumOf(s.admin, "Many")
	const n = 1203
	for i := range n { // all taken at the same moment
		s.inAlbum(album, file{kind: "video", mime: "video/mp4", name: "clip.mp4", content: strconv.Itoa(i)})
	}
	for _, sort := range []string{"newest", "oldest", "manual"} {
		s.exec("UPDATE albums SET sort = $2::text::album_sort WHERE id = $1", album, sort)
		_, got := s.signedIn("admin@example.org").unzipped(path + "/download")
		seen := map[string]bool{}
		for _, content := range got {
			seen[content] = true
		}
		if len(got) != n || len(seen) != n {
			t.Errorf("%s: %d files, %d of them different, want %d", sort, len(got), len(seen), n)
		}
	}
}

func TestWhoMayDownloadAnAlbum(t *testing.T) {
	s := newSite(t)
	owner, viewer := s.user("owner@example.org", false), s.user("viewer@example.org", false)
	s.user("stranger@example.org", false)
	album, path := s.albumOf(owner, "Secret garden")
	s.inAlbum(album, file{owner: owner, name: "rose.jpg"})
	s.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", uuid.New(), album, viewer.ID)
	ways := map[string]*browser{"stranger": s.signedIn("stranger@example.org"), "site admin": s.signedIn("admin@example.org"), "visitor": s.browser()}
	nowhere := "/albums/" + uuid.NewString()
	for who, b := range ways {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			foreign, missing := b.do(request(method, path+"/download", nil)), b.do(request(method, nowhere+"/download", nil))
			status := http.StatusNotFound
			if who == "visitor" {
				status = http.StatusSeeOther // to the sign-in page, also where there is none
			}
			if foreign.StatusCode != status || missing.StatusCode != status || alike(foreign.body, path) != alike(missing.body, nowhere) {
				t.Errorf("%s by %s: %d, where there is none %d", method, who, foreign.StatusCode, missing.StatusCode)
			}
			if cd := foreign.Header.Get("Content-Disposition"); cd != "" || foreign.Header.Get("Content-Type") == "application/zip" {
				t.Errorf("%s gets %v", who, foreign.Header)
			}
		}
	}
	member := s.signedIn("viewer@example.org")
	if _, got := member.unzipped(path + "/download"); len(got) != 1 {
		t.Errorf("a viewer got %v", got)
	}
	for address, status := range map[string]int{path + "/download?x=/../": 200, "/albums/" + strings.ToUpper(album.String()) + "/download": 200, "/albums/x/download": 404, "/albums/new/download": 404} {
		if a := member.get(address); a.StatusCode != status {
			t.Errorf("%s: %d, want %d", address, a.StatusCode, status)
		}
	}
	// By the API, where a token may do less than its owner.
	of := func(scopes ...app.Scope) string {
		secret, _, err := s.app.CreateToken(t.Context(), app.UserActor(viewer), app.NewToken{Name: "test", Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + secret
	}
	api := s.browser()
	if _, got := api.unzipped("/api/v1"+path+"/download", "Authorization", of(app.ScopeMediaRead)); len(got) != 1 {
		t.Errorf("the API sent %v", got)
	}
	if a := api.get("/api/v1"+path+"/download", "Authorization", of(app.ScopeAccount)); a.StatusCode != http.StatusForbidden || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a token that may not read: %v", a)
	}
	if a := api.get("/api/v1" + path + "/download"); a.StatusCode != http.StatusNotFound {
		t.Errorf("nobody by the API: %v", a)
	}
	// What is taken away is gone at once.
	s.exec("DELETE FROM album_grants")
	if a := member.get(path + "/download"); a.StatusCode != http.StatusNotFound {
		t.Errorf("one who is no member any more: %d", a.StatusCode)
	}
	s.exec("UPDATE albums SET visibility = 'public' WHERE id = $1", album)
	if _, got := s.browser().unzipped(path + "/download"); len(got) != 1 {
		t.Errorf("a visitor of a public album got %v", got)
	}
	s.exec("UPDATE albums SET trashed_at = now() WHERE id = $1", album)
	if a := s.signedIn("owner@example.org").get(path + "/download"); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusConflict {
		t.Errorf("from the trash: %d", a.StatusCode)
	}
}

// A client that goes away ends the work; until then it counts.
func TestAClientThatLeavesADownload(t *testing.T) {
	s := newSite(t)
	album, path := s.albumOf(s.admin, "Large")
	id := s.inAlbum(album, file{kind: "video", mime: "video/mp4", name: "long.mp4"})
	file, ok := s.store.LocalPath("media/" + id.String())
	const size = 1 << 30
	if !ok || os.Truncate(file, size) != nil { // without blocks on the disk
		t.Fatal("no file to make longer")
	}
	s.exec("UPDATE media SET bytes = $1", size)
	s.exec("UPDATE media_files SET bytes = $1", size)
	b := s.signedIn("admin@example.org")
	c := s.tusClient(b)
	begin := func() (*http.Response, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		res, err := http.DefaultClient.Do(c.request(http.MethodGet, path+"/download", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cancel(); res.Body.Close() })
		return res, cancel
	}
	var leave []context.CancelFunc
	for range 2 {
		res, cancel := begin()
		if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil || res.StatusCode != http.StatusOK || res.ContentLength <= size {
			t.Fatalf("%v %v", res, err)
		}
		leave = append(leave, cancel)
	}
	third, _ := begin()
	text, err := io.ReadAll(third.Body)
	if err != nil || third.StatusCode != http.StatusTooManyRequests || third.Header.Get("Retry-After") == "" {
		t.Fatalf("a third at the same time: %v %v", third, err)
	}
	contains(t, string(text), "Wait until one has ended.")
	for _, cancel := range leave {
		cancel()
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		res, cancel := begin()
		cancel()
		if res.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the work for clients that left goes on")
		}
		s.exec("SELECT 1")
	}
	lacks(t, s.log.String(), `"level":"ERROR"`)
}

// A file that turns out shorter than it was breaks the download off: half an
// archive must not look like a whole one.
func TestAZipThatBreaksOff(t *testing.T) {
	s := newSite(t)
	album, path := s.albumOf(s.admin, "Broken")
	const size = 80 << 20 // too long to be read before it is sent
	id := s.inAlbum(album, file{kind: "video", mime: "video/mp4", name: "a.mp4"})
	s.exec("UPDATE media SET bytes = $1", size)
	s.exec("UPDATE media_files SET bytes = $1", size)
	c := s.tusClient(s.signedIn("admin@example.org"))
	res, err := http.DefaultClient.Do(c.request(http.MethodGet, path+"/download", nil))
	if err == nil {
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Errorf("an archive whose %s is too short arrived as if it were whole", id)
	}
	contains(t, s.log.String(), `"level":"ERROR"`)
}

// What cannot be included is named, and the rest comes.
func TestAZipThatLacksAFile(t *testing.T) {
	s := newSite(t)
	album, path := s.albumOf(s.admin, "Lacking")
	s.inAlbum(album, file{name: "a.jpg", content: "here"})
	gone := s.inAlbum(album, file{name: "b.jpg", content: strings.Repeat("x", 500)})
	if err := s.store.Delete(t.Context(), "media/"+gone.String()); err != nil {
		t.Fatal(err)
	}
	_, got := s.signedIn("admin@example.org").unzipped(path + "/download")
	names := []string{}
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"NOT-INCLUDED.txt", "a.jpg"}) || got["a.jpg"] != "here" {
		t.Errorf("got %q", names)
	}
	contains(t, got["NOT-INCLUDED.txt"], "b.jpg: the file is missing from the storage")
	folder, _ := s.store.LocalPath("media")
	lacks(t, got["NOT-INCLUDED.txt"], folder, gone.String())
}

// An empty album is an empty archive.
func TestAZipOfNothing(t *testing.T) {
	s := newSite(t)
	_, path := s.albumOf(s.admin, "Empty")
	b := s.signedIn("admin@example.org")
	a := b.get(path + "/download")
	r, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil || len(r.File) != 0 || a.StatusCode != http.StatusOK {
		t.Errorf("%v %v", a, err)
	}
	lacks(t, b.ok(path), path+"/download")
}
