package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
	Rank    float32
	Matched int64 // how many items f lets through
}

// Ranking says which part of the matches is asked for.
type Ranking struct {
	// Months are those, by any of their instants, in which the filter's time
	// lies, as far as they hold items: with some of them, items are found by words
	// and months at once. Empty: by words, or as the planner likes.
	Months []time.Time
	// SeesMany says that of the items in albums the actor sees enough for looking
	// for theirs among all of a month. Otherwise the albums are gone through.
	SeesMany bool
	// Walk reads every item of the filter's time, which is quicker than the
	// index of words for the beginning of many of them.
	Walk   bool
	ByDate bool // newest first, instead of best first
	After  *RankedKey
	Limit  int
}

// matchSQL is all that f lets through: id, at and rank, in no particular order.
func (f Filter) matchSQL(b *builder, r Ranking) string {
	rank := "0::real"
	if !r.ByDate {
		rank = "ts_rank(m.search, " + b.arg(string(f.Text), "tsquery") + ", 1)"
	}
	mine := "m.owner_id = " + b.arg(f.UserID, "uuid")
	rows := func(f Filter, access string) string {
		from := "media m WHERE " + access
		if r.Walk { // OFFSET 0 keeps the planner from looking further
			conds := append([]string{access, f.stateCondition()}, f.dates(b)...)
			from = "(SELECT m.* FROM media m WHERE " + strings.Join(conds, " AND ") + " OFFSET 0) m WHERE true"
		}
		return "SELECT m.id, m.taken_at_local AS at, " + rank + " AS rank FROM " + from + " AND " + f.where(b)
	}
	byPlace := !r.Walk && len(r.Months) > 0
	indexed := f.CameraModel != "" || f.Kind == MediaKindVideo // of one's own, ordered by time
	own := func() string {
		if !byPlace || indexed {
			return rows(f, mine)
		}
		return rows(f.ofMonths(), mine+" AND "+placed(b, r.Months, f.UserID.String()))
	}
	seen := func() string { return "m.album_id IN (" + f.accessible(b) + ")" }
	shared := func() string {
		theirs := "NOT " + mine
		if !r.SeesMany || !byPlace {
			return rows(f, theirs+" AND "+seen())
		}
		g, what := f.ofMonths(), "album"
		if g.Kind == MediaKindVideo { // the place says it
			g.Kind, what = "", "video"
		}
		// Not a join: the albums are no way to the items here.
		return rows(g, theirs+" AND "+placed(b, r.Months, what)+" AND ("+seen()+") IS TRUE")
	}
	switch {
	case f.State != StateListed || f.Scope == ScopeOwn || f.Scope == "":
		return own()
	case f.Scope == ScopeShared:
		return shared()
	case r.SeesMany && byPlace && !indexed: // the lists of the words are gone through once for both
		return rows(f.ofMonths(), placed(b, r.Months, f.UserID.String(), "album")+" AND ("+mine+" OR ("+seen()+") IS TRUE)")
	}
	// Apart, so that the planner knows how many there are of each.
	return own() + " UNION ALL " + shared()
}

// ofMonths is f beside the months in which its time lies: what they say is not
// said again, else the planner would expect next to nothing.
func (f Filter) ofMonths() Filter {
	if startsMonth(f.From) {
		f.From = time.Time{}
	}
	if startsMonth(f.To) {
		f.To = time.Time{}
	}
	return f
}

func startsMonth(t time.Time) bool {
	return t.Equal(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC))
}

// placed is the condition that m is of one of the months, and of one of the
// owners or, for "album" and "video", in an album, as the index of words knows it.
func placed(b *builder, months []time.Time, whose ...string) string {
	var places []string
	for _, w := range whose {
		for _, m := range months {
			places = append(places, fmt.Sprintf("%s %d", w, m.Year()*12+int(m.Month())))
		}
	}
	return "media_places(m.owner_id, m.album_id, m.kind, m.taken_at_local) && " + b.arg(places, "text[]")
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
	columns, joins := f.decorate(b)
	return "WITH matched AS MATERIALIZED (" + match + ")," +
		" best AS MATERIALIZED (SELECT id, at, rank FROM matched" + after + " ORDER BY " + by + " LIMIT " + b.arg(r.Limit, "bigint") + ")" +
		" SELECT " + columns + " FROM (SELECT " + itemColumns + ", best.at, best.rank, (SELECT count(*) FROM matched) AS matched" +
		" FROM best JOIN media m ON m.id = best.id) p" + joins + " ORDER BY " + by, b.args
}

// SearchItems returns the items that f lets through, best (or newest) first.
func (p *Pool) SearchItems(ctx context.Context, f Filter, r Ranking) ([]RankedRow, error) {
	sql, args := f.searchSQL(r)
	found, err := collect(ctx, p, sql, args, pgx.RowToStructByName[RankedRow])
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// EstimateShares returns for each filter which part of all items the planner
// expects it to let through, access aside: from statistics, no item is read. All
// is how many items there are; 0 without statistics, and then nothing passes.
func (p *Pool) EstimateShares(ctx context.Context, all float64, filters ...Filter) ([]float64, error) {
	shares := make([]float64, len(filters))
	if all <= 0 {
		return shares, nil
	}
	texts, send := make([][][]byte, len(filters)), &batch{}
	for i, f := range filters {
		b := &builder{}
		sql := "EXPLAIN (FORMAT JSON) SELECT 1 FROM media m WHERE " + f.where(b)
		queue(send, &texts[i], pgx.RowTo[[]byte], sql, b.args...)
	}
	if err := p.send(ctx, send); err != nil {
		return nil, fmt.Errorf("estimate the matches: %w", err)
	}
	for i, text := range texts {
		rows, err := planned(text)
		if err != nil {
			return nil, fmt.Errorf("read an estimate: %w", err)
		}
		shares[i] = min(1, rows/all)
	}
	return shares, nil
}

// planned is how many rows a plan expects.
func planned(text [][]byte) (float64, error) {
	if len(text) != 1 {
		return 0, fmt.Errorf("%d plans", len(text))
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(text[0], &plans); err != nil || len(plans) != 1 {
		return 0, fmt.Errorf("%.100s: %w", text[0], err)
	}
	return plans[0].Plan.Rows, nil
}
