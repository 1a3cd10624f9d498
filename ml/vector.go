package ml

import (
	"encoding/binary"
	"fmt"
	"math"
)

// EncodeVector writes a vector as little-endian float32.
func EncodeVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// DecodeVector reads what EncodeVector wrote, and makes sure of the length and
// that every number is finite.
func DecodeVector(b []byte, dimension int) ([]float32, error) {
	if len(b) != 4*dimension || dimension <= 0 {
		return nil, fmt.Errorf("read a vector: %d bytes for %d numbers", len(b), dimension)
	}
	v := make([]float32, dimension)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if math.IsNaN(float64(v[i])) || math.IsInf(float64(v[i]), 0) {
			return nil, fmt.Errorf("read a vector: number %d is not finite", i)
		}
	}
	return v, nil
}
