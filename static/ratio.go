package static

import (
	"fmt"
	"strings"
)

// ratios writes the classes that carry numbers into CSS, because the content security policy allows no style
// attribute. A tile of ratio 1.333 has the classes i1 f33 (and t3 where it matters): --r = 1 + .33 + .003.
// s1…s60 tell the extent of a grid not yet laid out (the square of half the step, see views/ui.Extent);
// w1…w32 the widest that a small picture may be shown, in steps of 64 px.
func ratios() []byte {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, ".i%d{--i:%d}", i, i)
	}
	for f := range 100 {
		fmt.Fprintf(&b, ".f%d{--f:.%02d}", f, f)
	}
	for t := range 10 {
		fmt.Fprintf(&b, ".t%d{--t:.00%d}", t, t)
	}
	for s := 1; s <= 60; s++ {
		fmt.Fprintf(&b, ".s%d{--s:%.2f}", s, float64(s*s)/4)
	}
	for w := 1; w <= 32; w++ {
		fmt.Fprintf(&b, ".w%d{--w:%dpx}", w, w*64)
	}
	return []byte(b.String())
}
