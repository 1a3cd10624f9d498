package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"albumen/app"
	"albumen/db"
)

// BenchmarkAccess compares a club of 1,000,000 items, 1,000 albums and 200 people in
// 30 groups with one owner of as many: what a member sees of the own and of the
// shared ones may cost at most 1.3 times as much.
func BenchmarkAccess(b *testing.B) {
	one, club := siteFor(b, plan{rows: 1_000_000}), siteFor(b, plan{rows: 1_000_000, club: true})
	type op struct {
		name string
		on   func(s *site, scope db.Scope) func(i int) error
	}
	ops := []op{
		{"timeline, first page", func(s *site, scope db.Scope) func(int) error {
			return func(int) error { return s.full(b, app.TimelineQuery{Scope: scope}) }
		}},
		{"timeline, random month", func(s *site, scope db.Scope) func(int) error {
			months, err := s.Months(b.Context(), s.owner, scope)
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			return func(int) error {
				return s.full(b, app.TimelineQuery{Scope: scope, Month: months[r.IntN(len(months)-3)].Key()})
			}
		}},
		{"months", func(s *site, scope db.Scope) func(int) error {
			return func(int) error {
				_, err := s.Months(b.Context(), s.owner, scope)
				return err
			}
		}},
	}
	for _, k := range searchKinds(one) {
		ops = append(ops, op{"search, " + k.name, func(s *site, scope db.Scope) func(int) error {
			return func(i int) error {
				q := k.q(i)
				q.Scope = scope
				_, err := s.Search(b.Context(), s.owner, q)
				return err
			}
		}})
	}
	var lines []string
	for _, o := range ops {
		b.Run(o.name, func(b *testing.B) {
			alone, own, all := o.on(one, db.ScopeAll), o.on(club, db.ScopeOwn), o.on(club, db.ScopeAll)
			took := [3]spread{measure(b, 100, alone), measure(b, 100, own), measure(b, 100, all)}
			base := took[0]
			lines = append(lines, fmt.Sprintf("  %-24s one owner %s; club, own %s (%.2f), own and shared %s (%.2f)", o.name,
				base, took[1], float64(took[1].p50)/float64(base.p50), took[2], float64(took[2].p50)/float64(base.p50)))
		})
	}
	fmt.Println("a club of 1M items, 1,000 albums, 200 people, 30 groups; in brackets the ratio of the medians (limit 1.3):")
	for _, line := range lines {
		fmt.Println(line)
	}
}

// full reads a page of the timeline that must be full.
func (s *site) full(b *testing.B, q app.TimelineQuery) error {
	p, err := s.Timeline(b.Context(), s.owner, q)
	if err == nil && len(p.Items) != app.DefaultPageSize {
		err = fmt.Errorf("%d items", len(p.Items))
	}
	return err
}
