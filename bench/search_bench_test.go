package bench

import (
	"fmt"
	"testing"
	"time"

	"albumen/app"
	"albumen/db"
)

// kind is one sort of search; q is its i-th example.
type kind struct {
	name string
	q    func(i int) app.SearchQuery
}

func searchKinds(s *site) []kind {
	tail := func(i int) string { return s.words.words[5_000+i*37%14_000] }
	middle := func(i int) string { return s.words.words[150+i*7%1500] }
	head := func(i int) string { return s.words.words[i%20] }
	day := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	return []kind{
		{"rare word", func(i int) app.SearchQuery { return app.SearchQuery{Q: tail(i) + " "} }},
		{"middling word", func(i int) app.SearchQuery { return app.SearchQuery{Q: middle(i) + " "} }},
		{"frequent word", func(i int) app.SearchQuery { return app.SearchQuery{Q: head(i) + " "} }},
		{"in 30 % of all", func(i int) app.SearchQuery { return app.SearchQuery{Q: "holidays "} }},
		{"the same by date", func(i int) app.SearchQuery { return app.SearchQuery{Q: "holidays ", Sort: app.SortDate} }},
		{"two words", func(i int) app.SearchQuery { return app.SearchQuery{Q: head(i) + " " + middle(i) + " "} }},
		{"common and rare", func(i int) app.SearchQuery { return app.SearchQuery{Q: "holidays " + tail(i) + " "} }},
		{"prefix", func(i int) app.SearchQuery { return app.SearchQuery{Q: head(i)[:3]} }},
		{"phrase", func(i int) app.SearchQuery { return app.SearchQuery{Q: `"` + head(i) + " " + head(i+1) + `"`} }},
		{"without", func(i int) app.SearchQuery { return app.SearchQuery{Q: head(i) + " -holidays "} }},
		{"file name", func(i int) app.SearchQuery { return app.SearchQuery{Q: fmt.Sprintf("IMG_%04d", i*71%10_000)} }},
		{"typing error", func(i int) app.SearchQuery {
			w := []byte(middle(i))
			w[1], w[2] = w[2], w[1]
			return app.SearchQuery{Q: string(w) + " "}
		}},
		{"no hit", func(i int) app.SearchQuery { return app.SearchQuery{Q: fmt.Sprintf("xqzw%dvvk", i)} }},
		{"with a camera", func(i int) app.SearchQuery {
			c := cameras[i%11]
			return app.SearchQuery{Q: head(i) + " ", Filter: app.Filter{CameraMake: c[0], CameraModel: c[1]}}
		}},
		{"in one year", func(i int) app.SearchQuery {
			from := day.AddDate(i%9, 0, 0)
			return app.SearchQuery{Q: "holidays ", Filter: app.Filter{From: from, To: from.AddDate(1, 0, 0)}}
		}},
		{"videos", func(i int) app.SearchQuery {
			return app.SearchQuery{Q: "family ", Filter: app.Filter{Kind: db.MediaKindVideo}}
		}},
	}
}

// BenchmarkSearch searches the text of 1,000,000 items of one owner, among
// 200,000 of others; each kind of search alone, and all of them in turn, of
// which 95 in 100 may take at most 80 ms. How long the server computes says more
// on a machine that is shared.
func BenchmarkSearch(b *testing.B) {
	s := siteOf(b, 1_000_000)
	kinds := searchKinds(s)
	lines := map[string]string{}
	ctx := b.Context()
	run := func(q app.SearchQuery) error {
		_, err := s.Search(ctx, s.owner, q)
		return err
	}
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			p, err := s.Search(ctx, s.owner, k.q(1))
			if err != nil {
				b.Fatal(err)
			}
			took := measure(b, 60, func(i int) error { return run(k.q(i)) })
			cpu := s.serverTime(b, 25, func(i int) error { return run(k.q(i)) })
			lines[k.name] = fmt.Sprintf("%s, server's CPU %s (%q: %d hits, total %d, or more: %v)", took, cpu, k.q(1).Q, len(p.Hits), p.Total, p.AtLeast)
		})
	}
	b.Run("mix", func(b *testing.B) {
		all := measure(b, 30*len(kinds), func(i int) error { return run(kinds[i%len(kinds)].q(i)) })
		lines["all in turn"] = fmt.Sprintf("%s (limit p95 80 ms, ratio %.2f)", all, float64(all.p95)/float64(80*time.Millisecond))
	})
	fmt.Println("text search at 1M rows, pages of 100, on cores shared with whatever else runs:")
	for _, k := range kinds {
		fmt.Printf("  %-16s %s\n", k.name, lines[k.name])
	}
	fmt.Printf("  %-16s %s\n", "all in turn", lines["all in turn"])
}
