package mail

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Field is a placeholder of a template, written {{Name}}.
type Field struct {
	Name     string
	Sample   string // what a preview shows
	Required bool   // without it the mail would be of no use
}

// Link reports that the field's values are addresses.
func (f Field) Link() bool { return isLink(f.Name) }

func isLink(name string) bool { return name == "Home" || strings.HasSuffix(name, "Link") }

// Text is what a mail says, with placeholders.
type Text struct{ Subject, Body string }

// The limits of a text.
const (
	MaxSubject = 200   // characters
	MaxBody    = 10000 // characters
)

// The kinds of TextError.
const (
	TextEmpty   = "empty"    // nothing is written there
	TextTooLong = "too_long" // over MaxSubject or MaxBody
	TextOpen    = "open"     // {{ without }}, or nothing between them
	TextUnknown = "unknown"  // no such placeholder here; What names it
	TextMissing = "missing"  // the placeholder What must appear
	TextLines   = "lines"    // a subject is one line
	TextLink    = "link"     // [words](address) with something that is no address
)

// TextError says why a text is refused, and where.
type TextError struct {
	Part   string // "subject" or "body"
	Line   int    // from 1; 0: the whole part
	Column int    // from 1, in characters
	Kind   string
	What   string // the placeholder
}

// Error implements error.
func (e *TextError) Error() string {
	return fmt.Sprintf("%s, line %d, column %d: %s %s", e.Part, e.Line, e.Column, e.Kind, e.What)
}

var (
	placeholder = regexp.MustCompile(`^\s*\.?([A-Za-z][A-Za-z0-9]*)\s*$`)
	button      = regexp.MustCompile(`^\[([^\[\]]+)\]\(([^()]*)\)\s*$`)
	literalLink = regexp.MustCompile(`^https?://[^\s"<>]+$`)
)

// check parses the text against the fields that it may use.
func (t Text) check(fields []Field) (subject line, body []block, err error) {
	if strings.TrimSpace(t.Subject) == "" {
		return nil, nil, &TextError{Part: "subject", Kind: TextEmpty}
	}
	if strings.TrimSpace(t.Body) == "" {
		return nil, nil, &TextError{Part: "body", Kind: TextEmpty}
	}
	if utf8.RuneCountInString(t.Subject) > MaxSubject {
		return nil, nil, &TextError{Part: "subject", Kind: TextTooLong}
	}
	if utf8.RuneCountInString(t.Body) > MaxBody {
		return nil, nil, &TextError{Part: "body", Kind: TextTooLong}
	}
	if strings.ContainsAny(t.Subject, "\r\n") {
		return nil, nil, &TextError{Part: "subject", Kind: TextLines}
	}
	p := parser{known: map[string]bool{}, used: map[string]bool{}, part: "subject"}
	for _, f := range fields {
		p.known[f.Name] = true
	}
	if subject, err = p.line(t.Subject, 1, 1); err != nil {
		return nil, nil, err
	}
	p.part, p.used = "body", map[string]bool{}
	if body, err = p.blocks(t.Body); err != nil {
		return nil, nil, err
	}
	for _, f := range fields {
		if f.Required && !p.used[f.Name] {
			return nil, nil, &TextError{Part: "body", Kind: TextMissing, What: f.Name}
		}
	}
	return subject, body, nil
}

// span is a piece of a line: words, or a placeholder.
type span struct{ words, name string }

type line []span

// block is a paragraph; all of its lines are of one kind.
type block struct {
	kind   blockKind
	lines  []line
	target line // of a button
}

type blockKind int

const (
	paragraph blockKind = iota
	quote               // lines that begin with >
	link                // [words](address) alone on its line
)

type parser struct {
	part        string
	known, used map[string]bool
}

// blocks splits a body into blocks: blank lines end them, and so does a line of
// another kind.
func (p *parser) blocks(body string) ([]block, error) {
	var out []block
	fresh := true
	body = strings.ReplaceAll(body, "\r\n", "\n")
	for i, text := range strings.Split(body, "\n") {
		text = strings.TrimRight(text, " \t\r")
		if strings.TrimSpace(text) == "" {
			fresh = true
			continue
		}
		b, err := p.block(text, i+1)
		if err != nil {
			return nil, err
		}
		if last := len(out) - 1; !fresh && b.kind != link && out[last].kind == b.kind {
			out[last].lines = append(out[last].lines, b.lines...)
		} else {
			out = append(out, b)
		}
		fresh = false
	}
	return out, nil
}

func (p *parser) block(text string, number int) (block, error) {
	if m := button.FindStringSubmatchIndex(text); m != nil {
		words, err := p.line(text[m[2]:m[3]], number, 2)
		if err != nil {
			return block{}, err
		}
		column := utf8.RuneCountInString(text[:m[4]]) + 1
		address := strings.TrimSpace(text[m[4]:m[5]])
		target, err := p.line(address, number, column)
		if err != nil {
			return block{}, err
		}
		single := len(target) == 1 && (isLink(target[0].name) || literalLink.MatchString(target[0].words))
		if !single {
			return block{}, &TextError{Part: p.part, Line: number, Column: column, Kind: TextLink}
		}
		return block{kind: link, lines: []line{words}, target: target}, nil
	}
	b, start := block{}, 1
	if rest, quoted := strings.CutPrefix(text, ">"); quoted {
		b.kind, text, start = quote, strings.TrimPrefix(rest, " "), 2
	}
	l, err := p.line(text, number, start)
	b.lines = []line{l}
	return b, err
}

// line splits text at its placeholders.
func (p *parser) line(text string, number, column int) (line, error) {
	var out line
	for text != "" {
		open := strings.Index(text, "{{")
		if open < 0 {
			return append(out, span{words: text}), nil
		}
		if open > 0 {
			out = append(out, span{words: text[:open]})
			column += utf8.RuneCountInString(text[:open])
		}
		text = text[open+2:]
		inside, rest, closed := strings.Cut(text, "}}")
		m := placeholder.FindStringSubmatch(inside)
		if !closed || m == nil {
			return nil, &TextError{Part: p.part, Line: number, Column: column, Kind: TextOpen}
		}
		if !p.known[m[1]] {
			return nil, &TextError{Part: p.part, Line: number, Column: column, Kind: TextUnknown, What: m[1]}
		}
		p.used[m[1]] = true
		out = append(out, span{name: m[1]})
		column += utf8.RuneCountInString(inside) + 4
		text = rest
	}
	return out, nil
}

// fill puts the values in.
func (l line) fill(values map[string]string) string {
	var b strings.Builder
	for _, s := range l {
		if s.name == "" {
			b.WriteString(s.words)
			continue
		}
		b.WriteString(values[s.name])
	}
	return b.String()
}

// empty reports that the block is about values that there are not.
func (b block) empty(values map[string]string) bool {
	any := false
	for _, l := range append(b.lines, b.target) {
		for _, s := range l {
			if s.name == "" {
				continue
			}
			any = true
			if values[s.name] != "" {
				return false
			}
		}
	}
	return any
}
