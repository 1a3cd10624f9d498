package app

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

const (
	// RankLimit is how many matches the ranking considers at once.
	RankLimit = 20_000
	// A search that the statistics expect to match more items than
	// scanAbove walks the newest scanItems of them and ranks up to
	// scanMatches that fit; below it, reading the index of words is quicker.
	scanAbove   = 8_000
	scanItems   = 20_000
	scanMatches = 1_000
)

// searchPlace is where a page of a search starts: how the matches are read,
// and the last hit of the page before.
type searchPlace struct {
	corrected bool
	scan      bool
	started   bool // false: the first page, which decides how to read
	below     *db.Key
	after     *db.RankedKey
	total     int
	atLeast   bool
	more      bool // there is a page at this place
}

// rank reads one page of matches and the place of the next one.
func (a *App) rank(ctx context.Context, f db.Filter, q SearchQuery, place searchPlace) ([]db.RankedRow, searchPlace, error) {
	first := !place.started
	if first {
		place.started = true
		if f.State == db.StateListed && f.Album == (uuid.UUID{}) && !f.Favourite {
			expected, err := a.db.EstimateMatches(ctx, f)
			if err != nil {
				return nil, place, err
			}
			place.scan = expected > scanAbove
		}
	}
	r := db.Ranking{Below: place.below, ByDate: q.Sort == SortDate, After: place.after, Limit: q.Limit + 1}
	if place.scan {
		r.Scan, r.Matches = scanItems, scanMatches
	} else if !r.ByDate {
		r.Matches = RankLimit
	}
	rows, err := a.db.SearchItems(ctx, f, r)
	if err != nil {
		return nil, place, err
	}
	matched := 0
	if len(rows) > 0 {
		matched = int(rows[0].Matched)
	}
	next := place
	next.more = len(rows) > q.Limit
	if place.scan {
		var end *db.Key
		switch {
		case matched == scanMatches:
			end = &db.Key{At: rows[0].EndAt, ID: rows[0].EndID}
		case next.more && !first:
		default:
			if end, err = a.db.ScanEnd(ctx, f, place.below, scanItems); err != nil {
				return nil, place, err
			}
			if end != nil && place.after == nil && !next.more {
				// Rarer than expected: too few to be worth walking on.
				place.scan, place.total, place.atLeast = false, 0, false
				if !first {
					place.total, place.atLeast = next.total, next.atLeast
				}
				return a.rank(ctx, f, q, place)
			}
		}
		if first {
			next.total, next.atLeast = matched, end != nil
		}
		if !next.more && end != nil {
			next.more, next.below, next.after = true, end, nil
			return rows, next, nil
		}
	} else if first || place.total == 0 {
		next.total, next.atLeast = matched, matched == RankLimit && r.Matches > 0
	}
	if next.more {
		rows = rows[:q.Limit]
		last := rows[len(rows)-1]
		next.after = &db.RankedKey{Rank: last.Rank, Key: db.Key{At: last.At, ID: last.ID}}
		if place.scan && place.below == nil {
			// What comes in from now on must not move the stretch that is being paged.
			next.below = &db.Key{At: rows[0].TopAt.Add(time.Microsecond)}
		}
	}
	return rows, next, nil
}

// The cursor of a search: a letter, flags, the search's fingerprint, the total, and keys.
const cursorSearch = 's'

const (
	flagCorrected = 1 << iota
	flagScan
	flagAtLeast
	flagBelow
	flagAfter
)

func (p searchPlace) encode(q SearchQuery) string {
	if !p.more {
		return ""
	}
	var flags byte
	for flag, on := range map[byte]bool{flagCorrected: p.corrected, flagScan: p.scan, flagAtLeast: p.atLeast, flagBelow: p.below != nil, flagAfter: p.after != nil} {
		if on {
			flags |= flag
		}
	}
	b := []byte{cursorSearch, flags}
	b = binary.BigEndian.AppendUint32(b, q.fingerprint())
	b = binary.BigEndian.AppendUint32(b, uint32(p.total))
	if p.below != nil {
		b = appendKey(b, *p.below)
	}
	if p.after != nil {
		b = binary.BigEndian.AppendUint32(appendKey(b, p.after.Key), math.Float32bits(p.after.Rank))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// fingerprint tells searches apart, so that a cursor is used with its own.
func (q SearchQuery) fingerprint() uint32 {
	h := fnv.New32a()
	h.Write([]byte(string(q.Sort) + "\x00" + string(q.Scope) + "\x00" + q.Q)) //nolint:errcheck // a hash never fails
	return h.Sum32()
}

func decodeSearchCursor(q SearchQuery) (searchPlace, error) {
	p := searchPlace{}
	if q.Cursor == "" {
		return p, nil
	}
	bad := Invalid("cursor", "page.cursor_bad")
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(b) < 10 || b[0] != cursorSearch || binary.BigEndian.Uint32(b[2:6]) != q.fingerprint() {
		return p, bad
	}
	flags := b[1]
	p = searchPlace{started: true, corrected: flags&flagCorrected != 0, scan: flags&flagScan != 0, atLeast: flags&flagAtLeast != 0,
		total: int(binary.BigEndian.Uint32(b[6:10]))}
	b = b[10:]
	take := func() (*db.Key, bool) {
		if len(b) < keySize {
			return nil, false
		}
		k, ok := readKey(b[:keySize])
		b = b[keySize:]
		return &k, ok
	}
	ok := true
	if flags&flagBelow != 0 {
		if p.below, ok = take(); !ok {
			return p, bad
		}
	}
	if flags&flagAfter != 0 {
		k, ok := take()
		if !ok || len(b) < 4 {
			return p, bad
		}
		rank := math.Float32frombits(binary.BigEndian.Uint32(b))
		if math.IsNaN(float64(rank)) || math.IsInf(float64(rank), 0) {
			return p, bad
		}
		p.after, b = &db.RankedKey{Rank: rank, Key: *k}, b[4:]
	}
	if len(b) != 0 {
		return p, bad
	}
	return p, nil
}
