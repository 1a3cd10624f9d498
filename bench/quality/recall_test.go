package main

import "testing"

func TestRecall(t *testing.T) {
	a, b, c := &labelled{vector: []float32{1, 0}}, &labelled{vector: []float32{0.8, 0.6}}, &labelled{vector: []float32{0, 1}}
	photos := []*labelled{c, b, a}
	for _, x := range []struct {
		but    *labelled
		wanted []*labelled
		at     map[int]float64
	}{
		{nil, []*labelled{a}, map[int]float64{1: 1, 3: 1}}, {nil, []*labelled{b}, map[int]float64{1: 0, 3: 1}},
		{nil, []*labelled{a, c}, map[int]float64{1: 1, 3: 1}}, {a, []*labelled{b, c}, map[int]float64{1: 1, 3: 1}}, {a, []*labelled{c}, map[int]float64{1: 0, 3: 1}},
	} {
		wanted := map[*labelled]bool{}
		for _, p := range x.wanted {
			wanted[p] = true
		}
		got := recalls(photos, a.vector, x.but, wanted)
		for k, want := range x.at {
			if got[k] != want {
				t.Errorf("recall@%d is %f, want %f", k, got[k], want)
			}
		}
	}
}
