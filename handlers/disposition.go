package handlers

import (
	"mime"
	"strings"
	"unicode"
)

// disposition is a Content-Disposition header for a file of that name (RFC
// 6266): a plain name for old programs, the exact one for the others.
func disposition(how, filename string) string {
	name := harmless(filename)
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r == '%' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, name)
	header := how + `; filename="` + plain + `"`
	if plain != name {
		// Anything that is not ASCII makes this write the extended notation.
		exact := mime.FormatMediaType("x", map[string]string{"filename": name + "\u00a0"})
		exact = strings.TrimSuffix(strings.TrimPrefix(exact, "x; "), "%C2%A0")
		header += "; " + exact
	}
	return header
}

// harmless drops from a file name what could break the header, hide its ending
// or lead into another folder.
func harmless(filename string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '\\':
			return '_'
		case r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.In(r, unicode.Cf):
			return -1 // Cf holds the marks that turn the reading direction
		}
		return r
	}, filename)
	if name = strings.Trim(name, " ."); name == "" {
		return "file"
	}
	return name
}
