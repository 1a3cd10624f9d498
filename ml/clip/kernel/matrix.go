package kernel

// Matrix is the weights and bias of a linear layer, packed for one set. It is
// read only and may be shared.
type Matrix struct {
	In, Out int
	set     *Set
	panels  []float32
	bias    []float32 // nil: none
}

// Pack packs weights of out rows of in values each (as checkpoints have them)
// and a bias, which may be nil. Both may be released afterwards. The packed
// weights lie outside the garbage collector's heap, see Memory.
func (s *Set) Pack(weights, bias []float32, out, in int) (*Matrix, error) {
	m := &Matrix{In: in, Out: out, set: s}
	n := m.Panels() * s.Panel()
	if bias != nil {
		m.bias = make([]float32, n)
		copy(m.bias, bias[:out])
	}
	var err error
	if m.panels, err = Alloc(n * in); err != nil {
		return nil, err
	}
	pack(s, weights[:out*in], out, in, m.panels)
	return m, nil
}

// Memory is the packed weights' memory; once it was given to Free, the matrix must
// not be used any more.
func (m *Matrix) Memory() []float32 { return m.panels }

// Panels is how many panels the outputs fill.
func (m *Matrix) Panels() int { return (m.Out + m.set.Panel() - 1) / m.set.Panel() }

// Multiply computes panels first up to last (exclusive) of c = epilogue(a · weightsᵀ + bias)
// for the given number of rows.
func (m *Matrix) Multiply(a []float32, lda, rows, first, last int, c []float32, ldc int, e Epilogue) {
	if rows == 0 || last <= first {
		return
	}
	_, _ = a[(rows-1)*lda+m.In-1], c[(rows-1)*ldc+last*m.set.Panel()-1]
	_ = m.panels[last*m.set.Panel()*m.In-1]
	gemm(m.set, a, lda, m.panels, rows, m.In, first, last, m.bias, c, ldc, e)
}

// PanelWidth is how many outputs a panel has.
func (m *Matrix) PanelWidth() int { return m.set.Panel() }
