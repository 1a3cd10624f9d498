package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// AlbumItemsQuery asks for one page of an album's items. At most one of Month,
// Before, After and At is set; Month only where the newest come first.
type AlbumItemsQuery struct {
	Filter               // its Album does not matter
	Month, Before, After string
	At                   uuid.UUID // the first page if this item is on it, else the one that starts with it
	Limit                int       // 0: DefaultPageSize; at most MaxPageSize
}

// AlbumItems returns a page of the items that are listed in the album, in the
// album's order. Whoever may see the album may ask: members, visitors of public
// albums, holders of share links.
func (a *App) AlbumItems(ctx context.Context, actor Actor, id uuid.UUID, q AlbumItemsQuery) (ItemPage, error) {
	album, _, err := a.authorizeAlbum(ctx, actor, ViewAlbum, id)
	if err != nil {
		return ItemPage{}, err
	}
	f, kind, err := albumFilter(actor, album, q.Filter)
	if err != nil {
		return ItemPage{}, err
	}
	if q.Month != "" && f.Order != db.OrderNewest {
		return ItemPage{}, Invalid("month", "page.month_newest")
	}
	page := pageQuery{Month: q.Month, Before: q.Before, After: q.After, Limit: q.Limit}
	if q.At != uuid.Nil {
		return a.pageAt(ctx, actor, f, kind, page, q.At)
	}
	return a.itemPage(ctx, f, kind, page)
}

// albumFilter is the list of an album's items, and the kind of its cursors.
func albumFilter(actor Actor, album db.Album, narrow Filter) (db.Filter, byte, error) {
	narrow.Album = album.ID
	f, err := narrow.sql(actor, db.ScopeAll)
	switch album.Sort {
	case db.AlbumSortOldest:
		f.Order = db.OrderOldest
		return f, cursorOldest, err
	case db.AlbumSortManual:
		f.Order = db.OrderManual
		return f, cursorManual, err
	}
	return f, cursorTaken, err
}

// AlbumMonths returns the months that have items in the album, newest first.
func (a *App) AlbumMonths(ctx context.Context, actor Actor, id uuid.UUID) ([]Month, error) {
	if _, _, err := a.authorizeAlbum(ctx, actor, ViewAlbum, id); err != nil {
		return nil, err
	}
	rows, err := a.db.AlbumMonths(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("count the months of album %s: %w", id, err)
	}
	months := make([]Month, len(rows))
	for i, r := range rows {
		months[i] = Month{Month: r.Month.UTC(), Count: int(r.N)}
	}
	return months, nil
}
