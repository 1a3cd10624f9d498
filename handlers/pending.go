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
	"albumen/views/share"
)

// pendingApp is what the queue of an album needs.
type pendingApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Pending(ctx context.Context, actor app.Actor, album uuid.UUID, cursor string) (app.PendingPage, error)
	ApprovePending(context.Context, app.Actor, uuid.UUID, app.PendingChoice) (int, error)
	RejectPending(context.Context, app.Actor, uuid.UUID, app.PendingChoice) (int, error)
}

type pendingHandlers struct {
	*Server
	app pendingApp
}

// list shows what guests have sent and nobody has approved.
func (h pendingHandlers) list(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := albumOf(c, h.Server, h.app.Album)
	if err != nil {
		return err
	}
	page, err := h.app.Pending(ctx, actor, d.ID, c.QueryParam("after"))
	if err != nil {
		return err
	}
	path := albumPath(d.ID) + "/pending"
	v := share.Pending{
		Head: h.albumHead(c, d), Total: page.Total, ActionURL: path, Until: page.Until.UTC().Format(time.RFC3339Nano),
	}
	if page.Next != "" {
		v.MoreURL = path + "?after=" + url.QueryEscape(page.Next)
	}
	for _, i := range page.Items {
		v.Items = append(v.Items, share.PendingItem{Tile: tile(ctx, i.Item, fromTimeline), Guest: i.Guest, Link: i.Link, SentAt: i.SentAt})
	}
	return h.render(c, http.StatusOK, share.PendingPage(v))
}

// decide approves or rejects the items whose ids are posted (fields "id"), or
// without any all that had come "until" the page was shown.
func (h pendingHandlers) decide(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	album, err := albumID(c)
	if err != nil {
		return err
	}
	choice := app.PendingChoice{}
	for _, text := range fields["id"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return app.NotFound("photo")
		}
		choice.IDs = append(choice.IDs, id)
	}
	if len(choice.IDs) == 0 {
		choice.Until, _ = time.Parse(time.RFC3339Nano, fields.Get("until")) // none is refused, after the rights
	}
	ctx, actor := c.Request().Context(), h.actor(c)
	do, done := h.app.ApprovePending, "pending.approved"
	switch fields.Get("do") {
	case "approve":
	case "reject":
		do, done = h.app.RejectPending, "pending.rejected"
	default:
		choice = app.PendingChoice{} // likewise
	}
	n, err := do(ctx, actor, album, choice)
	if err != nil {
		return err
	}
	if err := h.leaveReceipt(c, layout.Receipt{Text: i18n.N(ctx, done, n)}); err != nil {
		return err
	}
	return seeOther(c, albumPath(album)+"/pending")
}
