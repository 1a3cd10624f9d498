package media

import (
	"encoding/base64"
	"errors"
	"math"
)

// Thumbhash encodes a tiny picture (at most 100×100, 4 bytes RGBA a pixel, not
// premultiplied) into the 25 or so bytes of Evan Wallace's ThumbHash (MIT,
// https://evanw.github.io/thumbhash/): a few low frequencies of its colours.
func Thumbhash(w, h int, rgba []byte) []byte {
	n := w * h
	var avgR, avgG, avgB, avgA float64
	for i := range n {
		px := rgba[i*4 : i*4+4]
		alpha := float64(px[3]) / 255
		avgR += alpha / 255 * float64(px[0])
		avgG += alpha / 255 * float64(px[1])
		avgB += alpha / 255 * float64(px[2])
		avgA += alpha
	}
	if avgA > 0 {
		avgR, avgG, avgB = avgR/avgA, avgG/avgA, avgB/avgA
	}
	hasAlpha := avgA < float64(n)
	lumaLimit := 7.0
	if hasAlpha {
		lumaLimit = 5
	}
	long := float64(max(w, h))
	lx := max(1, int(math.Round(lumaLimit*float64(w)/long)))
	ly := max(1, int(math.Round(lumaLimit*float64(h)/long)))

	l, p, q, a := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		px := rgba[i*4 : i*4+4]
		alpha := float64(px[3]) / 255
		r := avgR*(1-alpha) + alpha/255*float64(px[0])
		g := avgG*(1-alpha) + alpha/255*float64(px[1])
		b := avgB*(1-alpha) + alpha/255*float64(px[2])
		l[i], p[i], q[i], a[i] = (r+g+b)/3, (r+g)/2-b, r-g, alpha
	}
	lc := encodeChannel(l, w, h, max(3, lx), max(3, ly))
	pc := encodeChannel(p, w, h, 3, 3)
	qc := encodeChannel(q, w, h, 3, 3)

	landscape := w > h
	head24 := round(63*lc.dc) | round(31.5+31.5*pc.dc)<<6 | round(31.5+31.5*qc.dc)<<12 | round(31*lc.scale)<<18 | bit(hasAlpha)<<23
	short := lx
	if landscape {
		short = ly
	}
	head16 := uint32(short) | round(63*pc.scale)<<3 | round(63*qc.scale)<<9 | bit(landscape)<<15
	hash := []byte{byte(head24), byte(head24 >> 8), byte(head24 >> 16), byte(head16), byte(head16 >> 8)}
	channels := []channel{lc, pc, qc}
	if hasAlpha {
		ac := encodeChannel(a, w, h, 5, 5)
		hash = append(hash, byte(round(15*ac.dc)|round(15*ac.scale)<<4))
		channels = append(channels, ac)
	}
	half := false
	for _, c := range channels {
		for _, f := range c.ac {
			v := byte(round(15 * f))
			if half {
				hash[len(hash)-1] |= v << 4
			} else {
				hash = append(hash, v)
			}
			half = !half
		}
	}
	return hash
}

type channel struct {
	dc, scale float64
	ac        []float64
}

func encodeChannel(v []float64, w, h, nx, ny int) (c channel) {
	fx := make([]float64, w)
	for cy := range ny {
		for cx := 0; cx*ny < nx*(ny-cy); cx++ {
			for x := range w {
				fx[x] = math.Cos(math.Pi / float64(w) * float64(cx) * (float64(x) + 0.5))
			}
			f := 0.0
			for y := range h {
				row := 0.0
				for x := range w {
					row += v[y*w+x] * fx[x]
				}
				f += row * math.Cos(math.Pi/float64(h)*float64(cy)*(float64(y)+0.5))
			}
			if cx >= w || cy >= h {
				f = 0 // a frequency that so few pixels cannot hold
			}
			f /= float64(w * h)
			if cx == 0 && cy == 0 {
				c.dc = f
				continue
			}
			c.ac = append(c.ac, f)
			c.scale = max(c.scale, math.Abs(f))
		}
	}
	if c.scale > 0 {
		for i := range c.ac {
			c.ac[i] = 0.5 + 0.5/c.scale*c.ac[i]
		}
	}
	return c
}

func round(f float64) uint32 { return uint32(max(0, math.Round(f))) }

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// placeholderEdge is enough for the seven frequencies that a hash holds; the
// browser smooths the rest.
const placeholderEdge = 16

var errThumbhash = errors.New("media: not a thumbhash")

// ThumbhashDataURI returns the placeholder as a "data:image/png;base64," URI of
// about 1 kB, or "" if hash is none.
func ThumbhashDataURI(hash []byte) string {
	png, err := ThumbhashPNG(hash)
	if err != nil {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

// ThumbhashPNG renders a thumbhash as a PNG of at most 16×16 pixels. It takes a
// few dozen microseconds, so pages can do it as they are rendered.
func ThumbhashPNG(hash []byte) ([]byte, error) {
	w, h, rgba, err := decodeThumbhash(hash, placeholderEdge)
	if err != nil {
		return nil, err
	}
	return encodeTinyPNG(w, h, rgba), nil
}

func decodeThumbhash(hash []byte, edge int) (w, h int, rgba []byte, err error) {
	if len(hash) < 5 {
		return 0, 0, nil, errThumbhash
	}
	head24 := uint32(hash[0]) | uint32(hash[1])<<8 | uint32(hash[2])<<16
	head16 := uint32(hash[3]) | uint32(hash[4])<<8
	hasAlpha, landscape := head24>>23 == 1, head16>>15 == 1
	limit, acStart := 7, 5
	if hasAlpha {
		limit, acStart = 5, 6
	}
	rx, ry := int(head16&7), limit
	if landscape {
		rx, ry = limit, int(head16&7)
	}
	if rx == 0 || ry == 0 || len(hash) < acStart {
		return 0, 0, nil, errThumbhash
	}
	lx, ly := max(3, rx), max(3, ry)

	nibbles, at := hash[acStart:], 0
	read := func(nx, ny int, scale float64) []float64 {
		ac := make([]float64, 0, 27)
		for cy := range ny {
			for cx := int(1 - bit(cy > 0)); cx*ny < nx*(ny-cy); cx++ {
				if at>>1 >= len(nibbles) {
					err = errThumbhash
					return ac
				}
				ac = append(ac, (float64(nibbles[at>>1]>>((at&1)<<2)&15)/7.5-1)*scale)
				at++
			}
		}
		return ac
	}
	lac := read(lx, ly, float64(head24>>18&31)/31)
	pac := read(3, 3, float64(head16>>3&63)/63*1.25)
	qac := read(3, 3, float64(head16>>9&63)/63*1.25)
	dc := [4]float64{float64(head24&63) / 63, float64(head24>>6&63)/31.5 - 1, float64(head24>>12&63)/31.5 - 1, 1}
	var aac []float64
	if hasAlpha {
		dc[3] = float64(hash[5]&15) / 15
		aac = read(5, 5, float64(hash[5]>>4)/15)
	}
	if err != nil {
		return 0, 0, nil, err
	}

	w, h = edge, edge
	if ratio := float64(rx) / float64(ry); ratio > 1 {
		h = max(1, int(math.Round(float64(edge)/ratio)))
	} else {
		w = max(1, int(math.Round(float64(edge)*ratio)))
	}
	fx, fy := cosines(w), cosines(h)
	rgba = make([]byte, 0, w*h*4)
	for y := range h {
		// Each row is folded first, so that a pixel costs a few products only.
		l, p, q := foldRow(lac, lx, ly, &fy[y]), foldRow(pac, 3, 3, &fy[y]), foldRow(qac, 3, 3, &fy[y])
		a := foldRow(aac, 5, 5, &fy[y])
		for x := range w {
			luma := dc[0] + dot(&l, &fx[x], lx)
			p, q := dc[1]+dot(&p, &fx[x], 3), dc[2]+dot(&q, &fx[x], 3)
			b := luma - 2.0/3*p
			r := (3*luma - b + q) / 2
			rgba = append(rgba, to8(r), to8(r-q), to8(b), to8(dc[3]+dot(&a, &fx[x], 5)))
		}
	}
	return w, h, rgba, nil
}

// frequencies is how many a channel has at most in each direction.
const frequencies = 7

// cosines tabulates the basis for each of size positions.
func cosines(size int) [][frequencies]float64 {
	t := make([][frequencies]float64, size)
	for i := range size {
		for c := range frequencies {
			t[i][c] = math.Cos(math.Pi / float64(size) * (float64(i) + 0.5) * float64(c))
		}
	}
	return t
}

// foldRow sums the coefficients of a channel over the vertical frequencies of
// one row. No coefficients, no contribution.
func foldRow(ac []float64, nx, ny int, fy *[frequencies]float64) (row [frequencies]float64) {
	j := 0
	for cy := 0; cy < ny && len(ac) > 0; cy++ {
		for cx := int(1 - bit(cy > 0)); cx*ny < nx*(ny-cy); cx++ {
			row[cx] += ac[j] * fy[cy] * 2
			j++
		}
	}
	return row
}

func dot(a, b *[frequencies]float64, n int) (sum float64) {
	for i := range n {
		sum += a[i] * b[i]
	}
	return sum
}

func to8(f float64) byte { return byte(math.Round(min(max(f, 0), 1) * 255)) }
