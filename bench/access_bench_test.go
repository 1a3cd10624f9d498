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
// shared ones may cost at most 1.3 times as much. A second club, whose every album
// goes on for twenty years, tells what the worst costs.
func BenchmarkAccess(b *testing.B) {
	one := siteFor(b, plan{rows: 1_000_000})
	clubs := []struct {
		name string
		*site
	}{{"a club", siteFor(b, plan{rows: 1_000_000, club: true})}, {"harsh", siteFor(b, plan{rows: 1_000_000, club: true, harsh: true})}}
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
	fmt.Println("a club of 1M items, 1,000 albums, 200 people, 30 groups: p50 of what the server computes and of the clock; in brackets the ratio to one owner of as many (limit 1.3):")
	for _, o := range ops {
		b.Run(o.name, func(b *testing.B) {
			var first [2]spread
			line := fmt.Sprintf("  %-24s", o.name)
			show := func(who string, s *site, scope db.Scope) {
				op := o.on(s, scope)
				took, cpu := measure(b, 30, op), s.serverTime(b, 15, op)
				if s == one {
					first = [2]spread{cpu, took}
				}
				line += fmt.Sprintf(" | %s: %s (%.2f), %s (%.2f)", who, ms(cpu.p50), float64(cpu.p50)/float64(first[0].p50), ms(took.p50), float64(took.p50)/float64(first[1].p50))
			}
			show("one owner", one, db.ScopeAll)
			for _, c := range clubs {
				show(c.name+", own", c.site, db.ScopeOwn)
				show("and shared", c.site, db.ScopeAll)
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
