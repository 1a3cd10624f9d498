package randomclip

import "fmt"

// vocabulary makes a byte-pair vocabulary of exactly the given size in CLIP's format:
// the 256 bytes, the same at a word's end, merged pairs and the two special tokens.
func vocabulary(size int) (ids map[string]int, merges []string, err error) {
	const least = 2*256 + 2
	if size < least {
		return nil, nil, fmt.Errorf("a vocabulary of %d tokens is too small; it needs %d", size, least)
	}
	ids = make(map[string]int, size)
	add := func(token string) bool {
		if _, there := ids[token]; there {
			return false
		}
		ids[token] = len(ids)
		return true
	}
	for _, end := range []string{"", "</w>"} {
		for b := range 256 {
			add(string(letter(b)) + end)
		}
	}
	var parts []string // what pairs are made of
	for c := 'a'; c <= 'z'; c++ {
		parts = append(parts, string(c))
	}
	for i := 0; len(ids) < size-2; i++ {
		left, right := parts[i/26], parts[i%26]
		for _, end := range []string{"", "</w>"} {
			if len(ids) < size-2 && add(left+right+end) {
				merges = append(merges, left+" "+right+end)
				if end == "" {
					parts = append(parts, left+right)
				}
			}
		}
	}
	add("<|startoftext|>")
	add("<|endoftext|>")
	if len(ids) != size {
		return nil, nil, fmt.Errorf("made %d tokens instead of %d", len(ids), size)
	}
	return ids, merges, nil
}

// letter is the printable letter by which GPT-2's byte-pair encoding writes a byte.
func letter(b int) rune {
	printable := func(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	if printable(b) {
		return rune(b)
	}
	place := 0
	for c := range b {
		if !printable(c) {
			place++
		}
	}
	return rune(256 + place)
}
