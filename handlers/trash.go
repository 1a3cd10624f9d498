package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
	mediaviews "albumen/views/media"
)

// trashApp is what the trash needs.
type trashApp interface {
	Trash(context.Context, app.Actor, app.ListQuery) (app.ItemPage, error)
	TrashMedia(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
	RestoreMedia(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
	DeleteMedia(context.Context, app.Actor, uuid.UUID) error
	EmptyTrash(context.Context, app.Actor) (app.Emptied, error)
	TrashState(context.Context, app.Actor) (app.TrashState, error)
}

type trashHandlers struct {
	*Server
	app trashApp
}

// list shows what was thrown away, with the way back and the way out.
func (h trashHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := listQuery(c)
	if err != nil {
		return err
	}
	page, err := h.app.Trash(ctx, h.actor(c), q)
	if err != nil {
		return err
	}
	state, err := h.app.TrashState(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := mediaviews.Trash{
		Page: h.page(c), OlderURL: olderURL("/trash", page), NewerURL: newerURL("/trash", page), KeptDays: state.Days,
	}
	switch {
	case len(page.Items) == 0:
	case state.Emptying:
		p.Emptying = state.Items
	default:
		p.EmptyURL = "/trash/empty"
	}
	now := time.Now()
	for _, item := range page.Items {
		path := "/media/" + item.ID.String()
		p.Items = append(p.Items, mediaviews.TrashItem{
			Tile: tile(ctx, item, fromTrash), DaysLeft: daysLeft(item.TrashedAt.AddDate(0, 0, state.Days), now),
			RestoreURL: path + "/restore", DeleteURL: path + "/delete",
		})
	}
	return h.render(c, http.StatusOK, mediaviews.TrashPage(p))
}

func (h trashHandlers) trash(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		receipt, err := h.app.TrashMedia(ctx, h.actor(c), id)
		if err != nil {
			return err
		}
		told := receiptOf(ctx, receipt)
		told.Back = localPath(fields.Get("undone")) // the viewer goes on, undoing comes back to the photo
		return h.done(c, told, backOf(fields, "/timeline"))
	})
}

func (h trashHandlers) restore(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		receipt, err := h.app.RestoreMedia(ctx, h.actor(c), id)
		if err != nil {
			return err
		}
		return h.done(c, receiptOf(ctx, receipt), backOf(fields, "/trash"))
	})
}

// remove deletes an item of the trash for ever; the page has asked before.
func (h trashHandlers) remove(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx := c.Request().Context()
		if err := h.app.DeleteMedia(ctx, h.actor(c), id); err != nil {
			return err
		}
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.delete")}, backOf(fields, "/trash"))
	})
}

func (h trashHandlers) empty(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := h.app.EmptyTrash(ctx, h.actor(c))
	if err != nil {
		return err
	}
	key := "receipt_of.emptied"
	if e.Left {
		key = "receipt_of.emptied_part"
	}
	return h.done(c, layout.Receipt{Text: i18n.N(ctx, key, e.Deleted)}, "/trash")
}
