package db

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// MonthCounts are the months of a timeline, by the counters.
type MonthCounts struct {
	Own []OwnMonthsRow
	SharedCounts
	since []sharedSince // whether what was known still holds
}

// SharedCounts are the months of others' items that one may see.
type SharedCounts struct {
	Shared []SharedMonthsRow
	// AsOf is a snapshot of the database: no change that it holds is missing.
	AsOf string
}

type sharedSince struct {
	Changed bool
	AsOf    string
}

// sharedSinceSQL looks for what the snapshot $1 does not hold and what concerns
// the subjects $2: themselves, or an album that they see.
const sharedSinceSQL = `SELECT EXISTS (SELECT 1 FROM sharing_changes c
  WHERE c.xid >= pg_snapshot_xmin($1::text::pg_snapshot)::text::bigint AND NOT pg_visible_in_snapshot(c.xid::text::xid8, $1::text::pg_snapshot)
    AND (c.what IN (SELECT uuid_hash_extended(s.id, 0) FROM unnest($2::uuid[]) s (id))
      OR c.what IN (SELECT uuid_hash_extended(x.album_id, 0) FROM album_access x WHERE x.subject_id = ANY ($2::uuid[])))),
  pg_current_snapshot()::text`

// months asks for the months of a scope; what is outside of it stays empty.
func (b *batch) months(into *MonthCounts, asOf *[]string, of MonthsOf) {
	if of.Scope != ScopeShared {
		queue(b, &into.Own, pgx.RowToStructByPos[OwnMonthsRow], ownMonths, of.UserID)
	}
	switch {
	case of.Scope != ScopeShared && of.Scope != ScopeAll:
	case of.Known == nil:
		// First the snapshot: what comes between the two counts as changed.
		queue(b, asOf, pgx.RowTo[string], "SELECT pg_current_snapshot()::text")
		queue(b, &into.Shared, pgx.RowToStructByPos[SharedMonthsRow], sharedMonths, of.UserID, of.Subjects)
	default:
		queue(b, &into.since, pgx.RowToStructByPos[sharedSince], sharedSinceSQL, of.Known.AsOf, of.Subjects)
	}
}

// MonthsOf says whose months are asked for, and what of them is known.
type MonthsOf struct {
	UserID   uuid.UUID
	Subjects []uuid.UUID
	Scope    Scope
	Known    *SharedCounts // that the caller has kept; nil: none
}

// Months returns the months of a scope, newest first.
func (p *Pool) Months(ctx context.Context, of MonthsOf) (MonthCounts, error) {
	m, b := MonthCounts{}, &batch{}
	var asOf []string
	b.months(&m, &asOf, of)
	if err := p.send(ctx, b); err != nil {
		return m, fmt.Errorf("count the months: %w", err)
	}
	return p.settle(ctx, m, asOf, of)
}

// settle ends what months has begun: it counts again where that is needed.
func (p *Pool) settle(ctx context.Context, m MonthCounts, asOf []string, of MonthsOf) (MonthCounts, error) {
	switch {
	case len(asOf) > 0:
		m.AsOf = asOf[0]
	case len(m.since) > 0 && !m.since[0].Changed:
		m.SharedCounts = SharedCounts{Shared: of.Known.Shared, AsOf: m.since[0].AsOf}
	case len(m.since) > 0:
		of.Scope, of.Known = ScopeShared, nil
		again, err := p.Months(ctx, of)
		m.SharedCounts = again.SharedCounts
		return m, err
	}
	return m, nil
}
