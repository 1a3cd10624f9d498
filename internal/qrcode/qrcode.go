// Package qrcode draws QR codes as SVG.
package qrcode

import (
	"bytes"
	"fmt"

	"github.com/boombuler/barcode/qr"
)

// quiet is the margin around a code, in modules, that readers need.
const quiet = 4

// SVG returns text as a black code on a white ground, which scales to any size.
func SVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("make a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, size+2*quiet)
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&svg, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	svg.WriteString(`"/></svg>`)
	return svg.Bytes(), nil
}
