package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
)

// albumActApp is what the buttons around an album need.
type albumActApp interface {
	albumFormApp
	MoveAlbum(context.Context, app.Actor, uuid.UUID, *uuid.UUID) error
	TrashAlbum(context.Context, app.Actor, uuid.UUID) error
	RestoreAlbum(context.Context, app.Actor, uuid.UUID) error
	DeleteAlbum(context.Context, app.Actor, uuid.UUID) error
	TrashedAlbums(context.Context, app.Actor) ([]app.Album, error)
}

type albumActHandlers struct {
	albumFormHandlers
	app albumActApp
}

// move puts the album below another one, or to the top. What breaks a rule
// comes back on the form.
func (h albumActHandlers) move(c echo.Context) error {
	return h.act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		parent, err := optionalID("parent_id", fields.Get("parent_id"))
		if err == nil {
			err = h.app.MoveAlbum(ctx, h.actor(c), id, parent)
		}
		if err == nil {
			return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.album_moved")}, albumPath(id))
		}
		shown, status, ok := fieldErrors(ctx, err)
		if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		d, err := h.editable(c)
		if err != nil {
			return err
		}
		p, err := h.filled(c, d)
		if err != nil {
			return err
		}
		p.Errors = shown
		return h.render(c, status, albums.EditPage(p))
	})
}

func (h albumActHandlers) trash(c echo.Context) error {
	return h.act(c, func(id uuid.UUID, _ url.Values) error {
		ctx := c.Request().Context()
		if err := h.app.TrashAlbum(ctx, h.actor(c), id); err != nil {
			return err
		}
		return h.done(c, layout.Receipt{
			Text: i18n.T(ctx, "receipt_of.album_trashed"), UndoURL: albumPath(id) + "/restore", Back: albumPath(id),
		}, "/albums")
	})
}

func (h albumActHandlers) restore(c echo.Context) error {
	return h.act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		if err := h.app.RestoreAlbum(ctx, h.actor(c), id); err != nil {
			return err
		}
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.album_restored")}, backOf(fields, albumPath(id)))
	})
}

// remove deletes an album of the trash for ever; the page has asked before.
func (h albumActHandlers) remove(c echo.Context) error {
	return h.act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		if err := h.app.DeleteAlbum(ctx, h.actor(c), id); err != nil {
			return err
		}
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.album_deleted")}, backOf(fields, "/albums/trash"))
	})
}

// trashed lists the albums in the trash.
func (h albumActHandlers) trashed(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	list, err := h.app.TrashedAlbums(ctx, actor)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.TrashPage(albums.TrashList{Page: h.page(c), Cards: albumCards(ctx, actor, list)}))
}

// act runs what a button does to the album of the address.
func (h albumActHandlers) act(c echo.Context, do func(uuid.UUID, url.Values) error) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("album")
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	return do(id, fields)
}
