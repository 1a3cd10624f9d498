package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// spread is what a series of calls took.
type spread struct{ p50, p95 time.Duration }

func (s spread) String() string { return fmt.Sprintf("p50 %s p95 %s", ms(s.p50), ms(s.p95)) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// measure calls op n times, after a few that warm the caches, and reports the spread.
func measure(b *testing.B, n int, op func(i int) error) spread {
	b.Helper()
	for i := range min(n, 20) {
		if err := op(i); err != nil {
			b.Fatal(err)
		}
	}
	took := make([]time.Duration, n)
	b.ResetTimer()
	for i := range n {
		start := time.Now()
		if err := op(i); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	b.StopTimer()
	slices.Sort(took)
	s := spread{took[n/2], took[n*95/100]}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(s.p50.Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(s.p95.Microseconds())/1000, "p95-ms")
	return s
}

// serverTime is how long the database's processes compute for each of n calls
// of op, the better of two. Zero where the server runs on another machine.
func (s *site) serverTime(b *testing.B, n int, op func(i int) error) spread {
	b.Helper()
	used := func() (total time.Duration) {
		rows, err := s.pool.Query(b.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
		if err != nil {
			b.Fatal(err)
		}
		pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			b.Fatal(err)
		}
		for _, pid := range pids {
			var ns int64
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
			if err != nil {
				continue
			}
			if _, err := fmt.Sscan(string(stat), &ns); err == nil {
				total += time.Duration(ns)
			}
		}
		return total
	}
	took := make([]time.Duration, n)
	for i := range n {
		took[i] = time.Hour
		for range 2 {
			start := used()
			if err := op(i); err != nil {
				b.Fatal(err)
			}
			took[i] = min(took[i], used()-start)
		}
	}
	slices.Sort(took)
	return spread{took[n/2], took[n*95/100]}
}
