package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/internal/aside"
	mediaviews "albumen/views/media"
)

// timelineApp is what the timeline needs.
type timelineApp interface {
	Timeline(context.Context, app.Actor, app.TimelineQuery) (app.TimelinePage, error)
	Months(context.Context, app.Actor, db.Scope) ([]app.Month, error)
	HasShared(context.Context, app.Actor) (bool, error)
	Records(context.Context, app.Actor, []uuid.UUID) ([]app.Record, error)
}

type timelineHandlers struct {
	*Server
	app timelineApp
}

// show shows one's own photos by day. What loads when one scrolls on is the
// same address, asked for by htmx.
func (h timelineHandlers) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	list, err := listQuery(c)
	if err != nil {
		return err
	}
	from := timelineOf(c)
	path := from.list()
	var counted *aside.Task[timelineMonths]
	if !wantsFragment(c.Request()) {
		counted = aside.Run(ctx, func(ctx context.Context) (timelineMonths, error) { return h.months(ctx, actor, from.scope()) })
		defer counted.Stop()
	}
	q := app.TimelineQuery{Scope: from.scope(), Month: c.QueryParam("month"), Before: list.Before, After: list.After, At: list.At}
	page, err := h.app.Timeline(ctx, actor, q)
	if err != nil {
		return err
	}
	days := daysOf(ctx, page, from)
	if q.Month != "" && len(days) > 0 { // it begins with a whole day
		days[0].Partial = len(days) == 1 && page.Next != ""
	}
	older := olderDaysURL(path, page, days)
	if counted == nil {
		if len(days) > 0 {
			days[0].Continued = days[0].Date.Format(time.DateOnly) == c.QueryParam("day")
		}
		return h.render(c, http.StatusOK, mediaviews.DaysPage(days, older))
	}
	months, err := counted.Wait()
	if err != nil {
		return err
	}
	view := mediaviews.Timeline{
		Page: h.page(c), Days: days, Months: monthsOf(path, months.shown, shownMonth(q.Month, days)), OlderURL: older,
		NewerURL: newerURL(path, page), NewestURL: path, EventsURL: "/events", ItemsURL: from.at("/timeline/items"),
	}
	if months.shared || from.scope() == db.ScopeAll {
		view.OwnURL, view.SharedURL, view.WithShared = fromTimeline.list(), fromShared.list(), from.scope() == db.ScopeAll
	}
	return h.render(c, http.StatusOK, mediaviews.TimelinePage(view))
}

// timelineMonths are the months that the page lists, and whether there are any
// with others' photos.
type timelineMonths struct {
	shown  []app.Month
	shared bool
}

func (h timelineHandlers) months(ctx context.Context, actor app.Actor, scope db.Scope) (m timelineMonths, err error) {
	if m.shown, err = h.app.Months(ctx, actor, scope); err != nil {
		return m, err
	}
	m.shared, err = h.app.HasShared(ctx, actor)
	return m, err
}

// daysOf groups a page by the day on the wall clock.
func daysOf(ctx context.Context, page app.ItemPage, list origin) []mediaviews.Day {
	var days []mediaviews.Day
	for _, item := range page.Items {
		y, m, d := item.TakenAtLocal.Date()
		date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if n := len(days); n == 0 || !days[n-1].Date.Equal(date) {
			days = append(days, mediaviews.Day{Date: date})
		}
		day := &days[len(days)-1]
		day.Tiles = append(day.Tiles, tile(ctx, item, list))
	}
	if len(days) > 0 { // those at the ends of a page may go on beyond it
		first, last := &days[0], &days[len(days)-1]
		first.Partial = page.Prev != ""
		last.Partial = last.Partial || page.Next != ""
	}
	return days
}

func monthsOf(path string, months []app.Month, shown string) []mediaviews.Month {
	out := make([]mediaviews.Month, len(months))
	for n, m := range months {
		out[n] = mediaviews.Month{
			Year: m.Month.Year(), Month: m.Month.Month(), Count: m.Count,
			Href: with(path, "month="+m.Key()), Current: m.Key() == shown,
		}
	}
	return out
}

// shownMonth is the one that the page begins with.
func shownMonth(asked string, days []mediaviews.Day) string {
	if len(days) == 0 {
		return asked
	}
	return days[0].Date.Format("2006-01")
}

// olderDaysURL is the next page. It names the day that this one ends with,
// whose heading the next need not repeat when it is added to this one.
func olderDaysURL(path string, page app.ItemPage, days []mediaviews.Day) string {
	address := olderURL(path, page)
	if address != "" && len(days) > 0 {
		address += "&day=" + days[len(days)-1].Date.Format(time.DateOnly)
	}
	return address
}

func olderURL(path string, page app.ItemPage) string {
	if page.Next == "" {
		return ""
	}
	return with(path, "before="+url.QueryEscape(page.Next))
}

func newerURL(path string, page app.ItemPage) string {
	if page.Prev == "" {
		return ""
	}
	return with(path, "after="+url.QueryEscape(page.Prev))
}

// listQuery reads which page of a list is asked for: the one before or after a
// place, or the one with a certain item.
func listQuery(c echo.Context) (app.ListQuery, error) {
	q := app.ListQuery{Before: c.QueryParam("before"), After: c.QueryParam("after")}
	if at := c.QueryParam("at"); at != "" {
		id, err := uuid.Parse(at)
		if err != nil {
			return q, app.Invalid("at", "page.cursor_bad")
		}
		q.At = id
	}
	return q, nil
}
