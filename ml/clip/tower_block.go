package clip

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"albumen/ml/clip/kernel"
)

// layerNorm is the weights of a layer normalisation.
type layerNorm struct {
	gain, bias []float32
	epsilon    float32
}

// block is the weights of one layer of a transformer.
type block struct {
	before, between layerNorm
	qkv, out        *kernel.Matrix
	fc1, fc2        *kernel.Matrix
}

// transformer is the weights of the layers of one tower.
type transformer struct {
	config TowerConfig
	causal bool
	blocks []block
}

func (c TowerConfig) epilogue() kernel.Epilogue {
	if c.Activation == QuickGELU {
		return kernel.QuickGELU
	}
	return kernel.GELU
}

// blocks adds the layers. They change x in place up to the last layer's attention;
// what follows is computed only for each sequence's pooled row, since nothing else is
// looked at: the result has one row per sequence.
func (b *builder) blocks(x value, t transformer, rows, sequences, longest int) value {
	width := t.config.Width
	heads := kernel.Heads{Count: t.config.Heads, Width: t.config.HeadWidth(), Causal: t.causal}
	normed, mixed := b.matrix(rows, width), b.matrix(rows, width)
	qkv, inner := b.matrix(rows, 3*width), b.matrix(rows, t.config.Inner)
	scratch := make([][]float32, b.pool.threads())
	for i := range scratch {
		scratch[i] = b.memoryFor(b.set.Scratch(longest, heads))
	}
	count := b.allRows
	for i := range t.blocks {
		w, name := &t.blocks[i], fmt.Sprintf("layer%d.", i)
		normed := b.norm(name+"norm1", normed, x, w.before, count)
		qkv := b.linear(name+"qkv", qkv, normed, w.qkv, kernel.None, count)
		mixed := b.attention(name+"attention", mixed, qkv, heads, scratch)
		if i == len(t.blocks)-1 {
			x = b.pooled(name+"pool", b.matrix(sequences, width), x)
			mixed = b.pooled(name+"pool.attention", b.matrix(sequences, width), mixed)
			count = b.oneRowEach
		}
		x = b.linear(name+"out", x, mixed, w.out, kernel.Add, count)
		normed = b.norm(name+"norm2", normed, x, w.between, count)
		inner := b.linear(name+"fc1", inner, normed, w.fc1, t.config.epilogue(), count)
		x = b.linear(name+"fc2", x, inner, w.fc2, kernel.Add, count)
	}
	return x
}

// head adds what makes vectors of pooled rows: the last normalisation, the projection
// and the division by the length.
func (b *builder) head(x value, last layerNorm, projection *kernel.Matrix, sequences int) value {
	x = b.norm("norm.last", b.matrix(sequences, len(last.gain)), x, last, b.oneRowEach)
	x = b.linear("projection", b.matrix(sequences, projection.Out), x, projection, kernel.None, b.oneRowEach)
	return b.apply("unit", x, func(in []gorgonia.Value) {
		for i := range b.sequences {
			unit(floats(in[0])[i*x.stride:][:projection.Out])
		}
	}, x.node)
}

// unit divides a vector by its length.
func unit(v []float32) {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	if square > 0 {
		scale := float32(1 / math.Sqrt(square))
		for i := range v {
			v[i] *= scale
		}
	}
}

// allRows and oneRowEach are how many rows an operation computes in this run.
func (b *builder) allRows() int    { return b.rows }
func (b *builder) oneRowEach() int { return len(b.sequences) }

// linear adds out = epilogue(x · weights + bias).
func (b *builder) linear(name string, out, x value, w *kernel.Matrix, e kernel.Epilogue, rows func() int) value {
	inputs := []*gorgonia.Node{x.node}
	if e == kernel.Add {
		inputs = append(inputs, out.node)
	}
	to := out.floats()
	return b.apply(name, out, func(in []gorgonia.Value) {
		from, n := floats(in[0]), rows()
		b.split(w.Panels(), 2*n*w.In*w.PanelWidth(), func(_, first, last int) {
			w.Multiply(from, x.stride, n, first, last, to, out.stride, e)
		})
	}, inputs...)
}

// norm adds a layer normalisation.
func (b *builder) norm(name string, out, x value, w layerNorm, rows func() int) value {
	d, to := len(w.gain), out.floats()
	return b.apply(name, out, func(in []gorgonia.Value) {
		from := floats(in[0])
		b.split(rows(), 64*d, func(_, first, last int) {
			b.set.Layer(from[first*x.stride:], x.stride, w.gain, w.bias, w.epsilon, to[first*out.stride:], out.stride, last-first, d)
		})
	}, x.node)
}

// attention adds self-attention within each sequence. Every thread works in a scratch
// of its own.
func (b *builder) attention(name string, out, qkv value, h kernel.Heads, scratch [][]float32) value {
	to := out.floats()
	return b.apply(name, out, func(in []gorgonia.Value) {
		from, rows := floats(in[0]), b.sequences[0].rows
		b.split(len(b.sequences)*h.Count, 4*rows*rows*(h.Width+16), func(worker, first, last int) {
			for i := first; i < last; i++ {
				s, head := b.sequences[i/h.Count], i%h.Count
				b.set.Attention(from[s.first*qkv.stride:], qkv.stride, to[s.first*out.stride:], out.stride, s.rows, h, head, head+1, scratch[worker])
			}
		})
	}, qkv.node)
}

// pooled adds a matrix of each sequence's pooled row.
func (b *builder) pooled(name string, out, x value) value {
	to := out.floats()
	return b.apply(name, out, func(in []gorgonia.Value) {
		for i, s := range b.sequences {
			copy(to[i*out.stride:][:out.stride], floats(in[0])[(s.first+s.pool)*x.stride:])
		}
	}, x.node)
}
