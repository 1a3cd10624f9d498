package archive

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"
)

// The pages of a copy of somebody's data stand alone: they are opened from a disk,
// without any site.
//
//go:embed pages.html
var pages string

var templates = template.Must(template.New("").Funcs(template.FuncMap{"path": pathURL}).Parse(pages))

// Entry leads to a file of the archive.
type Entry struct {
	Href         string // a path within the archive
	Label, Count string
}

// Index is the page to begin with. Its texts are in the language Lang.
type Index struct {
	Lang, Title, Lead     string
	ItemsTitle            string
	Pages                 []Entry
	Originals, NoItems    string // said where there are pages, and where there are none
	RecordsTitle          string
	Records               []Entry
	LacksTitle, LacksLead string
	Lacks                 []string // names of files that could not be read
}

// Item is a photo or video on a page.
type Item struct {
	Title, Taken string
	Favourite    bool
	Href, Thumb  string // paths within the archive; "" where there is none
}

// Items is a page of photos and videos, one folder below the index.
type Items struct {
	Lang, Title string
	All         string // the words that lead back to the index
	Items       []Item
}

// Write writes the page.
func (p Index) Write(w io.Writer) error { return writePage(w, "index", p) }

// Write writes the page.
func (p Items) Write(w io.Writer) error { return writePage(w, "items", p) }

func writePage(w io.Writer, name string, data any) error {
	if err := templates.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("write a page: %w", err)
	}
	return nil
}

// pathURL is a path within the archive as a link.
func pathURL(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}
