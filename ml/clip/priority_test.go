package clip

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"gorgonia.org/gorgonia"

	"albumen/internal/nice"
	"albumen/ml/clip/kernel"
)

// What the graphs of pictures compute runs at the lowest priority, whoever calls,
// and what those of texts compute does not.
func TestPicturesGiveWayToTexts(t *testing.T) {
	m := loadFor(t, filepath.Join("testdata", "tiny"), 3, kernel.Best())
	ctx := context.Background()
	for i, p := range m.pools {
		want := p != m.pools[len(m.pools)-1] // which is of the texts
		var pieces atomic.Int32
		o := op{ctx: &ctx, pool: p, do: func([]gorgonia.Value) {
			p.split(500, 1, func(worker, first, last int) {
				pieces.Add(1)
				if got, err := nice.Lowered(0); err != nil || got != want {
					t.Errorf("pool %d of %d, worker %d: lowered %t, not %t (%v)", i+1, len(m.pools), worker, got, want, err)
				}
			})
		}}
		if _, err := o.Do(); err != nil || pieces.Load() == 0 {
			t.Errorf("pool %d: %d pieces, %v", i+1, pieces.Load(), err)
		}
	}
}
