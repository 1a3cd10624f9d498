package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	mediaviews "albumen/views/media"
)

// editApp is what editing an item needs.
type editApp interface {
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	EditMedia(context.Context, app.Actor, uuid.UUID, app.MediaEdit) (app.Receipt, error)
}

type editHandlers struct {
	*Server
	app editApp
}

// form shows an item's title and description for changing.
func (h editHandlers) form(c echo.Context) error {
	m, err := h.editable(c)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, mediaviews.EditPage(h.view(c, m)))
}

// submit saves the form. What breaks a rule, or would overwrite another's
// change unseen, comes back with what was typed.
func (h editHandlers) submit(c echo.Context) error {
	m, err := h.editable(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx, title, description := c.Request().Context(), fields.Get("title"), fields.Get("description")
	version, err := strconv.Atoi(fields.Get("row_version"))
	if err != nil || version < 1 {
		return app.Invalid("row_version", "error.field.version")
	}
	receipt, err := h.app.EditMedia(ctx, h.actor(c), m.ID, app.MediaEdit{Version: version, Title: &title, Description: &description})
	if err == nil {
		return h.done(c, receiptOf(ctx, receipt), originOf(c).viewer(m.ID))
	}
	if app.CodeOf(err) == app.CodeConflict {
		return h.conflict(c, title, description)
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok {
		return err
	}
	p := h.view(c, m)
	p.Title, p.Description, p.RowVersion, p.Errors = title, description, int64(version), shown
	return h.render(c, status, mediaviews.EditPage(p))
}

// conflict shows the other's text beside what was typed. The form now carries
// the version that is there: saving again is a decision.
func (h editHandlers) conflict(c echo.Context, title, description string) error {
	m, err := h.editable(c)
	if err != nil {
		return err
	}
	p := h.view(c, m)
	p.Conflict = &mediaviews.Conflict{Title: m.Title, Description: m.Description}
	p.Title, p.Description = title, description
	return h.render(c, http.StatusConflict, mediaviews.EditPage(p))
}

// editable loads the item of the address, if it may be edited.
func (h editHandlers) editable(c echo.Context) (app.MediaDetail, error) {
	id, err := mediaID(c)
	if err != nil {
		return app.MediaDetail{}, err
	}
	m, err := h.app.Media(c.Request().Context(), h.actor(c), id)
	if err == nil && !m.CanEdit {
		err = app.NotFound("page")
	}
	return m, err
}

func (h editHandlers) view(c echo.Context, m app.MediaDetail) mediaviews.Edit {
	list := originOf(c)
	return mediaviews.Edit{
		Page: h.page(c), Tile: tile(c.Request().Context(), detailItem(m), list), ActionURL: list.at("/media/" + m.ID.String() + "/edit"),
		CancelURL: list.viewer(m.ID), Title: m.Title, Description: m.Description, RowVersion: int64(m.RowVersion),
	}
}
