package clip

import (
	"context"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"albumen/ml/clip/kernel"
)

// textWeights is the tower of texts.
type textWeights struct {
	config     TextConfig
	tokens     []float32 // vocabulary × width
	positions  []float32
	layers     transformer
	last       layerNorm
	projection *kernel.Matrix
}

// textMachine runs the tower on texts whose tokens together are at most capacity.
type textMachine struct {
	*machine
	config   TextConfig
	capacity int
	ids      []int32 // the graph's input: one text after the other, nothing padded
}

func newTextMachine(w *textWeights, set *kernel.Set, p *pool, capacity int) (*textMachine, error) {
	b := newBuilder(set, p)
	m := &textMachine{machine: b.machine, config: w.config, capacity: capacity, ids: make([]int32, capacity)}
	input := tensor.New(tensor.WithShape(capacity), tensor.WithBacking(m.ids))
	ids := gorgonia.NewVector(b.graph, tensor.Int32, gorgonia.WithShape(capacity), gorgonia.WithName("ids"), gorgonia.WithValue(input))

	x := b.tokens(b.matrix(capacity, w.config.Width), w, ids)
	x = b.blocks(x, w.layers, capacity, capacity, min(capacity, w.config.Context))
	x = b.head(x, w.last, w.projection, capacity)
	_, err := b.finish(x, w.projection.Out)
	return m, err
}

// embed computes the vectors of the first texts, as many as fit, at least one. A
// text is computed only up to the token at which its vector is taken: what follows
// cannot change it.
func (m *textMachine) embed(ctx context.Context, texts [][]int32) ([][]float32, error) {
	var sequences []sequence
	rows := 0
	for _, ids := range texts {
		pool := m.config.PoolAt(ids)
		if rows+pool+1 > m.capacity {
			break
		}
		copy(m.ids[rows:], ids[:pool+1])
		sequences = append(sequences, sequence{first: rows, rows: pool + 1, pool: pool})
		rows += pool + 1
	}
	return m.run(ctx, sequences)
}

// tokens adds the sum of each token's and its place's vectors.
func (b *builder) tokens(out value, w *textWeights, ids *gorgonia.Node) value {
	width, to := w.config.Width, out.floats()
	return b.apply("tokens", out, func(in []gorgonia.Value) {
		id := in[0].Data().([]int32)
		for _, s := range b.sequences {
			for i := range s.rows {
				o, position := to[(s.first+i)*out.stride:][:width], w.positions[i*width:][:width]
				for j, v := range w.tokens[int(id[s.first+i])*width:][:width] {
					o[j] = v + position[j]
				}
			}
		}
	}, ids)
}
