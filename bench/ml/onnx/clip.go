package onnx

import (
	"fmt"
	"math"
	"path/filepath"

	"albumen/ml/clip"
	"albumen/ml/modelfile"
)

// Write writes vision.onnx and text.onnx for a model folder into a folder. Attention
// is ONNX Runtime's fused one; its optimiser fuses the rest.
//
//	vision.onnx: pixels [batch, 3, side, side] float32, normalised → vectors
//	text.onnx:   ids [batch, length] int64, pool [batch, 1] int64  → vectors
//
// The vectors are not divided by their length.
func Write(folder, to string) error {
	c, err := clip.ReadConfig(folder)
	if err != nil {
		return err
	}
	w, err := clip.OpenWeights(filepath.Join(folder, modelfile.Weights))
	if err != nil {
		return err
	}
	defer w.Close()
	v := &tower{weights: w}
	v.vision(c)
	t := &tower{weights: w}
	t.text(c)
	for _, problem := range []error{v.err, t.err} {
		if problem != nil {
			return problem
		}
	}
	if err := v.write(filepath.Join(to, "vision.onnx")); err != nil {
		return err
	}
	return t.write(filepath.Join(to, "text.onnx"))
}

// tower is a graph made of a file's tensors. The first error stays in err.
type tower struct {
	graph
	weights *clip.Weights
	err     error
}

func (t *tower) read(name string) []float32 {
	shape, _ := t.weights.Shape(name)
	v, err := t.weights.Float32(name, shape...)
	if err != nil {
		if t.err == nil {
			t.err = err
		}
		return []float32{0}
	}
	return v
}

func (t *tower) parameter(name string, shape ...int) string {
	return t.floats(t.read(name), shape...)
}

func (t *tower) norm(x, name string, c clip.TowerConfig) string {
	return t.op("LayerNormalization", []string{x, t.parameter(name+".weight", c.Width), t.parameter(name+".bias", c.Width)},
		attribute{"axis", -1}, attribute{"epsilon", float32(c.Epsilon)})
}

// transposed reads out × in weights as in × width ones, into columns from the given one.
func (t *tower) transposed(to []float32, width, column int, name string, out, in int) {
	from := t.read(name)
	if t.err != nil {
		return
	}
	for i := range in {
		for o := range out {
			to[i*width+column+o] = from[o*in+i]
		}
	}
}

func (t *tower) product(x, name string, out, in int) string {
	w := make([]float32, in*out)
	t.transposed(w, out, 0, name+".weight", out, in)
	return t.op("MatMul", []string{x, t.floats(w, in, out)})
}

func (t *tower) linear(x, name string, out, in int) string {
	return t.op("Add", []string{t.product(x, name, out, in), t.parameter(name+".bias", out)})
}

func (t *tower) activation(x string, a clip.Activation) string {
	scalar := func(v float64) string { return t.floats([]float32{float32(v)}) }
	if a == clip.QuickGELU {
		return t.op("Mul", []string{x, t.op("Sigmoid", []string{t.op("Mul", []string{x, scalar(1.702)})})})
	}
	erf := t.op("Erf", []string{t.op("Div", []string{x, scalar(math.Sqrt2)})})
	return t.op("Mul", []string{t.op("Mul", []string{x, t.op("Add", []string{erf, scalar(1)})}), scalar(0.5)})
}

func (t *tower) layers(x, prefix string, c clip.TowerConfig, causal int) string {
	for i := range c.Layers {
		name := fmt.Sprintf("%s.encoder.layers.%d.", prefix, i)
		y := t.norm(x, name+"layer_norm1", c)
		weights, biases := make([]float32, 3*c.Width*c.Width), []float32{}
		for j, part := range []string{"q", "k", "v"} {
			t.transposed(weights, 3*c.Width, j*c.Width, name+"self_attn."+part+"_proj.weight", c.Width, c.Width)
			biases = append(biases, t.read(name+"self_attn."+part+"_proj.bias")...)
		}
		y = t.op("Attention", []string{y, t.floats(weights, c.Width, 3*c.Width), t.floats(biases, 3*c.Width)},
			attribute{"num_heads", c.Heads}, attribute{"unidirectional", causal})
		x = t.op("Add", []string{x, t.linear(y, name+"self_attn.out_proj", c.Width, c.Width)})
		y = t.linear(t.norm(x, name+"layer_norm2", c), name+"mlp.fc1", c.Inner, c.Width)
		x = t.op("Add", []string{x, t.linear(t.activation(y, c.Activation), name+"mlp.fc2", c.Width, c.Inner)})
	}
	return x
}

func (t *tower) finish(x, projection string, out, in int) {
	w := make([]float32, in*out)
	t.transposed(w, out, 0, projection+".weight", out, in)
	t.named("MatMul", "vectors", []string{x, t.floats(w, in, out)})
	declare(&t.outputs, 12, "vectors", float32s, "batch", out)
}

func (t *tower) vision(c clip.Config) {
	v := c.Vision
	const prefix = "vision_model"
	declare(&t.inputs, 11, "pixels", float32s, "batch", 3, v.ImageSize, v.ImageSize)
	sides := []int{v.PatchSize, v.PatchSize}
	x := t.op("Conv", []string{"pixels", t.parameter(prefix+".embeddings.patch_embedding.weight", v.Width, 3, v.PatchSize, v.PatchSize)},
		attribute{"kernel_shape", sides}, attribute{"strides", sides})
	x = t.op("Reshape", []string{x, t.integers(0, int64(v.Width), int64(v.Positions()-1))})
	x = t.op("Transpose", []string{x}, attribute{"perm", []int{0, 2, 1}})
	batch := t.op("Gather", []string{t.op("Shape", []string{x}), t.integers(0)})
	shape := t.op("Concat", []string{batch, t.integers(1, int64(v.Width))}, attribute{"axis", 0})
	class := t.op("Expand", []string{t.parameter(prefix+".embeddings.class_embedding", 1, 1, v.Width), shape})
	x = t.op("Concat", []string{class, x}, attribute{"axis", 1})
	x = t.op("Add", []string{x, t.parameter(prefix+".embeddings.position_embedding.weight", v.Positions(), v.Width)})
	x = t.layers(t.norm(x, prefix+".pre_layrnorm", v.TowerConfig), prefix, v.TowerConfig, 0)
	x = t.op("Gather", []string{x, t.constant(int64s, nil, make([]byte, 8))}, attribute{"axis", 1})
	t.finish(t.norm(x, prefix+".post_layernorm", v.TowerConfig), "visual_projection", c.Projection, v.Width)
}

func (t *tower) text(c clip.Config) {
	const prefix = "text_model"
	declare(&t.inputs, 11, "ids", int64s, "batch", "length")
	declare(&t.inputs, 11, "pool", int64s, "batch", 1)
	x := t.op("Gather", []string{t.parameter(prefix+".embeddings.token_embedding.weight", c.Text.Vocabulary, c.Text.Width), "ids"})
	length := t.op("Gather", []string{t.op("Shape", []string{"ids"}), t.integers(1)})
	positions := t.op("Slice", []string{t.parameter(prefix+".embeddings.position_embedding.weight", c.Text.Context, c.Text.Width), t.integers(0), length, t.integers(0)})
	x = t.layers(t.op("Add", []string{x, positions}), prefix, c.Text.TowerConfig, 1)
	x = t.op("GatherND", []string{x, "pool"}, attribute{"batch_dims", 1})
	t.finish(t.norm(x, prefix+".final_layer_norm", c.Text.TowerConfig), "text_projection", c.Projection, c.Text.Width)
}
