// Package onnx writes CLIP towers as ONNX models, so that ONNX Runtime can be timed on
// the same weights. It says nothing about correctness: it is written by the same
// people as the towers that it is compared with.
package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"unsafe"
)

// message is a protobuf message being written.
type message struct{ bytes []byte }

func (m *message) varint(v uint64) { m.bytes = binary.AppendUvarint(m.bytes, v) }

func (m *message) integer(field int, v int64) {
	m.varint(uint64(field << 3))
	m.varint(uint64(v))
}

func (m *message) float(field int, v float32) {
	m.varint(uint64(field<<3 | 5))
	m.bytes = binary.LittleEndian.AppendUint32(m.bytes, math.Float32bits(v))
}

func (m *message) text(field int, s string) { m.block(field, []byte(s)) }

func (m *message) block(field int, b []byte) {
	m.varint(uint64(field<<3 | 2))
	m.varint(uint64(len(b)))
	m.bytes = append(m.bytes, b...)
}

func (m *message) nested(field int, fill func(*message)) {
	var inner message
	fill(&inner)
	m.block(field, inner.bytes)
}

// Types of tensors in ONNX.
const (
	float32s = 1
	int64s   = 7
)

// graph collects nodes and constants. Names of values are strings.
type graph struct {
	nodes, constants, inputs, outputs message
	count                             int
}

func (g *graph) name(prefix string) string {
	g.count++
	return fmt.Sprint(prefix, g.count)
}

func (g *graph) constant(kind int, shape []int, data []byte) string {
	name := g.name("constant")
	g.constants.nested(5, func(t *message) {
		for _, d := range shape {
			t.integer(1, int64(d))
		}
		t.integer(2, int64(kind))
		t.text(8, name)
		t.block(9, data)
	})
	return name
}

func (g *graph) floats(v []float32, shape ...int) string {
	return g.constant(float32s, shape, unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v)))
}

func (g *graph) integers(v ...int64) string {
	return g.constant(int64s, []int{len(v)}, unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 8*len(v)))
}

// attribute is an attribute of a node: an int, a float32 or a list of ints.
type attribute struct {
	name  string
	value any
}

// op adds a node and gives the name of its output.
func (g *graph) op(kind string, inputs []string, attributes ...attribute) string {
	out := g.name("value")
	g.named(kind, out, inputs, attributes...)
	return out
}

// ownDomain is that of ONNX Runtime's own operations, of which Attention is one.
const ownDomain = "com.microsoft"

func (g *graph) named(kind, out string, inputs []string, attributes ...attribute) {
	g.nodes.nested(1, func(n *message) {
		for _, in := range inputs {
			n.text(1, in)
		}
		n.text(2, out)
		n.text(3, g.name(kind))
		n.text(4, kind)
		for _, a := range attributes {
			n.nested(5, func(m *message) {
				m.text(1, a.name)
				switch v := a.value.(type) {
				case int:
					m.integer(3, int64(v))
					m.integer(20, 2)
				case float32:
					m.float(2, v)
					m.integer(20, 1)
				case []int:
					for _, i := range v {
						m.integer(8, int64(i))
					}
					m.integer(20, 7)
				}
			})
		}
		if kind == "Attention" {
			n.text(7, ownDomain)
		}
	})
}

// declare describes an input or output; dimensions are numbers or names.
func declare(to *message, field int, name string, kind int, dimensions ...any) {
	to.nested(field, func(m *message) {
		m.text(1, name)
		m.nested(2, func(t *message) {
			t.nested(1, func(t *message) {
				t.integer(1, int64(kind))
				t.nested(2, func(shape *message) {
					for _, d := range dimensions {
						shape.nested(1, func(m *message) {
							switch d := d.(type) {
							case int:
								m.integer(1, int64(d))
							case string:
								m.text(2, d)
							}
						})
					}
				})
			})
		})
	})
}

// write writes the model to a file.
func (g *graph) write(path string) error {
	var all, model message
	all.bytes = append(all.bytes, g.nodes.bytes...)
	all.text(2, "clip")
	all.bytes = append(all.bytes, g.constants.bytes...)
	all.bytes = append(append(all.bytes, g.inputs.bytes...), g.outputs.bytes...)
	model.integer(1, 8)
	model.text(2, "albumen")
	model.nested(8, func(m *message) { m.text(1, ""); m.integer(2, 17) })
	model.nested(8, func(m *message) { m.text(1, ownDomain); m.integer(2, 1) })
	model.block(7, all.bytes)
	return os.WriteFile(path, model.bytes, 0o644)
}
