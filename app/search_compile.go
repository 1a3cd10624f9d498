package app

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"albumen/db"
)

// Corrections: how many per word, and how many letters a word has that may be
// corrected; the lexicon knows none with more than 40.
const (
	maxCorrections   = 5
	minCorrectLength = 4
	maxCorrectLength = 42
)

// compiled is a search as the database takes it, and what it looks for, to
// tell afterwards what matched.
type compiled struct {
	query db.TSQuery // empty: the search has no words that could match
	// without holds for items that have none of the excluded words, whether
	// they match otherwise or not; empty: nothing is excluded.
	without db.TSQuery
	// wanted are the lexemes of the positive terms; the value is the word as
	// it was typed where the lexeme is a correction of it, else "".
	wanted   map[string]string
	prefixes []string
}

// compile turns the parsed search into a tsquery for the language. With
// correct, each single word also stands for the known words that it resembles.
func (s *searching) compile(ctx context.Context, correct bool) (compiled, error) {
	c := compiled{wanted: map[string]string{}}
	var similar map[string][]db.SearchTermsRow
	if correct {
		var err error
		if similar, err = s.corrections(ctx); err != nil {
			return c, err
		}
	}
	var alternatives, without []string
	excludes := true // every alternative does
	for g, rows := range s.termRows() {
		query, not := c.compileGroup(g, rows, similar)
		if query != "" {
			alternatives = append(alternatives, query)
		}
		without = append(without, "("+strings.Join(not, " & ")+")")
		excludes = excludes && len(not) > 0
	}
	if excludes {
		c.without = db.TSQuery(strings.Join(without, " | "))
	}
	c.query = db.TSQuery(strings.Join(alternatives, " | "))
	return c, nil
}

// termRows are the alternatives of the search with what the server made of
// their terms.
func (s *searching) termRows() iter.Seq2[[]term, []db.SearchTermsRow] {
	return func(yield func([]term, []db.SearchTermsRow) bool) {
		rows := s.facts.Terms
		for _, g := range s.groups {
			if !yield(g, rows[:len(g)]) {
				return
			}
			rows = rows[len(g):]
		}
	}
}

// counts tells which terms of an alternative say anything. Stop words narrow
// nothing down; they count only where there is nothing else.
func counts(rows []db.SearchTermsRow) func(db.SearchTermsRow) bool {
	meaning := slices.ContainsFunc(rows, func(r db.SearchTermsRow) bool { return r.Stemmed != "" })
	return func(r db.SearchTermsRow) bool { return r.Whole != "" && (r.Stemmed != "" || !meaning) }
}

// compileGroup returns the condition of an alternative, empty where nothing can
// match, and what of it only excludes. Similar are the corrections by lexeme.
func (c *compiled) compileGroup(g []term, rows []db.SearchTermsRow, similar map[string][]db.SearchTermsRow) (query string, not []string) {
	counts := counts(rows)
	without := excluded(g, rows)
	var all []string
	impossible := false
	for i, t := range g {
		r := rows[i]
		if !counts(r) {
			continue
		}
		if t.negated {
			not = append(not, "!"+c.termQuery(t, r, ""))
			continue
		}
		var ways []string
		if !t.contradicts(r, without) {
			ways = append(ways, c.termQuery(t, r, ""))
		}
		if len(r.Lexemes) == 1 {
			for _, meant := range similar[r.Lexemes[0]] {
				ways = append(ways, c.termQuery(term{}, meant, t.text))
			}
		}
		impossible = impossible || len(ways) == 0
		all = append(all, "("+strings.Join(ways, " | ")+")")
	}
	if all = append(all, not...); len(all) == 0 || impossible {
		return "", not
	}
	return "(" + strings.Join(all, " & ") + ")", not
}

// excluded are the lexemes that no hit of the group may have.
func excluded(g []term, rows []db.SearchTermsRow) map[string]bool {
	without := map[string]bool{}
	for i, t := range g {
		if t.negated && len(rows[i].Lexemes) == 1 {
			for _, l := range append(lexemesOf(rows[i].Stemmed), rows[i].Lexemes...) {
				without[l] = true
			}
		}
	}
	return without
}

// contradicts tells that the term asks for what is excluded (holiday -holidays),
// of which the database would have to convince itself item by item.
func (t term) contradicts(r db.SearchTermsRow, without map[string]bool) bool {
	return !t.prefix && len(r.Lexemes) == 1 && !slices.ContainsFunc(append(lexemesOf(r.Stemmed), r.Lexemes...),
		func(l string) bool { return !without[l] })
}

// termQuery is the condition of one term, made of the server's own output;
// typed is the word that it corrects.
func (c *compiled) termQuery(t term, r db.SearchTermsRow, typed string) string {
	whole := r.Whole
	last := r.Lexemes[len(r.Lexemes)-1]
	if t.prefix && len(r.Lexemes) == 1 && utf8.RuneCountInString(last) >= 2 {
		whole += ":*"
		c.prefixes = append(c.prefixes, last)
	}
	if !t.negated {
		for _, l := range r.Lexemes {
			c.want(l, typed)
		}
		for _, l := range lexemesOf(r.Stemmed) {
			c.want(l, typed)
		}
	}
	if r.Stemmed == "" || r.Stemmed == whole {
		return "(" + whole + ")"
	}
	return "(" + r.Stemmed + " | " + whole + ")"
}

func (c *compiled) want(lexeme, typed string) {
	if _, known := c.wanted[lexeme]; !known {
		c.wanted[lexeme] = typed
	}
}

// lexemesOf reads the lexemes out of a tsquery's text.
func lexemesOf(query string) []string {
	var found []string
	for i, part := range strings.Split(query, "'") {
		if i%2 == 1 && part != "" {
			found = append(found, part)
		}
	}
	return found
}

// corrections are the known words nearest to each lexeme that may be a mistyped
// one, as the server takes them.
func (s *searching) corrections(ctx context.Context) (map[string][]db.SearchTermsRow, error) {
	var lexemes []string
	var asked []db.SimilarWordsParams
	for g, rows := range s.termRows() {
		counts := counts(rows)
		for i, t := range g {
			if r := rows[i]; counts(r) && !t.negated && len(r.Lexemes) == 1 && correctable(r.Lexemes[0]) && !slices.Contains(lexemes, r.Lexemes[0]) {
				lexemes = append(lexemes, r.Lexemes[0])
				asked = append(asked, db.SimilarWordsParams{Word: r.Lexemes[0], Edits: edits([]rune(r.Lexemes[0]))})
			}
		}
	}
	if len(lexemes) == 0 {
		return nil, nil
	}
	similar, err := s.db.SimilarWordsOf(ctx, asked)
	if err != nil {
		return nil, err
	}
	var of, words []string // words[i] corrects of[i]
	for i, lexeme := range lexemes {
		for _, word := range nearestWords(lexeme, similar[i]) {
			of, words = append(of, lexeme), append(words, word)
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	rows, err := s.db.SearchTerms(ctx, db.SearchTermsParams{Language: s.language, Terms: words})
	if err != nil {
		return nil, fmt.Errorf("read the corrections: %w", err)
	}
	meant := map[string][]db.SearchTermsRow{}
	for i, r := range rows {
		if r.Whole != "" {
			meant[of[i]] = append(meant[of[i]], r)
		}
	}
	return meant, nil
}

func correctable(lexeme string) bool {
	length := utf8.RuneCountInString(lexeme)
	return length >= minCorrectLength && length <= maxCorrectLength && !strings.ContainsAny(lexeme, "0123456789")
}

// nearestWords are those of the words that the lexeme may be meant for, nearest first.
func nearestWords(lexeme string, similar []string) []string {
	limit := 2
	if utf8.RuneCountInString(lexeme) <= 5 {
		limit = 1
	}
	type near struct {
		word     string
		distance int
	}
	var best []near
	for _, w := range similar {
		if d := editDistance([]rune(lexeme), []rune(w)); d > 0 && d <= limit {
			best = append(best, near{w, d})
		}
	}
	slices.SortFunc(best, func(x, y near) int {
		return cmp.Or(cmp.Compare(x.distance, y.distance), cmp.Compare(x.word, y.word))
	})
	var words []string
	for _, n := range best[:min(len(best), maxCorrections)] {
		words = append(words, n.word)
	}
	return words
}

// edits are all words at one edit from w over the Latin letters.
func edits(w []rune) []string {
	var all []string
	for i := range len(w) + 1 {
		head, tail := string(w[:i]), w[i:]
		for c := 'a'; c <= 'z'; c++ {
			all = append(all, head+string(c)+string(tail)) // a letter forgotten
			if len(tail) > 0 {
				all = append(all, head+string(c)+string(tail[1:])) // a wrong letter
			}
		}
		if len(tail) > 0 {
			all = append(all, head+string(tail[1:])) // a letter too many
		}
		if len(tail) > 1 {
			all = append(all, head+string(tail[1])+string(tail[0])+string(tail[2:])) // swapped
		}
	}
	return all
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours (optimal string alignment).
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
