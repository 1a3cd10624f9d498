package db

import (
	"cmp"
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// walkLength is how many items, whoever may see them, a walk passes at most.
const walkLength = 2_000

// walks tells whether reading everybody's items by time may find a page of the
// list: it holds shared items, in the order of time, and no condition leaves few.
func (f Filter) walks() bool {
	return f.State == StateListed && f.Order == OrderNewest && (f.Scope == ScopeShared || f.Scope == ScopeAll) &&
		f.Album == (uuid.UUID{}) && f.Uploader == (uuid.UUID{}) && !f.Favourite && f.AIStatus == "" && f.Text == "" && f.Without == ""
}

// walkedRow is an item of a walk. Where Cut is set it is none: the walk ended
// there before the page was full, and what follows is not known.
type walkedRow struct {
	ItemRow
	Cut bool
}

// walkSQL reads everybody's items by time, from the window on, and keeps those
// that the actor may see: whoever sees much finds a page after a few hundred,
// however many albums it is from. The first entry that is not read any more
// comes back as the last row, if the page is not full before it.
func (f Filter) walkSQL(w Window) (string, []any) {
	b := &builder{}
	o := f.order(w)
	// The check of bytes holds for all: it names the index, which is for this only.
	all := " FROM media m WHERE m.listed AND m.withheld IS NULL AND m.bytes >= 0"
	for _, d := range f.dates(b) {
		all += " AND " + d
	}
	all += o.from(b) + o.by()
	mine := "w.owner_id = " + b.arg(f.UserID, "uuid")
	shared := "(w.album_id IN (" + f.accessible(b) + ")) IS TRUE" // not a join, which would lose the order
	visible := "(" + mine + " OR " + shared + ")"
	if f.Scope == ScopeShared {
		visible = "NOT " + mine + " AND " + shared
	}
	columns, joins := f.decorate(b)
	n, length := b.arg(w.Limit, "bigint"), b.arg(cmp.Or(w.walk, walkLength), "bigint")
	return "SELECT " + columns + " FROM (SELECT * FROM ((SELECT m.*, false AS cut" +
		" FROM (SELECT m.id, m.taken_at_local AS at, m.owner_id, m.album_id" + all + " LIMIT " + length + ") w, LATERAL (" +
		"SELECT " + itemColumns + ", m.taken_at_local AS at FROM media m WHERE m.id = w.id AND " + f.where(b) + " OFFSET 0) m" +
		" WHERE " + visible + " ORDER BY w.at " + o.dir + ", w.id " + o.dir + " LIMIT " + n + ")" +
		" UNION ALL (SELECT " + itemColumns + ", m.taken_at_local AS at, true AS cut" + all + " OFFSET " + length + " LIMIT 1)) p LIMIT " + n + ") p" +
		joins + o.byAt(), b.args
}

// walk returns the rows of the window in its own direction; false where the
// walk ended too early.
func (p *Pool) walk(ctx context.Context, f Filter, w Window) ([]ItemRow, bool, error) {
	sql, args := f.walkSQL(w)
	rows, err := collect(ctx, p, sql, args, pgx.RowToStructByName[walkedRow])
	if err != nil {
		return nil, false, err
	}
	items := make([]ItemRow, len(rows))
	for i, r := range rows {
		if r.Cut {
			return nil, false, nil
		}
		items[i] = r.ItemRow
	}
	return items, true, nil
}
