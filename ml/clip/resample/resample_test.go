package resample

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// picture makes the bytes that testdata/pillow.py makes: noise over ramps.
func picture(seed uint32, width, height int) Image {
	im := Image{width, height, make([]byte, width*height*3)}
	state := seed
	for i := range im.Pix {
		state = state*1664525 + 1013904223
		noise := byte(state >> 24)
		switch ramp := byte(i / 3 % width * 255 / width); {
		case state>>23&1 != 0:
			im.Pix[i] = ramp + noise
		case state>>22&1 != 0:
			im.Pix[i] = noise
		case state>>21&1 == 0:
			im.Pix[i] = 255
		}
	}
	return im
}

func whole(width, height int) Region { return Region{0, 0, width, height} }

func mustRGB(t testing.TB, im Image, width, height int, r Region, f Filter) Image {
	t.Helper()
	out, err := RGB(im, width, height, r, f)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPixelsAreThoseOfPillow(t *testing.T) {
	file, err := os.Open("testdata/pillow.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var seed uint32
		var w, h, toW, toH int
		var f Filter
		var want string
		if _, err := fmt.Sscan(lines.Text(), &seed, &w, &h, &toW, &toH, &f, &want); err != nil {
			t.Fatal(err)
		}
		n++
		sum := sha256.Sum256(mustRGB(t, picture(seed, w, h), toW, toH, whole(toW, toH), f).Pix)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%d×%d to %d×%d by filter %d: pixels differ from Pillow's", w, h, toW, toH, f)
		}
	}
	if n < 200 {
		t.Errorf("only %d cases", n)
	}
}

// A region is what cutting the whole picture would give.
func TestRegionIsAPartOfTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		im := picture(r.Uint32(), 1+r.IntN(90), 1+r.IntN(90))
		w, h, f := 1+r.IntN(70), 1+r.IntN(70), Filter(r.IntN(6))
		x, y := r.IntN(w), r.IntN(h)
		part := Region{x, y, 1 + r.IntN(w-x), 1 + r.IntN(h-y)}
		full := mustRGB(t, im, w, h, whole(w, h), f)
		got := mustRGB(t, im, w, h, part, f)
		for row := range part.Height {
			from := ((y+row)*w + x) * 3
			if !slices.Equal(got.Pix[row*part.Width*3:(row+1)*part.Width*3], full.Pix[from:from+part.Width*3]) {
				t.Fatalf("%d×%d to %d×%d, filter %d: row %d of %+v differs", im.Width, im.Height, w, h, f, row, part)
			}
		}
	}
}

// naive convolves in both directions at once, in floating point, without rounding
// anything but the result.
func naive(im Image, width, height int, k kernel) []float64 {
	weights := func(in, out, i int) (list []float64) {
		scale := float64(in) / float64(out)
		wide := max(1, scale)
		sum := 0.0
		for j := range in {
			w := k.at((float64(j) + 0.5 - (float64(i)+0.5)*scale) / wide)
			list = append(list, w)
			sum += w
		}
		for j := range list {
			list[j] /= sum
		}
		return list
	}
	out := make([]float64, 0, width*height*3)
	for y := range height {
		down := weights(im.Height, height, y)
		for x := range width {
			across := weights(im.Width, width, x)
			var sum [3]float64
			for j, v := range down {
				for i, u := range across {
					for c := range 3 {
						sum[c] += v * u * float64(im.Pix[(j*im.Width+i)*3+c])
					}
				}
			}
			out = append(out, sum[:]...)
		}
	}
	return out
}

// Smooth pictures leave nothing to clip between the passes, so that only the
// rounding of both (0.5 each, times the filter's gain) lies between the two.
func TestPixelsAreThoseOfTheFormula(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		w, h, toW, toH := 2+r.IntN(40), 2+r.IntN(40), 1+r.IntN(30), 1+r.IntN(30)
		im := Image{w, h, make([]byte, w*h*3)}
		for i := range im.Pix {
			im.Pix[i] = byte(128 + 60*math.Sin(float64(i/3%w)/5+float64(i%3)) + 40*math.Cos(float64(i/3/w)/4))
		}
		for _, f := range []Filter{Lanczos, Bilinear, Bicubic, Hamming} {
			got := mustRGB(t, im, toW, toH, whole(toW, toH), f).Pix
			for i, want := range naive(im, toW, toH, kernels[f]) {
				if math.Abs(float64(got[i])-want) > 1.5 {
					t.Fatalf("%d×%d to %d×%d, filter %d: byte %d is %d, the formula says %.2f", w, h, toW, toH, f, i, got[i], want)
				}
			}
		}
	}
}

func TestWrongArgumentsAreErrors(t *testing.T) {
	good := picture(1, 4, 4)
	for name, call := range map[string]func() (Image, error){
		"short pixels":    func() (Image, error) { return RGB(Image{4, 4, good.Pix[1:]}, 2, 2, whole(2, 2), Box) },
		"no pixels":       func() (Image, error) { return RGB(Image{}, 2, 2, whole(2, 2), Box) },
		"empty region":    func() (Image, error) { return RGB(good, 2, 2, Region{}, Box) },
		"region outside":  func() (Image, error) { return RGB(good, 2, 2, Region{1, 0, 2, 2}, Box) },
		"unknown filter":  func() (Image, error) { return RGB(good, 2, 2, whole(2, 2), 9) },
		"negative region": func() (Image, error) { return RGB(good, 2, 2, Region{-1, 0, 2, 2}, Box) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkPreview(b *testing.B) {
	for _, size := range [][2]int{{1440, 1080}, {2048, 1536}, {1536, 2048}} {
		im := picture(1, size[0], size[1])
		short := min(size[0], size[1])
		w, h := size[0]*224/short, size[1]*224/short
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			b.SetBytes(int64(len(im.Pix)))
			for b.Loop() {
				mustRGB(b, im, w, h, Region{(w - 224) / 2, (h - 224) / 2, 224, 224}, Bicubic)
			}
		})
	}
}
