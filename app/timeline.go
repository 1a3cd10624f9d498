package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// TimelineQuery asks for one page of the timeline. At most one of Month,
// Before, After and At is set; none: the newest items.
type TimelineQuery struct {
	Filter
	Scope  db.Scope  // whose items; empty: db.ScopeOwn
	Month  string    // 2024-07: start at the newest item of that month (or before it) and go on to older ones
	Before string    // cursor: the page of older items that follows
	After  string    // cursor: the page of newer items that precedes
	At     uuid.UUID // the newest page if this item is on it, else the one that starts with it
	Limit  int       // 0: DefaultPageSize; at most MaxPageSize
}

// ItemPage is one page of an ordered list: newest first, but for albums in
// another order.
type ItemPage struct {
	Items []Item
	Next  string // cursor for Before: older items follow; "" at the end
	Prev  string // cursor for After: newer items precede; "" at the start
	// Top is the cursor of the first item, for asking later with After what has
	// come since; "" where the page is empty and was not asked for by cursor.
	Top string
}

// TimelinePage is a page of the timeline.
type TimelinePage = ItemPage

// Timeline returns a page of the actor's listed items by the wall clock at
// which they were taken. It fails with CodeUnauthenticated for one who is not
// signed in and CodeInvalid for a bad month, cursor, limit or filter.
func (a *App) Timeline(ctx context.Context, actor Actor, q TimelineQuery) (TimelinePage, error) {
	if err := actor.allow(ListOwn); err != nil {
		return TimelinePage{}, err
	}
	f, err := q.Filter.sql(actor, q.Scope)
	if err != nil {
		return TimelinePage{}, err
	}
	page := pageQuery{Month: q.Month, Before: q.Before, After: q.After, Limit: q.Limit}
	if q.At != (uuid.UUID{}) {
		return a.pageAt(ctx, actor, f, cursorTaken, page, q.At)
	}
	return a.itemPage(ctx, f, cursorTaken, page)
}

// pageQuery is the paging part of every ordered list.
type pageQuery struct {
	Month, Before, After string
	Limit                int
}

// window decodes the query. A page that starts at a month starts before the
// first instant of the next one.
func (q pageQuery) window(kind byte) (db.Window, error) {
	limit, err := pageSize(q.Limit)
	if err != nil {
		return db.Window{}, err
	}
	w := db.Window{Limit: limit}
	if w.Before, err = decodeCursor("before", kind, q.Before); err != nil {
		return w, err
	}
	if w.After, err = decodeCursor("after", kind, q.After); err != nil {
		return w, err
	}
	if (q.Before != "" && q.After != "") || (q.Month != "" && (q.Before != "" || q.After != "")) {
		return w, Invalid("before", "page.one_of")
	}
	if q.Month != "" {
		month, err := ParseMonth(q.Month)
		if err != nil {
			return w, err
		}
		w.Before = &db.Key{At: month.AddDate(0, 1, 0)}
	}
	return w, nil
}

// ParseMonth reads a month such as 2024-07 as its first instant; otherwise it
// fails with CodeInvalid.
func ParseMonth(s string) (time.Time, error) {
	month, err := time.Parse("2006-01", s)
	if err != nil {
		return time.Time{}, Invalid("month", "timeline.month_bad")
	}
	return month, nil
}

// itemPage answers one page of the list f with its cursors.
func (a *App) itemPage(ctx context.Context, f db.Filter, kind byte, q pageQuery) (ItemPage, error) {
	w, err := q.window(kind)
	if err != nil {
		return ItemPage{}, err
	}
	limit := w.Limit
	w.Limit++ // one more tells whether the list goes on
	rows, err := a.db.ListItems(ctx, f, w)
	if err != nil {
		return ItemPage{}, err
	}
	more := len(rows) > limit
	page := ItemPage{}
	if w.After != nil {
		if more {
			rows = rows[1:] // the page is the part nearest to the cursor
		}
		// An empty page goes on, downwards, with the item at the cursor itself.
		page.Next = encodeCursor(kind, f.Beside(*w.After, true))
		page.Top = q.After
	} else if more {
		rows = rows[:limit]
	}
	page.Items = itemsOf(rows)
	if len(rows) == 0 {
		if w.Before != nil {
			page.Prev, err = a.cursorBack(ctx, f, kind, *w.Before)
		}
		return page, err
	}
	first, last := f.KeyOf(rows[0]), f.KeyOf(rows[len(rows)-1])
	page.Top = encodeCursor(kind, first)
	if more || w.After != nil {
		page.Next = encodeCursor(kind, last)
	}
	switch {
	case w.After != nil && more:
		page.Prev = page.Top
	case q.Before != "":
		page.Prev = page.Top // the cursor was an item's
	case w.Before != nil:
		newer, err := a.db.ListItems(ctx, f, db.Window{After: &first, Limit: 1})
		if err != nil {
			return ItemPage{}, fmt.Errorf("look for newer items: %w", err)
		}
		if len(newer) > 0 {
			page.Prev = page.Top
		}
	}
	return page, nil
}

// cursorBack is the way back from a page that turned out empty: where anything
// newer than its start exists, the cursor just below it.
func (a *App) cursorBack(ctx context.Context, f db.Filter, kind byte, start db.Key) (string, error) {
	// The item at the cursor itself belongs to the page before.
	below := f.Beside(start, false)
	newer, err := a.db.ListItems(ctx, f, db.Window{After: &below, Limit: 1})
	if err != nil || len(newer) == 0 {
		return "", err
	}
	return encodeCursor(kind, below), nil
}
