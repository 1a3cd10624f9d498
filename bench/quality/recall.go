package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"albumen/ml/serve"
)

// search is one text and the pictures that it should bring.
type search struct {
	kind   string // class: any picture of the class; caption: the one picture described
	text   string
	wanted map[*labelled]bool
	vector []float32
}

// searchesOf are a search for each class and one for each caption.
func searchesOf(ctx context.Context, model serve.Model, photos []*labelled) ([]*search, error) {
	var all []*search
	classes := map[string]*search{}
	for _, p := range photos {
		for _, caption := range p.captions {
			s := &search{kind: p.kind, text: caption, wanted: map[*labelled]bool{}}
			if p.kind == "class" {
				if classes[p.label] == nil {
					classes[p.label] = s
					all = append(all, s)
				}
				s = classes[p.label]
			} else {
				all = append(all, s)
			}
			s.wanted[p] = true
		}
	}
	for batch := range slices.Chunk(all, 16) {
		var texts []string
		for _, s := range batch {
			texts = append(texts, s.text)
		}
		vectors, err := model.EmbedTexts(ctx, texts)
		if err != nil {
			return nil, fmt.Errorf("embed texts: %w", err)
		}
		for i, v := range vectors {
			batch[i].vector = v
		}
	}
	return all, nil
}

// report prints, for each kind of search, recall at k: which part of what is
// wanted (at most k) is among the first k. Then the same for a picture's like.
func report(photos []*labelled, searches []*search) {
	for _, kind := range []string{"class", "caption"} {
		sums, n := map[int]float64{}, 0
		for _, s := range searches {
			if s.kind != kind {
				continue
			}
			n++
			for k, r := range recalls(photos, s.vector, nil, s.wanted) {
				sums[k] += r
			}
		}
		line("text, "+kind, sums, n)
	}
	sums, n := map[int]float64{}, 0
	for _, p := range photos {
		like := map[*labelled]bool{}
		for _, o := range photos {
			if o != p && o.kind == "class" && o.label == p.label {
				like[o] = true
			}
		}
		if p.kind != "class" || len(like) == 0 {
			continue
		}
		n++
		for k, r := range recalls(photos, p.vector, p, like) {
			sums[k] += r
		}
	}
	line("similar", sums, n)
}

var depths = []int{1, 3, 5, 10}

func line(name string, sums map[int]float64, n int) {
	fmt.Printf("  %-14s %4d searches", name, n)
	for _, k := range depths {
		fmt.Printf("  recall@%d %.3f", k, sums[k]/float64(max(n, 1)))
	}
	fmt.Println()
}

// recalls ranks all pictures but one by their likeness to the vector.
func recalls(photos []*labelled, vector []float32, but *labelled, wanted map[*labelled]bool) map[int]float64 {
	ranked := slices.DeleteFunc(slices.Clone(photos), func(p *labelled) bool { return p == but })
	likeness := make(map[*labelled]float32, len(ranked))
	for _, p := range ranked {
		for i, x := range p.vector {
			likeness[p] += x * vector[i]
		}
	}
	slices.SortStableFunc(ranked, func(x, y *labelled) int { return cmp.Compare(likeness[y], likeness[x]) })
	out := map[int]float64{}
	for _, k := range depths {
		hit := 0
		for _, p := range ranked[:min(k, len(ranked))] {
			if wanted[p] {
				hit++
			}
		}
		out[k] = float64(hit) / float64(min(k, len(wanted)))
	}
	return out
}
