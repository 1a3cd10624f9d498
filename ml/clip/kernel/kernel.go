// Package kernel has the inner loops of a transformer on the CPU: products with
// packed weights, layer normalisation and attention, in float32. One C source
// in portable vector extensions is compiled for several instruction sets; Best
// picks one that the processor has.
//
// Matrices are row-major. The width of a row in memory is its stride, at least
// Stride(columns): products write whole panels, so that rows need room for them.
package kernel

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape call_gemm
#cgo nocallback call_gemm
#cgo noescape call_layernorm
#cgo nocallback call_layernorm
#cgo noescape call_attention
#cgo nocallback call_attention
#include "kernel.h"

static void call_pack(const kernels *s, const float *w, size_t ldw, int n, int k, float *panels) {
  s->pack(w, ldw, n, k, panels);
}
static void call_gemm(const kernels *s, const float *a, size_t lda, const float *panels, int m, int k, int p0, int p1,
                      const float *bias, float *c, size_t ldc, int epilogue) {
  s->gemm(a, lda, panels, m, k, p0, p1, bias, c, ldc, epilogue);
}
static void call_layernorm(const kernels *s, const float *x, size_t ldx, const float *gain, const float *bias,
                           float eps, float *y, size_t ldy, int rows, int d) {
  s->layernorm(x, ldx, gain, bias, eps, y, ldy, rows, d);
}
static size_t call_attention_scratch(const kernels *s, int keys, int dh) { return s->attention_scratch(keys, dh); }
static void call_attention(const kernels *s, const float *qkv, size_t ld, float *out, size_t ldo, int keys, int heads,
                           int dh, int h0, int h1, int causal, float *scratch) {
  s->attention(qkv, ld, out, ldo, keys, heads, dh, h0, h1, causal, scratch);
}
*/
import "C"

import "unsafe"

// Epilogue is what a product does with its sums before it stores them.
type Epilogue int

// The epilogues. Add adds to what the destination holds (a residual).
const (
	None      Epilogue = C.EPI_NONE
	QuickGELU Epilogue = C.EPI_QUICK_GELU
	GELU      Epilogue = C.EPI_GELU
	Add       Epilogue = C.EPI_ADD
)

// widest is the widest panel of any set.
const widest = 32

// Stride is how far apart rows of n values should lie: whole panels of every
// set, and no multiple of 4 KiB, where rows would fight for the same cache lines.
func Stride(n int) int {
	s := (n + widest - 1) / widest * widest
	if s%1024 == 0 {
		s += widest
	}
	return s
}

// Set is the kernels compiled for one instruction set.
type Set struct {
	name  string
	table *C.kernels
}

// Name is "base", "avx2" or "avx512".
func (s *Set) Name() string { return s.name }

// Panel is how many columns a product computes at a time.
func (s *Set) Panel() int { return 2 * int(s.table.lanes) }

// Best is the fastest set that this processor has.
func Best() *Set {
	all := Sets()
	return all[len(all)-1]
}

// Layer normalises rows of d values: (x - mean) / √(variance + eps) · gain + bias.
func (s *Set) Layer(x []float32, ldx int, gain, bias []float32, eps float32, y []float32, ldy, rows, d int) {
	if rows == 0 {
		return
	}
	_, _ = x[(rows-1)*ldx+d-1], y[(rows-1)*ldy+d-1]
	_, _ = gain[d-1], bias[d-1]
	C.call_layernorm(s.table, ptr(x), C.size_t(ldx), ptr(gain), ptr(bias), C.float(eps), ptr(y), C.size_t(ldy), C.int(rows), C.int(d))
}

// Heads says how attention finds its way in a row: Heads queries of Width
// values each, then as many keys, then as many values.
type Heads struct {
	Count, Width int
	Causal       bool // a position sees itself and what is before it
}

// Scratch is how many floats Attention needs to work in.
func (s *Set) Scratch(keys int, h Heads) int {
	return int(C.call_attention_scratch(s.table, C.int(keys), C.int(h.Width)))
}

// Attention computes heads first up to last (exclusive) of one sequence of as
// many rows as there are keys.
func (s *Set) Attention(qkv []float32, ld int, out []float32, ldo, keys int, h Heads, first, last int, scratch []float32) {
	d := h.Count * h.Width
	_, _ = qkv[(keys-1)*ld+3*d-1], out[(keys-1)*ldo+d-1]
	_ = scratch[s.Scratch(keys, h)-1]
	causal := C.int(0)
	if h.Causal {
		causal = 1
	}
	C.call_attention(s.table, ptr(qkv), C.size_t(ld), ptr(out), C.size_t(ldo), C.int(keys), C.int(h.Count), C.int(h.Width),
		C.int(first), C.int(last), causal, ptr(scratch))
}

func ptr(s []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(s))) }

func pack(s *Set, w []float32, out, in int, panels []float32) {
	C.call_pack(s.table, ptr(w), C.size_t(in), C.int(out), C.int(in), ptr(panels))
}

func gemm(s *Set, a []float32, lda int, panels []float32, rows, in, first, last int, bias, c []float32, ldc int, e Epilogue) {
	C.call_gemm(s.table, ptr(a), C.size_t(lda), ptr(panels), C.int(rows), C.int(in), C.int(first), C.int(last),
		ptr(bias), ptr(c), C.size_t(ldc), C.int(e))
}
