package clip

import (
	"context"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"albumen/ml/clip/kernel"
)

// visionWeights is the tower of pictures.
type visionWeights struct {
	config     VisionConfig
	bytes      [3][256]float32 // what a byte of each channel becomes
	patches    *kernel.Matrix
	positions  []float32 // of the class token, itself added, and the patches
	first      layerNorm
	layers     transformer
	last       layerNorm
	projection *kernel.Matrix
}

// visionMachine runs the tower on up to capacity pictures at once.
type visionMachine struct {
	*machine
	config   VisionConfig
	capacity int
	pixels   []byte // the graph's input: one picture after the other
}

func newVisionMachine(w *visionWeights, set *kernel.Set, p *pool, capacity int) (*visionMachine, error) {
	b := newBuilder(set, p)
	c := w.config
	m := &visionMachine{machine: b.machine, config: c, capacity: capacity, pixels: make([]byte, capacity*c.ImageSize*c.ImageSize*3)}
	input := tensor.New(tensor.WithShape(capacity, c.ImageSize*c.ImageSize*3), tensor.WithBacking(m.pixels))
	pixels := gorgonia.NewMatrix(b.graph, tensor.Byte, gorgonia.WithShape(input.Shape()...), gorgonia.WithName("pixels"), gorgonia.WithValue(input))

	rows := capacity * c.Positions()
	patches := b.patchify(b.matrix(rows, 3*c.PatchSize*c.PatchSize), w, pixels)
	x := b.positions(b.matrix(rows, c.Width), w, pixels)
	x = b.linear("embed", x, patches, w.patches, kernel.Add, b.allRows)
	x = b.norm("norm.first", x, x, w.first, b.allRows)
	x = b.blocks(x, w.layers, rows, capacity, c.Positions())
	x = b.head(x, w.last, w.projection, capacity)
	_, err := b.finish(x, w.projection.Out)
	return m, err
}

// embed computes the vectors of up to capacity pictures of the right size.
func (m *visionMachine) embed(ctx context.Context, pictures []Pixels) ([][]float32, error) {
	sequences := make([]sequence, len(pictures))
	for i, p := range pictures {
		copy(m.pixels[i*len(p.RGB):], p.RGB)
		sequences[i] = sequence{first: i * m.config.Positions(), rows: m.config.Positions()}
	}
	return m.run(ctx, sequences)
}

// patchify adds the matrix whose rows are patches, channel by channel as the weights
// have them. The first row of a picture stands for the class token and stays zero.
func (b *builder) patchify(out value, w *visionWeights, pixels *gorgonia.Node) value {
	side, patch, grid, positions := w.config.ImageSize, w.config.PatchSize, w.config.Grid(), w.config.Positions()
	to := out.floats()
	return b.apply("patchify", out, func(in []gorgonia.Value) {
		from := in[0].Data().([]byte)
		b.split(len(b.sequences)*grid, grid*patch*patch*3*20, func(_, first, last int) {
			for i := first; i < last; i++ { // a row of patches
				picture, row := i/grid, i%grid
				for column := range grid {
					o := to[(picture*positions+1+row*grid+column)*out.stride:]
					for y := range patch {
						line := from[((picture*side+row*patch+y)*side+column*patch)*3:]
						r, g, bl := o[y*patch:][:patch], o[(patch+y)*patch:][:patch], o[(2*patch+y)*patch:][:patch]
						for x := range patch {
							px := line[3*x:][:3]
							r[x], g[x], bl[x] = w.bytes[0][px[0]], w.bytes[1][px[1]], w.bytes[2][px[2]]
						}
					}
				}
			}
		})
	}, pixels)
}

// positions adds the matrix to which the patches' products are added.
func (b *builder) positions(out value, w *visionWeights, pixels *gorgonia.Node) value {
	width, to := w.config.Width, out.floats()
	return b.apply("positions", out, func([]gorgonia.Value) {
		for _, s := range b.sequences {
			for i := range s.rows {
				copy(to[(s.first+i)*out.stride:], w.positions[i*width:][:width])
			}
		}
	}, pixels)
}
