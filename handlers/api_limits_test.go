package handlers_test

import (
	"net/http"
	"slices"
	"testing"

	"albumen/app"
)

// What the description promises is what the use-cases take.
func TestOpenAPITellsTheLimitsOfSearches(t *testing.T) {
	s := newSite(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct {
					MaxLength int
					Enum      []app.AIStatus
				}
			}
		}
	}
	if status := s.call("GET", "/openapi.json", "", "", &doc); status != http.StatusOK {
		t.Fatal(status)
	}
	found := 0
	for path, operations := range doc.Paths {
		for _, p := range operations["get"].Parameters {
			switch p.Name {
			case "q":
				if path == "/search" && p.Schema.MaxLength != app.MaxSearchLength {
					t.Errorf("%s takes q of %d characters, a search %d", path, p.Schema.MaxLength, app.MaxSearchLength)
				}
			case "ai_status":
				if !slices.Equal(p.Schema.Enum, app.AllAIStatuses()) {
					t.Errorf("%s takes %v, there are %v", path, p.Schema.Enum, app.AllAIStatuses())
				}
			default:
				continue
			}
			found++
		}
	}
	if found < 3 {
		t.Errorf("%d such parameters", found)
	}
}
