package clip

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const (
	beginToken = "<|startoftext|>"
	endToken   = "<|endoftext|>"

	// maxAdded bounds the tokens that are looked for at every place of a text; CLIP has
	// two or three.
	maxAdded = 256
	// maxTokenizerBytes bounds each of the tokenizer's files; published ones have 2 MB.
	maxTokenizerBytes = 32 << 20
)

// ReadTokenizer reads tokenizer.json of a model folder or, where that is absent,
// vocab.json and merges.txt. A tokenizer.json whose steps are not those of CLIP is
// refused, since its ids would be others. Errors are [*FolderError].
func ReadTokenizer(dir string, c Config) (*Tokenizer, error) {
	return readTokenizer(os.DirFS(dir), c)
}

func readTokenizer(dir fs.FS, c Config) (*Tokenizer, error) {
	t := &Tokenizer{context: c.Text.Context}
	var v vocabulary
	data, err := readBounded(dir, tokenizerFile, maxTokenizerBytes)
	switch {
	case err == nil:
		v, err = t.readPipeline(data, c.Text.Vocabulary)
	case errors.Is(err, fs.ErrNotExist):
		v, err = t.readPlain(dir, c.Text.Vocabulary)
	}
	if err != nil {
		return nil, err
	}
	if err := t.readSpecial(dir, v); err != nil {
		return nil, err
	}
	if !c.Text.LegacyEOS && t.eos != c.Text.EOS {
		return nil, &FolderError{File: configFile, Field: "text_config.eos_token_id", Problem: fmt.Sprintf("is %d, but the tokenizer ends texts with %d; take all files from the same model", c.Text.EOS, t.eos)}
	}
	return t, nil
}

// readPlain reads the older pair of files, whose steps are CLIP's by definition.
func (t *Tokenizer) readPlain(dir fs.FS, vocabularySize int) (vocabulary, error) {
	v := vocabulary{file: vocabularyFile, mergesFile: mergesFile, mergesField: "pair %d"}
	data, err := readBounded(dir, vocabularyFile, maxTokenizerBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return v, &FolderError{File: tokenizerFile, Problem: "is not in the model folder, nor is " + vocabularyFile + "; download the whole model again", Err: err}
	} else if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v.ids); err != nil {
		return v, &FolderError{File: vocabularyFile, Problem: "is not a whole JSON object of tokens and ids (" + err.Error() + "); download it again", Err: err}
	}
	if data, err = readBounded(dir, mergesFile, maxTokenizerBytes); err != nil {
		return v, err
	}
	merges, err := parseMergeLines(string(data))
	if err != nil {
		return v, err
	}
	if err := v.check(vocabularySize); err != nil {
		return v, err
	}
	if err := t.fill(v, merges, beginToken, endToken); err != nil {
		return v, err
	}
	t.pairs.unknown = t.eos
	t.addToken(addedToken{beginToken, t.bos, true})
	t.addToken(addedToken{endToken, t.eos, true})
	return v, nil
}

// parseMergeLines reads merges.txt: one pair a line, after a line with the version.
func parseMergeLines(text string) ([][2]string, error) {
	var merges [][2]string
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || i == 0 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, &FolderError{File: mergesFile, Field: fmt.Sprintf("line %d", i+1), Problem: "is " + shorten([]byte(line)) + "; must be two tokens with a space between; download it again"}
		}
		merges = append(merges, [2]string{left, right})
	}
	return merges, nil
}

// readSpecial adds the special tokens of special_tokens_map.json, as transformers
// does: where padding is done with "!", that sign is a special token in texts too.
func (t *Tokenizer) readSpecial(dir fs.FS, v vocabulary) error {
	f, err := readFields(dir, specialFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, key := range []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"} {
		if !f.has(key) {
			continue
		}
		var content string
		normalized := false
		if json.Unmarshal(f.values[key], &content) != nil {
			o := f.object(key)
			content, normalized = o.text("content", ""), o.boolean("normalized", false)
		}
		if f.err() != nil {
			return f.err()
		}
		// One that the vocabulary lacks would get a new id, which no weights know.
		if id, ok := v.ids[content]; ok {
			t.addToken(addedToken{content, id, normalized})
		}
	}
	return f.err()
}

// vocabulary is the ids of tokens and where they were read, for messages.
type vocabulary struct {
	ids         map[string]int32
	file, field string
	// mergesField is a format with the number of a merge, from 0.
	mergesFile, mergesField string
}

// check sees to it that every id has a row among the weights.
func (v vocabulary) check(size int) error {
	for token, id := range v.ids {
		if id < 0 || int(id) >= size {
			return &FolderError{File: v.file, Field: v.field, Problem: fmt.Sprintf("gives %q the id %d, but config.json says vocab_size %d; take both files from the same model", shorten([]byte(token)), id, size)}
		}
	}
	return nil
}

// id returns the id of a token that must be there.
func (v vocabulary) id(token string) (int32, error) {
	id, ok := v.ids[token]
	if !ok {
		return 0, &FolderError{File: v.file, Field: v.field, Problem: fmt.Sprintf("lacks the token %q; download it again", shorten([]byte(token)))}
	}
	return id, nil
}

// fill builds the byte pairs and the begin and end tokens; a byte that the vocabulary
// lacks is left out.
func (t *Tokenizer) fill(v vocabulary, merges [][2]string, begin, end string) error {
	var err error
	if t.bos, err = v.id(begin); err != nil {
		return err
	}
	if t.eos, err = v.id(end); err != nil {
		return err
	}
	p := bytePairs{merges: make(map[[2]int32]merge, len(merges)), unknown: -1}
	for b, sign := range byteSigns() {
		p.inner[b], p.last[b] = -1, -1
		if id, ok := v.ids[sign]; ok {
			p.inner[b] = id
		}
		if id, ok := v.ids[sign+endOfWord]; ok {
			p.last[b] = id
		}
	}
	for i, m := range merges {
		var ids [3]int32
		for k, token := range []string{m[0], m[1], m[0] + m[1]} {
			id, ok := v.ids[token]
			if !ok {
				return &FolderError{File: v.mergesFile, Field: fmt.Sprintf(v.mergesField, i), Problem: fmt.Sprintf("makes the token %q, which the vocabulary lacks; take both from the same model", shorten([]byte(token)))}
			}
			ids[k] = id
		}
		p.merges[[2]int32{ids[0], ids[1]}] = merge{int32(i), ids[2]}
	}
	t.pairs = p
	return nil
}

// byteSigns returns the printable character that stands for each byte in the
// vocabulary: itself where it is printable, else the next from U+0100 on.
func byteSigns() [256]string {
	var signs [256]string
	next := rune(256)
	for b := range rune(256) {
		if b >= '!' && b <= '~' || b >= '¡' && b <= '¬' || b >= '®' {
			signs[b] = string(b)
		} else {
			signs[b] = string(next)
			next++
		}
	}
	return signs
}
