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
	fmt.Println("a club of 1M items, 1,000 albums, 200 people, 30 groups; in brackets the ratio to one owner of as many (limit 1.3):")
	for _, o := range ops {
		b.Run(o.name, func(b *testing.B) {
			alone, own, all := o.on(one, db.ScopeAll), o.on(club, db.ScopeOwn), o.on(club, db.ScopeAll)
			took := [3]spread{measure(b, 60, alone), measure(b, 60, own), measure(b, 60, all)}
			cpu := [3]spread{one.serverTime(b, 15, alone), club.serverTime(b, 15, own), club.serverTime(b, 15, all)}
			line := fmt.Sprintf("  %-24s", o.name)
			for n, who := range []string{"one owner", "own", "own and shared"} {
				line += fmt.Sprintf(" | %s: p50 %s (%.2f), server's CPU %s (%.2f)", who, ms(took[n].p50), float64(took[n].p50)/float64(took[0].p50),
					ms(cpu[n].p50), float64(cpu[n].p50)/float64(cpu[0].p50))
			}
			fmt.Println(line)
		})
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
