package resample

import "math"

// Filter is a resampling filter by the number that Pillow gives it.
type Filter int

// The filters.
const (
	Nearest  Filter = 0
	Lanczos  Filter = 1
	Bilinear Filter = 2
	Bicubic  Filter = 3
	Box      Filter = 4
	Hamming  Filter = 5
)

// kernel is a filter's function and how far from 0 it reaches.
type kernel struct {
	at      func(x float64) float64
	support float64
}

// The formulas are those of Pillow's Resample.c. Products are converted to float64
// where something is added to them, so that no machine fuses the two.
var kernels = map[Filter]kernel{
	Box:      {box, 0.5},
	Bilinear: {bilinear, 1},
	Hamming:  {hamming, 1},
	Bicubic:  {bicubic, 2},
	Lanczos:  {lanczos, 3},
}

func box(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}

func bilinear(x float64) float64 { return max(0, 1-math.Abs(x)) }

func hamming(x float64) float64 {
	const a, b = float32(0.54), float32(0.46) // single precision in Pillow
	x = math.Abs(x)
	switch {
	case x == 0:
		return 1
	case x >= 1:
		return 0
	}
	x *= math.Pi
	return math.Sin(x) / x * (float64(a) + float64(float64(b)*math.Cos(x)))
}

// bicubic is Keys' convolution with a = -0.5.
func bicubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

func lanczos(x float64) float64 {
	if -3 <= x && x < 3 {
		return sinc(x) * sinc(x/3)
	}
	return 0
}
