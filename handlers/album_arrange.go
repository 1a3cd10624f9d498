package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/views/albums"
)

// arrangeApp is what ordering an album by hand needs.
type arrangeApp interface {
	albumApp
	ArrangeAlbum(context.Context, app.Actor, uuid.UUID, app.Arrange) error
}

type arrangeHandlers struct {
	*Server
	app arrangeApp
}

// arranged is how many photos a page of arranging shows.
const arranged = 200

// show lists the photos with the ways to move them. ?item= has been picked up:
// then every other one offers the place before it.
func (h arrangeHandlers) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := h.arrangeable(c)
	if err != nil {
		return err
	}
	list, err := listQuery(c)
	if err != nil {
		return err
	}
	page, err := h.app.AlbumItems(ctx, actor, d.ID, app.AlbumItemsQuery{Before: list.Before, After: list.After, At: list.At, Limit: arranged})
	if err != nil {
		return err
	}
	path := albumPath(d.ID) + "/arrange"
	p := albums.Arrange{
		Head: h.albumHead(c, d), ActionURL: path, DoneURL: albumPath(d.ID), Picked: c.QueryParam("item"),
		OlderURL: olderURL(path, page), NewerURL: newerURL(path, page),
	}
	if p.Picked != "" {
		keep := "item=" + url.QueryEscape(p.Picked)
		p.Last = page.Next == ""
		if p.OlderURL != "" {
			p.OlderURL = with(p.OlderURL, keep)
		}
		if p.NewerURL != "" {
			p.NewerURL = with(p.NewerURL, keep)
		}
	}
	for _, item := range page.Items {
		p.Tiles = append(p.Tiles, tile(ctx, item, fromAlbum(d.ID)))
	}
	return h.render(c, http.StatusOK, albums.ArrangePage(p))
}

// arrangeable loads the album of the address, if it may be ordered by hand.
func (h arrangeHandlers) arrangeable(c echo.Context) (app.AlbumDetail, error) {
	d, err := albumOf(c, h.Server, h.app.Album)
	if err == nil && (!d.CanEdit || d.Sort != db.AlbumSortManual) {
		err = app.NotFound("page")
	}
	return d, err
}

// move puts one photo elsewhere. Scripts get nothing back: they have moved it
// already.
func (h arrangeHandlers) move(c echo.Context) error {
	ctx := c.Request().Context()
	d, err := h.arrangeable(c)
	if err != nil {
		return err
	}
	id := d.ID
	fields, err := form(c)
	if err != nil {
		return err
	}
	item, err := uuid.Parse(fields.Get("item"))
	if err != nil {
		return app.Invalid("item", "error.field.choice")
	}
	r := app.Arrange{Item: item, Step: app.Step(fields.Get("step"))}
	if r.Step == app.StepBefore {
		if r.Before, err = uuid.Parse(fields.Get("before")); err != nil {
			return app.Invalid("before", "error.field.choice")
		}
	}
	if err := h.app.ArrangeAlbum(ctx, h.actor(c), id, r); err != nil {
		return err
	}
	if wantsFragment(c.Request()) {
		return c.NoContent(http.StatusNoContent)
	}
	return seeOther(c, albumPath(id)+"/arrange?at="+item.String()+"#m-"+item.String())
}
