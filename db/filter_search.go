package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RankedKey is a place among ranked items: best first, then newest.
type RankedKey struct {
	Rank float32
	Key
}

// RankedRow is an item with how well its text matches.
type RankedRow struct {
	ItemRow
	Rank float32
	// Matched is how many items the statement considered, at most its cap;
	// Top and End are the newest and the oldest of them.
	Matched      int64
	TopAt, EndAt time.Time
	EndID        uuid.UUID
}

// Ranking says how a search reads its matches.
type Ranking struct {
	// Scan > 0 walks that many listed items, newest first from Below on, and
	// takes at most Matches that fit; 0 takes from the index of words, at
	// most Matches of them (0: all).
	Scan    int
	Matches int
	Below   *Key // only items older than this
	ByDate  bool // newest first, instead of best first
	After   *RankedKey
	Limit   int
}

// matchSQL is the statement's matches: id, at and rank, in no particular order.
func (f Filter) matchSQL(b *builder, r Ranking) string {
	rank := "0::real"
	if !r.ByDate {
		rank = "ts_rank(m.search, " + b.arg(string(f.Text), "tsquery") + ", 1)"
	}
	pick := "SELECT m.id, m.taken_at_local AS at, " + rank + " AS rank "
	var below string
	if r.Below != nil {
		below = " AND (m.taken_at_local, m.id) < (" + b.arg(r.Below.At, "timestamp") + ", " + b.arg(r.Below.ID, "uuid") + ")"
	}
	if r.Scan > 0 {
		access := f.visible(b)
		return pick + "FROM (SELECT m.* FROM media m WHERE " + f.scanned(b) + below + " ORDER BY m.taken_at_local DESC, m.id DESC LIMIT " +
			b.arg(r.Scan, "bigint") + ") m WHERE " + access + " AND " + f.where(b) +
			" ORDER BY m.taken_at_local DESC, m.id DESC LIMIT " + b.arg(r.Matches, "bigint")
	}
	mine := "m.owner_id = " + b.arg(f.UserID, "uuid")
	own := func() string { return pick + "FROM media m WHERE " + mine + " AND " + f.where(b) + below }
	shared := func() string {
		return pick + "FROM media m WHERE NOT " + mine + " AND m.album_id IN (" + f.accessible(b) + ") AND " + f.where(b) + below
	}
	rows := ""
	switch {
	case f.State != StateListed || f.Scope == ScopeOwn || f.Scope == "":
		rows = own()
	case f.Scope == ScopeShared:
		rows = shared()
	default:
		// Apart, so that the planner knows how many there are of each.
		rows = "SELECT * FROM (" + own() + " UNION ALL " + shared() + ") m"
	}
	if r.Matches > 0 {
		rows += " LIMIT " + b.arg(r.Matches, "bigint")
	}
	return rows
}

// scanned are the items through which a scan walks, fit or not: one's own, or
// all there are; an index has them in order.
func (f Filter) scanned(b *builder) string {
	conds := append([]string{"m.listed"}, f.dates(b)...)
	if f.Scope == ScopeOwn {
		conds = append(conds, "m.owner_id = "+b.arg(f.UserID, "uuid"))
	}
	return strings.Join(conds, " AND ")
}

func (f Filter) searchSQL(r Ranking) (string, []any) {
	b := &builder{}
	match := f.matchSQL(b, r)
	by, after := "rank DESC, at DESC, id DESC", ""
	if r.ByDate {
		by = "at DESC, id DESC"
	}
	if r.After != nil {
		key := "at, id) < ("
		if !r.ByDate {
			key = "rank, at, id) < (" + b.arg(r.After.Rank, "real") + ", "
		}
		after = " WHERE (" + key + b.arg(r.After.At, "timestamp") + ", " + b.arg(r.After.ID, "uuid") + ")"
	}
	return "WITH matched AS MATERIALIZED (" + match + ")," +
		" best AS MATERIALIZED (SELECT id, at, rank FROM matched" + after + " ORDER BY " + by + " LIMIT " + b.arg(r.Limit, "bigint") + ")," +
		" n AS MATERIALIZED (SELECT count(*) AS n, max(at) AS top_at, min(at) AS end_at FROM matched)" +
		" SELECT " + f.decorate(b) + " FROM (SELECT " + itemColumns + ", best.at, best.rank, n.n AS matched, n.top_at, n.end_at," +
		" (SELECT id FROM matched WHERE at = n.end_at ORDER BY id LIMIT 1) AS end_id FROM best, n, media m WHERE m.id = best.id) p" +
		" ORDER BY " + by, b.args
}

// SearchItems returns the items that f lets through, best (or newest) first.
func (p *Pool) SearchItems(ctx context.Context, f Filter, r Ranking) ([]RankedRow, error) {
	sql, args := f.searchSQL(r)
	rows, err := p.queryCustom(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[RankedRow])
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// EstimateMatches returns how many items the planner expects f to let through,
// access aside: statistics only, no item is read.
func (p *Pool) EstimateMatches(ctx context.Context, f Filter) (float64, error) {
	b := &builder{}
	sql := "EXPLAIN (FORMAT JSON) SELECT 1 FROM media m WHERE " + f.where(b)
	if f.Scope == ScopeOwn {
		sql += " AND m.owner_id = " + b.arg(f.UserID, "uuid")
	}
	rows, err := p.queryCustom(ctx, sql, b.args)
	if err != nil {
		return 0, fmt.Errorf("estimate the matches: %w", err)
	}
	text, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[[]byte])
	if err != nil {
		return 0, fmt.Errorf("estimate the matches: %w", err)
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(text, &plans); err != nil || len(plans) != 1 {
		return 0, fmt.Errorf("read the estimate: %v in %.100s", err, text)
	}
	return plans[0].Plan.Rows, nil
}

// ScanEnd returns the place of the last of the scan newest listed items below
// the given place, nil when there are not that many.
func (p *Pool) ScanEnd(ctx context.Context, f Filter, below *Key, scan int) (*Key, error) {
	b := &builder{}
	sql := "SELECT m.taken_at_local, m.id FROM media m WHERE " + f.scanned(b)
	if below != nil {
		sql += " AND (m.taken_at_local, m.id) < (" + b.arg(below.At, "timestamp") + ", " + b.arg(below.ID, "uuid") + ")"
	}
	sql += " ORDER BY m.taken_at_local DESC, m.id DESC OFFSET " + b.arg(scan-1, "bigint") + " LIMIT 1"
	rows, err := p.queryCustom(ctx, sql, b.args)
	if err != nil {
		return nil, fmt.Errorf("find the end of the scan: %w", err)
	}
	var at time.Time
	var id uuid.UUID
	switch rows, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		At time.Time
		ID uuid.UUID
	}]); {
	case err != nil:
		return nil, fmt.Errorf("find the end of the scan: %w", err)
	case len(rows) == 0:
		return nil, nil
	default:
		at, id = rows[0].At, rows[0].ID
	}
	return &Key{At: at, ID: id}, nil
}
