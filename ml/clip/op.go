package clip

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// op is an operation of ours in a gorgonia graph. It owns its output (or hands an
// input's memory on, changed in place), so that a run allocates nothing and the
// virtual machine's Reset drops nothing. It also owns its weights, packed.
//
// Shapes in the graph are capacities: how many rows a run really computes is in its
// batch.
type op struct {
	name  string // unique in the graph, which merges nodes of one hash
	typ   hm.Type
	arity int
	out   *tensor.Dense
	ctx   *context.Context // the run's
	pool  *pool            // whose threads do it
	do    func(in []gorgonia.Value)
}

// Arity is part of gorgonia.Op, as are all methods below.
func (o *op) Arity() int    { return o.arity }
func (o *op) Type() hm.Type { return o.typ }
func (o *op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return o.out.Shape().Clone(), nil
}
func (o *op) ReturnsPtr() bool      { return true }
func (o *op) OverwritesInput() int  { return -1 }
func (o *op) WriteHash(h hash.Hash) { fmt.Fprint(h, o.name) }
func (o *op) String() string        { return o.name }

// CallsExtern is false although kernels are called: true would make the compiler
// allocate an output of its own in every run.
func (o *op) CallsExtern() bool { return false }

func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// Do runs the operation, unless the run was cancelled.
func (o *op) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := (*o.ctx).Err(); err != nil {
		return nil, err
	}
	o.pool.do(func() { o.do(in) }) // gorgonia calls from a goroutine of its own
	return o.out, nil
}
