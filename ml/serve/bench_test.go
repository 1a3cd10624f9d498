package serve_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"albumen/ml"
)

// BenchmarkText measures the whole way of a text through Redis and back, alone
// and while the queue of pictures never runs dry. The model is the small one:
// what it shows is the queue and the lane, not the model.
func BenchmarkText(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("images=%t", busy), func(b *testing.B) {
			r := newRig(b)
			r.collect()
			r.start(tinySource(b))
			model := r.waitState(1, ml.StateReady).Model
			var sent atomic.Int64
			if busy {
				job := r.add(model.ID, photo(b, 2048, 1536))
				ctx, cancel := context.WithCancel(context.Background())
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for ctx.Err() == nil {
						if n, err := r.queue.Length(ctx, job.Kind()); err != nil || n > 100 {
							time.Sleep(10 * time.Millisecond)
							continue
						}
						if r.queue.Enqueue(ctx, job) == nil {
							sent.Add(1)
						}
					}
				}()
				b.Cleanup(func() { cancel(); <-ended })
				r.waitAnswers(1)
			}
			var took []time.Duration
			for b.Loop() {
				started := time.Now()
				if _, err := r.client.EmbedText(context.Background(), model.ID, fmt.Sprint("red bike ", len(took))); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1e3, "ms-p50")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1e3, "ms-p95")
			if s, err := r.client.Status(context.Background()); err == nil {
				b.ReportMetric(s.ImagesPerSecond, "images/s")
			}
		})
	}
}
