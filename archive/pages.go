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

// WritePage writes the page called index, or the one called items, see pages.html.
func WritePage(w io.Writer, name string, data any) error {
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
