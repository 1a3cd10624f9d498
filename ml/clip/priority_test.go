package clip

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
	"gorgonia.org/gorgonia"

	"albumen/internal/nice"
	"albumen/ml/clip/kernel"
)

func niceness(t *testing.T) int {
	t.Helper()
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Error(err)
	}
	return 20 - raw
}

// What the graphs of pictures compute runs at the lowest priority, whoever calls,
// and what those of texts compute does not.
func TestPicturesGiveWayToTexts(t *testing.T) {
	usual := niceness(t)
	m := loadFor(t, filepath.Join("testdata", "tiny"), 3, kernel.Best())
	ctx := context.Background()
	for i, p := range m.pools {
		want := min(19, usual+nice.Embedding)
		if p == m.pools[len(m.pools)-1] { // of the texts
			want = usual
		}
		var pieces atomic.Int32
		o := op{ctx: &ctx, pool: p, do: func([]gorgonia.Value) {
			p.split(500, 1, func(worker, first, last int) {
				pieces.Add(1)
				if got := niceness(t); got != want {
					t.Errorf("pool %d of %d, worker %d: the niceness is %d, not %d", i+1, len(m.pools), worker, got, want)
				}
			})
		}}
		if _, err := o.Do(); err != nil || pieces.Load() == 0 {
			t.Errorf("pool %d: %d pieces, %v", i+1, pieces.Load(), err)
		}
	}
}
