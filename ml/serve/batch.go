package serve

import (
	"context"
	"fmt"
	"time"

	"albumen/ml/clip"
)

// window is how long a picture waits for others to share its batch.
const window = 20 * time.Millisecond

// batcher embeds pictures that come one by one in batches.
type batcher struct {
	model Model
	size  int
	in    chan picture
}

type picture struct {
	px     clip.Pixels
	answer chan<- embedded // has room for one
}

type embedded struct {
	vector []float32
	err    error
}

func newBatcher(model Model, size int) *batcher {
	return &batcher{model: model, size: size, in: make(chan picture)}
}

// embed hands a picture over and waits for its vector.
func (b *batcher) embed(ctx context.Context, px clip.Pixels) ([]float32, error) {
	answer := make(chan embedded, 1)
	select {
	case b.in <- picture{px, answer}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case e := <-answer:
		return e.vector, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run works until ctx ends.
func (b *batcher) run(ctx context.Context) {
	for {
		batch := b.collect(ctx)
		if batch == nil {
			return
		}
		b.work(ctx, batch)
	}
}

// collect returns the next pictures, at least one; nil when ctx ends.
func (b *batcher) collect(ctx context.Context) []picture {
	var batch []picture
	select {
	case p := <-b.in:
		batch = append(batch, p)
	case <-ctx.Done():
		return nil
	}
	closing := time.NewTimer(window)
	defer closing.Stop()
	for len(batch) < b.size {
		select {
		case p := <-b.in:
			batch = append(batch, p)
		case <-closing.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

// work answers every picture of a batch. Where a batch fails, each picture has
// a try of its own, so that none suffers from another.
func (b *batcher) work(ctx context.Context, batch []picture) {
	px := make([]clip.Pixels, len(batch))
	for i, p := range batch {
		px[i] = p.px
	}
	vectors, err := b.model.EmbedImages(ctx, px)
	if err == nil && len(vectors) != len(batch) {
		err = fmt.Errorf("the model answered %d vectors for %d pictures", len(vectors), len(batch))
	}
	switch {
	case err == nil:
		for i, p := range batch {
			p.answer <- embedded{vector: vectors[i]}
		}
	case len(batch) == 1 || ctx.Err() != nil:
		for _, p := range batch {
			p.answer <- embedded{err: err}
		}
	default:
		for _, p := range batch {
			b.work(ctx, []picture{p})
		}
	}
}
