package media

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// testPattern is a sum of soft waves, different for each seed.
func testPattern(w, h int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	var waves [9][4]float64
	for i := range waves {
		waves[i] = [4]float64{random.Float64() * 6, random.Float64() * 6, random.Float64() * 6, 20 + 20*random.Float64()}
	}
	rgba := make([]byte, 0, w*h*4)
	for y := range h {
		for x := range w {
			px := [3]float64{128, 128, 128}
			for i, v := range waves {
				px[i%3] += v[3] * math.Cos(v[0]*float64(x)/float64(w)+v[1]*float64(y)/float64(h)+v[2])
			}
			rgba = append(rgba, to8(px[0]/255), to8(px[1]/255), to8(px[2]/255), 255)
		}
	}
	return rgba
}

func TestThumbhashRoundTrip(t *testing.T) {
	for _, size := range [][2]int{{100, 75}, {75, 100}, {100, 100}, {100, 5}, {1, 1}} {
		w, h := size[0], size[1]
		rgba := testPattern(w, h, 1)
		pw, ph, pixels, err := decodeThumbhash(Thumbhash(w, h, rgba), 32)
		if err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		if (w > h) != (pw > ph) || (h > w) != (ph > pw) {
			t.Errorf("%d×%d became %d×%d", w, h, pw, ph)
		}
		var diff float64
		for y := range ph {
			for x := range pw {
				for c := range 3 {
					want := float64(rgba[((y*h/ph)*w+x*w/pw)*4+c])
					diff += math.Abs(want - float64(pixels[(y*pw+x)*4+c]))
				}
			}
		}
		if mean := diff / float64(pw*ph*3); mean > 12 {
			t.Errorf("%v: placeholder is off by %.1f levels on average", size, mean)
		}
	}
}

func TestThumbhashTransparency(t *testing.T) {
	rgba := testPattern(60, 60, 1)
	for i := 0; i < len(rgba)/2; i += 4 {
		rgba[i+3] = 0
	}
	w, h, pixels, err := decodeThumbhash(Thumbhash(60, 60, rgba), 16)
	if err != nil {
		t.Fatal(err)
	}
	top, bottom := pixels[3], pixels[(w*h-1)*4+3]
	if top > 90 || bottom < 180 {
		t.Errorf("alpha at the top %d, at the bottom %d; want clear and opaque", top, bottom)
	}
}

func TestThumbhashPNGIsAPicture(t *testing.T) {
	hash := Thumbhash(100, 75, testPattern(100, 75, 1))
	b, err := ThumbhashPNG(hash)
	if err != nil {
		t.Fatal(err)
	}
	im, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	// The hash holds the shape in sevenths: 5/7 for 3/4.
	if im.Bounds() != image.Rect(0, 0, 16, 11) {
		t.Errorf("placeholder is %v", im.Bounds())
	}
	uri := ThumbhashDataURI(hash)
	if !strings.HasPrefix(uri, "data:image/png;base64,") || len(uri) > 1200 {
		t.Errorf("data URI of %d bytes: %.40s", len(uri), uri)
	}
}

func TestThumbhashRejectsNonsense(t *testing.T) {
	whole := Thumbhash(100, 75, testPattern(100, 75, 1))
	for _, hash := range [][]byte{nil, {}, {1, 2, 3, 4}, bytes.Repeat([]byte{0}, 5), bytes.Repeat([]byte{255}, 7), whole[:len(whole)-1]} {
		if _, err := ThumbhashPNG(hash); err == nil {
			t.Errorf("% x is taken for a hash", hash)
		}
		if ThumbhashDataURI(hash) != "" {
			t.Errorf("% x gives a data URI", hash)
		}
	}
}

func TestPerceptualHash(t *testing.T) {
	a := testPattern(100, 75, 1)
	brighter := bytes.Clone(a)
	for i := range brighter {
		if i%4 != 3 {
			brighter[i] = byte(min(255, int(brighter[i])+12))
		}
	}
	other := testPattern(100, 75, 2)
	if d := PHashDistance(perceptualHash(100, 75, a), perceptualHash(100, 75, brighter)); d > 6 {
		t.Errorf("a brighter copy differs in %d bits", d)
	}
	if d := PHashDistance(perceptualHash(100, 75, a), perceptualHash(100, 75, other)); d < 12 {
		t.Errorf("another picture differs in only %d bits", d)
	}
}
