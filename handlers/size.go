package handlers

import (
	"context"
	"math"
	"strconv"
	"strings"

	"albumen/i18n"
)

// sizeUnits are what may follow a number that a person enters, longest first.
var sizeUnits = []struct {
	suffix string
	factor float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}, {"", 1},
}

// parseSize reads a size such as "50 GB" or "1,5 TB" as bytes; nil for nothing
// entered. It returns false for anything else.
func parseSize(text string) (*int64, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return nil, true
	}
	for _, unit := range sizeUnits {
		digits, found := strings.CutSuffix(text, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(digits), ",", ".", 1), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n*unit.factor > 1<<60 {
			return nil, false
		}
		size := int64(math.Round(n * unit.factor))
		return &size, true
	}
	return nil, false
}

// sizeField is a size as parseSize reads it again, exactly.
func sizeField(n *int64) string {
	if n == nil {
		return ""
	}
	for _, unit := range []int{7, 6, 5, 4} { // TB, GB, MB, KB
		if f := int64(sizeUnits[unit].factor); *n > 0 && *n%(f/100) == 0 && *n >= f {
			return strconv.FormatFloat(float64(*n)/float64(f), 'f', -1, 64) + " " + strings.ToUpper(sizeUnits[unit].suffix)
		}
	}
	return strconv.FormatInt(*n, 10) + " B"
}

// usageText tells how much is used, and of how much.
func usageText(ctx context.Context, used int64, quota *int64) string {
	if quota == nil {
		return i18n.T(ctx, "users.used", "Used", i18n.Bytes(ctx, used))
	}
	return i18n.T(ctx, "users.used_of", "Used", i18n.Bytes(ctx, used), "Limit", i18n.Bytes(ctx, *quota))
}
