package kernel_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"albumen/ml/clip/kernel"
)

// BenchmarkMultiply gives the best GFLOP/s of one core, by its own clock, for ViT-B/32's products.
func BenchmarkMultiply(b *testing.B) {
	for _, s := range kernel.Sets() {
		for _, c := range []struct{ rows, in, out int }{{10, 512, 2048}, {50, 768, 3072}, {50, 3072, 768}, {200, 768, 3072}, {200, 3072, 768}, {400, 768, 2304}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", s.Name(), c.rows, c.in, c.out), func(b *testing.B) {
				m, err := s.Pack(random(c.in*c.out, 1), nil, c.out, c.in)
				if err != nil {
					b.Fatal(err)
				}
				defer kernel.Free(m.Memory())
				lda, ldc := kernel.Stride(c.in), kernel.Stride(c.out)
				x, y := random(c.rows*lda, 1), make([]float32, c.rows*ldc)
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				best := time.Hour
				for b.Loop() {
					start := threadTime()
					m.Multiply(x, lda, c.rows, 0, m.Panels(), y, ldc, kernel.None)
					best = min(best, threadTime()-start)
				}
				b.ReportMetric(2e-9*float64(c.rows*c.in*c.out)/best.Seconds(), "best-GFLOP/s")
			})
		}
	}
}

// threadTime is the processor time of this thread, so that other programs count less.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
