package handlers_test

import (
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

var bytesPaths = []string{"/thumb", "/preview", "/original"}

func TestBytesAreTheOwnersAlone(t *testing.T) {
	s := newSite(t)
	s.user("other@example.org", false)
	id := "/media/" + s.add(file{}).String()
	owner, other, nobody := s.signedIn("admin@example.org"), s.signedIn("other@example.org"), s.browser()
	gone := s.signedIn("admin@example.org")
	gone.post("/logout", nil)
	random := "/media/" + uuid.NewString()
	for _, path := range bytesPaths {
		a := owner.get(id + path)
		if want := strings.TrimPrefix(path, "/") + " of "; a.StatusCode != http.StatusOK || !strings.HasPrefix(a.body, want) {
			t.Errorf("the owner's %s: %v", path, a)
		}
		for who, b := range map[string]*browser{"another": other, "nobody": nobody, "one signed out": gone} {
			a := b.get(id+path, "Range", "bytes=0-3")
			if a.StatusCode != http.StatusNotFound || strings.Contains(a.body, strings.TrimPrefix(path, "/")+" of ") {
				t.Errorf("%s of %s: %v", path, who, a)
			}
			for _, name := range []string{"ETag", "Content-Disposition", "Accept-Ranges", "Content-Range"} {
				if a.Header.Get(name) != "" {
					t.Errorf("%s of %s gives away %s", path, who, name)
				}
			}
		}
		foreign, missing := other.get(id+path), other.get(random+path)
		if alike(foreign.body, id) != alike(missing.body, random) || foreign.StatusCode != missing.StatusCode {
			t.Errorf("%s of a foreign photo differs from one that is not there:\n%s\n%s", path, foreign.body, missing.body)
		}
	}
}

func TestBytesInPartAndNotAgain(t *testing.T) {
	s := newSite(t)
	id := s.add(file{content: "0123456789"})
	b := s.signedIn("admin@example.org")
	whole := b.get("/media/" + id.String() + "/original")
	tag := whole.Header.Get("ETag")
	if whole.body != "0123456789" || tag == "" || strings.HasPrefix(tag, "W/") || whole.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("the whole: %v", whole)
	}
	for _, c := range []struct {
		name, value, also, alsoValue string
		status                       int
		body, contentRange           string
	}{
		{"Range", "bytes=2-4", "", "", 206, "234", "bytes 2-4/10"},
		{"Range", "bytes=-3", "", "", 206, "789", "bytes 7-9/10"},
		{"Range", "bytes=8-", "", "", 206, "89", "bytes 8-9/10"},
		{"Range", "bytes=2-4", "If-Range", tag, 206, "234", "bytes 2-4/10"},
		{"Range", "bytes=2-4", "If-Range", `"older"`, 200, "0123456789", ""},
		{"Range", "bytes=20-", "", "", 416, "", "bytes */10"},
		{"If-None-Match", tag, "", "", 304, "", ""},
		{"If-None-Match", `"older"`, "", "", 200, "0123456789", ""},
	} {
		a := b.get("/media/"+id.String()+"/original", c.name, c.value, c.also, c.alsoValue)
		if a.StatusCode != c.status || a.Header.Get("Content-Range") != c.contentRange || (c.status != 416 && a.body != c.body) {
			t.Errorf("%s: %s %s: %v", c.name, c.value, c.alsoValue, a)
		}
	}
	head := b.do(request(http.MethodHead, "/media/"+id.String()+"/original", nil))
	if head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %v", head)
	}
}

func TestBytesAreKeptOnlyUnderTheirVersion(t *testing.T) {
	s := newSite(t)
	path := "/media/" + s.add(file{}).String()
	b := s.signedIn("admin@example.org")
	version := strings.Trim(b.get(path+"/original").Header.Get("ETag"), `"`)[:16]
	const forever, ask = "private, max-age=31536000, immutable", "private, no-cache"
	for address, want := range map[string]string{
		"/thumb?v=3": forever, "/thumb?v=2": ask, "/thumb": ask, "/thumb?v=": ask, "/preview?v=3": forever,
		"/original?v=" + version: forever, "/original": ask, "/original?v=x": ask,
	} {
		if got := b.get(path + address).Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestOriginalsCannotHarm(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	for mimeType, want := range map[string]string{
		"image/jpeg": "inline", "image/heic": "inline", "image/svg+xml": "attachment", "text/html": "attachment",
		"image/x-adobe-dng": "attachment", "video/mp4": "attachment", "application/pdf": "attachment",
	} {
		id := s.add(file{mime: mimeType, content: "<script>alert(1)</script>"})
		a := b.get("/media/" + id.String() + "/original")
		how, _, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
		if err != nil || how != want || a.Header.Get("Content-Type") != mimeType {
			t.Errorf("%s: %v", mimeType, a.Header)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s lacks its shield: %v", mimeType, a.Header)
		}
	}
}

func TestNamesOfDownloads(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	for name, want := range map[string]string{
		"photo.jpg":                 "photo.jpg",
		"Sommer am See – Übung.jpg": "Sommer am See – Übung.jpg",
		`"; filename="evil.exe`:     `"; filename="evil.exe`,
		"a\r\nSet-Cookie: x=y.jpg":  "aSet-Cookie: x=y.jpg",
		"../../etc/passwd":          "_.._etc_passwd",
		`C:\temp\x.jpg`:             "C:_temp_x.jpg",
		"photo\u202egpj.exe":        "photogpj.exe",
		"100% sure.jpg":             "100% sure.jpg",
		"写真.jpg":                    "写真.jpg",
		"...":                       "file",
		strings.Repeat("ä", 80) + "🎈 (1).jpg": strings.Repeat("ä", 80) + "🎈 (1).jpg",
	} {
		id := s.add(file{name: name})
		header := b.get("/media/" + id.String() + "/original").Header.Get("Content-Disposition")
		_, params, err := mime.ParseMediaType(exactNameOnly(header))
		if err != nil || params["filename"] != want {
			t.Errorf("%q becomes %q (%q, %v), want %q", name, params["filename"], header, err, want)
		}
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: the header holds more than ASCII: %q", name, header)
		}
	}
}

// exactNameOnly drops the plain name where there is an exact one, as browsers do.
func exactNameOnly(header string) string {
	how, rest, _ := strings.Cut(header, "; ")
	if i := strings.Index(rest, "filename*="); i >= 0 {
		return how + "; " + rest[i:]
	}
	return header
}

func TestVideosThatBrowsersPlay(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	for mimeType, status := range map[string]int{
		"video/mp4": 206, "video/webm": 206, "video/quicktime": 206, "video/x-msvideo": 404, "image/jpeg": 404,
	} {
		id := s.add(file{mime: mimeType, kind: "video", name: "clip.mp4"})
		a := b.get("/media/"+id.String()+"/video", "Range", "bytes=0-7")
		if a.StatusCode != status || (status == 206 && (a.body != "original" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "inline"))) {
			t.Errorf("%s: %v", mimeType, a)
		}
	}
}

func TestAMissingObjectIsToldApart(t *testing.T) {
	s := newSite(t)
	id := s.add(file{})
	if err := s.store.Delete(t.Context(), "media/"+id.String()); err != nil {
		t.Fatal(err)
	}
	a := s.signedIn("admin@example.org").get("/media/" + id.String() + "/original")
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Content-Disposition") != "" {
		t.Errorf("%v", a)
	}
	folder, _ := s.store.LocalPath("media")
	lacks(t, a.body, folder)
}

// alike blanks what differs from one error page to the next: the address and
// the reference.
func alike(html, address string) string {
	html = strings.ReplaceAll(html, address, "ADDRESS")
	before, rest, _ := strings.Cut(html, "<code>")
	_, after, _ := strings.Cut(rest, "</code>")
	return before + after
}
