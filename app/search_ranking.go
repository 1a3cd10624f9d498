package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// fused is what the pages of a search by meaning are cut from.
type fused struct {
	matches
	sure, unsure []placed
	alike        map[uuid.UUID]placed // the nearest
	scale        scale
	full         bool // there is more that is similar
}

// fuseSearch ranks by words and by meaning and draws the divider.
func (a *App) fuseSearch(ctx context.Context, actor Actor, f db.Filter, q SearchQuery, m meaning, place meaningPlace) (fused, error) {
	r := fused{alike: map[uuid.UUID]placed{}}
	var err error
	if strings.TrimSpace(q.Q) != "" {
		if r.matches, err = a.words(ctx, actor, f, q, place); err != nil {
			return r, err
		}
	}
	if f.Scope == db.ScopeAll {
		shared, err := a.db.HasShared(ctx, db.HasSharedParams{UserID: actor.UserID(), Subjects: actor.Subjects()})
		if err != nil {
			return r, fmt.Errorf("look for shared albums: %w", err)
		}
		if !shared {
			f.Scope = db.ScopeOwn // the same items
		}
	}
	n := db.Near{Model: m.model, Vector: m.vector, Except: m.except}
	wanted := 0
	switch {
	case m.except != (uuid.UUID{}):
		if f.Text = r.query; f.Text == "" && strings.TrimSpace(q.Q) != "" {
			return r, nil // words that nothing can match
		}
	case q.Mode == SearchSemantic:
		f.Without = r.without
	default:
		f.Without, n.Text = r.without, r.query
	}
	if !q.fuses() && q.Sort != SortDate { // otherwise all pages are cut from one window
		wanted = place.seen + q.Limit + 1
	}
	months, err := a.months(ctx, actor, f.Scope)
	if err != nil {
		return r, err
	}
	near, full, err := a.near(ctx, f, n, months, min(wanted, mostNear))
	if err != nil {
		return r, err
	}
	if r.scale, err = a.scaleOf(ctx, f, n, months); err != nil {
		return r, err
	}
	r.full = full
	all := nearest(near)
	if q.fuses() && q.Sort != SortDate {
		all = fuse(r.rows, near)
	}
	for _, p := range all {
		if p.near {
			r.alike[p.id] = p
		}
		if r.scale.sure(p, q.fuses()) {
			r.sure = append(r.sure, p)
		} else {
			r.unsure = append(r.unsure, p)
		}
	}
	if q.Sort == SortDate {
		slices.SortFunc(r.sure, placed.compareDate)
		slices.SortFunc(r.unsure, placed.compareDate)
	}
	return r, nil
}

// fuses reports a search of which the words are a ranking of their own.
func (q SearchQuery) fuses() bool { return q.Mode == SearchHybrid && q.Similar == (uuid.UUID{}) }

// words reads what the search says and, where the words are a ranking of their
// own and the place needs it, their first window or their page by date.
func (a *App) words(ctx context.Context, actor Actor, f db.Filter, q SearchQuery, place meaningPlace) (matches, error) {
	switch {
	case !q.fuses() || place.part != partSure:
	case q.Sort != SortDate:
		q.Cursor, q.Limit = "", fuseWindow
		return a.match(ctx, actor, f, q)
	case !place.begun || place.words != "":
		q.Cursor = place.words
		return a.matchSome(ctx, actor, f, q)
	}
	m := matches{}
	if u, ok := actor.User(); ok {
		m.language = u.Language
	}
	var err error
	m.compiled, err = a.compileSearch(ctx, parseSearch(q.Q), m.language, place.corrected)
	return m, err
}

// matchSome is match, but where a stretch of time ends it goes on with the next.
func (a *App) matchSome(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (matches, error) {
	for {
		m, err := a.match(ctx, actor, f, q)
		if err != nil || len(m.rows) > 0 || !m.next.more {
			return m, err
		}
		q.Cursor = m.next.encode(q)
	}
}
