package clip

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"albumen/ml/clip/kernel"
)

// weightsReader reads and packs tensors, several at a time. After wait, err or all
// that was asked for is there.
type weightsReader struct {
	from  *Weights
	set   *kernel.Set
	group *errgroup.Group
	ctx   context.Context
	owned func([]float32) // is told of memory outside the garbage collector's heap
}

// read runs f soon.
func (r *weightsReader) read(f func() error) {
	r.group.Go(func() error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		return f()
	})
}

func (r *weightsReader) floats(to *[]float32, name string, shape ...int) {
	r.read(func() (err error) {
		*to, err = r.from.Float32(name, shape...)
		return err
	})
}

// large is floats outside the garbage collector's heap.
func (r *weightsReader) large(to *[]float32, name string, shape ...int) {
	r.read(func() error {
		v, err := r.from.read(func(n int) ([]float32, error) {
			m, err := kernel.Alloc(n)
			r.owned(m)
			return m, err
		}, name, shape...)
		*to = v
		return err
	})
}

func (r *weightsReader) norm(to *layerNorm, name string, c TowerConfig) {
	to.epsilon = float32(c.Epsilon)
	r.floats(&to.gain, name+".weight", c.Width)
	r.floats(&to.bias, name+".bias", c.Width)
}

// linear packs layers of the same inputs side by side. Without bias, there is none.
func (r *weightsReader) linear(to **kernel.Matrix, bias bool, outputs, inputs int, names ...string) {
	r.matrix(to, bias, outputs, inputs, []int{outputs, inputs}, names...)
}

// matrix is linear for weights of any shape whose first axis is the outputs.
func (r *weightsReader) matrix(to **kernel.Matrix, bias bool, outputs, inputs int, shape []int, names ...string) {
	r.read(func() error {
		weights, err := kernel.Alloc(len(names) * outputs * inputs)
		if err != nil {
			return err
		}
		defer kernel.Free(weights)
		var biases []float32
		for i, name := range names {
			part := func(n int) ([]float32, error) { return weights[i*n : (i+1)*n], nil }
			if _, err := r.from.read(part, name+".weight", shape...); err != nil {
				return err
			}
			if bias {
				b, err := r.from.Float32(name+".bias", outputs)
				if err != nil {
					return err
				}
				biases = append(biases, b...)
			}
		}
		m, err := r.set.Pack(weights, biases, outputs*len(names), inputs)
		if err != nil {
			return err
		}
		r.owned(m.Memory())
		*to = m
		return nil
	})
}

func (r *weightsReader) layers(to *transformer, prefix string, c TowerConfig, causal bool) {
	*to = transformer{config: c, causal: causal, blocks: make([]block, c.Layers)}
	r.read(func() error {
		more := fmt.Sprintf("%s.encoder.layers.%d.layer_norm1.weight", prefix, c.Layers)
		if _, found := r.from.Shape(more); !found {
			return nil
		}
		return &FolderError{File: weightsFile, Field: more, Problem: fmt.Sprintf("is a layer more than the %d that config.json asks for; take both files from the same model", c.Layers)}
	})
	for i := range to.blocks {
		b, name := &to.blocks[i], fmt.Sprintf("%s.encoder.layers.%d.", prefix, i)
		r.norm(&b.before, name+"layer_norm1", c)
		r.linear(&b.qkv, true, c.Width, c.Width, name+"self_attn.q_proj", name+"self_attn.k_proj", name+"self_attn.v_proj")
		r.linear(&b.out, true, c.Width, c.Width, name+"self_attn.out_proj")
		r.norm(&b.between, name+"layer_norm2", c)
		r.linear(&b.fc1, true, c.Inner, c.Width, name+"mlp.fc1")
		r.linear(&b.fc2, true, c.Width, c.Inner, name+"mlp.fc2")
	}
}

func (r *weightsReader) vision(to *visionWeights, c Config) {
	v := c.Vision
	*to = visionWeights{config: v}
	scale, shift := c.Pixels.Scale()
	for channel := range to.bytes {
		for b := range to.bytes[channel] {
			to.bytes[channel][b] = float32(b)*scale[channel] + shift[channel]
		}
	}
	const prefix = "vision_model"
	r.matrix(&to.patches, false, v.Width, 3*v.PatchSize*v.PatchSize, []int{v.Width, 3, v.PatchSize, v.PatchSize}, prefix+".embeddings.patch_embedding")
	r.read(func() error {
		class, err := r.from.Float32(prefix+".embeddings.class_embedding", v.Width)
		if err != nil {
			return err
		}
		if to.positions, err = r.from.Float32(prefix+".embeddings.position_embedding.weight", v.Positions(), v.Width); err != nil {
			return err
		}
		for i, x := range class {
			to.positions[i] += x
		}
		return nil
	})
	r.norm(&to.first, prefix+".pre_layrnorm", v.TowerConfig) // transformers' own spelling
	r.norm(&to.last, prefix+".post_layernorm", v.TowerConfig)
	r.linear(&to.projection, false, c.Projection, v.Width, "visual_projection")
	r.layers(&to.layers, prefix, v.TowerConfig, false)
}

func (r *weightsReader) text(to *textWeights, c Config) {
	t := c.Text
	*to = textWeights{config: t}
	const prefix = "text_model"
	r.large(&to.tokens, prefix+".embeddings.token_embedding.weight", t.Vocabulary, t.Width)
	r.floats(&to.positions, prefix+".embeddings.position_embedding.weight", t.Context, t.Width)
	r.norm(&to.last, prefix+".final_layer_norm", t.TowerConfig)
	r.linear(&to.projection, false, c.Projection, t.Width, "text_projection")
	r.layers(&to.layers, prefix, t.TowerConfig, true)
}
