package views_test

import (
	"bytes"
	"strings"
	"testing"

	"albumen/i18n"
	"albumen/views/search"
)

// Results of which none is certain are not told as "0 results".
func TestUncertainResultsAreNotCounted(t *testing.T) {
	g := newGallery(t)
	s := g.found()
	for total, counted := range map[int]bool{-1: false, 0: false, 1: true, 48: true} {
		s.Total = total
		var page bytes.Buffer
		if err := search.SearchPage(s).Render(i18n.With(t.Context(), i18n.Match("en", "", nil)), &page); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "search-count") != counted {
			t.Errorf("with a total of %d: counted %v", total, !counted)
		}
	}
}
