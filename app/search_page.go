package app

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// ranked is where a page of a search by meaning starts, and what its words found.
type ranked struct {
	matches
	place meaningPlace
}

// rankWords is the part of a search by meaning that needs no vector.
func (s *searching) rankWords(ctx context.Context) (ranked, error) {
	place, err := decodeMeaningCursor(s.q.Cursor, s.q.meaningFingerprint(s.model.Name))
	if err != nil {
		return ranked{}, err
	}
	words, err := s.words(ctx, place)
	return ranked{words, place}, err
}

// fusedPage cuts one page from a search by meaning.
func (s *searching) fusedPage(ctx context.Context, m meaning, found ranked) (SearchPage, error) {
	r, err := s.fuse(ctx, m, found)
	if err != nil {
		return SearchPage{}, err
	}
	place := found.place
	if s.q.Cursor == "" {
		place.corrected = r.next.corrected
		place.total, place.atLeast = r.total(s.q)
	}
	c := cutting{searching: s, fused: r, place: place}
	if err := c.cut(ctx); err != nil {
		return SearchPage{}, err
	}
	page := SearchPage{Total: place.total, AtLeast: place.atLeast}
	if c.more() {
		c.place.seen += len(c.hits)
		page.Next = c.place.encode(s.q.meaningFingerprint(s.model.Name))
	}
	page.Cut = page.Next == "" && r.full
	return page, c.fill(ctx, &page)
}

// total counts what matches the words or is surely similar.
func (r fused) total(q SearchQuery) (n int, atLeast bool) {
	similar := 0
	for _, p := range r.sure {
		if !q.fuses() || !p.words {
			similar++
		}
	}
	return r.next.total + similar, r.next.atLeast || r.full && len(r.unsure) == 0
}

// cutting takes a page out of the parts of a search, one after the other.
type cutting struct {
	*searching
	fused
	place  meaningPlace
	hits   []placed
	unsure int // from this hit on they are below the divider
	first  bool
}

// compare is the order within a part.
func (c *cutting) compare(x, y placed) int {
	if c.q.Sort == SortDate {
		return x.compareDate(y)
	}
	return x.compare(y)
}

func (c *cutting) cut(ctx context.Context) error {
	for c.place.part != partUnsure && len(c.hits) < c.q.Limit {
		step := c.cutSure
		switch {
		case c.place.part == partWords:
			step = c.cutWords
		case c.q.fuses() && c.q.Sort == SortDate:
			step = c.cutByDate
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.unsure = len(c.hits)
	if c.place.part == partUnsure {
		c.first = c.place.after == nil
		c.take(c.fused.unsure)
	}
	return nil
}

// take adds what of the part follows the place and has room, and reports
// whether that was all.
func (c *cutting) take(part []placed) (all bool) {
	rest := remaining(part, c.place.after, c.compare)
	n := min(len(rest), c.q.Limit-len(c.hits))
	c.hits = append(c.hits, rest[:n]...)
	if n > 0 {
		c.place.after = &rest[n-1]
	}
	return n == len(rest)
}

func (c *cutting) next(to part) { c.place.part, c.place.after = to, nil }

func (c *cutting) cutSure(context.Context) error {
	if !c.take(c.sure) {
		return nil
	}
	c.next(partWords)
	q := c.q
	q.Cursor = ""
	c.place.words = c.fused.matches.next.encode(q)
	return nil
}

// cutWords goes on with what matches the words and was not fused.
func (c *cutting) cutWords(ctx context.Context) error {
	if c.place.words == "" {
		c.next(partUnsure)
		return nil
	}
	q := c.q
	q.Cursor, q.Limit = c.place.words, c.q.Limit-len(c.hits)
	m, err := c.match(ctx, q)
	if err != nil {
		return err
	}
	for _, r := range m.rows {
		if _, fused := c.alike[r.ID]; !fused {
			c.hits = append(c.hits, placed{id: r.ID, at: r.At, score: float64(r.Rank), words: true})
		}
	}
	c.place.words = m.next.encode(q)
	return nil
}

// cutByDate merges the words' own list, newest first, with what is surely
// similar and matches no word.
func (c *cutting) cutByDate(ctx context.Context) error {
	var similar, merged []placed
	for _, p := range remaining(c.sure, c.place.after, c.compare) {
		if !p.words {
			similar = append(similar, p)
		}
	}
	list := c.fused.matches
	for _, r := range list.rows {
		p := placed{id: r.ID, at: r.At, words: true}
		if n, ok := c.alike[r.ID]; ok {
			p.near, p.similarity = true, n.similarity
		}
		merged = append(merged, p)
	}
	if list.next.more { // what is older waits for the words' next page
		last := merged[len(merged)-1]
		similar = slices.DeleteFunc(similar, func(p placed) bool { return p.compareDate(last) > 0 })
	}
	merged = append(merged, similar...)
	slices.SortFunc(merged, placed.compareDate)
	n := min(len(merged), c.q.Limit)
	taken := 0
	for _, p := range merged[:n] {
		if p.words {
			taken++
		}
	}
	c.hits = append(c.hits, merged[:n]...)
	if n == len(merged) && !list.next.more {
		c.next(partUnsure)
		return nil
	}
	c.place.after = &merged[n-1]
	q := c.q
	q.Cursor = c.place.words
	switch {
	case taken == len(list.rows) && len(list.rows) > 0:
		c.place.words, c.place.begun = list.next.encode(q), true
	case taken > 0:
		c.place.words, c.place.begun = list.stretch.behind(list.rows[taken-1]).encode(q), true
	}
	if len(c.hits) < c.q.Limit { // the words' page was short: go on with the next
		q.Cursor, q.Limit = c.place.words, c.q.Limit-len(c.hits)
		var err error
		if c.fused.matches, err = c.matchSome(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// more tells whether anything follows the page.
func (c *cutting) more() bool {
	switch c.place.part {
	case partSure:
		return true // otherwise the next part had begun
	case partWords:
		return c.place.words != "" || len(c.fused.unsure) > 0
	}
	return len(remaining(c.fused.unsure, c.place.after, c.compare)) > 0
}

// fill loads the hits, as far as they are still to be seen, with the reasons.
func (c *cutting) fill(ctx context.Context, page *SearchPage) error {
	ids := make([]uuid.UUID, len(c.hits))
	for i, p := range c.hits {
		ids[i] = p.id
	}
	items, texts, err := c.db.FoundItems(ctx, c.filter, ids)
	if err != nil {
		return err
	}
	byID := make(map[uuid.UUID]db.ItemRow, len(items))
	for _, i := range items {
		byID[i.ID] = i
	}
	var rows []db.RankedRow
	shown := map[uuid.UUID]int{} // item → its place in c.hits
	for i, p := range c.hits {
		if item, ok := byID[p.id]; ok {
			rows = append(rows, db.RankedRow{ItemRow: item, Rank: float32(p.score)})
			shown[p.id] = i
		}
	}
	if c.q.Mode != SearchSemantic && strings.TrimSpace(c.q.Q) != "" {
		if err := c.explain(ctx, page, rows, texts, c.compiled); err != nil {
			return err
		}
	} else {
		for _, r := range rows {
			page.Hits = append(page.Hits, Hit{Item: itemOf(r.ItemRow), Score: r.Rank})
		}
	}
	divided := !c.first
	for i := range page.Hits {
		h := &page.Hits[i]
		at := shown[h.ID]
		if p := c.hits[at]; p.near {
			if s := c.scale.strength(p.similarity); len(h.Explain) == 0 || s == StrengthClear || s == StrengthStrong {
				h.Explain = append(h.Explain, Match{Field: FieldMeaning, Strength: s})
			}
		}
		if h.LessCertain = at >= c.unsure; h.LessCertain && !divided {
			h.Divider, divided = true, true
		}
	}
	return nil
}
