package app

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// fuseConstant damps how much the first ranks count, as published: Cormack,
// Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual
// Rank Learning Methods, SIGIR 2009.
const fuseConstant = 60

// placed is an item of a search by meaning, by words, or by both.
type placed struct {
	id    uuid.UUID
	at    time.Time
	score float64
	words bool // it matches the words
	// The rest is for items among the nearest only.
	near       bool
	similarity float32
}

// fuse merges the two rankings, best first: each item has the sum of
// 1/(60 + rank) over the rankings that it is in. Ties go to the newer item.
func fuse(text []db.RankedRow, near []db.NearRow) []placed {
	at := make(map[uuid.UUID]int, len(text)+len(near))
	var all []placed
	for i, r := range text {
		at[r.ID] = len(all)
		all = append(all, placed{id: r.ID, at: r.At, score: 1 / float64(fuseConstant+i+1), words: true})
	}
	for i, n := range near {
		k, ok := at[n.ID]
		if !ok {
			k = len(all)
			all = append(all, placed{id: n.ID, at: n.At, words: n.Matched})
		}
		all[k].score += 1 / float64(fuseConstant+i+1)
		all[k].near, all[k].similarity = true, n.Similarity
	}
	slices.SortFunc(all, placed.compare)
	return all
}

// nearest is the ranking by meaning alone.
func nearest(near []db.NearRow) []placed {
	all := make([]placed, len(near))
	for i, n := range near {
		all[i] = placed{id: n.ID, at: n.At, score: float64(n.Similarity), words: n.Matched, near: true, similarity: n.Similarity}
	}
	slices.SortFunc(all, placed.compare)
	return all
}

// compare orders best first; it never says equal of two items.
func (p placed) compare(o placed) int {
	return cmp.Or(cmp.Compare(o.score, p.score), p.compareDate(o))
}

// compareDate orders newest first.
func (p placed) compareDate(o placed) int {
	return cmp.Or(o.at.Compare(p.at), slices.Compare(o.id[:], p.id[:]))
}

// part of the list of a search by meaning, in the order in which they come.
type part byte

const (
	partSure   part = iota // what matches the words or is surely similar
	partWords              // what matches the words beyond the window that is fused
	partUnsure             // below the divider
)

// meaningPlace is where a page of a search by meaning starts.
type meaningPlace struct {
	part      part
	after     *placed // the last item before, of this part; nil: the part begins
	words     string  // cursor of the words' own list, from where it goes on; "" at its ends
	begun     bool    // that list is not at its beginning
	seen      int     // items before
	total     int
	atLeast   bool
	corrected bool
}

// The cursor of a search by meaning: a letter, flags, the part, the search's
// fingerprint, items seen, total, the last item's score and key, the words' cursor.
const cursorMeaning = 'h'

const (
	flagBegun = 1 << 7 // the others are those of a search by words

	meaningCursorSize = 3 + 4 + 4 + 4 + 8 + keySize
)

func (p meaningPlace) encode(fingerprint uint32) string {
	var flags byte
	for flag, on := range map[byte]bool{flagCorrected: p.corrected, flagAtLeast: p.atLeast, flagAfter: p.after != nil, flagBegun: p.begun} {
		if on {
			flags |= flag
		}
	}
	last := placed{at: time.Unix(0, 0)}
	if p.after != nil {
		last = *p.after
	}
	b := []byte{cursorMeaning, flags, byte(p.part)}
	b = binary.BigEndian.AppendUint32(b, fingerprint)
	b = binary.BigEndian.AppendUint32(b, uint32(p.seen))
	b = binary.BigEndian.AppendUint32(b, uint32(p.total))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(last.score))
	b = appendKey(b, db.Key{At: last.at, ID: last.id})
	return base64.RawURLEncoding.EncodeToString(append(b, p.words...))
}

// decodeMeaningCursor is the inverse; "" is the beginning.
func decodeMeaningCursor(cursor string, fingerprint uint32) (meaningPlace, error) {
	p := meaningPlace{}
	if cursor == "" {
		return p, nil
	}
	bad := Invalid("cursor", "page.cursor_bad")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < meaningCursorSize || b[0] != cursorMeaning || part(b[2]) > partUnsure || binary.BigEndian.Uint32(b[3:]) != fingerprint {
		return p, bad
	}
	p = meaningPlace{
		part: part(b[2]), words: string(b[meaningCursorSize:]),
		seen: int(binary.BigEndian.Uint32(b[7:])), total: int(binary.BigEndian.Uint32(b[11:])),
		corrected: b[1]&flagCorrected != 0, atLeast: b[1]&flagAtLeast != 0, begun: b[1]&flagBegun != 0,
	}
	if b[1]&flagAfter != 0 {
		key, ok := readKey(b[23:meaningCursorSize])
		score := math.Float64frombits(binary.BigEndian.Uint64(b[15:]))
		if !ok || math.IsNaN(score) || math.IsInf(score, 0) {
			return p, bad
		}
		p.after = &placed{id: key.ID, at: key.At, score: score}
	}
	return p, nil
}

// meaningFingerprint tells searches apart, also by what their vector is of.
func (q SearchQuery) meaningFingerprint(model string) uint32 {
	located := "any"
	if q.Located != nil {
		located = fmt.Sprint(*q.Located)
	}
	q.Cursor, q.Limit, q.Located = "", 0, nil
	h := fnv.New32a()
	fmt.Fprintf(h, "%+v\x00%s\x00%s", q, located, model) //nolint:errcheck // a hash never fails
	return h.Sum32()
}

// remaining are the items of a part after the last one of the page before.
func remaining(all []placed, last *placed, compare func(placed, placed) int) []placed {
	if last == nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(p placed) bool { return compare(p, *last) <= 0 })
}
