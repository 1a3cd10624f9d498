package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	mediaviews "albumen/views/media"
)

// favouriteApp is what favourites need.
type favouriteApp interface {
	EditMedia(context.Context, app.Actor, uuid.UUID, app.MediaEdit) (app.Receipt, error)
	Favourites(context.Context, app.Actor, app.ListQuery) (app.ItemPage, error)
}

type favouriteHandlers struct {
	*Server
	app favouriteApp
}

// list shows what one has marked.
func (h favouriteHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := listQuery(c)
	if err != nil {
		return err
	}
	page, err := h.app.Favourites(ctx, h.actor(c), q)
	if err != nil {
		return err
	}
	shown, older := tiles(ctx, page.Items, fromFavourites), olderURL("/favourites", page)
	if wantsFragment(c.Request()) {
		return h.render(c, http.StatusOK, mediaviews.TilesPage(shown, older))
	}
	return h.render(c, http.StatusOK, mediaviews.FavouritesPage(mediaviews.Grid{
		Page: h.page(c), Tiles: shown, OlderURL: older, NewerURL: newerURL("/favourites", page),
	}))
}

// set marks an item, or takes the mark away (on=0).
func (h favouriteHandlers) set(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx, on := c.Request().Context(), fields.Get("on") != "0"
		receipt, err := h.app.EditMedia(ctx, h.actor(c), id, app.MediaEdit{Favourite: &on})
		if err != nil {
			return err
		}
		return h.done(c, receiptOf(ctx, receipt), backOf(fields, "/media/"+id.String()))
	})
}
