package bench

import (
	"math/rand/v2"
	"strings"
)

// vocabulary is the words of the captions: common ones first, then a long tail
// of made-up ones, drawn by Zipf's law.
type vocabulary struct {
	words []string
	zipf  *rand.Zipf
}

var commonWords = strings.Fields(`family beach birthday party holiday sunset mountain garden dinner wedding summer winter
	christmas snow lake river forest dog cat children friends school street bridge castle church market train station boat
	harbour island flowers cake picnic concert festival museum museums tower sky clouds rain morning evening night light window
	house kitchen table book bicycle race football game swimming hiking camping tent fire village city square fountain statue
	horse cow sheep bird butterfly tree autumn spring leaves road car airport plane view valley waterfall cliff sand waves sea
	grandmother grandfather mother father sister brother baby cousin uncle aunt neighbour teacher class graduation first day`)

var syllables = strings.Fields(`ba be bi bo bu da de di do du fa fe fi fo ga ge gi go ka ke ki ko la le li lo lu ma me mi mo
	na ne ni no pa pe pi po ra re ri ro sa se si so ta te ti to va ve vi vo wa we za ze zo bra cre dri flo gra kla pre stra tri`)

func newVocabulary(r *rand.Rand, size int) *vocabulary {
	v := &vocabulary{words: commonWords}
	seen := map[string]bool{}
	for _, w := range v.words {
		seen[w] = true
	}
	for len(v.words) < size {
		w := ""
		for range 2 + r.IntN(3) {
			w += syllables[r.IntN(len(syllables))]
		}
		if !seen[w] {
			seen[w] = true
			v.words = append(v.words, w)
		}
	}
	v.zipf = rand.NewZipf(r, 1.1, 4, uint64(size-1))
	return v
}

// text is n words.
func (v *vocabulary) text(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = v.words[v.zipf.Uint64()]
	}
	return strings.Join(words, " ")
}

var places = strings.Split(`Zürich, Switzerland;Genève, Switzerland;Berlin, Germany;München, Germany;Hamburg, Germany;Paris, France;
	Lyon, France;Roma, Italy;Napoli, Italy;Barcelona, Spain;Madrid, Spain;Lisboa, Portugal;London, United Kingdom;
	Edinburgh, United Kingdom;Dublin, Ireland;Amsterdam, Netherlands;Wien, Austria;Praha, Czechia;Oslo, Norway;Stockholm, Sweden;
	New York, United States;Chicago, United States;Vancouver, Canada;Tokyo, Japan;Kyoto, Japan;Sydney, Australia`, ";")

var cameras = [][3]string{
	{"Canon", "Canon EOS 5D Mark III", "EF24-105mm f/4L IS USM"}, {"Canon", "Canon EOS R6", "RF35mm F1.8 MACRO IS STM"},
	{"NIKON CORPORATION", "NIKON D750", "24.0-120.0 mm f/4.0"}, {"SONY", "ILCE-7M3", "FE 50mm F1.8"},
	{"Apple", "iPhone 8", "iPhone 8 back camera 3.99mm f/1.8"}, {"Apple", "iPhone 13 Pro", "iPhone 13 Pro back triple camera 5.7mm f/1.5"},
	{"Google", "Pixel 6", ""}, {"samsung", "SM-G991B", ""}, {"FUJIFILM", "X-T3", "XF23mmF2 R WR"}, {"OLYMPUS", "E-M10", ""}, {"Panasonic", "DMC-GX80", ""},
	{"", "", ""},
}
