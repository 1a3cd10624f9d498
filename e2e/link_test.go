package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
)

// An owner shares an album by a link with a password; whoever holds it looks,
// downloads bytes that tell nothing but the picture, and sends photos, of which
// the owner approves one and declines the other. Then the link stops, in every
// way in which it can, for pages and bytes.
func TestShareLinks(t *testing.T) {
	i := start(t)
	dir, sent := t.TempDir(), t.TempDir()
	small := filepath.Join(sent, "small.jpg")
	run(t, "vips", "thumbnail", photo(t, sent, "large.jpg", "9"), small, "160")
	telling := []string{
		"-GPSLatitude=46.5", "-GPSLatitudeRef=N", "-GPSLongitude=7.5", "-GPSLongitudeRef=E", "-SerialNumber=SN-4711", "-LensSerialNumber=LN-4711",
		"-OwnerName=Anna Example", "-Artist=Anna Example", "-XMP-dc:Creator=Anna Example", "-IPTC:By-line=Anna Example", "-ThumbnailImage<=" + small,
	}
	for n, name := range []string{"Lake.jpg", "Boat.jpg", "Mill.jpg", "Road.jpg"} {
		if found := tells(t, photo(t, dir, name, string(rune('1'+n)), telling...)); len(found) < 8 {
			t.Fatalf("the photo to begin with tells only %v", found)
		}
	}
	b := i.open(true)
	b.signIn()
	b.furnish(dir, 4) // two of them go to the trash
	for n, scripts := range []bool{true, false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) {
			files := []string{
				photo(t, t.TempDir(), "guest-a.jpg", string(rune('5'+2*n)), telling...), photo(t, t.TempDir(), "guest-b.jpg", string(rune('6'+2*n)), telling...),
			}
			linkStory(t, i, scripts, n, fmt.Sprint("Lake ", n+1), files)
		})
	}
}

func linkStory(t *testing.T, i *instance, scripts bool, nth int, title string, files []string) {
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is missing (npm ci in the project's root): %v", err)
	}
	inspect := func(b *browser, name string) {
		t.Helper()
		if !scripts {
			return
		}
		for _, l := range looks {
			b.as(l)
			b.visit(b.address()) // not show: the QR code in a closed part is never loaded
			for _, problem := range b.problems(string(axe)) {
				t.Errorf("%s, %s: %s", name, l.name, problem)
			}
		}
		b.as(looks[0])
	}
	b := i.open(scripts)
	b.t = t
	b.signIn()
	b.visit("/timeline")
	photos := regexp.MustCompile(`id="m-([0-9a-f-]{36})"`).FindAllStringSubmatch(b.html(), -1)
	b.visit("/media/" + photos[nth][1] + "/album")
	b.fill("#f-title", title+"\r")
	b.wait("#viewer")
	album := "/albums/" + i.row(t, "SELECT id::text FROM albums WHERE title = $1", title)

	link := func(name, password string) string {
		t.Helper()
		b.visit(album + "/links")
		b.fill("#f-name", name)
		b.fill("#f-password", password)
		b.click("input[name=download]")
		b.click("input[name=upload]")
		b.click(`form[action$="/links"] button[type=submit]`)
		b.wait(".link-url")
		m := regexp.MustCompile(`value="` + regexp.QuoteMeta(i.url) + `(/s/[a-z2-7]{32})"`).FindStringSubmatch(b.html())
		if m == nil {
			t.Fatalf("the page shows no link:\n%s", b.page())
		}
		return m[1]
	}
	inspect(b, "album")
	base := link("Grandma", "swordfish")
	inspect(b, "links")

	v := i.open(scripts)
	v.t = t
	v.visit(base)
	inspect(v, "share-password")
	v.fill("[name=password]", "codfish\r")
	v.wait("[aria-invalid=true], .notice")
	v.fill("[name=password]", "swordfish\r")
	v.wait(".tile")
	inspect(v, "share-album")
	v.click(".tile")
	v.wait(".viewer .photo, .viewer .frame-card")
	inspect(v, "share-photo")
	v.visit(base)
	v.click(`.share-actions a[href$="/upload"]`)
	v.wait("[name=name]")
	inspect(v, "share-upload")
	v.fill("[name=name]", "Cleo")
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), files))
	v.click(`form[enctype] button[type=submit]`)
	v.wait("[role=status]")
	if page := v.page(); !strings.Contains(page, "2 files are waiting") || strings.Count(page, "Waiting for approval") != 2 {
		t.Errorf("the guest is told:\n%s", page)
	}
	inspect(v, "share-sent")
	v.visit(base)
	if n := len(photosBelow(base, v.html())); n != 1 {
		t.Errorf("before approval the guest sees %d photos", n)
	}

	b.visit(album + "/pending")
	if page := b.page(); !strings.Contains(page, "2 photos and videos") || strings.Count(page, "Cleo") != 2 {
		t.Errorf("the queue:\n%s", page)
	}
	inspect(b, "pending")
	b.click(".pending li:first-child button[value=approve]")
	b.do(chromedp.WaitNotPresent(chromedp.CSS(".pending li:nth-child(2)")))
	b.wait(".pending li")
	b.click(".pending li button[value=reject]")
	b.wait(".empty")
	v.eventually(base, "2 photos")

	// What is downloaded, by whoever has given the password.
	holder := func(password string) func(path string) (int, []byte) {
		jar, _ := cookiejar.New(nil)
		c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		ask := func(r *http.Request) (int, []byte) {
			t.Helper()
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			a, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Body.Close()
			body, err := io.ReadAll(a.Body)
			if err != nil {
				t.Fatal(err)
			}
			return a.StatusCode, body
		}
		r, _ := http.NewRequest(http.MethodPost, i.url+base, strings.NewReader(url.Values{"password": {password}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if status, _ := ask(r); status != http.StatusSeeOther {
			t.Fatalf("the password %s gets %d", password, status)
		}
		return func(path string) (int, []byte) {
			t.Helper()
			r, _ := http.NewRequest(http.MethodGet, i.url+path, nil)
			return ask(r)
		}
	}
	get := holder("swordfish")
	paths := []string{base, base + "/download", base + "/upload"}
	shown := photosBelow(base, v.html())
	for m := range shown {
		paths = append(paths, m, m+"/thumb", m+"/preview", m+"/original", m+"/original?stripped=1")
	}
	for _, path := range paths {
		status, body := get(path)
		if status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		if strings.Contains(path, "/media/") && strings.Count(path, "/") > 4 {
			silent(t, path, body)
		}
	}
	_, archive := get(base + "/download")
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(z.File) != 2 || len(shown) != 2 {
		t.Fatalf("%d photos, the archive: %v, %v", len(shown), z, err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		silent(t, f.Name, body)
	}

	// One password opens one link.
	other := link("Aunt", "swordfish")
	v.visit(other)
	v.wait("[name=password]")
	stops := func(why string, want int) {
		t.Helper()
		for _, path := range paths {
			if status, body := get(path); status != want && (want == http.StatusNotFound || !asks(status, body)) {
				t.Errorf("%s, %s: %d", why, path, status)
			}
		}
	}
	b.visit(album + "/links")
	own := fmt.Sprintf(`li:has(input[value=%q])`, i.url+base)
	b.click(own + ` a[href*="/links/"]`)
	b.wait("[name=no_password]")
	inspect(b, "link-edit")
	b.fill("#f-password", "pufferfish\r")
	b.wait(".link-url")
	stops("password changed", http.StatusUnauthorized)
	v.visit(base)
	v.fill("[name=password]", "pufferfish\r")
	v.wait(".tile")
	get = holder("pufferfish")
	id := strings.TrimPrefix(base, "/s/")
	i.row(t, "UPDATE share_links SET expires_at = now() - interval '1 millisecond' WHERE token_hash = sha256($1) RETURNING id::text", []byte(id))
	stops("expired", http.StatusNotFound)
	i.row(t, "UPDATE share_links SET expires_at = NULL WHERE token_hash = sha256($1) RETURNING id::text", []byte(id))
	v.visit(base)
	v.wait(".tile")
	b.visit(album + "/links")
	b.click(own + ` details:has(form[action$="/revoke"]) > summary`)
	b.click(own + ` form[action$="/revoke"] button`)
	b.do(chromedp.WaitNotPresent(chromedp.CSS(own)))
	stops("revoked", http.StatusNotFound)
	v.visit(base)
	if page := v.page(); !strings.Contains(page, "no longer works") {
		t.Errorf("after the end:\n%s", page)
	}
	inspect(v, "share-dead")
}

// photosBelow are the addresses of a link's photos on a page.
func photosBelow(base, html string) map[string]bool {
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile(base+`/media/[0-9a-f-]{36}`).FindAllString(html, -1) {
		shown[m] = true
	}
	return shown
}

// asks reports an answer that wants the password and gives nothing.
func asks(status int, body []byte) bool {
	return status == http.StatusSeeOther || status == http.StatusUnauthorized || status == http.StatusOK && bytes.Contains(body, []byte(`name="password"`))
}

// row runs a statement on the instance's database and returns its one text.
func (i *instance) row(t *testing.T, sql string, args ...any) (text string) {
	t.Helper()
	for _, e := range i.env {
		at, found := strings.CutPrefix(e, "DATABASE_URL=")
		if !found {
			continue
		}
		c, err := pgx.Connect(context.Background(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(context.Background()) //nolint:errcheck // it was only read
		if err := c.QueryRow(context.Background(), sql, args...).Scan(&text); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return text
}

// tells lists what exiftool finds of places, devices and people in a file.
func tells(t *testing.T, path string) []string {
	t.Helper()
	out := run(t, "exiftool", "-s", "-G1", "-a", "-u", "-ee", "-gps:all", "-*GPS*", "-*Serial*", "-*Owner*", "-*Artist*", "-*Creator*",
		"-*By-line*", "-*Copyright*", "-ThumbnailImage", "-PreviewImage", "-Make", "-Model", "-DateTimeOriginal", path)
	var lines []string
	for line := range strings.Lines(out) {
		// The colour profile has a maker of its own.
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "[ICC") {
			lines = append(lines, line)
		}
	}
	return lines
}

// silent checks that a file tells nothing but the picture.
func silent(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := tells(t, path); len(found) > 0 || len(content) == 0 || bytes.Contains(content, []byte("Anna Example")) || bytes.Contains(content, []byte("4711")) {
		t.Errorf("%s, %d bytes, tells %v", name, len(content), found)
	}
}
