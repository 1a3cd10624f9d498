package app

import (
	"slices"
	"strings"
	"unicode"
)

// maxSearchTerms bounds the work that one query can ask for.
const maxSearchTerms = 50

// term is a word or a quoted phrase of a search.
type term struct {
	text    string
	phrase  bool
	negated bool
	// prefix marks the word that is still being typed: the last one, with
	// nothing after it.
	prefix bool
	// sign marks what holds no letter or digit, such as an emoji: models know
	// some, an index of words knows none.
	sign bool
}

// parseSearch reads what people know from search engines: words (all of them),
// "a phrase", -without, this OR that. Anything is valid: what makes no sense is
// taken as words. The result is a list of alternatives, each a list of terms
// that words can match.
func parseSearch(q string) [][]term {
	var groups [][]term
	for _, g := range parseSigns(q) {
		if g = slices.DeleteFunc(g, func(t term) bool { return t.sign }); len(g) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// parseSigns is parseSearch with signs.
func parseSigns(q string) [][]term {
	var groups [][]term
	var group []term
	runes := []rune(q)
	for i := 0; i < len(runes); {
		if unicode.IsSpace(runes[i]) {
			i++
			continue
		}
		t := term{}
		if runes[i] == '-' && i+1 < len(runes) && !unicode.IsSpace(runes[i+1]) && runes[i+1] != '-' {
			t.negated = true
			i++
		}
		start := i
		if isQuote(runes[i]) {
			t.phrase = true
			for i++; i < len(runes) && !isQuote(runes[i]); i++ {
			}
			t.text = string(runes[start+1 : i])
			i = min(i+1, len(runes))
		} else {
			for i < len(runes) && !unicode.IsSpace(runes[i]) && !isQuote(runes[i]) {
				i++
			}
			t.text = string(runes[start:i])
			t.prefix = i == len(runes) && !t.negated
		}
		if !t.phrase && !t.negated && (t.text == "OR" || t.text == "|") && len(group) > 0 && i < len(runes) {
			groups, group = append(groups, group), nil
			continue
		}
		if t.sign = !strings.ContainsFunc(t.text, isWordRune); !t.sign || strings.ContainsFunc(t.text, isSymbol) {
			group = append(group, t)
		}
	}
	if len(group) > 0 {
		groups = append(groups, group)
	}
	return groups
}

func isQuote(r rune) bool { return strings.ContainsRune(`"“”„«»`, r) }

func isWordRune(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }

// isSymbol is true of emoji, which are all "other symbols" to Unicode, and of few others.
func isSymbol(r rune) bool { return unicode.Is(unicode.So, r) }
