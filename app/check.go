package app

import (
	"context"
	"fmt"
)

// Drift counts derived rows that differ from what they are derived from; all
// zero when the database is consistent.
type Drift struct {
	AlbumAccess int // rows of the access relation
	MonthCounts int // counters of the timeline's months
}

// CheckDrift compares derived data with its sources; only site admins and the
// system may. It reads every album and every item.
func (a *App) CheckDrift(ctx context.Context, actor Actor) (Drift, error) {
	if err := actor.allow(ManageSite); err != nil {
		return Drift{}, err
	}
	access, err := a.db.AlbumAccessDrift(ctx)
	if err != nil {
		return Drift{}, fmt.Errorf("compare the access relation: %w", err)
	}
	months, err := a.db.MonthCountsDrift(ctx)
	if err != nil {
		return Drift{}, fmt.Errorf("compare the month counts: %w", err)
	}
	return Drift{AlbumAccess: len(access), MonthCounts: len(months)}, nil
}
