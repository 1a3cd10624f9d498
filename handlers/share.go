package handlers

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
	mediaviews "albumen/views/media"
	"albumen/views/share"
)

// sharePrefix begins every address below a share link.
const sharePrefix = "/s/"

// isShare reports a request below a share link. Sessions mean nothing there:
// the holder of the link looks, whoever else that may be.
func isShare(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, sharePrefix) }

// shareApp is what the pages of share links need.
type shareApp interface {
	OpenLink(ctx context.Context, token, unlock string) (app.Actor, app.Share, error)
	UnlockLink(ctx context.Context, token, password string, from netip.Addr) (string, time.Time, error)
	CountLinkView(ctx context.Context, actor app.Actor, agent string) error
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Albums(context.Context, app.Actor, app.AlbumsQuery) (app.AlbumPage, error)
	AlbumItems(context.Context, app.Actor, uuid.UUID, app.AlbumItemsQuery) (app.ItemPage, error)
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	Neighbours(context.Context, app.Actor, app.Set, uuid.UUID) (app.Neighbours, error)
	ReceiveGuestMedia(context.Context, app.Actor, app.Guest, app.Incoming) (app.ReceiveOutcome, error)
	GuestUploads(ctx context.Context, actor app.Actor, browser string) ([]app.GuestUpload, app.GuestSpace, error)
	zipApp
}

type shareHandlers struct {
	*Server
	app shareApp
}

const shareKey = "share"

// opened is the link of the request, once guard has opened it.
func opened(c echo.Context) app.Share {
	s, _ := c.Get(shareKey).(app.Share)
	return s
}

// shareBase is the address of the link itself.
func shareBase(c echo.Context) string { return sharePrefix + url.PathEscape(c.Param("token")) }

// guard opens the link before anything below it is answered, page or bytes, and
// answers itself where it does not open: with the same page for every link that
// does not work, and with the form where the password is missing.
func (h shareHandlers) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		actor, opened, err := h.app.OpenLink(r.Context(), c.Param("token"), h.shareCookie(c, unlockCookie))
		switch {
		case err == nil:
			c.Set(actorKey, actor)
			c.Set(shareKey, opened)
			return next(c)
		case app.CodeOf(err) == app.CodeNotFound && wantsPage(r):
			return h.dead(c)
		case app.CodeOf(err) != app.CodeUnauthenticated || !wantsPage(r):
			return err
		}
		base := shareBase(c)
		switch {
		case r.Header.Get("HX-Request") == "true":
			c.Response().Header().Set("HX-Redirect", base)
			return c.NoContent(http.StatusUnauthorized)
		case r.URL.EscapedPath() == base:
			return h.passwordForm(c, http.StatusOK, share.Password{Next: nextBelow(base, c.QueryParam("next"))})
		case r.Method == http.MethodGet:
			return seeOther(c, base+"?next="+url.QueryEscape(r.URL.RequestURI()))
		}
		return seeOther(c, base)
	}
}

// sharePage is page for the holder of a link.
func (h shareHandlers) sharePage(c echo.Context) layout.Page {
	p := h.page(c)
	p.Home, p.Secret = shareBase(c), true
	return p
}

func (h shareHandlers) dead(c echo.Context) error {
	p := h.page(c)
	p.Path, p.Secret = "", true // nothing in it depends on the link
	return h.render(c, http.StatusNotFound, share.DeadPage(p))
}

func (h shareHandlers) passwordForm(c echo.Context, status int, v share.Password) error {
	v.Page, v.ActionURL = h.sharePage(c), shareBase(c)
	return h.render(c, status, share.PasswordPage(v))
}

// unlock takes the password.
func (h shareHandlers) unlock(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx, base := c.Request().Context(), shareBase(c)
	next := nextBelow(base, fields.Get("next"))
	text, until, err := h.app.UnlockLink(ctx, c.Param("token"), fields.Get("password"), client(c))
	if app.CodeOf(err) == app.CodeNotFound {
		return h.dead(c)
	}
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		return h.passwordForm(c, status, share.Password{Next: next, Errors: shown})
	}
	h.setShareCookie(c, unlockCookie, text, until)
	if next == "" {
		next = base
	}
	return seeOther(c, next)
}

// nextBelow is to where it lies below base, "" otherwise.
func nextBelow(base, to string) string {
	u, err := url.Parse(localPath(to))
	if err != nil || path.Clean(u.Path) != u.Path { // .. would lead out of it
		return ""
	}
	if u.Path == base || strings.HasPrefix(u.Path, base+"/") {
		return u.RequestURI()
	}
	return ""
}

// album shows the link's album.
func (h shareHandlers) album(c echo.Context) error {
	return h.showAlbum(c, opened(c).AlbumID)
}

// below shows an album that lies below the link's.
func (h shareHandlers) below(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("album")
	}
	return h.showAlbum(c, id)
}

// archive sends the link's album as one zip.
func (h shareHandlers) archive(c echo.Context) error {
	return serveArchive(c, h.app, h.actor(c), opened(c).AlbumID)
}

// archiveBelow sends an album that lies below the link's.
func (h shareHandlers) archiveBelow(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("album")
	}
	return serveArchive(c, h.app, h.actor(c), id)
}

func (h shareHandlers) showAlbum(c echo.Context, id uuid.UUID) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := h.app.Album(ctx, actor, id)
	if err != nil {
		return err
	}
	list, err := listQuery(c)
	if err != nil {
		return err
	}
	page, err := h.app.AlbumItems(ctx, actor, id, app.AlbumItemsQuery{Before: list.Before, After: list.After, At: list.At})
	if err != nil {
		return err
	}
	base := shareBase(c)
	path := shareAlbumPath(c, id)
	v := share.Album{
		Frame: h.frame(c), Title: d.Title, About: d.Description, Facts: []string{i18n.N(ctx, "album.photos", d.Items)},
		Manual: d.Sort == db.AlbumSortManual, NewerURL: newerURL(path, page), FirstURL: path,
	}
	if v.Manual {
		v.Tiles, v.OlderURL = tiles(ctx, page.Items, fromTimeline), olderURL(path, page)
		shareTiles(base, v.Tiles)
	} else {
		v.Days = daysOf(ctx, page, fromTimeline)
		v.OlderURL = olderDaysURL(path, page, v.Days)
		for n := range v.Days {
			shareTiles(base, v.Days[n].Tiles)
		}
		if len(v.Days) > 0 { // what htmx adds to the page before goes on with its last day
			v.Days[0].Continued = wantsFragment(c.Request()) && v.Days[0].Date.Format(time.DateOnly) == c.QueryParam("day")
		}
	}
	for _, above := range d.Above {
		v.Above = append(v.Above, albums.Step{Title: above.Title, Href: shareAlbumPath(c, above.ID)})
	}
	if err := h.albumsBelow(c, d, &v); err != nil {
		return err
	}
	if opened(c).Upload && id == opened(c).AlbumID {
		v.UploadURL = base + "/upload"
	}
	if d.CanDownload && d.Items > 0 {
		v.DownloadURL = path + "/download"
	}
	v.Page.Preview = h.preview(c, d)
	if r := c.Request(); r.Method == http.MethodGet && !wantsFragment(r) {
		if err := h.app.CountLinkView(ctx, actor, r.UserAgent()); err != nil {
			return err
		}
	}
	return h.render(c, http.StatusOK, share.AlbumPage(v))
}

func (h shareHandlers) frame(c echo.Context) share.Frame {
	return share.Frame{Page: h.sharePage(c), HomeURL: shareBase(c)}
}

func shareAlbumPath(c echo.Context, id uuid.UUID) string {
	if id == opened(c).AlbumID {
		return shareBase(c)
	}
	return shareBase(c) + albumPath(id)
}

// albumsBelow lists the albums right below one.
func (h shareHandlers) albumsBelow(c echo.Context, d app.AlbumDetail, v *share.Album) error {
	if d.Albums == 0 {
		return nil
	}
	ctx, actor, base := c.Request().Context(), h.actor(c), shareBase(c)
	below, err := h.app.Albums(ctx, actor, app.AlbumsQuery{Parent: &d.ID, Cursor: c.QueryParam("albums"), Limit: albumsShown})
	if err != nil {
		return err
	}
	v.Facts = append(v.Facts, i18n.N(ctx, "album.albums", d.Albums))
	v.Albums = albumCards(ctx, actor, below.Albums)
	for n := range v.Albums {
		card := &v.Albums[n]
		card.Href, card.Badge, card.BadgeText = base+card.Href, "", ""
		if card.ThumbURL != "" {
			card.ThumbURL = base + card.ThumbURL
		}
	}
	if below.Next != "" {
		v.MoreAlbums = shareAlbumPath(c, d.ID) + "?albums=" + url.QueryEscape(below.Next)
	}
	return nil
}

// shareTiles moves tiles below the link: what they lead to, and their pictures.
func shareTiles(base string, tiles []mediaviews.Tile) {
	for n := range tiles {
		t := &tiles[n]
		t.Href = base + t.Href
		if t.ThumbURL != "" {
			t.ThumbURL = base + t.ThumbURL
		}
	}
}

// preview is what messengers show of a link: nothing where it has a password.
func (h shareHandlers) preview(c echo.Context, d app.AlbumDetail) *layout.Preview {
	if opened(c).Password {
		return nil
	}
	p := &layout.Preview{Title: d.Title}
	if cover := d.Cover; cover != nil && cover.ThumbVersion > 0 {
		p.ImageURL = h.cfg.BaseURL.String() + shareBase(c) + "/media/" + cover.ID.String() + "/preview"
	}
	return p
}
