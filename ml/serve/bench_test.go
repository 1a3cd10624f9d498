package serve_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"albumen/ml"
	"albumen/ml/serve"
)

// BenchmarkText measures the whole way of a text through Redis and back, alone
// and while the queue of pictures never runs dry. The model is the small one,
// which shows the queue and the lane alone, or the folder that CLIP_MODEL names.
func BenchmarkText(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("images=%t", busy), func(b *testing.B) {
			r := newRig(b)
			r.collect()
			source := tinySource(b)
			if folder := os.Getenv("CLIP_MODEL"); folder != "" {
				source = serve.NewModelSource(serve.ModelConfig{Name: folder, Folder: folder})
			}
			r.start(source)
			model := r.waitState(1, ml.StateReady).Model
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
						if err := r.queue.Enqueue(ctx, job); err != nil && ctx.Err() == nil {
							b.Error(err)
							return
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
