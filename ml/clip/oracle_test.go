package clip

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"albumen/bench/ml/randomclip"
	"albumen/ml/clip/kernel"
)

// The oracle is both towers in gorgonia's stock operations, one picture or text at a
// time, straight from the tensors of the file: slow, and with nothing in common with
// our own operations.

func TestFusedOperationsAgreeWithStockOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 8 {
		heads, textHeads := 1+r.IntN(3), 1+r.IntN(3)
		s := randomclip.Shape{
			Vision:    randomclip.Tower{Width: heads * (3 + r.IntN(40)), Inner: 5 + r.IntN(150), Layers: 1 + r.IntN(3), Heads: heads},
			Text:      randomclip.Tower{Width: textHeads * (3 + r.IntN(40)), Inner: 5 + r.IntN(150), Layers: 1 + r.IntN(3), Heads: textHeads},
			ImageSize: 20 + r.IntN(60), Patch: 5 + r.IntN(12), Vocabulary: 514 + r.IntN(200), Context: 8 + r.IntN(70),
			Projection: 3 + r.IntN(80), Activation: []string{"quick_gelu", "gelu"}[i%2], Epsilon: []float64{1e-5, 1e-3}[i/2%2],
		}
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			dir := t.TempDir()
			if err := randomclip.Write(dir, s, uint64(i)); err != nil {
				t.Fatal(err)
			}
			pictures, texts := randomPictures(r, s.ImageSize, 3), randomIDs(r, s, 5)
			oracle := newOracle(t, dir)
			for _, set := range kernel.Sets() {
				m := loadFor(t, dir, 2, set)
				got, err := m.EmbedImages(context.Background(), pictures)
				if err != nil {
					t.Fatal(err)
				}
				for j, p := range pictures {
					same(t, fmt.Sprintf("%s picture %d", set.Name(), j), got[j], oracle.image(p), 2e-5)
				}
				if got, err = m.embedTokens(context.Background(), texts); err != nil {
					t.Fatal(err)
				}
				for j, ids := range texts {
					same(t, fmt.Sprintf("%s text %d", set.Name(), j), got[j], oracle.text(ids), 2e-5)
				}
			}
		})
	}
}

func loadFor(t testing.TB, dir string, threads int, set *kernel.Set) *Model {
	t.Helper()
	m, err := load(dir, Options{Threads: threads}, set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func same(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tolerance) {
			t.Fatalf("%s: value %d is %v, want %v (off by %g)", what, i, got[i], want[i], d)
		}
	}
}

func randomPictures(r *rand.Rand, size, n int) []Pixels {
	px := make([]Pixels, n)
	for i := range px {
		px[i] = Pixels{Size: size, RGB: make([]byte, size*size*3)}
		for j := range px[i].RGB {
			px[i].RGB[j] = byte(r.Uint32())
		}
	}
	return px
}

// randomIDs makes texts of all lengths, the last as long as the context.
func randomIDs(r *rand.Rand, s randomclip.Shape, n int) [][]int32 {
	texts := make([][]int32, n)
	for i := range texts {
		length := 2 + r.IntN(s.Context-1)
		if i == n-1 {
			length = s.Context
		}
		for range length - 2 {
			texts[i] = append(texts[i], r.Int32N(int32(s.Vocabulary-2)))
		}
		texts[i] = append(append([]int32{int32(s.Vocabulary - 2)}, texts[i]...), int32(s.Vocabulary-1))
	}
	return texts
}

type oracle struct {
	t       *testing.T
	config  Config
	weights *Weights
	graph   *gorgonia.ExprGraph
	names   int
}

func newOracle(t *testing.T, dir string) *oracle {
	c, err := ReadConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	w, err := OpenWeights(filepath.Join(dir, weightsFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return &oracle{t: t, config: c, weights: w}
}

// constant is a matrix of given values.
func (o *oracle) constant(data []float32, rows, columns int) *gorgonia.Node {
	o.names++
	v := tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(data))
	return gorgonia.NewMatrix(o.graph, tensor.Float32, gorgonia.WithShape(rows, columns), gorgonia.WithName(fmt.Sprint("c", o.names)), gorgonia.WithValue(v))
}

// parameter is a tensor of the file as a matrix.
func (o *oracle) parameter(name string, rows, columns int) *gorgonia.Node {
	shape, _ := o.weights.Shape(name)
	data, err := o.weights.Float32(name, shape...)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.constant(data, rows, columns)
}

func must(n *gorgonia.Node, err error) *gorgonia.Node { return gorgonia.Must(n, err) }

func scalar(x float64) *gorgonia.Node { return gorgonia.NewConstant(float32(x)) }

var alongRows, alongColumns = []byte{0}, []byte{1}

func (o *oracle) norm(x *gorgonia.Node, name string, c TowerConfig) *gorgonia.Node {
	rows := x.Shape()[0]
	column := func(n *gorgonia.Node, err error) *gorgonia.Node {
		return must(gorgonia.Reshape(must(n, err), tensor.Shape{rows, 1}))
	}
	centred := must(gorgonia.BroadcastSub(x, column(gorgonia.Mean(x, 1)), nil, alongColumns))
	variance := column(gorgonia.Mean(must(gorgonia.Square(centred)), 1))
	x = must(gorgonia.BroadcastHadamardDiv(centred, must(gorgonia.Sqrt(must(gorgonia.Add(variance, scalar(c.Epsilon))))), nil, alongColumns))
	x = must(gorgonia.BroadcastHadamardProd(x, o.parameter(name+".weight", 1, c.Width), nil, alongRows))
	return must(gorgonia.BroadcastAdd(x, o.parameter(name+".bias", 1, c.Width), nil, alongRows))
}

// product is x · wᵀ.
func (o *oracle) product(x *gorgonia.Node, name string, out, in int) *gorgonia.Node {
	return must(gorgonia.Mul(x, must(gorgonia.Transpose(o.parameter(name+".weight", out, in), 1, 0))))
}

func (o *oracle) linear(x *gorgonia.Node, name string, out, in int) *gorgonia.Node {
	return must(gorgonia.BroadcastAdd(o.product(x, name, out, in), o.parameter(name+".bias", 1, out), nil, alongRows))
}

func (o *oracle) activation(x *gorgonia.Node, a Activation) *gorgonia.Node {
	if a == QuickGELU {
		return must(gorgonia.HadamardProd(x, must(gorgonia.Sigmoid(must(gorgonia.HadamardProd(x, scalar(1.702)))))))
	}
	// There is no error function among the stock operations: erf by its Maclaurin
	// series, which converges fast for the small values that random weights give.
	z := must(gorgonia.HadamardProd(x, scalar(math.Sqrt(0.5))))
	square, power, sum, factorial := must(gorgonia.Square(z)), z, z, 1.0
	for n := 1; n < 40; n++ {
		factorial *= float64(n)
		power = must(gorgonia.Neg(must(gorgonia.HadamardProd(power, square))))
		sum = must(gorgonia.Add(sum, must(gorgonia.HadamardProd(power, scalar(1/(factorial*float64(2*n+1)))))))
	}
	half := must(gorgonia.HadamardProd(x, scalar(0.5)))
	return must(gorgonia.Add(half, must(gorgonia.HadamardProd(half, must(gorgonia.HadamardProd(sum, scalar(2/math.Sqrt(math.Pi))))))))
}

func (o *oracle) layer(x *gorgonia.Node, name string, c TowerConfig, causal bool) *gorgonia.Node {
	rows := x.Shape()[0]
	y := o.norm(x, name+"layer_norm1", c)
	split := func(n string) *gorgonia.Node { // heads × rows × width of a head
		v := must(gorgonia.Reshape(o.linear(y, name+"self_attn."+n+"_proj", c.Width, c.Width), tensor.Shape{rows, c.Heads, c.HeadWidth()}))
		return must(gorgonia.Transpose(v, 1, 0, 2))
	}
	q, k, v := split("q"), split("k"), split("v")
	scores := must(gorgonia.BatchedMatMul(q, k, false, true))
	scores = must(gorgonia.HadamardProd(scores, scalar(1/math.Sqrt(float64(c.HeadWidth())))))
	scores = must(gorgonia.Reshape(scores, tensor.Shape{c.Heads * rows, rows}))
	if causal {
		mask := make([]float32, c.Heads*rows*rows)
		for i := range mask {
			if row, column := i/rows%rows, i%rows; column > row {
				mask[i] = -1e9
			}
		}
		scores = must(gorgonia.Add(scores, o.constant(mask, c.Heads*rows, rows)))
	}
	weights := must(gorgonia.Reshape(must(gorgonia.SoftMax(scores, 1)), tensor.Shape{c.Heads, rows, rows}))
	mixed := must(gorgonia.Transpose(must(gorgonia.BatchedMatMul(weights, v)), 1, 0, 2))
	mixed = must(gorgonia.Reshape(mixed, tensor.Shape{rows, c.Width}))
	x = must(gorgonia.Add(x, o.linear(mixed, name+"self_attn.out_proj", c.Width, c.Width)))
	h := o.linear(o.norm(x, name+"layer_norm2", c), name+"mlp.fc1", c.Inner, c.Width)
	return must(gorgonia.Add(x, o.linear(o.activation(h, c.Activation), name+"mlp.fc2", c.Width, c.Inner)))
}

// vector runs the graph and gives the unit vector of one row.
func (o *oracle) vector(x *gorgonia.Node, row int, name, projection string, c TowerConfig) []float32 {
	x = must(gorgonia.Slice(o.norm(x, name, c), gorgonia.S(row, row+1)))
	x = o.product(must(gorgonia.Reshape(x, tensor.Shape{1, c.Width})), projection, o.config.Projection, c.Width)
	var value gorgonia.Value
	gorgonia.Read(x, &value)
	vm := gorgonia.NewTapeMachine(o.graph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		o.t.Fatal(err)
	}
	v := append([]float32(nil), value.Data().([]float32)...)
	var square float64
	for _, f := range v {
		square += float64(f) * float64(f)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(square))
	}
	return v
}

func (o *oracle) image(p Pixels) []float32 {
	o.graph = gorgonia.NewGraph()
	c := o.config.Vision
	scale, shift := o.config.Pixels.Scale()
	var patches []float32
	for i := range c.Grid() * c.Grid() {
		top, left := i/c.Grid()*c.PatchSize, i%c.Grid()*c.PatchSize
		for channel := range 3 {
			for y := range c.PatchSize {
				for x := range c.PatchSize {
					b := p.RGB[((top+y)*p.Size+left+x)*3+channel]
					patches = append(patches, float32(b)*scale[channel]+shift[channel])
				}
			}
		}
	}
	in := 3 * c.PatchSize * c.PatchSize
	x := o.product(o.constant(patches, c.Positions()-1, in), "vision_model.embeddings.patch_embedding", c.Width, in)
	x = must(gorgonia.Concat(0, o.parameter("vision_model.embeddings.class_embedding", 1, c.Width), x))
	x = must(gorgonia.Add(x, o.parameter("vision_model.embeddings.position_embedding.weight", c.Positions(), c.Width)))
	x = o.norm(x, "vision_model.pre_layrnorm", c.TowerConfig)
	for i := range c.Layers {
		x = o.layer(x, fmt.Sprintf("vision_model.encoder.layers.%d.", i), c.TowerConfig, false)
	}
	return o.vector(x, 0, "vision_model.post_layernorm", "visual_projection", c.TowerConfig)
}

func (o *oracle) text(ids []int32) []float32 {
	o.graph = gorgonia.NewGraph()
	c := o.config.Text
	read := func(name string, shape ...int) []float32 {
		v, err := o.weights.Float32("text_model.embeddings."+name+".weight", shape...)
		if err != nil {
			o.t.Fatal(err)
		}
		return v
	}
	tokens, positions := read("token_embedding", c.Vocabulary, c.Width), read("position_embedding", c.Context, c.Width)
	var rows []float32
	for _, id := range ids {
		rows = append(rows, tokens[int(id)*c.Width:][:c.Width]...)
	}
	x := must(gorgonia.Add(o.constant(rows, len(ids), c.Width), o.constant(positions[:len(rows)], len(ids), c.Width)))
	for i := range c.Layers {
		x = o.layer(x, fmt.Sprintf("text_model.encoder.layers.%d.", i), c.TowerConfig, true)
	}
	return o.vector(x, len(ids)-1, "text_model.final_layer_norm", "text_projection", c.TowerConfig)
}
