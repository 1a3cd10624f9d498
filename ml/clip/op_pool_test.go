package clip

import (
	"sync/atomic"
	"testing"
	"time"
)

func poolOf(t *testing.T, threads int, g *gate) *pool {
	t.Helper()
	p, err := newPool(threads, g, false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSplitCoversEachStepOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := poolOf(t, threads, nil)
		defer p.close()
		for round := range 300 {
			n, piece := round%97, 1+round%13
			done := make([]atomic.Int32, n)
			p.split(n, piece, func(worker, first, last int) {
				if worker < 0 || worker >= threads || last-first > piece {
					t.Errorf("worker %d of %d got %d to %d", worker, threads, first, last)
				}
				for i := first; i < last; i++ {
					done[i].Add(1)
				}
			})
			for i := range done {
				if got := done[i].Load(); got != 1 {
					t.Fatalf("%d threads, round %d: step %d was done %d times", threads, round, i, got)
				}
			}
			if round%100 == 0 {
				time.Sleep(3 * spin) // helpers fall asleep
			}
		}
	}
}

// While a text holds the gate, no piece of pictures' work begins.
func TestGateHoldsWorkUp(t *testing.T) {
	for _, threads := range []int{1, 3} {
		var g gate
		p := poolOf(t, threads, &g)
		defer p.close()
		open, openToo := g.shut(), g.shut()
		var pieces atomic.Int32
		finished := make(chan struct{})
		go func() {
			p.split(100, 1, func(int, int, int) { pieces.Add(1) })
			close(finished)
		}()
		open()
		time.Sleep(10 * time.Millisecond) // one holder is left
		if n := pieces.Load(); n != 0 {
			t.Errorf("%d threads: %d pieces were done at a shut gate", threads, n)
		}
		openToo()
		<-finished
		if n := pieces.Load(); n != 100 {
			t.Errorf("%d threads: %d pieces of 100 were done", threads, n)
		}
	}
}
