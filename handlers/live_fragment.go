package handlers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	mediaviews "albumen/views/media"
)

// maxLiveItems bounds one request for items that have changed.
const maxLiveItems = 100

// items renders just the items of ?ids=a,b,c as days, for an open
// timeline that was told that they have changed. Those that do not belong on
// the timeline (any more) are left out.
func (h timelineHandlers) items(c echo.Context) error {
	ctx := c.Request().Context()
	ids, err := parseIDs(c.QueryParam("ids"))
	if err != nil {
		return err
	}
	actor, from := h.actor(c), timelineOf(c)
	records, err := h.app.Records(ctx, actor, ids)
	if err != nil {
		return err
	}
	page := app.ItemPage{}
	for _, r := range records {
		if r.Listed && r.Withheld == nil && (r.OwnerID == actor.UserID() || from.scope() == db.ScopeAll) {
			page.Items = append(page.Items, recordItem(r))
		}
	}
	slices.SortFunc(page.Items, func(a, b app.Item) int {
		if byTime := b.TakenAtLocal.Compare(a.TakenAtLocal); byTime != 0 {
			return byTime
		}
		return strings.Compare(b.ID.String(), a.ID.String())
	})
	return h.render(c, http.StatusOK, mediaviews.DaysPage(daysOf(ctx, page, from), ""))
}

func parseIDs(list string) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	for text := range strings.SplitSeq(list, ",") {
		id, err := uuid.Parse(text)
		if err != nil || len(ids) == maxLiveItems {
			return nil, app.Invalid("ids", "error.field.ids")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// recordItem is a record as lists show it.
func recordItem(r app.Record) app.Item {
	i := app.Item{
		ID: r.ID, OwnerID: r.OwnerID, AlbumID: r.AlbumID, Kind: r.Kind, Status: r.Status, ErrorCode: r.ErrorCode, Damaged: r.Damaged,
		Mime: r.Mime, Width: int(r.Width), Height: int(r.Height), Thumbhash: r.Thumbhash, TakenAtLocal: r.TakenAtLocal,
		TrashedAt: r.TrashedAt, Title: r.Title, Description: r.Description, Filename: r.Filename, Favourite: r.Favourite,
		ThumbVersion: r.ThumbVersion, PreviewVersion: r.PreviewVersion,
	}
	if r.DurationMs != nil {
		i.Duration = time.Duration(*r.DurationMs) * time.Millisecond
	}
	return i
}
