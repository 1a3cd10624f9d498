package app

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"

	"albumen/db"
)

const (
	// RankLimit is how many matches, by the statistics, are ranked at once.
	// More are ranked in stretches of whole months, newest first, that hold
	// about stretchMatches each; one with less than a page grows.
	RankLimit      = 3_000
	stretchMatches = 1_000
	// walkShare is the share of matches from which on reading all items of a
	// stretch is quicker than gathering every word with that beginning.
	walkShare = 0.05
	// indexMonths is in how many months at most words are looked up month by month.
	indexMonths = 36
)

// searchPlace is where a page of a search starts: the stretch of time that is
// being ranked, and the last hit of the page before.
type searchPlace struct {
	corrected bool
	started   bool      // false: the first page
	from, to  time.Time // the stretch; zero: open
	walk      bool      // see db.Ranking
	after     *db.RankedKey
	total     int
	atLeast   bool
	more      bool // there is a page at this place
}

// rank reads one page of matches, the place of the next one, and the place that
// they have in common.
func (s *searching) rank(ctx context.Context, f db.Filter, q SearchQuery, place searchPlace) (rows []db.RankedRow, next, stretch searchPlace, err error) {
	months := s.searchMonths(f)
	var cuts stretches
	first, wanted := !place.started, 0.0
	if place.after == nil { // a stretch begins
		if cuts, err = s.stretches(ctx, f, months); err != nil {
			return nil, place, place, err
		}
		wanted = cuts.step
		place.from = cuts.start(place.to, wanted)
		place.walk = cuts.share > walkShare && f.Text.HasPrefix() && !place.from.IsZero()
	}
	place.started = true
	for {
		part := f
		part.From, part.To = later(f.From, place.from), earlier(f.To, place.to)
		rows, err = s.db.SearchItems(ctx, part, db.Ranking{
			Months: narrow(months, part.From, part.To), SeesMany: s.seesMany, Walk: place.walk, ByDate: q.Sort == SortDate, After: place.after, Limit: q.Limit + 1,
		})
		if err != nil {
			return nil, place, place, err
		}
		matched := 0
		if len(rows) > 0 {
			matched = int(rows[0].Matched)
		}
		if place.after == nil && matched <= DefaultPageSize && !place.from.IsZero() {
			// The statistics promised more: take as much more as was missing,
			// and everything where there was nothing at all. The size of the
			// page does not matter, so that every size gives the same order.
			place.walk = false
			if place.from = (time.Time{}); matched > 0 {
				wanted *= max(2, 2*float64(DefaultPageSize)/float64(matched))
				place.from = cuts.start(place.to, wanted)
			}
			continue
		}
		next = place
		if first && len(rows) > 0 {
			next.total, next.atLeast = matched, !place.from.IsZero()
		}
		stretch = next
		switch {
		case len(rows) > q.Limit:
			rows = rows[:q.Limit]
			next = stretch.behind(rows[q.Limit-1])
		case !place.from.IsZero():
			next.more, next.to, next.from, next.after = true, place.from, time.Time{}, nil
		default:
			next.more = false
		}
		return rows, next, stretch, nil
	}
}

// behind is the place after a row of the stretch.
func (p searchPlace) behind(r db.RankedRow) searchPlace {
	p.more, p.after = true, &db.RankedKey{Rank: r.Rank, Key: db.Key{At: r.At, ID: r.ID}}
	return p
}

// stretches cuts the filter's time into months, newest first; step is how many
// items, matching or not, a stretch should hold. Without months there is one
// stretch: everything.
type stretches struct {
	months      []Month
	share, step float64
}

// within tells whether the month and the time share an instant; zero is open.
func (m Month) within(from, to time.Time) bool {
	return (from.IsZero() || m.Month.AddDate(0, 1, 0).After(from)) && (to.IsZero() || m.Month.Before(to))
}

// narrow are the months of the time, none where they are many.
func narrow(months []Month, from, to time.Time) []time.Time {
	var some []time.Time
	for _, m := range months {
		if m.within(from, to) {
			some = append(some, m.Month)
		}
	}
	if len(some) > indexMonths {
		return nil
	}
	return some
}

func (s *searching) stretches(ctx context.Context, f db.Filter, months []Month) (stretches, error) {
	items := 0
	for _, m := range months {
		items += m.Count
	}
	if items <= RankLimit {
		return stretches{}, nil
	}
	f.From, f.To = time.Time{}, time.Time{} // the months have them
	share, err := s.share(ctx, f)
	if err != nil || share*float64(items) <= RankLimit {
		return stretches{}, err
	}
	return stretches{months, share, stretchMatches / share}, nil
}

// start is the first month of the stretch that ends before to and holds the
// wanted number of items; zero where it reaches back to the first item.
func (s stretches) start(to time.Time, wanted float64) time.Time {
	items := 0.0
	for i, m := range s.months {
		if !to.IsZero() && !m.Month.Before(to) {
			continue
		}
		if items += float64(m.Count); items >= wanted && i < len(s.months)-1 {
			return m.Month
		}
	}
	return time.Time{}
}

// later and earlier compare bounds of which zero is none.
func later(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

func earlier(x, y time.Time) time.Time {
	if y.IsZero() || (!x.IsZero() && x.Before(y)) {
		return x
	}
	return y
}

// The cursor of a search: a letter, flags, the search's fingerprint, the total, and keys.
const cursorSearch = 's'

const (
	flagCorrected = 1 << iota
	flagAtLeast
	flagAfter
	flagWalk
)

func (p searchPlace) encode(q SearchQuery) string {
	if !p.more {
		return ""
	}
	var flags byte
	for flag, on := range map[byte]bool{flagCorrected: p.corrected, flagAtLeast: p.atLeast, flagAfter: p.after != nil, flagWalk: p.walk} {
		if on {
			flags |= flag
		}
	}
	b := []byte{cursorSearch, flags}
	b = binary.BigEndian.AppendUint32(b, q.fingerprint())
	b = binary.BigEndian.AppendUint32(b, uint32(p.total))
	b = binary.BigEndian.AppendUint64(b, uint64(p.from.Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(p.to.Unix()))
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
	if err != nil || len(b) < 26 || b[0] != cursorSearch || binary.BigEndian.Uint32(b[2:]) != q.fingerprint() {
		return p, bad
	}
	flags := b[1]
	p = searchPlace{started: true, corrected: flags&flagCorrected != 0, atLeast: flags&flagAtLeast != 0, walk: flags&flagWalk != 0, total: int(binary.BigEndian.Uint32(b[6:]))}
	for i, bound := range []*time.Time{&p.from, &p.to} {
		*bound = time.Unix(int64(binary.BigEndian.Uint64(b[10+8*i:])), 0).UTC()
		if bound.Year() < 1 || bound.Year() > 9999 {
			return p, bad
		}
	}
	if b = b[26:]; flags&flagAfter != 0 {
		if len(b) != keySize+4 {
			return p, bad
		}
		key, ok := readKey(b[:keySize])
		rank := math.Float32frombits(binary.BigEndian.Uint32(b[keySize:]))
		if !ok || math.IsNaN(float64(rank)) || math.IsInf(float64(rank), 0) {
			return p, bad
		}
		p.after, b = &db.RankedKey{Rank: rank, Key: key}, nil
	}
	if len(b) != 0 {
		return p, bad
	}
	return p, nil
}
