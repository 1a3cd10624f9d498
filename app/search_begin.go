package app

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"albumen/db"
)

// searching is one search with what it asked the database first, all at once:
// on a busy machine the way there and back is what takes time.
type searching struct {
	*App
	filter   db.Filter // in the scope of one's own where nothing is shared: the same items, and an index that holds only them
	q        SearchQuery
	language string
	groups   [][]term
	facts    db.Facts
	months   []Month // of the filter's scope, newest first
	visible  int     // items in them
	// seesMany: of all items, those of others that the actor sees are seesManyFrom or more.
	seesMany bool
	model    *db.EmbeddingModel
	// near is the filter of the nearest, of which the share is estimated together
	// with that of the words.
	near      *db.Filter
	nearShare *float64
}

// seesManyFrom is the share of all items from which on it is quicker to look for
// words in all of a month's and to leave out what is not seen than to go through
// the albums that are.
const seesManyFrom = 0.1

// begin asks what a search needs to know; the model is the one that is
// searched, nil for none.
func (a *App) begin(ctx context.Context, actor Actor, f db.Filter, q SearchQuery, model *db.EmbeddingModel) (*searching, error) {
	s := &searching{App: a, filter: f, q: q, groups: parseSearch(q.Q), model: model}
	if u, ok := actor.User(); ok {
		s.language = u.Language
	}
	var terms []string
	for _, g := range s.groups {
		for _, t := range g {
			terms = append(terms, t.text)
		}
	}
	var err error
	s.facts, err = a.db.SearchFacts(ctx, db.FactsOf{
		MonthsOf: db.MonthsOf{UserID: actor.UserID(), Subjects: actor.Subjects(), Scope: f.Scope, Known: a.shared.known(actor)},
		Language: s.language, Terms: terms, Model: model,
	})
	if err != nil {
		return nil, err
	}
	a.shared.keep(actor, s.facts.SharedCounts)
	if f.Scope == db.ScopeAll && len(s.facts.Shared) == 0 {
		s.filter.Scope = db.ScopeOwn
	}
	s.months = monthsOf(s.facts.MonthCounts)
	for _, m := range s.months {
		s.visible += m.Count
	}
	theirs := 0.0
	for _, m := range s.facts.Shared {
		theirs += float64(m.N)
	}
	s.seesMany = theirs >= seesManyFrom*s.facts.Items
	return s, nil
}

// share is which part of all items the filter lets through, access aside.
func (s *searching) share(ctx context.Context, f db.Filter) (float64, error) {
	filters := []db.Filter{f}
	if s.near != nil && s.nearShare == nil {
		filters = append(filters, *s.near)
	}
	shares, err := s.db.EstimateShares(ctx, s.facts.Items, filters...)
	if err != nil {
		return 0, err
	}
	if len(shares) > 1 {
		s.nearShare = &shares[1]
	}
	return shares[0], nil
}

// searchMonths are the months of the filter's time that hold items, newest
// first; none where another index finds the items, or they are few.
func (s *searching) searchMonths(f db.Filter) []Month {
	if f.State != db.StateListed || f.Album != (uuid.UUID{}) || f.Favourite {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.months), func(m Month) bool { return !m.within(f.From, f.To) })
}
