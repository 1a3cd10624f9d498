package clip

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func readSmallTokenizer(t testing.TB, dir string) (*Tokenizer, Config) {
	t.Helper()
	c, err := ReadConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	tokenizer, err := ReadTokenizer(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer, c
}

// copyModel copies the small files of a model into a new folder, without those left out.
func copyModel(t testing.TB, model string, without ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"config.json", "preprocessor_config.json", "tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", model, name))
		if os.IsNotExist(err) || slices.Contains(without, name) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The ids are those of CLIPTokenizerFast, from either form of the files.
func TestTokensEqualTheGoldens(t *testing.T) {
	index := readGoldenIndex(t)
	folders := map[string]string{}
	for _, model := range smallModels {
		folders[model+" as it is"] = filepath.Join("testdata", model)
		folders[model+" from vocab.json"] = copyModel(t, model, "tokenizer.json")
	}
	folders["tiny without special_tokens_map.json"] = copyModel(t, "tiny", "special_tokens_map.json")
	folders["tiny without vocab.json"] = copyModel(t, "tiny", "vocab.json", "merges.txt")
	for name, dir := range folders {
		tokenizer, _ := readSmallTokenizer(t, dir)
		want := index.Models[strings.Fields(name)[0]].IDs
		for i, text := range index.Texts {
			if got := tokenizer.Encode(text); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %q:\n got %v\nwant %v", name, text, got, want[i])
			}
		}
	}
}

// Published files write merges as strings, and splitting and the special tokens in
// other ways that mean the same.
func TestOtherSpellingsOfTokenizerJSON(t *testing.T) {
	index := readGoldenIndex(t)
	for name, change := range map[string]func(map[string]any){
		"merges as strings": func(f map[string]any) {
			model := f["model"].(map[string]any)
			lines := []any{}
			for _, pair := range model["merges"].([]any) {
				lines = append(lines, pair.([]any)[0].(string)+" "+pair.([]any)[1].(string))
			}
			model["merges"] = lines
			delete(model, "byte_fallback")
			delete(model, "ignore_merges")
		},
		"special tokens in the expression": func(f map[string]any) {
			split := f["pre_tokenizer"].(map[string]any)["pretokenizers"].([]any)[0].(map[string]any)
			split["pattern"] = map[string]any{"Regex": wordPatterns[1]}
		},
		"a template": func(f map[string]any) {
			f["post_processor"] = map[string]any{"type": "TemplateProcessing", "single": []any{
				map[string]any{"SpecialToken": map[string]any{"id": beginToken, "type_id": 0}},
				map[string]any{"Sequence": map[string]any{"id": "A", "type_id": 0}},
				map[string]any{"SpecialToken": map[string]any{"id": endToken, "type_id": 0}},
			}}
		},
		"truncation and padding": func(f map[string]any) {
			f["truncation"] = map[string]any{"max_length": 5}
			f["padding"] = map[string]any{"strategy": map[string]any{"Fixed": 77}}
		},
	} {
		dir := changedTokenizer(t, change)
		tokenizer, _ := readSmallTokenizer(t, dir)
		for i, text := range index.Texts {
			if got := tokenizer.Encode(text); !slices.Equal(got, index.Models["tiny"].IDs[i]) {
				t.Errorf("%s: %q: got %v", name, text, got)
			}
		}
	}
}

// changedTokenizer is the tiny model with another tokenizer.json.
func changedTokenizer(t *testing.T, change func(map[string]any)) string {
	t.Helper()
	dir := copyModel(t, "tiny", "vocab.json", "merges.txt", "special_tokens_map.json")
	path := filepath.Join(dir, tokenizerFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	change(file)
	if data, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func at(value any, path ...any) map[string]any {
	for _, key := range path {
		switch k := key.(type) {
		case string:
			value = value.(map[string]any)[k]
		case int:
			value = value.([]any)[k]
		}
	}
	return value.(map[string]any)
}

func TestForeignTokenizersAreRefused(t *testing.T) {
	tests := []struct {
		field, problem string
		change         func(map[string]any)
	}{
		{"normalizer", "is missing", func(f map[string]any) { f["normalizer"] = nil }},
		{"normalizer.type", `only "Sequence"`, func(f map[string]any) { at(f, "normalizer")["type"] = "NFKC" }},
		{"normalizer.normalizers", "has 1 steps", func(f map[string]any) {
			at(f, "normalizer")["normalizers"] = []any{map[string]any{"type": "NFC"}}
		}},
		{"normalizer.normalizers[0].type", `only "NFC"`, func(f map[string]any) { at(f, "normalizer", "normalizers", 0)["type"] = "NFKD" }},
		{"normalizer.normalizers[1].content", "only", func(f map[string]any) { at(f, "normalizer", "normalizers", 1)["content"] = "_" }},
		{"pre_tokenizer.pretokenizers[0].pattern.Regex", "only", func(f map[string]any) {
			at(f, "pre_tokenizer", "pretokenizers", 0, "pattern")["Regex"] = `\w+`
		}},
		{"pre_tokenizer.pretokenizers[0].invert", "only true", func(f map[string]any) { at(f, "pre_tokenizer", "pretokenizers", 0)["invert"] = false }},
		{"pre_tokenizer.pretokenizers[1].add_prefix_space", "only false", func(f map[string]any) {
			at(f, "pre_tokenizer", "pretokenizers", 1)["add_prefix_space"] = true
		}},
		{"post_processor.type", "RobertaProcessing", func(f map[string]any) { at(f, "post_processor")["type"] = "BertProcessing" }},
		{"post_processor.cls", "must be", func(f map[string]any) { at(f, "post_processor")["cls"] = "x" }},
		{"post_processor", "is missing", func(f map[string]any) { delete(f, "post_processor") }},
		{"post_processor.single", "must be", func(f map[string]any) {
			f["post_processor"] = map[string]any{"type": "TemplateProcessing", "single": []any{}}
		}},
		{"model", "must be an object", func(f map[string]any) { f["model"] = "BPE" }},
		{"model.type", `only "BPE"`, func(f map[string]any) { at(f, "model")["type"] = "Unigram" }},
		{"model.end_of_word_suffix", "only", func(f map[string]any) { at(f, "model")["end_of_word_suffix"] = nil }},
		{"model.dropout", "between 0 and 0", func(f map[string]any) { at(f, "model")["dropout"] = 0.1 }},
		{"model.byte_fallback", "only false", func(f map[string]any) { at(f, "model")["byte_fallback"] = true }},
		{"model.vocab", "must be an object", func(f map[string]any) { at(f, "model")["vocab"] = []any{1} }},
		{"model.vocab", "vocab_size", func(f map[string]any) { at(f, "model", "vocab")["zebra"] = 994 }},
		{"model.vocab", "vocab_size", func(f map[string]any) { at(f, "model", "vocab")["zebra"] = -1 }},
		{"model.vocab", "lacks the token", func(f map[string]any) { at(f, "post_processor")["sep"] = []any{"<end>", 5} }},
		{"model.vocab", "lacks the token", func(f map[string]any) { at(f, "model")["unk_token"] = "<unk>" }},
		{"model.merges", "must be a list", func(f map[string]any) { at(f, "model")["merges"] = 5 }},
		{"model.merges[0]", "must be two tokens", func(f map[string]any) { at(f, "model")["merges"] = []any{[]any{"a"}} }},
		{"model.merges[1]", "which the vocabulary lacks", func(f map[string]any) {
			at(f, "model")["merges"] = []any{[]any{"t", "h"}, []any{"q", "z"}}
		}},
		{"added_tokens", "list of objects", func(f map[string]any) { f["added_tokens"] = 7 }},
		{"added_tokens", "at most", func(f map[string]any) { f["added_tokens"] = slices.Repeat([]any{map[string]any{}}, maxAdded+1) }},
		{"added_tokens[0].id", "gives the token the id", func(f map[string]any) { at(f, "added_tokens", 0)["id"] = 4 }},
		{"added_tokens[1].lstrip", "only false", func(f map[string]any) { at(f, "added_tokens", 1)["lstrip"] = true }},
	}
	for _, test := range tests {
		dir := changedTokenizer(t, test.change)
		c, err := ReadConfig(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ReadTokenizer(dir, c)
		expectFolderError(t, err, tokenizerFile, test.field, test.problem)
	}
}

func TestBadTokenizerFiles(t *testing.T) {
	const vocabulary = `{"a": 0, "a</w>": 1, "<|startoftext|>": 2, "<|endoftext|>": 3}`
	tests := []struct {
		files                map[string]string
		eos                  int32
		file, field, problem string
	}{
		{map[string]string{}, 3, tokenizerFile, "", "nor is vocab.json"},
		{map[string]string{tokenizerFile: `{"model`}, 3, tokenizerFile, "", "download it again"},
		{map[string]string{vocabularyFile: `{"a": "b"}`}, 3, vocabularyFile, "", "download it again"},
		{map[string]string{vocabularyFile: vocabulary}, 3, mergesFile, "", "is not in the model folder"},
		{map[string]string{vocabularyFile: vocabulary, mergesFile: "#version: 0.2\na b c\n"}, 3, mergesFile, "line 2", "two tokens"},
		{map[string]string{vocabularyFile: vocabulary, mergesFile: "#version: 0.2\na a\n"}, 3, mergesFile, "pair 0", "lacks"},
		{map[string]string{vocabularyFile: `{"a": 99}`, mergesFile: ""}, 3, vocabularyFile, "", "vocab_size"},
		{map[string]string{vocabularyFile: `{"a": 1}`, mergesFile: ""}, 3, vocabularyFile, "", "lacks the token"},
		{map[string]string{vocabularyFile: vocabulary, mergesFile: ""}, 1, "config.json", "text_config.eos_token_id", "same model"},
		{map[string]string{vocabularyFile: vocabulary, mergesFile: "", specialFile: `{"pad_token": 5}`}, 3, specialFile, "pad_token", "must be an object"},
	}
	for _, test := range tests {
		c := Config{Text: TextConfig{Vocabulary: 4, Context: 77, EOS: test.eos}}
		_, err := ReadTokenizer(folder(t, test.files), c)
		expectFolderError(t, err, test.file, test.field, test.problem)
	}
}

// A vocabulary may lack bytes: a text with them still has ids, by the unknown token.
func TestUnknownBytes(t *testing.T) {
	dir := folder(t, map[string]string{
		vocabularyFile: `{"a": 0, "a</w>": 1, "aa</w>": 4, "<|startoftext|>": 2, "<|endoftext|>": 3}`,
		mergesFile:     "#version: 0.2\r\na a</w>\r\n",
	})
	tokenizer, err := ReadTokenizer(dir, Config{Text: TextConfig{Vocabulary: 5, Context: 77, EOS: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tokenizer.Encode("aa ab"), []int32{2, 4, 0, 3, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestInvalidUTF8CountsAsReplacement(t *testing.T) {
	tokenizer, _ := readSmallTokenizer(t, filepath.Join("testdata", "tiny"))
	if got, want := tokenizer.Encode("a\xff\xfeb"), tokenizer.Encode("a\uFFFDb"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Whatever the bytes, a text has between two and Context ids, all in the vocabulary,
// from the begin to the end token.
func FuzzEncode(f *testing.F) {
	index := readGoldenIndex(f)
	for _, text := range index.Texts {
		f.Add(text)
	}
	f.Add("\xc3\x28\xf0\x9f\x8e")
	f.Add(strings.Repeat("a\u0301", 40) + "a" + strings.Repeat("\u0301", 40))
	type model struct {
		*Tokenizer
		Config
	}
	var models []model
	for _, name := range smallModels {
		tokenizer, c := readSmallTokenizer(f, filepath.Join("testdata", name))
		models = append(models, model{tokenizer, c})
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range models {
			ids := m.Encode(text)
			if len(ids) < 2 || len(ids) > m.Config.Text.Context || ids[0] != m.bos || ids[len(ids)-1] != m.eos {
				t.Fatalf("%q: %v", text, ids)
			}
			for _, id := range ids {
				if id < 0 || int(id) >= m.Config.Text.Vocabulary {
					t.Fatalf("%q: id %d", text, id)
				}
			}
		}
	})
}

// smallestTokenizer knows two letters and two merges.
const smallestTokenizer = `{
	"added_tokens": [{"id": 6, "content": "<|startoftext|>"}, {"id": 7, "content": "<|endoftext|>"}],
	"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
	"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
		{"type": "Split", "pattern": {"Regex": "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"}, "behavior": "Removed", "invert": true}, {"type": "ByteLevel"}]},
	"post_processor": {"type": "RobertaProcessing", "sep": ["<|endoftext|>", 7], "cls": ["<|startoftext|>", 6]},
	"model": {"type": "BPE", "end_of_word_suffix": "</w>", "unk_token": "<|endoftext|>", "vocab": {"a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab": 4, "ab</w>": 5}, "merges": [["a", "b"], ["a", "b</w>"]]}
}`

func TestMergesApplyByRank(t *testing.T) {
	tokenizer, err := readTokenizer(fstest.MapFS{tokenizerFile: {Data: []byte(smallestTokenizer)}}, Config{Text: TextConfig{Vocabulary: 8, Context: 77, EOS: 7}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{"abab": {6, 4, 5, 7}, "aab": {6, 0, 5, 7}, "aba": {6, 4, 2, 7}, "a c": {6, 2, 7, 7}, "": {6, 7}} {
		if got := tokenizer.Encode(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// No tokenizer.json makes the reader panic; one that is taken encodes without panic.
func FuzzTokenizerJSON(f *testing.F) {
	c := Config{Text: TextConfig{Vocabulary: 8, Context: 77, EOS: 7}}
	f.Add([]byte(smallestTokenizer))
	f.Add([]byte(`{"added_tokens": [{"id": 1, "content": "x"}], "model": {"vocab": null, "merges": [["a", "b"]]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokenizer, err := readTokenizer(fstest.MapFS{tokenizerFile: {Data: data}}, c)
		if err != nil {
			var folder *FolderError
			if !errors.As(err, &folder) {
				t.Fatalf("not a FolderError: %v", err)
			}
			return
		}
		tokenizer.Encode("a photo <|endoftext|> of 7 dogs abab")
	})
}
