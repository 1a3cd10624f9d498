package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// ListQuery asks for one page of favourites, archive or trash. At most one of
// Before, After and At is set.
type ListQuery struct {
	Filter
	Before, After string
	At            uuid.UUID // the first page if this item is on it, else the one that starts with it
	Limit         int       // 0: DefaultPageSize; at most MaxPageSize
}

func (q ListQuery) page() pageQuery {
	return pageQuery{Before: q.Before, After: q.After, Limit: q.Limit}
}

// Favourites returns a page of the actor's favourites that the actor may (still)
// see, own or shared, by the date at which they were taken.
func (a *App) Favourites(ctx context.Context, actor Actor, q ListQuery) (ItemPage, error) {
	q.Favourite = true
	return a.list(ctx, actor, q, db.ScopeAll, db.StateListed, cursorTaken)
}

// Archive returns a page of the actor's archived items, by the date at which
// they were taken.
func (a *App) Archive(ctx context.Context, actor Actor, q ListQuery) (ItemPage, error) {
	return a.list(ctx, actor, q, db.ScopeOwn, db.StateArchived, cursorTaken)
}

// Trash returns a page of the actor's trash, last thrown away first.
func (a *App) Trash(ctx context.Context, actor Actor, q ListQuery) (ItemPage, error) {
	return a.list(ctx, actor, q, db.ScopeOwn, db.StateTrashed, cursorTrashed)
}

func (a *App) list(ctx context.Context, actor Actor, q ListQuery, scope db.Scope, state db.State, kind byte) (ItemPage, error) {
	if err := actor.allow(ListOwn); err != nil {
		return ItemPage{}, err
	}
	f, err := q.Filter.sql(actor, scope)
	if err != nil {
		return ItemPage{}, err
	}
	f.State = state
	if q.At != (uuid.UUID{}) {
		return a.pageAt(ctx, actor, f, kind, q.page(), q.At)
	}
	return a.itemPage(ctx, f, kind, q.page())
}

// Counts is how many items the actor has, for menus and empty states.
type Counts struct {
	Timeline, Archive, Trash, Favourites int
}

// Counts counts the actor's own items by state, and those favourites that the
// actor may see.
func (a *App) Counts(ctx context.Context, actor Actor) (Counts, error) {
	if err := actor.allow(ListOwn); err != nil {
		return Counts{}, err
	}
	own, err := a.db.OwnCounts(ctx, actor.UserID())
	if err != nil {
		return Counts{}, fmt.Errorf("count one's own items: %w", err)
	}
	favourites, err := a.db.CountFavourites(ctx, db.CountFavouritesParams{UserID: actor.UserID(), Subjects: actor.Subjects()})
	if err != nil {
		return Counts{}, fmt.Errorf("count favourites: %w", err)
	}
	return Counts{Timeline: int(own.Listed), Archive: int(own.Archived), Trash: int(own.Trashed), Favourites: int(favourites)}, nil
}
