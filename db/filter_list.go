package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Key is a place in an ordered list: its time and, among equal times, the id.
type Key struct {
	At time.Time // taken_at_local as UTC; in the trash, trashed_at; by upload, uploaded_at
	ID uuid.UUID
	// Position takes the place of At in lists by OrderManual.
	Position int64
}

// Order is the order of a list.
type Order string

// The orders. The first suits every list, the others those of one album.
const (
	OrderNewest Order = ""
	OrderOldest Order = "oldest"
	OrderManual Order = "manual" // by hand; what was not placed comes last, in the order of its upload
)

// Window is the part of a list that is asked for, in its order. At most one
// of Before and After is set.
type Window struct {
	Before *Key // only what follows this place: older, in most lists
	After  *Key // only what precedes it: the Limit items nearest to it
	Limit  int
	walk   int // how far a walk goes; 0: walkLength
}

// ItemRow is the light form of an item that lists show.
type ItemRow struct {
	ID           uuid.UUID
	OwnerID      uuid.UUID
	AlbumID      *uuid.UUID
	Kind         MediaKind
	Status       MediaStatus
	ErrorCode    string
	Damaged      bool
	Mime         string
	Width        int32
	Height       int32
	DurationMs   *int32
	Thumbhash    []byte
	TakenAtLocal time.Time
	TrashedAt    *time.Time
	Title        string
	Description  string
	Filename     string
	At           time.Time // what the list is ordered by, unless by hand
	// AlbumPosition is the place in the album's order by hand.
	AlbumPosition int64

	Favourite      bool
	ThumbVersion   int32 // 0: there is none
	PreviewVersion int32
}

// itemColumns are the columns of m in an ItemRow, without At.
const itemColumns = `m.id, m.owner_id, m.album_id, m.kind, m.status, m.error_code, m.damaged, m.mime, m.width, m.height,
 m.duration_ms, m.thumbhash, m.taken_at_local, m.trashed_at, m.title, m.description, m.filename, m.album_position`

// decorate adds to a few chosen rows p what lies in other tables: the columns
// and the joins. Neither can tempt the planner away from the order of p.
func (f Filter) decorate(b *builder) (columns, joins string) {
	return `p.*, coalesce((SELECT true FROM favourites v WHERE v.media_id = p.id AND v.user_id = ` + b.arg(f.UserID, "uuid") + `), false) AS favourite,
 coalesce(d.thumb, 0) AS thumb_version, coalesce(d.preview, 0) AS preview_version`, `
 CROSS JOIN LATERAL (SELECT max(d.version) FILTER (WHERE d.kind = 'thumb') AS thumb, max(d.version) FILTER (WHERE d.kind = 'preview') AS preview
   FROM derivatives d WHERE d.media_id = p.id) d`
}

// order is the SQL of one direction along one column.
type order struct {
	column     string // of m
	cast       string
	out        string // what column is called in the rows of an inner query
	cmp, dir   string
	key        *Key
	descending bool
}

func (f Filter) order(w Window) order {
	o := order{column: "m.taken_at_local", cast: "timestamp", out: "at", cmp: ">", dir: "ASC", key: w.Before}
	switch {
	case f.Order == OrderManual:
		o.column, o.cast, o.out = "m.album_position", "bigint", "album_position"
	case f.State == StateTrashed:
		o.column, o.cast = "m.trashed_at", "timestamptz"
	case f.State == StateKept:
		o.column, o.cast = "m.uploaded_at", "timestamptz"
	}
	if w.After != nil {
		o.key = w.After
	}
	if o.descending = (f.Order == OrderNewest) == (w.After == nil); o.descending {
		o.cmp, o.dir = "<", "DESC"
	}
	return o
}

func (o order) from(b *builder) string {
	if o.key == nil {
		return ""
	}
	var place any = o.key.At
	if o.out == "album_position" {
		place = o.key.Position
	}
	return fmt.Sprintf(" AND (%s, m.id) %s (%s, %s)", o.column, o.cmp, b.arg(place, o.cast), b.arg(o.key.ID, "uuid"))
}

func (o order) by() string { return fmt.Sprintf(" ORDER BY %s %s, m.id %s", o.column, o.dir, o.dir) }

func (o order) byAt() string { return fmt.Sprintf(" ORDER BY p.%s %s, p.id %s", o.out, o.dir, o.dir) }

// at is what the rows show as their time.
func (o order) at() string {
	if o.out == "at" {
		return o.column
	}
	return "m.taken_at_local"
}

// KeyOf is the place of a row in the list f.
func (f Filter) KeyOf(r ItemRow) Key { return Key{At: r.At, ID: r.ID, Position: r.AlbumPosition} }

// Beside is a place right before k in the list f, or right behind it: what
// follows the one, or precedes the other, begins with k itself.
func (f Filter) Beside(k Key, before bool) Key {
	up := before == (f.Order == OrderNewest)
	step, id := int64(-1), uuid.Max
	if up {
		step, id = 1, uuid.Nil
	}
	return Key{At: k.At.Add(time.Duration(step) * time.Microsecond), Position: k.Position + step, ID: id}
}

// listSQL composes the ordered list.
func (f Filter) listSQL(w Window) (string, []any) {
	b := &builder{}
	o := f.order(w)
	var rows string
	switch {
	case f.State != StateListed || f.Scope == ScopeOwn || f.Scope == "":
		rows = f.ownRows(b, o, w.Limit)
	case f.Album != (uuid.UUID{}) || f.Favourite || f.Text != "":
		// These leave few rows, or come in the order of an index of their own.
		rows = f.rows(b, o, f.visible(b), w.Limit)
	case f.Scope == ScopeShared:
		rows = f.sharedRows(b, o, w.Limit)
	default:
		rows = "SELECT * FROM ((" + f.ownRows(b, o, w.Limit) + ") UNION ALL (" + f.sharedRows(b, o, w.Limit) + ")) p" +
			o.byAt() + " LIMIT " + b.arg(w.Limit, "bigint")
	}
	columns, joins := f.decorate(b)
	return "SELECT " + columns + " FROM (" + rows + ") p" + joins + o.byAt(), b.args
}

func (f Filter) rows(b *builder, o order, access string, limit int) string {
	return "SELECT " + itemColumns + ", " + o.at() + " AS at FROM media m WHERE " + access + " AND " + f.where(b) +
		o.from(b) + o.by() + " LIMIT " + b.arg(limit, "bigint")
}

func (f Filter) ownRows(b *builder, o order, limit int) string {
	return f.rows(b, o, "m.owner_id = "+b.arg(f.UserID, "uuid"), limit)
}

// sharedRows merges the albums that the actor may see. Only the Limit albums
// with the nearest first item can contribute, and of those nothing beyond the
// last of these first items once there are Limit of them; so that the cost
// hardly grows with the number of albums. Albums that hold nothing of anybody
// else's are left out by the counters, not by reading them.
func (f Filter) sharedRows(b *builder, o order, limit int) string {
	others := " AND m.owner_id <> " + b.arg(f.UserID, "uuid") + " AND " + f.where(b) + o.from(b)
	n := b.arg(limit, "bigint")
	bound := "(SELECT h.at FROM heads h" + map[bool]string{true: " ORDER BY h.at DESC, h.id DESC", false: " ORDER BY h.at, h.id"}[o.descending] +
		" OFFSET " + n + " - 1 LIMIT 1)"
	return `WITH seen AS MATERIALIZED (SELECT DISTINCT x.album_id FROM album_access x
   WHERE x.subject_id = ANY (` + b.arg(f.Subjects, "uuid[]") + `) AND EXISTS (SELECT 1 FROM month_counts c
     WHERE c.album_id = x.album_id AND c.state = 'listed' AND c.n > 0 AND c.owner_id <> ` + b.arg(f.UserID, "uuid") + `)),
 heads AS MATERIALIZED (SELECT seen.album_id, m.at, m.id FROM seen, LATERAL (
   SELECT ` + o.column + ` AS at, m.id FROM media m WHERE m.album_id = seen.album_id` + others + o.by() + ` LIMIT 1) m
   ORDER BY m.at ` + o.dir + `, m.id ` + o.dir + ` LIMIT ` + n + `),
 bound AS MATERIALIZED (SELECT coalesce(` + bound + `, ` + map[bool]string{true: "'-infinity'", false: "'infinity'"}[o.descending] + `::` + o.cast + `) AS at)
 SELECT p.* FROM heads, bound, LATERAL (SELECT ` + itemColumns + `, ` + o.column + ` AS at FROM media m
   WHERE m.album_id = heads.album_id AND ` + o.column + map[bool]string{true: " >= ", false: " <= "}[o.descending] + `bound.at` + others + o.by() + ` LIMIT ` + n + `) p` +
		o.byAt() + ` LIMIT ` + n
}

// ListItems returns the items that f lets through in the window, in the list's
// order whatever the direction.
func (p *Pool) ListItems(ctx context.Context, f Filter, w Window) ([]ItemRow, error) {
	var items []ItemRow
	var found bool
	var err error
	if f.walks() {
		items, found, err = p.walk(ctx, f, w)
	}
	if !found && err == nil {
		sql, args := f.listSQL(w)
		items, err = collect(ctx, p, sql, args, pgx.RowToStructByName[ItemRow])
	}
	if err != nil {
		return nil, fmt.Errorf("list items: %w", err)
	}
	if w.After != nil {
		slices.Reverse(items)
	}
	return items, nil
}
