package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// SetKind names a list through which the viewer moves.
type SetKind string

// The kinds of sets.
const (
	SetTimeline   SetKind = "timeline"
	SetFavourites SetKind = "favourites"
	SetArchive    SetKind = "archive"
	SetTrash      SetKind = "trash"
	SetSearch     SetKind = "search"
	SetAlbum      SetKind = "album"
)

// How far into the hits of a search the neighbours of an item are
// looked for, and in pages of how many: most people look at the first ones.
const (
	searchDepth     = 1_000
	searchDepthPage = 200
)

// Set is the list from which an item was opened.
type Set struct {
	Kind   SetKind     // empty: SetTimeline
	Scope  db.Scope    // of the timeline
	Filter Filter      // of every kind but SetSearch
	Search SearchQuery // of SetSearch; Cursor and Limit do not matter
	Album  uuid.UUID   // of SetAlbum
}

// Neighbours are the items beside one in a set; nil where it ends. Previous
// stands before the item in the list: it is the newer one, but for albums in
// another order.
type Neighbours struct {
	Previous, Next *uuid.UUID
	// Versions of their previews; 0: there is none, or it was not looked for.
	PreviousPreview, NextPreview int
	Explain                      []Match // why a search found the item
}

// Neighbours returns what stands beside the item in the set. An item that is
// not (or no longer) in the set has the neighbours of the place where its date
// would put it. In a search for words or an item's like neighbours are hits beside
// each other among the first 1,000; an item beyond has none. In an album, where
// also those may move who are not signed in, an item of another has none. It
// fails with CodeNotFound where the actor may not see the item, or the album.
func (a *App) Neighbours(ctx context.Context, actor Actor, set Set, id uuid.UUID) (Neighbours, error) {
	item, _, err := a.authorizeMedia(ctx, actor, ViewMedia, id)
	if err != nil {
		return Neighbours{}, err
	}
	if set.Kind == SetAlbum {
		return a.albumNeighbours(ctx, actor, set, item)
	}
	if err := actor.allow(ListOwn); err != nil {
		return Neighbours{}, err
	}
	if s := set.Search; set.Kind == SetSearch && (strings.TrimSpace(s.Q) != "" || s.Similar != (uuid.UUID{})) {
		return a.searchNeighbours(ctx, actor, set.Search, id)
	}
	f, err := set.sql(actor)
	if err != nil {
		return Neighbours{}, err
	}
	key := db.Key{At: item.TakenAtLocal, ID: item.ID}
	if f.State == db.StateTrashed {
		if item.TrashedAt == nil {
			return Neighbours{}, nil
		}
		key.At = *item.TrashedAt
	}
	return a.beside(ctx, f, key)
}

// albumNeighbours is Neighbours in the order of an album.
func (a *App) albumNeighbours(ctx context.Context, actor Actor, set Set, item db.Media) (Neighbours, error) {
	album, _, err := a.authorizeAlbum(ctx, actor, ViewAlbum, set.Album)
	if err != nil {
		return Neighbours{}, err
	}
	if item.AlbumID == nil || *item.AlbumID != album.ID {
		return Neighbours{}, nil
	}
	f, _, err := albumFilter(actor, album, set.Filter)
	if err != nil {
		return Neighbours{}, err
	}
	return a.beside(ctx, f, db.Key{At: item.TakenAtLocal, ID: item.ID, Position: item.AlbumPosition})
}

// beside finds what stands before and after a place in the list f.
func (a *App) beside(ctx context.Context, f db.Filter, key db.Key) (Neighbours, error) {
	before, err := a.db.ListItems(ctx, f, db.Window{After: &key, Limit: 1})
	if err != nil {
		return Neighbours{}, fmt.Errorf("find the item before: %w", err)
	}
	after, err := a.db.ListItems(ctx, f, db.Window{Before: &key, Limit: 1})
	if err != nil {
		return Neighbours{}, fmt.Errorf("find the item after: %w", err)
	}
	n := Neighbours{}
	if len(before) > 0 {
		n.Previous, n.PreviousPreview = &before[0].ID, int(before[0].PreviewVersion)
	}
	if len(after) > 0 {
		n.Next, n.NextPreview = &after[0].ID, int(after[0].PreviewVersion)
	}
	return n, nil
}

// sql is the filter of the set; it agrees with Timeline, Favourites, Archive and Trash.
func (s Set) sql(actor Actor) (db.Filter, error) {
	scope, state := db.ScopeOwn, db.StateListed
	switch s.Kind {
	case "", SetTimeline:
		scope = s.Scope
	case SetFavourites:
		s.Filter.Favourite, scope = true, db.ScopeAll
	case SetSearch:
		return s.Search.validate(actor)
	case SetArchive:
		state = db.StateArchived
	case SetTrash:
		state = db.StateTrashed
	default:
		return db.Filter{}, Invalid("set", "set.unknown")
	}
	f, err := s.Filter.sql(actor, scope)
	f.State = state
	return f, err
}

// searchNeighbours reads the hits as Search lists them, up to the item.
func (a *App) searchNeighbours(ctx context.Context, actor Actor, q SearchQuery, id uuid.UUID) (Neighbours, error) {
	q.Cursor, q.Limit = "", searchDepthPage
	n, found := Neighbours{}, false
	for read := 0; read < searchDepth; {
		page, err := a.Search(ctx, actor, q)
		if err != nil {
			return Neighbours{}, err
		}
		for _, h := range page.Hits {
			switch {
			case found:
				n.Next = &h.ID
				return n, nil
			case h.ID == id:
				found, n.Explain = true, h.Explain
			default:
				n.Previous = &h.ID
			}
		}
		read += len(page.Hits)
		if q.Cursor = page.Next; q.Cursor == "" || len(page.Hits) == 0 {
			break
		}
	}
	if !found {
		return Neighbours{}, nil
	}
	return n, nil
}
