package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
)

// shared is a site with an album of the administrator's, one photo in it, and
// its links.
type shared struct {
	*site
	owner app.Actor
	album uuid.UUID
	photo uuid.UUID
}

func newShared(t testing.TB) *shared {
	s := &shared{site: newSite(t)}
	s.owner = app.UserActor(s.admin)
	s.album = s.makeAlbum("Summer")
	s.photo = s.photoIn(s.album)
	return s
}

func (s *shared) makeAlbum(title string) uuid.UUID {
	s.t.Helper()
	id := uuid.Must(uuid.NewV7())
	s.exec("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, $3)", id, s.admin.ID, title)
	return id
}

// photoIn makes a photo with all its files.
func (s *shared) photoIn(album uuid.UUID) uuid.UUID {
	s.t.Helper()
	got, err := s.app.ReceiveMedia(context.Background(), s.owner, app.Incoming{
		Filename: "x.png", AlbumID: &album, Size: -1, Body: strings.NewReader(pngOf(uuid.NewString())),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	id := got.Media.ID
	s.exec("UPDATE media SET status = 'ready', processed_at = now(), width = 4, height = 3 WHERE id = $1", id)
	for _, kind := range []string{"thumb", "preview"} {
		key := "derived/" + kind + id.String()
		if _, err := s.store.Put(context.Background(), key, strings.NewReader("the "+kind)); err != nil {
			s.t.Fatal(err)
		}
		s.exec(`INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes) VALUES ($1, $2, 1, $3, 'image/webp', 4, 3, $4)`,
			id, kind, key, len("the "+kind))
	}
	return id
}

func pngOf(rest string) string {
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde" + rest
}

func (s *shared) link(e app.LinkEdit) app.AlbumLink { return s.linkOf(s.album, e) }

func (s *shared) linkOf(album uuid.UUID, e app.LinkEdit) app.AlbumLink {
	s.t.Helper()
	l, err := s.app.CreateLink(context.Background(), s.owner, album, e)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// everything below a link, of the photo.
func below(l app.AlbumLink, photo uuid.UUID) (pages, files []string) {
	base := "/s/" + l.Token
	for _, kind := range []string{"thumb", "preview", "original", "thumb?v=1"} {
		files = append(files, base+"/media/"+photo.String()+"/"+kind)
	}
	files = append(files, base+"/download", base+"/albums/"+l.AlbumID.String()+"/download")
	return []string{base, base + "/albums/" + l.AlbumID.String(), base + "/media/" + photo.String()}, files
}

// asImage is what a browser sends for <img>.
var asImage = []string{"Sec-Fetch-Mode", "no-cors", "Accept", "image/*"}

func TestALinkShowsTheAlbumToAnybody(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{Download: new(true), Strip: new(false)})
	pages, files := below(l, s.photo)
	for who, b := range map[string]*browser{"a guest": s.browser(), "the owner": s.signedIn("admin@example.org")} {
		for _, path := range append(pages, files...) {
			a := b.get(path)
			if a.StatusCode != http.StatusOK {
				t.Fatalf("%s at %s: %d\n%s", who, path, a.StatusCode, a.body)
			}
			for name, want := range map[string]string{
				"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive",
			} {
				if strings.HasSuffix(path, "/download") && name == "Cache-Control" {
					want = "private, no-store"
				}
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s at %s: %s is %q, want %q", who, path, name, got, want)
				}
			}
			if strings.Contains(a.body, "bottombar") || strings.Contains(a.body, "/logout") || strings.Contains(a.body, `href="/timeline"`) {
				t.Errorf("%s sees the site's navigation at %s", who, path)
			}
			if len(a.Cookies()) > 0 {
				t.Errorf("%s gets cookies at %s: %v", who, path, a.Cookies())
			}
		}
	}
	b := s.browser()
	if a := b.get(pages[0]); !strings.Contains(a.body, `<meta name="referrer" content="no-referrer"`) || !strings.Contains(a.body, `content="noindex"`) ||
		!strings.Contains(a.body, `property="og:title" content="Summer"`) || !strings.Contains(a.body, "https://photos.example.org/s/"+l.Token+"/media/"+s.photo.String()+"/preview") {
		t.Errorf("the page of the link:\n%s", a.body)
	}
	// HEAD and ranges pass the same door.
	if a := b.do(request(http.MethodHead, files[2], nil)); a.StatusCode != http.StatusOK || a.body != "" {
		t.Errorf("HEAD: %s", a)
	}
	if a := b.get(files[0], "Range", "bytes=4-7"); a.StatusCode != http.StatusPartialContent || a.body != "thum" {
		t.Errorf("a range: %s", a)
	}
	if a := b.get(files[0], "If-None-Match", b.get(files[0]).Header.Get("ETag")); a.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %s", a)
	}
}

// ends are the ways in which a link stops; each leaves it dead.
func (s *shared) ends(l app.AlbumLink) map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"revoked": func() error { return s.app.RevokeLink(ctx, s.owner, s.album, l.ID) },
		"expired": func() error {
			_, err := s.db.Exec(ctx, "UPDATE share_links SET expires_at = now() - interval '1 millisecond' WHERE id = $1", l.ID)
			return err
		},
		"given a new address": func() error {
			_, err := s.app.RotateLink(ctx, s.owner, s.album, l.ID)
			return err
		},
		"of a trashed album": func() error {
			_, err := s.db.Exec(ctx, "UPDATE albums SET trashed_at = now() WHERE id = $1", s.album)
			return err
		},
	}
}

func TestADeadLinkStopsAtOnceForBytesToo(t *testing.T) {
	s := newShared(t)
	b := s.browser()
	unknown := b.get("/s/" + strings.Repeat("a", 32))
	if unknown.StatusCode != http.StatusNotFound || !strings.Contains(unknown.body, "no longer works") {
		t.Fatalf("an unknown link: %s", unknown)
	}
	for name := range s.ends(app.AlbumLink{}) {
		s.exec("UPDATE albums SET trashed_at = NULL")
		l := s.link(app.LinkEdit{Download: new(true), Strip: new(false), Upload: new(true)})
		pages, files := below(l, s.photo)
		tag := b.get(files[0]).Header.Get("ETag")
		if err := s.ends(l)[name](); err != nil {
			t.Fatal(err)
		}
		for _, path := range append(pages, files...) {
			for _, headers := range [][]string{nil, asImage, {"Range", "bytes=0-3"}, {"If-None-Match", tag}} {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					if a := b.do(request(method, path, nil, headers...)); a.StatusCode != http.StatusNotFound {
						t.Errorf("%s, %s %s %v: %d", name, method, path, headers, a.StatusCode)
					}
				}
			}
		}
		if a := b.get(pages[0]); a.body != unknown.body {
			t.Errorf("%s: the page differs from that of an unknown link", name)
		}
		for _, a := range []answer{b.post(pages[0], url.Values{"password": {"x"}}), s.sendFiles(b, l, "", guestFile{"a.png", pngOf("a")})} {
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: a form gets %d", name, a.StatusCode)
			}
		}
	}
}

func TestAPasswordGuardsPageAndBytes(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{Password: new("swordfish"), Download: new(true), Strip: new(false), Upload: new(true)})
	pages, files := below(l, s.photo)
	locked := func(b *browser, when string) {
		t.Helper()
		for _, path := range append(pages, files...) {
			for _, headers := range [][]string{nil, asImage, {"Range", "bytes=0-3"}} {
				a := b.get(path, headers...)
				shown := a.StatusCode == http.StatusOK && path == pages[0] && strings.Contains(a.body, `name="password"`)
				sent := a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), pages[0]+"?next=")
				if !shown && !sent && a.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s, %s %v: %d to %q", when, path, headers, a.StatusCode, a.Header.Get("Location"))
				}
				for _, told := range []string{"Summer", "og:title", "the thumb", "the preview", "\x89PNG", s.photo.String() + "/thumb\""} {
					if strings.Contains(a.body, told) {
						t.Errorf("%s, %s tells %q", when, path, told)
					}
				}
			}
		}
		if a := s.sendFiles(b, l, "", guestFile{"a.png", pngOf("a")}); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s, an upload: %d", when, a.StatusCode)
		}
	}
	b := s.browser()
	locked(b, "before the password")
	if a := b.post(pages[0], url.Values{"password": {"wrong one"}}); a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.body, "wrong one") {
		t.Errorf("a wrong password: %s", a)
	}
	a := b.post(pages[0], url.Values{"password": {"swordfish"}, "next": {pages[2]}})
	a.want(t, http.StatusSeeOther, pages[2])
	cookie := a.Cookies()[0]
	if cookie.Path != pages[0] || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || len(a.Cookies()) != 1 {
		t.Errorf("cookie %+v", cookie)
	}
	for _, path := range append(pages, files...) {
		if a := b.get(path); a.StatusCode != http.StatusOK {
			t.Errorf("after the password, %s: %d", path, a.StatusCode)
		}
	}
	if a := b.get(pages[0]); strings.Contains(a.body, "og:title") {
		t.Error("a link with a password has a preview")
	}
	// Elsewhere it is not even followed.
	for _, next := range []string{"https://evil.example", "//evil.example", "/timeline", pages[0] + "x", "/s/other"} {
		a := b.post(pages[0], url.Values{"password": {"swordfish"}, "next": {next}})
		a.want(t, http.StatusSeeOther, pages[0])
	}
	if _, err := s.app.EditLink(t.Context(), s.owner, s.album, l.ID, app.LinkEdit{Password: new("another one")}); err != nil {
		t.Fatal(err)
	}
	locked(b, "after a change of the password")
}

func TestOnePasswordUnlocksOneLinkOnly(t *testing.T) {
	s := newShared(t)
	e := app.LinkEdit{Password: new("the same one")}
	one, two := s.link(e), s.linkOf(s.makeAlbum("Winter"), e)
	b := s.browser()
	a := b.post("/s/"+one.Token, url.Values{"password": {"the same one"}})
	a.want(t, http.StatusSeeOther, "/s/"+one.Token)
	cookie := a.Cookies()[0]
	if a := b.get("/s/" + two.Token); !strings.Contains(a.body, `name="password"`) {
		t.Error("the browser that unlocked one link sees the other")
	}
	for name, value := range map[string]string{"stolen": cookie.Value, "forged": strings.Repeat("a", len(cookie.Value)), "empty": ""} {
		r := request(http.MethodGet, "/s/"+two.Token+"/albums/"+two.AlbumID.String(), nil)
		r.AddCookie(&http.Cookie{Name: cookie.Name, Value: value})
		if a := s.browser().do(r); a.StatusCode != http.StatusSeeOther {
			t.Errorf("with a %s cookie: %d", name, a.StatusCode)
		}
	}
}

// Whoever looks through a link looks through nothing else at the same time.
func TestALinkShowsNothingElse(t *testing.T) {
	s := newShared(t)
	other := s.photoIn(s.makeAlbum("Secret"))
	loose := s.photoIn(s.album)
	s.exec("UPDATE media SET album_id = NULL WHERE id = $1", loose)
	public := s.makeAlbum("Public")
	s.exec("UPDATE albums SET visibility = 'public' WHERE id = $1", public)
	inPublic := s.photoIn(public)
	l := s.link(app.LinkEdit{Download: new(true), Strip: new(false)})
	base := "/s/" + l.Token
	for who, b := range map[string]*browser{"a guest": s.browser(), "the owner": s.signedIn("admin@example.org")} {
		for _, photo := range []uuid.UUID{other, loose, inPublic} {
			for _, kind := range []string{"", "/thumb", "/preview", "/original", "/video"} {
				if a := b.get(base + "/media/" + photo.String() + kind); a.StatusCode != http.StatusNotFound {
					t.Errorf("%s at %s: %d", who, kind, a.StatusCode)
				}
			}
		}
		for _, path := range []string{"/albums/" + public.String(), "/albums/x", "/media/x", "/media/" + uuid.NewString()} {
			if a := b.get(base + path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s at %s: %d", who, path, a.StatusCode)
			}
		}
		// A link opens nothing above /s/.
		if who == "a guest" {
			if a := b.get("/media/" + s.photo.String() + "/thumb"); a.StatusCode == http.StatusOK {
				t.Errorf("outside of the link: %d", a.StatusCode)
			}
		}
	}
}

func TestALinkWithoutDownloadsGivesNoOriginals(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{})
	base := "/s/" + l.Token
	for _, path := range []string{"/media/" + s.photo.String() + "/original", "/media/" + s.photo.String() + "/original?stripped=1", "/media/" + s.photo.String() + "/video", "/download", "/albums/" + s.album.String() + "/download"} {
		if a := s.browser().get(base + path); a.StatusCode != http.StatusForbidden || strings.Contains(a.body, "\x89PNG") {
			t.Errorf("%s: %s", path, a)
		}
	}
	for _, path := range []string{"", "/media/" + s.photo.String()} {
		if page := s.browser().get(base + path); strings.Contains(page.body, "/original") || strings.Contains(page.body, "/download") {
			t.Errorf("%s offers downloads", path)
		}
	}
}

func TestNoTokenIsLogged(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{Password: new("swordfish"), Upload: new(true)})
	pages, files := below(l, s.photo)
	b := s.browser()
	for range 2 {
		for _, path := range append(pages, files...) {
			b.get(path)
			b.get(path, asImage...)
			b.get(strings.Replace(path, "/s/", "/S/", 1))
			b.get(path + "/nothing")
		}
		b.post(pages[0], url.Values{"password": {"swordfish"}})
		s.sendFiles(b, l, "", guestFile{"page.png", "<html></html>"}, guestFile{"a.png", pngOf("a")})
	}
	b.do(request(http.MethodPost, pages[0], strings.NewReader("password=x"), "Sec-Fetch-Site", "cross-site"))
	s.store.Delete(t.Context(), "derived/thumb"+s.photo.String()) //nolint:errcheck // makes the next request fail
	if a := b.get(files[0]); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a lost file: %d", a.StatusCode)
	}
	if log := s.log.String(); strings.Contains(log, l.Token) || strings.Contains(log, "swordfish") || !strings.Contains(log, "/s/{token}/media/") {
		t.Errorf("the log tells a secret, or nothing at all:\n%s", log)
	}
	var audit string
	if err := s.db.QueryRow(t.Context(), "SELECT string_agg(x::text, ' ') FROM audit_log x").Scan(&audit); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(audit, l.Token) || strings.Contains(audit, "swordfish") {
		t.Errorf("the audit log tells a secret: %s", audit)
	}
}

// Over plain http a page that sends no referrer sends no origin either.
func TestFormsOfLinksWorkOverPlainHTTP(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{Password: new("swordfish")})
	post := func(headers ...string) int {
		r := request(http.MethodPost, "/s/"+l.Token, strings.NewReader("password=swordfish"), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
		return s.browser().do(r).StatusCode
	}
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"no origin over http":    {[]string{"Origin", "null"}, http.StatusSeeOther},
		"a sandbox elsewhere":    {[]string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"another site":           {[]string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"the page itself, https": {[]string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, http.StatusSeeOther},
	} {
		if got := post(c.headers...); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if a := s.browser().do(request(http.MethodPost, "/login", strings.NewReader("email=a"), "Origin", "null", "Content-Type", "application/x-www-form-urlencoded")); a.StatusCode != http.StatusForbidden {
		t.Errorf("the sign-in form from nowhere: %d", a.StatusCode)
	}
}
