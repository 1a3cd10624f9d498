package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"albumen/ml/clip/kernel"
)

// everySet runs a test with each set that this machine has.
func everySet(t *testing.T, f func(t *testing.T, s *kernel.Set)) {
	for _, s := range kernel.Sets() {
		t.Run(s.Name(), func(t *testing.T) { f(t, s) })
	}
}

func random(n int, deviation float64) []float32 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64() * deviation)
	}
	return s
}

func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if d := math.Abs(float64(got) - want); !(d <= tolerance) {
		t.Fatalf("%s: %v, want %v (off by %g)", what, got, want, d)
	}
}

var activations = map[kernel.Epilogue]func(x float64) float64{
	kernel.None:      func(x float64) float64 { return x },
	kernel.QuickGELU: func(x float64) float64 { return x / (1 + math.Exp(-1.702*x)) },
	kernel.GELU:      func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) },
	kernel.Add:       func(x float64) float64 { return x },
}

func TestMultiply(t *testing.T) {
	everySet(t, func(t *testing.T, s *kernel.Set) {
		for _, c := range []struct{ rows, in, out int }{{1, 1, 1}, {1, 5, 33}, {2, 64, 32}, {5, 37, 100}, {7, 48, 63}, {13, 100, 65}, {70, 1600, 40}, {97, 769, 19}} {
			for e, activate := range activations {
				for _, withBias := range []bool{false, true} {
					lda, ldc := c.in+3, kernel.Stride(c.out)
					a, w, init := random(c.rows*lda, 1), random(c.out*c.in, 1), random(c.rows*ldc, 1)
					var bias []float32
					if withBias {
						bias = random(c.out, 2)
					}
					m, err := s.Pack(w, bias, c.out, c.in)
					if err != nil {
						t.Fatal(err)
					}
					got := append([]float32(nil), init...)
					half := m.Panels() / 2
					m.Multiply(a, lda, c.rows, half, m.Panels(), got, ldc, e)
					m.Multiply(a, lda, c.rows, 0, half, got, ldc, e)
					for i := range c.rows {
						for j := range c.out {
							var want float64
							for k := range c.in {
								want += float64(a[i*lda+k]) * float64(w[j*c.in+k])
							}
							if bias != nil {
								want += float64(bias[j])
							}
							if e == kernel.Add {
								want += float64(init[i*ldc+j])
							}
							near(t, fmt.Sprintf("%+v epilogue %d at %d,%d", c, e, i, j), got[i*ldc+j], activate(want), 2e-6*math.Sqrt(float64(c.in))*8)
						}
					}
					kernel.Free(m.Memory())
				}
			}
		}
	})
}

func TestActivationsOverTheirRange(t *testing.T) {
	everySet(t, func(t *testing.T, s *kernel.Set) {
		m, err := s.Pack([]float32{1}, nil, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer kernel.Free(m.Memory())
		out := make([]float32, kernel.Stride(1))
		for x := -120.0; x <= 120; x += 0.0625 {
			for e, activate := range activations {
				if e == kernel.Add {
					continue
				}
				m.Multiply([]float32{float32(x)}, 1, 1, 0, 1, out, len(out), e)
				near(t, fmt.Sprintf("epilogue %d of %v", e, x), out[0], activate(x), 4e-7+2e-7*math.Abs(x))
			}
		}
	})
}

func TestLayer(t *testing.T) {
	everySet(t, func(t *testing.T, s *kernel.Set) {
		for _, d := range []int{1, 3, 8, 17, 48, 100, 768} {
			for _, eps := range []float32{1e-5, 1e-2} {
				const rows = 5
				ldx, ldy := d+2, d+7
				x, gain, bias, y := random(rows*ldx, 3), random(d, 1), random(d, 2), make([]float32, rows*ldy)
				for i := range x {
					x[i] += 5
				}
				s.Layer(x, ldx, gain, bias, eps, y, ldy, rows, d)
				for r := range rows {
					var mean, variance float64
					for _, v := range x[r*ldx : r*ldx+d] {
						mean += float64(v) / float64(d)
					}
					for _, v := range x[r*ldx : r*ldx+d] {
						variance += (float64(v) - mean) * (float64(v) - mean) / float64(d)
					}
					for j := range d {
						want := (float64(x[r*ldx+j])-mean)/math.Sqrt(variance+float64(eps))*float64(gain[j]) + float64(bias[j])
						near(t, fmt.Sprintf("d %d at %d,%d", d, r, j), y[r*ldy+j], want, 2e-5)
					}
				}
			}
		}
	})
}

func TestAttention(t *testing.T) {
	everySet(t, func(t *testing.T, s *kernel.Set) {
		for _, c := range []struct {
			keys int
			h    kernel.Heads
		}{
			{1, kernel.Heads{Count: 2, Width: 16}}, {5, kernel.Heads{Count: 3, Width: 8}}, {50, kernel.Heads{Count: 2, Width: 64}},
			{77, kernel.Heads{Count: 2, Width: 64}}, {197, kernel.Heads{Count: 1, Width: 64}}, {257, kernel.Heads{Count: 1, Width: 80}},
			{577, kernel.Heads{Count: 1, Width: 64}}, {33, kernel.Heads{Count: 5, Width: 13}},
		} {
			for _, causal := range []bool{false, true} {
				c.h.Causal = causal
				d := c.h.Count * c.h.Width
				ld, ldo := 3*d+5, d+3
				qkv, out, scratch := random(c.keys*ld, 1.5), make([]float32, c.keys*ldo), make([]float32, s.Scratch(c.keys, c.h))
				for h := range c.h.Count {
					s.Attention(qkv, ld, out, ldo, c.keys, c.h, h, h+1, scratch)
				}
				for i := range c.keys {
					for h := range c.h.Count {
						for j, want := range attend(qkv, ld, c.keys, i, h, c.h) {
							near(t, fmt.Sprintf("%+v at %d,%d,%d", c, i, h, j), out[i*ldo+h*c.h.Width+j], want, 5e-6)
						}
					}
				}
			}
		}
	})
}

// attend is attention of one position and head by the book.
func attend(qkv []float32, ld, keys, i, head int, h kernel.Heads) []float64 {
	if h.Causal {
		keys = i + 1
	}
	d := h.Count * h.Width
	at := func(row, part, j int) float64 { return float64(qkv[row*ld+part*d+head*h.Width+j]) }
	weights, most := make([]float64, keys), math.Inf(-1)
	for k := range keys {
		for j := range h.Width {
			weights[k] += at(i, 0, j) * at(k, 1, j) / math.Sqrt(float64(h.Width))
		}
		most = math.Max(most, weights[k])
	}
	var sum float64
	for k := range weights {
		weights[k] = math.Exp(weights[k] - most)
		sum += weights[k]
	}
	out := make([]float64, h.Width)
	for k, w := range weights {
		for j := range out {
			out[j] += w / sum * at(k, 2, j)
		}
	}
	return out
}

func TestStrideHasRoomForPanels(t *testing.T) {
	for n := 1; n < 5000; n++ {
		s := kernel.Stride(n)
		if s < n || s%32 != 0 || s%1024 == 0 {
			t.Fatalf("Stride(%d) = %d", n, s)
		}
	}
}
