// Package markdown turns the Markdown of administrators into HTML that can do
// no harm: no HTML of the author's own, no pictures, links to pages and
// addresses only.
package markdown

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// converter leaves raw HTML out, which is goldmark's default.
var converter = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(strict{}, 999))),
)

// HTML renders the text. Headings begin at the second level: the first is the
// page's own.
func HTML(source string) (string, error) {
	var b bytes.Buffer
	if err := converter.Convert([]byte(source), &b); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return b.String(), nil
}

// strict replaces pictures by their words, ends links that lead to nothing we
// know, and marks those that lead away.
type strict struct{}

func (strict) Transform(doc *ast.Document, r text.Reader, _ parser.Context) {
	var pictures []*ast.Image
	var dead []*ast.Link
	var autos []*ast.AutoLink
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+1, 6)
		case *ast.Image:
			pictures = append(pictures, n)
		case *ast.AutoLink:
			autos = append(autos, n)
		case *ast.Link:
			if !allowed(string(n.Destination)) {
				dead = append(dead, n)
				break
			}
			n.SetAttributeString("rel", []byte("noopener nofollow"))
		}
		return ast.WalkContinue, nil
	})
	for _, n := range pictures {
		unwrap(n)
	}
	for _, n := range dead {
		unwrap(n)
	}
	for _, n := range autos {
		if n.AutoLinkType == ast.AutoLinkURL && !allowed(string(n.URL(r.Source()))) {
			n.Parent().ReplaceChild(n.Parent(), n, ast.NewString(n.Label(r.Source())))
			continue
		}
		n.SetAttributeString("rel", []byte("noopener nofollow"))
	}
}

// unwrap leaves what stands within the node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}

// allowed are addresses of this site, pages of others, and mail addresses.
func allowed(address string) bool {
	// As it is written into the page.
	u, err := url.Parse(string(util.URLEscape([]byte(address), true)))
	if err != nil || strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == '\\' }) {
		return false
	}
	switch u.Scheme {
	case "https", "http":
		return u.Host != "" && u.User == nil
	case "mailto":
		return true
	case "":
		return u.Host == "" && (strings.HasPrefix(address, "/") || strings.HasPrefix(address, "#"))
	}
	return false
}
