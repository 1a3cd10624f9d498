package handlers

import "testing"

func TestSizesThatPeopleEnter(t *testing.T) {
	for text, want := range map[string]int64{
		"50 GB": 50e9, "1,5tb": 15e11, "0": 0, " 10GiB ": 10 << 30, "12 B": 12, "2.25 MB": 2_250_000, "1e3": 1000,
	} {
		n, ok := parseSize(text)
		if !ok || n == nil || *n != want {
			t.Errorf("%q: %v, %v", text, n, ok)
		}
		if again, ok := parseSize(sizeField(n)); !ok || *again != want {
			t.Errorf("%q comes back as %q", text, sizeField(n))
		}
	}
	if n, ok := parseSize("  "); n != nil || !ok || sizeField(nil) != "" {
		t.Error("nothing is a size")
	}
	for _, bad := range []string{"much", "-1 GB", "NaN", "GB", "1 PB", "1..2", "9999999999 TB", "inf"} {
		if n, ok := parseSize(bad); ok {
			t.Errorf("%q: %d", bad, *n)
		}
	}
}
