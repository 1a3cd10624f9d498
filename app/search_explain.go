package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"albumen/db"
)

// Match tells one reason why an item was found: the field and the part of its
// text around the words that match.
type Match struct {
	Field   string // title, description, place, filename, camera, lens, ai_description, or FieldMeaning
	Snippet []Segment
	// Strength says how similar the item is; of FieldMeaning only, which has no snippet.
	Strength Strength
}

// FieldMeaning is the field of an item that looks like what is searched.
const FieldMeaning = "meaning"

// Segment is a stretch of a snippet, marked where it matches. The segments of
// a snippet put together are plain text, with … where it was cut.
type Segment struct {
	Text  string
	Match bool
}

const (
	snippetLength = 160   // characters
	snippetLead   = 40    // characters before the first match
	explainLength = 5_000 // characters of a field that are looked through
)

// token is a word of a text, by its place in bytes.
type token struct{ from, to int }

// explain fills the page's hits from the rows, with what matched in each; texts
// are what the rows lack.
func (s *searching) explain(ctx context.Context, page *SearchPage, rows []db.RankedRow, texts []db.SearchTextsRow, c compiled) error {
	more := make(map[uuid.UUID]db.SearchTextsRow, len(texts))
	for _, t := range texts {
		more[t.ID] = t
	}
	fields := func(r db.RankedRow) [][2]string {
		t := more[r.ID]
		return [][2]string{{"title", r.Title}, {"description", r.Description}, {"place", t.Place}, {"filename", r.Filename},
			{"camera", strings.TrimSpace(t.CameraMake + " " + t.CameraModel)}, {"lens", t.Lens}, {"ai_description", t.AiDescription}}
	}
	m := matcher{compiled: c, verdict: map[string]string{}}
	for _, r := range rows {
		for _, f := range fields(r) {
			text := clip(f[1])
			for _, split := range splits(f[0]) {
				for _, t := range tokens(text, split) {
					m.ask(text[t.from:t.to])
				}
			}
		}
	}
	if err := m.decide(ctx, s.db, s.language); err != nil {
		return err
	}
	for _, r := range rows {
		hit := Hit{Item: itemOf(r.ItemRow), Score: r.Rank}
		for _, f := range fields(r) {
			text := clip(f[1])
			var found []token
			for _, split := range splits(f[0]) {
				for _, t := range tokens(text, split) {
					if typed, ok := m.matches(text[t.from:t.to]); ok {
						found = append(found, t)
						page.correct(typed, text[t.from:t.to])
					}
				}
				if len(found) > 0 {
					break
				}
			}
			if len(found) > 0 {
				hit.Explain = append(hit.Explain, Match{Field: f[0], Snippet: snippet(text, found)})
			}
		}
		page.Hits = append(page.Hits, hit)
	}
	return nil
}

// splits are the ways in which a field falls into words: a file name first
// with letters and digits apart (IMG 0042), then whole (IMG0042).
func splits(field string) []bool {
	if field == "filename" {
		return []bool{true, false}
	}
	return []bool{false}
}

// correct notes that a word of a hit was taken for a typed one.
func (p *SearchPage) correct(typed, word string) {
	if typed == "" {
		return
	}
	word = strings.ToLower(word)
	if p.Corrected == nil {
		p.Corrected = map[string][]string{}
	}
	if !slices.Contains(p.Corrected[typed], word) {
		p.Corrected[typed] = append(p.Corrected[typed], word)
	}
}

// matcher decides which words of the hits the search has found. The server
// stems them, since only it knows how; a glance at the first letter spares it most.
type matcher struct {
	compiled
	asked   []string
	verdict map[string]string // lower-case word → what it was typed as, noMatch, or unknown while asked
}

const (
	noMatch = "\x00no"
	unknown = "\x00unknown"
)

func (m *matcher) ask(word string) {
	word = strings.ToLower(word)
	if short := strings.TrimLeft(word, "0"); short != word && short != "" {
		m.ask(short) // a number in a file name is indexed without its zeros too
	}
	if _, seen := m.verdict[word]; seen {
		return
	}
	m.verdict[word] = noMatch
	first, _ := utf8.DecodeRuneInString(norm.NFD.String(word))
	maybe := first >= utf8.RuneSelf
	for l := range m.wanted {
		r, _ := utf8.DecodeRuneInString(l)
		maybe = maybe || r == first
	}
	if maybe {
		m.verdict[word] = unknown
		m.asked = append(m.asked, word)
	}
}

func (m *matcher) decide(ctx context.Context, q *db.Pool, language string) error {
	if len(m.asked) == 0 {
		return nil
	}
	rows, err := q.WordLexemes(ctx, db.WordLexemesParams{Language: language, Words: m.asked})
	if err != nil {
		return fmt.Errorf("stem the words of the hits: %w", err)
	}
	for _, r := range rows {
		m.verdict[r.Word] = noMatch
		for _, l := range append(r.Whole, r.Stemmed...) {
			if typed, ok := m.wanted[l]; ok {
				m.verdict[r.Word] = typed
				break
			}
			if slices.ContainsFunc(m.prefixes, func(p string) bool { return strings.HasPrefix(l, p) }) {
				m.verdict[r.Word] = ""
				break
			}
		}
	}
	return nil
}

func (m *matcher) matches(word string) (typed string, ok bool) {
	for _, w := range []string{word, strings.TrimLeft(word, "0")} {
		if typed, known := m.verdict[strings.ToLower(w)]; known && typed != noMatch && typed != unknown {
			return typed, true
		}
	}
	return "", false
}

// clip is the part of a text that is looked through, composed as the index has it.
func clip(text string) string {
	text = norm.NFC.String(text)
	n := 0
	for i := range text {
		if n++; n > explainLength {
			return text[:i]
		}
	}
	return text
}

// tokens are the words of a text; with split they end where letters turn into
// digits too.
func tokens(text string, split bool) []token {
	var found []token
	start := -1
	var before rune
	for i, r := range text {
		word := isWordRune(r)
		if start >= 0 && (!word || split && unicode.IsDigit(r) != unicode.IsDigit(before)) {
			found = append(found, token{start, i})
			start = -1
		}
		if word && start < 0 {
			start = i
		}
		before = r
	}
	if start >= 0 {
		found = append(found, token{start, len(text)})
	}
	return found
}

// snippet cuts the text around the first match and marks the matches in it.
func snippet(text string, found []token) []Segment {
	from, to := found[0].from, len(text)
	for n := 0; from > 0 && n < snippetLead; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from > 0 { // begin with a whole word
		if space := strings.IndexFunc(text[from:found[0].from], unicode.IsSpace); space >= 0 {
			from += space + 1
		}
	}
	n := 0
	for i := range text[from:] {
		if n++; n > snippetLength && from+i >= found[0].to {
			to = from + i
			break
		}
	}
	var s []Segment
	add := func(t string, match bool) {
		if t != "" {
			s = append(s, Segment{t, match})
		}
	}
	lead := ""
	if from > 0 {
		lead = "…"
	}
	at := from
	for _, t := range found {
		if t.to > to {
			break
		}
		add(lead+text[at:t.from], false)
		add(text[t.from:t.to], true)
		lead, at = "", t.to
	}
	tail := text[at:to]
	if to < len(text) {
		tail += "…"
	}
	add(lead+tail, false)
	return s
}
