package app

import (
	"context"
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

// fuse ranks by meaning, beside what the words found, and draws the divider.
func (s *searching) fuse(ctx context.Context, m meaning, found ranked) (fused, error) {
	r := fused{matches: found.matches, alike: map[uuid.UUID]placed{}}
	f, n := s.filter, db.Near{Model: m.model, Vector: m.vector, Except: m.except}
	switch {
	case m.except != (uuid.UUID{}):
		if f.Text = r.query; f.Text == "" && strings.TrimSpace(s.q.Q) != "" {
			return r, nil // words that nothing can match
		}
	case s.q.Mode == SearchSemantic:
		f.Without = r.without
	default:
		f.Without, n.Text = r.without, r.query
	}
	wanted := 0
	if !s.q.fuses() && s.q.Sort != SortDate { // otherwise all pages are cut from one window
		wanted = min(found.place.seen+s.q.Limit+1, mostNear)
	}
	near, sample, full, err := s.nearest(ctx, f, n, wanted)
	if err != nil {
		return r, err
	}
	r.scale, r.full = newScale(sample, s.visible), full
	all := nearest(near)
	if s.q.fuses() && s.q.Sort != SortDate {
		all = fuse(r.rows, near)
	}
	for _, p := range all {
		if p.near {
			r.alike[p.id] = p
		}
		if r.scale.sure(p, s.q.fuses()) {
			r.sure = append(r.sure, p)
		} else {
			r.unsure = append(r.unsure, p)
		}
	}
	if s.q.Sort == SortDate {
		slices.SortFunc(r.sure, placed.compareDate)
		slices.SortFunc(r.unsure, placed.compareDate)
	}
	return r, nil
}

// fuses reports a search of which the words are a ranking of their own.
func (q SearchQuery) fuses() bool { return q.Mode == SearchHybrid && q.Similar == (uuid.UUID{}) }

// words reads what the search says and, where the words are a ranking of their
// own and the place needs it, their first window or their page by date.
func (s *searching) words(ctx context.Context, place meaningPlace) (matches, error) {
	q := s.q
	switch {
	case !q.fuses() || place.part != partSure:
	case q.Sort != SortDate:
		q.Cursor, q.Limit = "", fuseWindow
		return s.match(ctx, q)
	case !place.begun || place.words != "":
		q.Cursor = place.words
		return s.matchSome(ctx, q)
	}
	c, err := s.compile(ctx, place.corrected)
	return matches{compiled: c}, err
}

// matchSome is match, but where a stretch of time ends it goes on with the next.
func (s *searching) matchSome(ctx context.Context, q SearchQuery) (matches, error) {
	for {
		m, err := s.match(ctx, q)
		if err != nil || len(m.rows) > 0 || !m.next.more {
			return m, err
		}
		q.Cursor = m.next.encode(q)
	}
}
