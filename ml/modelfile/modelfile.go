// Package modelfile names the files of a model folder, in Hugging Face's layout,
// for those who fetch, read and watch one.
package modelfile

import (
	"os"
	"path/filepath"
	"slices"
)

// The files.
const (
	Config       = "config.json"
	Preprocessor = "preprocessor_config.json"
	Weights      = "model.safetensors"
	Tokenizer    = "tokenizer.json"
	Vocabulary   = "vocab.json" // with Merges, where there is no Tokenizer
	Merges       = "merges.txt"
	Special      = "special_tokens_map.json" // may be absent
)

// Tokenizers are the forms of a tokenizer, best first.
func Tokenizers() [][]string { return [][]string{{Tokenizer}, {Vocabulary, Merges}} }

// All are those that anything depends on. A folder has some of the tokenizer's only.
func All() []string {
	return slices.Concat([]string{Config, Preprocessor, Special, Weights}, slices.Concat(Tokenizers()...))
}

// Complete reports whether dir holds what a model folder must.
func Complete(dir string) bool {
	lacks := func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err != nil || !info.Mode().IsRegular()
	}
	return !slices.ContainsFunc([]string{Config, Preprocessor, Weights}, lacks) &&
		slices.ContainsFunc(Tokenizers(), func(form []string) bool { return !slices.ContainsFunc(form, lacks) })
}
