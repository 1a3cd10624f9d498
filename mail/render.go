package mail

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed layout.html
var layoutText string

var layout = template.Must(template.New("layout").Parse(layoutText))

// Rendered is a mail's content.
type Rendered struct{ Subject, Text, HTML string }

// htmlBlock is a block as the layout shows it: lines of pieces, or a button.
type htmlBlock struct {
	Quote, Button bool
	Lines         [][]htmlPiece
	Words, Href   string
}

type htmlPiece struct{ Words, Href string }

// Render fills the text. coverID names the image above it (see Image), empty for
// none. Values are text, never markup: whatever they hold is shown as it is.
func (t Template) Render(text Text, values map[string]string, coverID string) (Rendered, error) {
	subject, body, err := text.check(t.Fields)
	if err != nil {
		return Rendered{}, fmt.Errorf("fill the mail %s: %w", t.Name, err)
	}
	footer, err := t.parseFooter()
	if err != nil {
		return Rendered{}, err
	}
	r := Rendered{Subject: oneLine(subject.fill(values))}
	r.Text = plain(body, values)
	if len(footer) > 0 {
		r.Text += "\n-- \n" + plain(footer, values)
	}
	var b strings.Builder
	err = layout.Execute(&b, map[string]any{
		"Language": t.Language, "Subject": r.Subject, "Site": values["Site"], "Home": values["Home"],
		"Cover": template.URL(coverURL(coverID)), "Blocks": pieces(body, values), "Footer": pieces(footer, values),
	})
	if err != nil {
		return Rendered{}, fmt.Errorf("write the mail %s as HTML: %w", t.Name, err)
	}
	r.HTML = b.String()
	return r, nil
}

func (t Template) parseFooter() ([]block, error) {
	p := parser{known: map[string]bool{"Site": true, "Home": true}, used: map[string]bool{}, part: "footer"}
	return p.blocks(t.footer)
}

func coverURL(id string) string {
	if id == "" {
		return ""
	}
	return "cid:" + id
}

// plain is the text part: a button is its words and its address.
func plain(blocks []block, values map[string]string) string {
	var b strings.Builder
	for _, k := range blocks {
		if k.empty(values) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		for _, l := range k.lines {
			switch text := l.fill(values); k.kind {
			case link:
				fmt.Fprintf(&b, "%s:\n%s\n", text, k.target.fill(values))
			case quote:
				for s := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
					b.WriteString(strings.TrimRight("> "+s, " \r") + "\n")
				}
			default:
				b.WriteString(text + "\n")
			}
		}
	}
	return b.String()
}

// pieces is the same for the layout.
func pieces(blocks []block, values map[string]string) []htmlBlock {
	var out []htmlBlock
	for _, k := range blocks {
		if k.empty(values) {
			continue
		}
		h := htmlBlock{Quote: k.kind == quote}
		if k.kind == link {
			h.Button, h.Words, h.Href = true, k.lines[0].fill(values), k.target.fill(values)
			out = append(out, h)
			continue
		}
		for _, l := range k.lines {
			h.Lines = append(h.Lines, htmlLines(l, values)...)
		}
		out = append(out, h)
	}
	return out
}

// htmlLines is one line of a text; values may have several.
func htmlLines(l line, values map[string]string) [][]htmlPiece {
	lines := [][]htmlPiece{nil}
	for _, s := range l {
		if s.name == "" {
			lines[len(lines)-1] = append(lines[len(lines)-1], htmlPiece{Words: s.words})
			continue
		}
		value := values[s.name]
		if isLink(s.name) && literalLink.MatchString(value) {
			lines[len(lines)-1] = append(lines[len(lines)-1], htmlPiece{Words: value, Href: value})
			continue
		}
		for i, part := range strings.Split(strings.ReplaceAll(strings.TrimSpace(value), "\r\n", "\n"), "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			lines[len(lines)-1] = append(lines[len(lines)-1], htmlPiece{Words: part})
		}
	}
	return lines
}
