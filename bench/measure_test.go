package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
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
