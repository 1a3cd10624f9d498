package app

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"albumen/db"
)

// MaxSearchLength is how many characters a search may have.
const MaxSearchLength = 500

// SearchMode says what a search compares.
type SearchMode string

// The modes. While meaning is off they all search the text, and a note says why.
const (
	SearchHybrid   SearchMode = "hybrid" // text and meaning together
	SearchText     SearchMode = "text"
	SearchSemantic SearchMode = "semantic" // meaning alone
)

// SearchSort is the order of the hits.
type SearchSort string

// The orders.
const (
	SortRelevance SearchSort = "relevance"
	SortDate      SearchSort = "date" // newest first
)

// Notes of a search: message keys, each a whole sentence.
const (
	NoteNoModel       = "search.note.no_model"       // meaning is off
	NoteModelLoading  = "search.note.model_loading"  // meaning is not ready yet
	NoteModelFailed   = "search.note.model_failed"   // it is there and cannot be used
	NoteModelChanging = "search.note.model_changing" // another is built, none is there with the present one
	NoteModelAway     = "search.note.model_away"     // no ml process answers
	NoteBuilding      = "search.note.building"       // items are still being looked at
	NoteRandom        = "search.note.random"         // the model is for trying out, hits are chance
	NoteTooHeavy      = "search.note.too_heavy"      // comparing took too long
	NoteNotEmbedded   = "search.note.not_embedded"   // of the photo whose like is looked for
	NoteNoPicture     = "search.note.no_picture"     // likewise: there is nothing to look at
	NoteNotReadable   = "search.note.not_readable"   // likewise: it could not be looked at
	NoteSimilarOff    = "search.note.similar_off"    // nothing's like can be looked for
)

// SearchQuery is what a person looks for.
type SearchQuery struct {
	Filter
	Q    string     // words, "phrases", -without, OR; "" lists what the filter lets through
	Mode SearchMode // empty: SearchHybrid
	Sort SearchSort // empty: SortRelevance
	// Similar is an item whose like is looked for, most similar first; words
	// then only narrow down. The zero UUID: none.
	Similar uuid.UUID
	Scope   db.Scope // empty: db.ScopeAll
	Cursor  string
	Limit   int // 0: DefaultPageSize; at most MaxPageSize
}

// Hit is one item found.
type Hit struct {
	Item
	Score   float32 // only for comparing hits of one search; 0 where sorted by date
	Explain []Match // why it was found; empty where only the filter chose it
	// LessCertain items are no more similar than chance would bring and match no
	// word; Divider marks the first of them.
	LessCertain, Divider bool
}

// SearchPage is one page of hits.
type SearchPage struct {
	Hits []Hit
	Next string // cursor of the next page; "" at the end
	// Total is how many items match, less certain ones aside; AtLeast where
	// counting stopped there.
	Total   int
	AtLeast bool
	// Cut says that the list ends with this page though what is less similar is
	// there: the nearest are listed, no more.
	Cut bool
	// Notes are message keys for the person, such as NoteNoModel; usually none.
	Notes []string
	// Corrected are typed words and the words of hits on this page that were
	// taken for them, because nothing matches as typed.
	Corrected map[string][]string
}

// Search returns the items that the actor may see and that match, best first.
//
// Ranking is exact where up to about RankLimit items match. Commoner words are
// ranked in stretches of whole months: among the newest items first, and when
// those are through, among older ones; every match is reached by paging on.
//
// In hybrid mode the ranking by words and the one by meaning are fused; in
// semantic mode meaning ranks alone, and the list ends after the 1,000 nearest
// (Cut says so).
// Nothing similar is dropped: a divider says from where on it may be chance.
//
// CodeInvalid for a query that is too long or unreadable, a bad filter, mode,
// sort, limit or cursor; CodeUnauthenticated for one who is not signed in;
// CodeNotFound where Similar is none that the actor may see; CodeUnavailable for
// a search that takes too long (8 seconds, or one statement of it
// db.SearchLimit), or where meaning has gone away while somebody pages through.
func (a *App) Search(ctx context.Context, actor Actor, q SearchQuery) (SearchPage, error) {
	if err := actor.allow(ListOwn); err != nil {
		return SearchPage{}, err
	}
	f, err := q.validate(actor)
	if err != nil {
		return SearchPage{}, err
	}
	limited, cancel := db.Limit(ctx, searchLimit)
	defer cancel()
	page, err := a.search(limited, actor, f, q)
	return page, tooSlow(db.Slow(limited, err))
}

func (a *App) search(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (SearchPage, error) {
	switch {
	case q.Similar != (uuid.UUID{}):
		return a.searchSimilar(ctx, actor, f, q)
	case strings.TrimSpace(q.Q) == "":
		return a.browse(ctx, f, q)
	case q.Mode == SearchText:
		return a.searchText(ctx, actor, f, q)
	}
	return a.searchMeaning(ctx, actor, f, q)
}

// tooSlow tells what to do about a search that the database has ended for its time.
func tooSlow(err error) error {
	if db.IsTooSlow(err) {
		return &Error{Code: CodeUnavailable, Key: "search.too_slow", Err: err}
	}
	return err
}

// validate checks the query, applies its defaults and returns its filter.
func (q *SearchQuery) validate(actor Actor) (db.Filter, error) {
	if q.Scope == "" {
		q.Scope = db.ScopeAll
	}
	switch q.Mode {
	case "":
		q.Mode = SearchHybrid
	case SearchHybrid, SearchText, SearchSemantic:
	default:
		return db.Filter{}, Invalid("mode", "search.mode_unknown")
	}
	switch q.Sort {
	case "":
		q.Sort = SortRelevance
	case SortRelevance, SortDate:
	default:
		return db.Filter{}, Invalid("sort", "search.sort_unknown")
	}
	if !storable(q.Q) {
		return db.Filter{}, Invalid("q", "filter.bad_text")
	}
	if utf8.RuneCountInString(q.Q) > MaxSearchLength {
		return db.Filter{}, Invalid("q", "search.too_long")
	}
	var err error
	if q.Limit, err = pageSize(q.Limit); err != nil {
		return db.Filter{}, err
	}
	return q.Filter.sql(actor, q.Scope)
}

// browse is a search without words: what the filter lets through, newest first.
func (a *App) browse(ctx context.Context, f db.Filter, q SearchQuery) (SearchPage, error) {
	items, err := a.itemPage(ctx, f, cursorTaken, pageQuery{Before: q.Cursor, Limit: q.Limit})
	if err != nil {
		return SearchPage{}, err
	}
	page := SearchPage{Next: items.Next, Total: len(items.Items), AtLeast: items.Next != "" || q.Cursor != ""}
	for _, i := range items.Items {
		page.Hits = append(page.Hits, Hit{Item: i})
	}
	return page, nil
}

// searchText answers a page of a search by words.
func (a *App) searchText(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (SearchPage, error) {
	s, err := a.begin(ctx, actor, f, q, nil)
	if err != nil {
		return SearchPage{}, err
	}
	return s.text(ctx)
}

// text is the page by words alone.
func (s *searching) text(ctx context.Context) (SearchPage, error) {
	found, err := s.match(ctx, s.q)
	if err != nil {
		return SearchPage{}, err
	}
	page := SearchPage{Next: found.next.encode(s.q), Total: found.next.total, AtLeast: found.next.atLeast}
	ids := make([]uuid.UUID, len(found.rows))
	for i, r := range found.rows {
		ids[i] = r.ID
	}
	texts, err := s.db.SearchTexts(ctx, ids)
	if err != nil {
		return SearchPage{}, fmt.Errorf("load the texts of the hits: %w", err)
	}
	return page, s.explain(ctx, &page, found.rows, texts, found.compiled)
}

// matches is one page of what a search by words found.
type matches struct {
	compiled
	rows    []db.RankedRow
	next    searchPlace
	stretch searchPlace // that the rows are of
}

// match finds one page of the query, which differs from the search's in its
// cursor and limit only. When nothing matches as typed, it tries the words that
// were probably meant.
func (s *searching) match(ctx context.Context, q SearchQuery) (matches, error) {
	terms := 0
	for _, g := range s.groups {
		terms += len(g)
	}
	if terms > maxSearchTerms {
		return matches{}, Invalid("q", "search.too_many_words")
	}
	if terms == 0 {
		return matches{}, nil
	}
	place, err := decodeSearchCursor(q)
	if err != nil {
		return matches{}, err
	}
	m, f := matches{}, s.filter
	for {
		if m.compiled, err = s.compile(ctx, place.corrected); err != nil {
			return matches{}, err
		}
		if s.byMeaning() && s.near == nil && !s.surelyExact() {
			near := s.filter
			near.Without = m.without
			s.near = &near
		}
		switch {
		case f.Text == m.query: // nothing to look for, or no other words are known
			m.next.corrected = place.corrected && m.query != ""
		default:
			f.Text = m.query
			if m.rows, m.next, m.stretch, err = s.rank(ctx, f, q, place); err != nil {
				return matches{}, err
			}
		}
		if len(m.rows) > 0 || place.corrected || q.Cursor != "" {
			return m, nil
		}
		place.corrected = true
	}
}
