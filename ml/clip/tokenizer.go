package clip

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Tokenizer turns texts into token ids as Hugging Face's CLIPTokenizerFast does. It
// is safe for concurrent use. Letters newer than Go's Unicode tables (15.0) count as
// signs here and as letters there; everything older comes out alike.
type Tokenizer struct {
	pairs    bytePairs
	added    []addedToken
	bos, eos int32
	context  int
}

// addedToken is a token that is found in a text as it stands, such as
// <|endoftext|>, before the text is split into words.
type addedToken struct {
	content string
	id      int32
	// normalized tokens are looked for after normalising, the others before.
	normalized bool
}

// Encode returns the ids of a text: the begin token, the text's own, the end token.
// What does not fit the model's context is left out before the end token. There is no
// padding. Bytes that are no UTF-8 count as U+FFFD.
func (t *Tokenizer) Encode(text string) []int32 {
	ids := append(make([]int32, 0, min(t.context, 16)), t.bos)
	for _, part := range t.split(strings.ToValidUTF8(text, "\uFFFD"), false) {
		if len(ids) >= t.context {
			break
		}
		if part.id >= 0 {
			ids = append(ids, part.id)
			continue
		}
		for _, inner := range t.split(normalize(part.text), true) {
			if inner.id >= 0 {
				ids = append(ids, inner.id)
			} else {
				ids = t.encodeWords(ids, inner.text)
			}
		}
	}
	return append(ids[:min(len(ids), t.context-1)], t.eos)
}

// encodeWords appends the ids of a normalised text, until there are enough.
func (t *Tokenizer) encodeWords(ids []int32, text string) []int32 {
	for len(text) > 0 && len(ids) < t.context {
		n, space := word(text)
		if !space {
			ids = t.pairs.encode(ids, text[:n])
		}
		text = text[n:]
	}
	return ids
}

// part is a piece of a text: an added token's id, or text with id -1.
type part struct {
	text string
	id   int32
}

// split cuts the added tokens of one kind out of a text.
func (t *Tokenizer) split(text string, normalized bool) []part {
	var parts []part
	start := 0
	for at := 0; at < len(text); {
		var found *addedToken
		for i := range t.added {
			a := &t.added[i]
			if a.normalized == normalized && strings.HasPrefix(text[at:], a.content) && (found == nil || len(a.content) > len(found.content)) {
				found = a
			}
		}
		if found == nil {
			at++
			continue
		}
		if at > start {
			parts = append(parts, part{text[start:at], -1})
		}
		parts = append(parts, part{id: found.id})
		at += len(found.content)
		start = at
	}
	if start < len(text) {
		parts = append(parts, part{text[start:], -1})
	}
	return parts
}

// normalize composes (NFC), makes each stretch of white space one space, and lowers
// letter by letter, so that a sigma at the end of a word becomes σ. (Only a letter with
// over 30 accents comes out otherwise than in Hugging Face's: x/text parts them.)
func normalize(text string) string {
	text = norm.NFC.String(text)
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		if unicode.Is(unicode.White_Space, r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		if r == 'İ' { // the one letter whose small form takes two code points
			b.WriteString("i\u0307")
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// contractions are words of their own wherever they occur.
var contractions = []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// word returns the length in bytes of the word that text begins with, or of white
// space. It is this expression of CLIP's:
//
//	's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
func word(text string) (n int, space bool) {
	if text[0] == '\'' {
		for _, c := range contractions {
			if strings.HasPrefix(text, c) {
				return len(c), false
			}
		}
	}
	first, n := utf8.DecodeRuneInString(text)
	kind := kindOf(first)
	if kind == digit {
		return n, false
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if kindOf(r) != kind {
			break
		}
		n += size
	}
	return n, kind == blank
}

type kind int

const (
	letter kind = iota
	digit
	blank
	other
)

func kindOf(r rune) kind {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return digit
	case unicode.Is(unicode.White_Space, r):
		return blank
	}
	return other
}

// addToken adds a token unless one with its content is there.
func (t *Tokenizer) addToken(a addedToken) {
	if a.normalized {
		a.content = normalize(a.content)
	}
	if a.content != "" && !slices.ContainsFunc(t.added, func(b addedToken) bool { return a.content == b.content }) {
		t.added = append(t.added, a)
	}
}
