package clip

import "container/heap"

// bytePairs is a byte-pair encoding whose words end in a marked symbol.
type bytePairs struct {
	// inner and last are the ids of a byte inside and at the end of a word; -1 where
	// the vocabulary has none.
	inner, last [256]int32
	// merges says for a pair of ids how early it is joined and into which id.
	merges map[[2]int32]merge
	// unknown stands for a byte without an id; -1 leaves such a byte out.
	unknown int32
}

type merge struct{ rank, id int32 }

// endOfWord marks the last symbol of a word.
const endOfWord = "</w>"

// symbol is one of a word's symbols, in a doubly linked list by index.
type symbol struct {
	id             int32
	previous, next int
}

// encode appends the ids of one word.
func (p *bytePairs) encode(ids []int32, word string) []int32 {
	symbols := make([]symbol, 0, len(word))
	for i := range len(word) {
		id := p.inner[word[i]]
		if i == len(word)-1 {
			id = p.last[word[i]]
		}
		if id < 0 {
			id = p.unknown
		}
		if id >= 0 {
			n := len(symbols)
			symbols = append(symbols, symbol{id, n - 1, n + 1})
		}
	}
	if len(symbols) == 0 {
		return ids
	}
	symbols[len(symbols)-1].next = -1
	p.join(symbols)
	for i := 0; i >= 0; i = symbols[i].next {
		ids = append(ids, symbols[i].id)
	}
	return ids
}

// join applies the merges, earliest rank first and leftmost among equals, each in
// logarithmic time, so that a word of any length is harmless.
func (p *bytePairs) join(symbols []symbol) {
	var waiting candidates
	at := func(i int) (candidate, bool) {
		if i < 0 || symbols[i].next < 0 {
			return candidate{}, false
		}
		pair := [2]int32{symbols[i].id, symbols[symbols[i].next].id}
		m, ok := p.merges[pair]
		return candidate{m, pair, i}, ok
	}
	for i := range symbols {
		if c, ok := at(i); ok {
			waiting = append(waiting, c)
		}
	}
	heap.Init(&waiting)
	for len(waiting) > 0 {
		c := heap.Pop(&waiting).(candidate)
		left := &symbols[c.at]
		if left.id != c.pair[0] || left.next < 0 || symbols[left.next].id != c.pair[1] {
			continue
		}
		right := left.next
		left.id, left.next = c.id, symbols[right].next
		symbols[right].id = gone
		if left.next >= 0 {
			symbols[left.next].previous = c.at
		}
		for _, i := range []int{left.previous, c.at} {
			if c, ok := at(i); ok {
				heap.Push(&waiting, c)
			}
		}
	}
}

// gone is the id of a symbol that was joined to the one before it.
const gone = -1

// candidate is a pair of neighbours that may be joined, by the index of its left one.
type candidate struct {
	merge
	pair [2]int32
	at   int
}

type candidates []candidate

func (c candidates) Len() int { return len(c) }

func (c candidates) Less(i, j int) bool {
	if c[i].rank != c[j].rank {
		return c[i].rank < c[j].rank
	}
	return c[i].at < c[j].at
}

func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }

func (c *candidates) Push(x any) { *c = append(*c, x.(candidate)) }

func (c *candidates) Pop() any {
	old := *c
	last := old[len(old)-1]
	*c = old[:len(old)-1]
	return last
}
