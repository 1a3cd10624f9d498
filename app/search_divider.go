package app

import (
	"math"
	"slices"
	"time"

	"albumen/db"
)

// scale says what the similarities of one search mean to this actor. Models are
// not calibrated: 0.25 may be a find for one text and chance for another. So
// the similarities of a sample of what the actor sees, nearly all of which has
// nothing to do with the search, tell what chance looks like.
type scale struct {
	middle, spread float64 // median and scaled median deviation of the sample
	limit          float64 // in spreads: the most that chance alone would reach
}

const (
	// minSample is how many similarities say anything about chance.
	minSample = 30
	// Of an actor who sees more than sampleAll items, sampleEach are taken at
	// each of samplePlaces.
	sampleAll    = 1_000
	samplePlaces = 48
	sampleEach   = 6
)

// Strength is how similar an item is, for this search: more cannot be said.
type Strength string

// The strengths.
const (
	StrengthNone   Strength = ""
	StrengthFaint  Strength = "faint"  // no more than chance would bring
	StrengthClear  Strength = "clear"  // more than chance
	StrengthStrong Strength = "strong" // far more
)

// newScale reads the sample for an actor who sees that many items. The largest
// of n normal numbers lies about √(2 ln n) deviations above their middle (the
// "universal threshold" of Donoho and Johnstone, 1994): what is beyond has a
// reason. Median and median deviation do not mind the items in the sample that
// do belong to the search. The zero scale knows nothing.
func newScale(sample []float32, visible int) scale {
	if len(sample) < minSample {
		return scale{}
	}
	s := scale{middle: median(sample)}
	deviations := make([]float32, len(sample))
	for i, x := range sample {
		deviations[i] = float32(math.Abs(float64(x) - s.middle))
	}
	s.spread = 1.4826 * median(deviations)
	s.limit = math.Sqrt(2 * math.Log(float64(max(visible, minSample))))
	return s
}

func median(all []float32) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (float64(sorted[(n-1)/2]) + float64(sorted[n/2])) / 2
}

// strength is StrengthNone where the scale knows nothing.
func (s scale) strength(similarity float32) Strength {
	if s.spread <= 0 {
		return StrengthNone
	}
	switch z := (float64(similarity) - s.middle) / s.spread; {
	case z >= 1.5*s.limit:
		return StrengthStrong
	case z >= s.limit:
		return StrengthClear
	}
	return StrengthFaint
}

// sure tells on which side of the divider an item is. Where the scale knows
// nothing, a search that has words trusts these alone.
func (s scale) sure(p placed, words bool) bool {
	if p.words {
		return true
	}
	switch s.strength(p.similarity) {
	case StrengthNone:
		return !words
	case StrengthFaint:
		return false
	}
	return true
}

// sample says what of all that the actor sees is compared to know chance,
// whatever the filter.
func (s *searching) sample() db.Sample {
	if s.visible <= sampleAll {
		return db.Sample{Times: []time.Time{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, Albums: sampleAll, Each: sampleAll}
	}
	return db.Sample{Times: evenly(s.months, s.visible), Albums: samplePlaces, Each: sampleEach}
}

// evenly are times with about as many items between each two of them.
func evenly(months []Month, items int) []time.Time {
	var times []time.Time
	before := 0
	for _, m := range months { // newest first
		for len(times) < samplePlaces {
			at := items * len(times) / samplePlaces
			if at >= before+m.Count {
				break
			}
			end := m.Month.AddDate(0, 1, 0)
			past := float64(at-before) / float64(m.Count)
			times = append(times, end.Add(-time.Duration(past*float64(end.Sub(m.Month)))))
		}
		before += m.Count
	}
	return times
}
