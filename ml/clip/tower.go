package clip

import (
	"context"
	"fmt"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"albumen/ml/clip/kernel"
)

const (
	// pieceFlops is how much is computed between two looks at the gate: about a
	// millisecond's worth.
	pieceFlops = 40_000_000
	// wholeFlops is what is not worth waking another thread for.
	wholeFlops = 1_000_000
)

// sequence is one picture or text among the rows of a run.
type sequence struct {
	first, rows int
	pool        int // the row, within the sequence, whose vector stands for the whole
}

// machine is a compiled gorgonia graph of one tower with the memory that it works in.
// It runs one batch at a time.
type machine struct {
	vm   gorgonia.VM
	out  []float32 // one unit vector per sequence, outStride apart
	dims int

	ctx       context.Context
	sequences []sequence
	rows      int
	outStride int
	memory    [][]float32
}

// run computes the batch's vectors; the inputs lie in the graph's input tensor.
func (m *machine) run(ctx context.Context, batch []sequence) ([][]float32, error) {
	m.ctx, m.sequences = ctx, batch
	m.rows = batch[len(batch)-1].first + batch[len(batch)-1].rows
	m.vm.Reset()
	if err := m.vm.RunAll(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("run the model: %w", err)
	}
	vectors := make([][]float32, len(batch))
	for i := range batch {
		vectors[i] = append([]float32(nil), m.out[i*m.outStride:][:m.dims]...)
	}
	return vectors, nil
}

func (m *machine) close() {
	if m.vm != nil {
		_ = m.vm.Close() // a tape machine's cannot fail
	}
	for _, b := range m.memory {
		kernel.Free(b)
	}
	m.memory = nil
}

// builder builds a machine's graph. The first error stays in err.
type builder struct {
	*machine
	graph *gorgonia.ExprGraph
	set   *kernel.Set
	pool  *pool
	err   error
}

func newBuilder(set *kernel.Set, p *pool) *builder {
	return &builder{machine: &machine{ctx: context.Background()}, graph: gorgonia.NewGraph(), set: set, pool: p}
}

// finish compiles the graph whose result is the given vectors.
func (b *builder) finish(vectors value, dims int) (*machine, error) {
	if b.err != nil {
		b.close()
		return nil, fmt.Errorf("build the model's graph: %w", b.err)
	}
	b.vm = gorgonia.NewTapeMachine(b.graph)
	b.out, b.outStride, b.dims = vectors.floats(), vectors.stride, dims
	return b.machine, nil
}

// value is a node of the graph and the matrix that its operation owns.
type value struct {
	node   *gorgonia.Node
	dense  *tensor.Dense
	stride int
}

// floats is the matrix's memory; nil when it could not be had.
func (v value) floats() []float32 {
	if v.dense == nil {
		return nil
	}
	return floats(v.dense)
}

// matrix makes memory for rows × columns values.
func (b *builder) matrix(rows, columns int) value {
	stride := kernel.Stride(columns)
	data := b.memoryFor(rows * stride)
	if data == nil {
		return value{stride: stride}
	}
	return value{dense: tensor.New(tensor.WithShape(rows, stride), tensor.WithBacking(data)), stride: stride}
}

// memoryFor gets memory that lives as long as the machine.
func (b *builder) memoryFor(n int) []float32 {
	data, err := kernel.Alloc(n)
	if err != nil {
		b.fail(err)
		return nil
	}
	b.memory = append(b.memory, data)
	return data
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// apply adds an operation that writes into the given matrix. What it reads comes to
// do as the inputs' values.
func (b *builder) apply(name string, out value, do func(in []gorgonia.Value), inputs ...*gorgonia.Node) value {
	if b.err != nil {
		return out
	}
	types := make([]hm.Type, 0, len(inputs)+1)
	for _, in := range inputs {
		types = append(types, in.Type())
	}
	types = append(types, gorgonia.TensorType{Dims: 2, Of: tensor.Float32})
	o := &op{name: name, typ: hm.NewFnType(types...), arity: len(inputs), out: out.dense, ctx: &b.machine.ctx, pool: b.pool, do: do}
	var err error
	if out.node, err = gorgonia.ApplyOp(o, inputs...); err != nil {
		b.fail(fmt.Errorf("%s: %w", name, err))
	}
	return out
}

// floats is the memory of a value that one of our operations gave.
func floats(v gorgonia.Value) []float32 { return v.Data().([]float32) }

// split spreads a loop over the machine's threads in pieces after which pictures let
// texts pass. flops is roughly what one step takes; little loops stay whole.
func (b *builder) split(n, flops int, body func(worker, first, last int)) {
	if n*flops < wholeFlops {
		body(0, 0, n)
		return
	}
	b.pool.split(n, pieceFlops/flops, body)
}
