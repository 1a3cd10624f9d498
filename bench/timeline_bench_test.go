package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"albumen/app"
)

// BenchmarkTimeline reads pages of 100 items at 100,000 and at 1,000,000 items
// of one owner. It may cost at most 1.5 times as much with ten times as many,
// and less than 50 ms. The floor is the bare statement that reads the ids of a page.
func BenchmarkTimeline(b *testing.B) {
	results := map[string]map[int]spread{"first page": {}, "random month": {}, "months": {}, "floor": {}}
	for _, rows := range []int{100_000, 1_000_000} {
		s := siteOf(b, rows)
		ctx := b.Context()
		months, err := s.Months(ctx, s.owner, "")
		if err != nil {
			b.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		page := func(q app.TimelineQuery) error {
			p, err := s.Timeline(ctx, s.owner, q)
			if err == nil && len(p.Items) != app.DefaultPageSize {
				err = fmt.Errorf("%d items", len(p.Items))
			}
			return err
		}
		newest := func() string { return months[r.IntN(len(months)-1)].Key() }
		for name, op := range map[string]func(int) error{
			"first page":   func(int) error { return page(app.TimelineQuery{}) },
			"random month": func(int) error { return page(app.TimelineQuery{Month: newest()}) },
			"months": func(int) error {
				_, err := s.Months(ctx, s.owner, "")
				return err
			},
			"floor": func(int) error {
				var n int
				return s.pool.QueryRow(ctx, `SELECT count(*) FROM (SELECT id FROM media WHERE owner_id = $1 AND listed AND taken_at_local < $2::text::timestamp
					ORDER BY taken_at_local DESC, id DESC LIMIT 101) x`, s.owner.UserID(), newest()+"-01").Scan(&n)
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) { results[name][rows] = measure(b, 400, op) })
		}
	}
	fmt.Println("timeline, 100 items a page, on 2 cores shared with others:")
	for _, name := range []string{"first page", "random month", "months", "floor"} {
		small, large := results[name][100_000], results[name][1_000_000]
		fmt.Printf("  %-13s 100k rows %s, 1M rows %s (limit 50 ms), p95 ratio %.2f (limit 1.5)\n", name, small, large, float64(large.p95)/float64(small.p95))
	}
}
