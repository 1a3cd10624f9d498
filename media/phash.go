package media

import (
	"math"
	"math/bits"
	"slices"
)

// phashEdge is the grey picture that the transform sees; the hash keeps its
// 8×8 lowest frequencies.
const (
	phashEdge = 32
	phashBits = 8
)

// perceptualHash is the classic 64-bit DCT hash: pictures that look alike
// differ in few bits. Transparent parts count as white.
func perceptualHash(w, h int, rgba []byte) uint64 {
	grey := greySquare(w, h, rgba)
	var basis [phashBits][phashEdge]float64
	for u := range phashBits {
		for x := range phashEdge {
			basis[u][x] = math.Cos(math.Pi / phashEdge * (float64(x) + 0.5) * float64(u))
		}
	}
	var rows [phashEdge][phashBits]float64
	for y := range phashEdge {
		for u := range phashBits {
			for x := range phashEdge {
				rows[y][u] += grey[y*phashEdge+x] * basis[u][x]
			}
		}
	}
	coefficients := make([]float64, 0, phashBits*phashBits)
	for v := range phashBits {
		for u := range phashBits {
			sum := 0.0
			for y := range phashEdge {
				sum += rows[y][u] * basis[v][y]
			}
			coefficients = append(coefficients, sum)
		}
	}
	// The constant part says only how bright the picture is.
	sorted := slices.Sorted(slices.Values(coefficients[1:]))
	median := sorted[len(sorted)/2]
	var hash uint64
	for i, c := range coefficients {
		if i > 0 && c > median {
			hash |= 1 << i
		}
	}
	return hash
}

// greySquare averages the picture into phashEdge×phashEdge brightness values.
func greySquare(w, h int, rgba []byte) []float64 {
	grey := make([]float64, phashEdge*phashEdge)
	for y := range phashEdge {
		y0, y1 := y*h/phashEdge, max((y+1)*h/phashEdge, y*h/phashEdge+1)
		for x := range phashEdge {
			x0, x1 := x*w/phashEdge, max((x+1)*w/phashEdge, x*w/phashEdge+1)
			sum := 0.0
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					px := rgba[(sy*w+sx)*4:]
					alpha := float64(px[3]) / 255
					luma := 0.299*float64(px[0]) + 0.587*float64(px[1]) + 0.114*float64(px[2])
					sum += luma*alpha + 255*(1-alpha)
				}
			}
			grey[y*phashEdge+x] = sum / float64((y1-y0)*(x1-x0))
		}
	}
	return grey
}

// PHashDistance counts the bits in which two perceptual hashes differ: 0 for
// the same picture, up to about 10 for near duplicates, 32 for strangers.
func PHashDistance(a, b uint64) int { return bits.OnesCount64(a ^ b) }
