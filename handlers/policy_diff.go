package handlers

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"albumen/views/policies"
)

// diffContext is how many lines that have not changed stand around a change.
const diffContext = 2

// textDiff compares two texts line by line; none where they are the same.
func textDiff(before, after string) []policies.DiffLine {
	u, err := udiff.ToUnifiedDiff("", "", before, udiff.Lines(before, after), diffContext)
	if err != nil {
		return nil // edits that do not fit their own text: nothing to show
	}
	kinds := map[udiff.OpKind]string{udiff.Delete: "del", udiff.Insert: "ins", udiff.Equal: ""}
	var out []policies.DiffLine
	for i, h := range u.Hunks {
		if i > 0 || h.FromLine > 1 {
			out = append(out, policies.DiffLine{Kind: "gap"})
		}
		for _, l := range h.Lines {
			out = append(out, policies.DiffLine{Kind: kinds[l.Kind], Text: strings.TrimSuffix(l.Content, "\n")})
		}
	}
	return out
}
