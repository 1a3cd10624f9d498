package app

import (
	"context"
	"slices"
	"time"

	"albumen/db"
)

// Month is how many items the timeline holds in one month of the wall clock.
type Month struct {
	Month time.Time // its first instant
	Count int
}

// Key is the month as a TimelineQuery takes it: 2024-07.
func (m Month) Key() string { return m.Month.Format("2006-01") }

// Months returns the months that have items in the actor's timeline of that
// scope, newest first. It reads counters, so its cost does not depend on the
// number of items.
func (a *App) Months(ctx context.Context, actor Actor, scope db.Scope) ([]Month, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	if _, err := (Filter{}).sql(actor, scope); err != nil {
		return nil, err
	}
	return a.months(ctx, actor, scope)
}

// HasShared reports whether the timeline of shared items holds any.
func (a *App) HasShared(ctx context.Context, actor Actor) (bool, error) {
	if err := actor.allow(ListOwn); err != nil {
		return false, err
	}
	has, err := a.db.HasShared(ctx, db.HasSharedParams{UserID: actor.UserID(), Subjects: actor.Subjects()})
	return has, wrap(err, "look for shared items")
}

// months is Months for a caller that has decided access.
func (a *App) months(ctx context.Context, actor Actor, scope db.Scope) ([]Month, error) {
	of := db.MonthsOf{UserID: actor.UserID(), Subjects: actor.Subjects(), Scope: scope, Known: a.shared.known(actor)}
	counts, err := a.db.Months(ctx, of)
	if err != nil {
		return nil, err
	}
	a.shared.keep(actor, counts.SharedCounts)
	return monthsOf(counts), nil
}

// monthsOf adds one's own and the shared months up.
func monthsOf(m db.MonthCounts) []Month {
	counts := map[time.Time]int{}
	for _, own := range m.Own {
		counts[own.Month.UTC()] += int(own.N)
	}
	for _, shared := range m.Shared {
		counts[shared.Month.UTC()] += int(shared.N)
	}
	months := make([]Month, 0, len(counts))
	for month, n := range counts {
		months = append(months, Month{Month: month, Count: n})
	}
	slices.SortFunc(months, func(x, y Month) int { return y.Month.Compare(x.Month) })
	return months
}
