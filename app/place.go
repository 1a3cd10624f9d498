package app

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"albumen/db"
)

// pageAt is the page of the list f on which to come back to an item: the first
// one if it holds the item, else the one that starts with it. Where the actor
// may not see the item (any more), it is the first page.
func (a *App) pageAt(ctx context.Context, actor Actor, f db.Filter, kind byte, q pageQuery, id uuid.UUID) (ItemPage, error) {
	if q.Month != "" || q.Before != "" || q.After != "" {
		return ItemPage{}, Invalid("at", "page.one_of")
	}
	first, err := a.itemPage(ctx, f, kind, q)
	if err != nil || first.Next == "" || slices.ContainsFunc(first.Items, func(i Item) bool { return i.ID == id }) {
		return first, err
	}
	m, _, err := a.authorizeMedia(ctx, actor, ViewMedia, id)
	if CodeOf(err) == CodeNotFound {
		return first, nil
	}
	if err != nil {
		return ItemPage{}, err
	}
	// A page holds what is behind its cursor.
	key := db.Key{At: m.TakenAtLocal, ID: following(id), Position: m.AlbumPosition}
	if f.Order != db.OrderNewest {
		key.ID = preceding(id)
	}
	if kind == cursorTrashed {
		if m.TrashedAt == nil {
			return first, nil
		}
		key.At = *m.TrashedAt
	}
	q.Before = encodeCursor(kind, key)
	return a.itemPage(ctx, f, kind, q)
}

// following is the next id in order; the last one is followed by itself.
func following(id uuid.UUID) uuid.UUID {
	if id == uuid.Max {
		return id
	}
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

// preceding is the id before in order; the first one precedes itself.
func preceding(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return id
	}
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]--; id[i] != 255 {
			break
		}
	}
	return id
}
