package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
)

const (
	cacheForever = "private, max-age=31536000, immutable"
	// The browser asks again each time and is answered with 304 and no bytes.
	cacheAsk = "private, no-cache"
	// An original is opened as a page of its own at most to look at it: nothing
	// in it may run, load or send anything.
	bytesPolicy = "default-src 'none'; sandbox"
)

// shownInline are the types of originals that open in the browser; everything
// else is offered for saving, whatever the browser thinks it can do with it.
var shownInline = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true, "image/avif": true,
	"image/heic": true, "image/tiff": true,
}

// playedInline are the types of videos that browsers play as they are.
var playedInline = map[string]bool{"video/mp4": true, "video/webm": true, "video/quicktime": true}

// bytesApp is what serving files needs.
type bytesApp interface {
	Original(context.Context, app.Actor, uuid.UUID) (app.Object, error)
	StrippedOriginal(context.Context, app.Actor, uuid.UUID) (app.Object, error)
	Derivative(context.Context, app.Actor, uuid.UUID, app.DerivativeKind) (app.Object, error)
}

type bytesHandlers struct {
	*Server
	app bytesApp
}

func (h bytesHandlers) thumb(c echo.Context) error   { return h.derivative(c, app.Thumb) }
func (h bytesHandlers) preview(c echo.Context) error { return h.derivative(c, app.Preview) }

func (h bytesHandlers) derivative(c echo.Context, kind app.DerivativeKind) error {
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	o, err := h.app.Derivative(c.Request().Context(), h.actor(c), id, kind)
	if err != nil {
		return err
	}
	version := c.QueryParam("v")
	return serve(c, o, version != "" && strings.HasSuffix(o.ETag, "-"+version))
}

func (h bytesHandlers) original(c echo.Context) error {
	o, err := h.originalOf(c)
	if err != nil {
		return err
	}
	how := "attachment"
	if shownInline[o.MIME] {
		how = "inline"
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition(how, o.Filename))
	return serve(c, o, sameVersion(c, o))
}

// video plays the original where browsers can; other videos have none to play.
func (h bytesHandlers) video(c echo.Context) error {
	o, err := h.originalOf(c)
	if err != nil {
		return err
	}
	if !playedInline[o.MIME] {
		return app.NotFound("video")
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition("inline", o.Filename))
	return serve(c, o, sameVersion(c, o))
}

func (h bytesHandlers) originalOf(c echo.Context) (app.Object, error) {
	id, err := mediaID(c)
	if err != nil {
		return app.Object{}, err
	}
	if c.QueryParam("stripped") == "1" {
		return h.app.StrippedOriginal(c.Request().Context(), h.actor(c), id)
	}
	return h.app.Original(c.Request().Context(), h.actor(c), id)
}

// sameVersion tells whether the address names the content, of which the ETag
// of an original is the hash.
func sameVersion(c echo.Context, o app.Object) bool {
	version := c.QueryParam("v")
	return len(version) >= 8 && strings.HasPrefix(o.ETag, version)
}

// serve sends the bytes, in part or not at all where the browser asks so.
func serve(c echo.Context, o app.Object, forever bool) error {
	if forever && !isShare(c.Request()) { // a link can stop working at any time
		return serveCached(c, o, cacheForever)
	}
	return serveCached(c, o, cacheAsk)
}

// serveOnce sends what no browser may keep.
func serveOnce(c echo.Context, o app.Object) error { return serveCached(c, o, "no-store") }

func serveCached(c echo.Context, o app.Object, cache string) error {
	r, w := c.Request(), c.Response()
	body, err := o.Open(r.Context())
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	header := w.Header()
	header.Set(echo.HeaderContentType, o.MIME)
	header.Set("ETag", `"`+o.ETag+`"`)
	header.Set(echo.HeaderContentSecurityPolicy, bytesPolicy)
	header.Set(echo.HeaderCacheControl, cache)
	http.ServeContent(w, r, "", o.Modified, body)
	return nil
}

// mediaID reads the item's id from the path. What is no id names nothing.
func mediaID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return uuid.UUID{}, app.NotFound("photo")
	}
	return id, nil
}
