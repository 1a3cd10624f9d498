package qrcode

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// The drawing has one square per dark module, within the margin.
func TestSVG(t *testing.T) {
	const text = "https://photos.example.org/s/abcdefghijklmnopqrstuvwxyz234567"
	svg, err := SVG(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(svg, new(struct{})); err != nil {
		t.Errorf("not well-formed: %v", err)
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for y := range code.Bounds().Dy() {
		for x := range code.Bounds().Dx() {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				dark++
			}
		}
	}
	if n := strings.Count(string(svg), "h1v1h-1z"); n != dark || n == 0 {
		t.Errorf("%d squares, %d dark modules", n, dark)
	}
	if !strings.Contains(string(svg), "M4 4h1v1h-1z") || strings.Contains(string(svg), "M3 ") {
		t.Error("the first finder pattern does not begin at the margin")
	}
	if _, err := SVG(strings.Repeat("x", 5000)); err == nil {
		t.Error("what fits into no code was drawn")
	}
}
