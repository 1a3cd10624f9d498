package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
)

// zipApp is what downloading whole albums needs.
type zipApp interface {
	AlbumArchive(context.Context, app.Actor, uuid.UUID) (*app.Archive, error)
}

type zipHandlers struct {
	*Server
	app zipApp
}

// album sends the album of the address as one archive. Whether there is one that
// the visitor may not see is not told.
func (h zipHandlers) album(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		err = app.NotFound("album")
	} else {
		err = serveArchive(c, h.app, h.actor(c), id)
	}
	if app.CodeOf(err) == app.CodeNotFound && !h.actor(c).SignedIn() && !isAPI(c.Request()) {
		return app.Unauthenticated()
	}
	return err
}

// serveArchive streams the album to whoever may download it. An error after the
// first byte breaks the connection off, so that no half archive looks whole.
func serveArchive(c echo.Context, a zipApp, actor app.Actor, id uuid.UUID) error {
	ctx, w := c.Request().Context(), c.Response()
	archive, err := a.AlbumArchive(ctx, actor, id)
	if err != nil {
		return err
	}
	defer archive.Close()
	h := w.Header()
	h.Set(echo.HeaderContentType, "application/zip")
	h.Set(echo.HeaderContentDisposition, disposition("attachment", archive.Filename))
	h.Set(echo.HeaderContentSecurityPolicy, bytesPolicy)
	h.Set(echo.HeaderCacheControl, "private, no-store")
	if archive.Bytes >= 0 {
		h.Set(echo.HeaderContentLength, strconv.FormatInt(archive.Bytes, 10))
	}
	w.WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	if _, err := archive.WriteTo(ctx, w); err != nil {
		return fmt.Errorf("send album %s: %w", id, errors.Join(ctx.Err(), err)) // the first tells that the client left
	}
	return nil
}

// registerArchive adds the same to the API, outside huma as all files.
func (api *apiServer) registerArchive(h zipHandlers) {
	api.get(apiPrefix+"/albums/:id/download", h.album)
	op := operation(http.MethodGet, "/albums/{id}/download", "download-album", "albums",
		"All files of an album and of those below it as one zip", 401, 403, 404, 429)
	op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}}
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The archive. What cannot be included is named in NOT-INCLUDED.txt in it", Content: map[string]*huma.MediaType{
			"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}},
	}
	api.document(op)
}
