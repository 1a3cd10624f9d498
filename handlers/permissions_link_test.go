package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// holder is one who comes with a link: what became of it, and what they show.
type holder struct {
	name string
	edit app.LinkEdit
	end  func(*stage, app.AlbumLink) // what happens to the link before they come
	// unlock is the password that they enter at first, of this link or, where
	// other is set, of another one.
	unlock string
	other  bool
}

// holders are the columns of the table of share links. All links let their
// holder do everything, except where the name says otherwise.
var holders = []holder{
	{name: "good"},
	{name: "good, to look at only", edit: app.LinkEdit{Download: new(false), Upload: new(false)}},
	{name: "of another album", end: func(st *stage, l app.AlbumLink) {
		st.exec("UPDATE share_links SET album_id = $2 WHERE id = $1", l.ID, st.newAlbum())
	}},
	{name: "password given", edit: app.LinkEdit{Password: new("swordfish")}, unlock: "swordfish"},
	{name: "password not given", edit: app.LinkEdit{Password: new("swordfish")}},
	{name: "password wrong", edit: app.LinkEdit{Password: new("swordfish")}, unlock: "codfish"},
	{name: "password of another link", edit: app.LinkEdit{Password: new("swordfish")}, unlock: "swordfish", other: true},
	{name: "password changed since", edit: app.LinkEdit{Password: new("swordfish")}, unlock: "swordfish", end: func(st *stage, l app.AlbumLink) {
		owner := app.UserActor(st.people["album owner"])
		if _, err := st.app.EditLink(context.Background(), owner, l.AlbumID, l.ID, app.LinkEdit{Password: new("another fish")}); err != nil {
			st.t.Fatal(err)
		}
	}},
	{name: "expired", end: func(st *stage, l app.AlbumLink) {
		st.exec("UPDATE share_links SET expires_at = now() - interval '1 millisecond' WHERE id = $1", l.ID)
	}},
	{name: "revoked", end: func(st *stage, l app.AlbumLink) {
		if err := st.app.RevokeLink(context.Background(), app.UserActor(st.people["album owner"]), l.AlbumID, l.ID); err != nil {
			st.t.Fatal(err)
		}
	}},
	{name: "album in the trash", end: func(st *stage, l app.AlbumLink) {
		st.exec("UPDATE albums SET trashed_at = now() WHERE id = $1", l.AlbumID)
	}},
}

// linkTable asks every address below a link as everybody who can hold one.
func linkTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## Below a share link\n\nEach address below a link was asked by those who have nothing but the link. *password*: asks for it, and " +
		"nothing else is told; the other words are those of the table above.\n\n| address |")
	for _, h := range holders {
		b.WriteString(" " + h.name + " |")
	}
	b.WriteString("\n|---" + strings.Repeat("|---", len(holders)) + "|\n")
	s := newSite(t)
	for _, r := range routesOf(s) {
		method, path, _ := strings.Cut(r, " ")
		if !strings.HasPrefix(path, "/s/") {
			continue
		}
		b.WriteString("| `" + r + "` ")
		stage := newStage(s)
		for _, h := range holders {
			b.WriteString("| " + stage.verdictOf(r, h, method, path) + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}

func (st *stage) verdictOf(route string, h holder, method, path string) string {
	st.t.Helper()
	if h.name == "album in the trash" {
		defer func(was uuid.UUID) { st.album = was }(st.album)
		st.album = st.newAlbum()
	}
	l := st.linkLike(h.edit)
	item := st.item()
	if strings.HasSuffix(path, "/video") {
		st.exec("UPDATE media_files SET mime = 'video/mp4' WHERE media_id = $1", item)
	}
	b, base := st.browser(), "/s/"+l.Token
	if h.unlock != "" {
		asked := l
		if h.other {
			asked = st.linkLike(app.LinkEdit{Password: h.edit.Password})
		}
		b.post("/s/"+asked.Token, url.Values{"password": {h.unlock}})
		if h.other { // a browser would not send it here; whoever wants to harm can
			for _, c := range b.jar.Cookies(httpsURL("/s/" + asked.Token)) {
				c.Path = base
				b.jar.SetCookies(httpsURL(base), []*http.Cookie{c})
			}
		}
	}
	if h.end != nil {
		h.end(st, l)
	}
	full := strings.NewReplacer(":token", l.Token, "media/:id", "media/"+item, "albums/:id", "albums/"+st.album.String()).Replace(path)
	body, kind := "", "application/x-www-form-urlencoded"
	if method == http.MethodPost && strings.HasSuffix(path, "/upload") {
		body, kind = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.txt\"\r\n\r\nx\r\n--x--\r\n", "multipart/form-data; boundary=x"
	} else if method == http.MethodPost {
		body = "password=swordfish"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a := b.do(request(method, full, strings.NewReader(body), "Content-Type", kind, "Sec-Fetch-Site", "same-origin").WithContext(ctx))
	switch to := a.Header.Get("Location"); {
	case method == http.MethodPost && path == "/s/:token" && a.StatusCode == http.StatusSeeOther:
		return "yes"
	case a.StatusCode == http.StatusUnauthorized, a.StatusCode == http.StatusSeeOther && (to == base || strings.HasPrefix(to, base+"?next=")), strings.Contains(a.body, `name="password"`):
		if strings.Contains(a.body, "Summer") || strings.Contains(a.body, strings.Repeat("x", 1000)) {
			st.t.Errorf("%s, %s: tells of what is behind the password", route, h.name)
		}
		return "password"
	}
	return verdict(st.t, route, fmt.Sprint("the link: ", h.name), a)
}

func httpsURL(path string) *url.URL {
	return &url.URL{Scheme: "https", Host: "photos.example.org", Path: path}
}
