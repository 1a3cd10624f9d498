package clip

import (
	"encoding/json"
	"fmt"
	"strings"
)

// wordPatterns are the expressions by which published CLIP tokenizers split a text.
// They split alike: the special tokens of the second are taken out before.
var wordPatterns = []string{
	`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
	`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
}

// pipeline reads a tokenizer.json.
type pipeline struct{ fields }

// readPipeline reads a tokenizer.json. Its truncation and padding are not looked at:
// the context length is the model's, and nothing is padded.
func (t *Tokenizer) readPipeline(data []byte, vocabularySize int) (vocabulary, error) {
	f := pipeline{fields{file: tokenizerFile, failed: new(error)}}
	if err := json.Unmarshal(data, &f.values); err != nil {
		return vocabulary{}, &FolderError{File: tokenizerFile, Problem: "is not a whole JSON object (" + err.Error() + "); download it again", Err: err}
	}
	f.checkNormalizer()
	f.checkSplitting()
	begin, end := f.processor()
	model := pipeline{f.object("model")}
	model.checkModel()
	v := vocabulary{file: tokenizerFile, field: "model.vocab", mergesFile: tokenizerFile, mergesField: "model.merges[%d]"}
	if !model.has("vocab") || json.Unmarshal(model.values["vocab"], &v.ids) != nil {
		model.fail("vocab", "must be an object of tokens and ids; download the file again")
	}
	merges := model.merges()
	added := f.addedTokens(&v)
	unknown := model.text("unk_token", "")
	if f.err() != nil {
		return v, f.err()
	}
	if err := v.check(vocabularySize); err != nil {
		return v, err
	}
	if err := t.fill(v, merges, begin, end); err != nil {
		return v, err
	}
	if unknown != "" {
		id, err := v.id(unknown)
		if err != nil {
			return v, err
		}
		t.pairs.unknown = id
	}
	for _, a := range added {
		t.addToken(a)
	}
	return v, nil
}

// step returns the value under key, an object with a type.
func (f pipeline) step(key string) pipeline {
	if !f.has(key) {
		f.fail(key, "is missing; this is not the tokenizer of a CLIP model")
	}
	return pipeline{f.object(key)}
}

// steps returns the objects of a list.
func (f pipeline) steps(key string) []pipeline {
	var list []map[string]json.RawMessage
	if !f.has(key) || json.Unmarshal(f.values[key], &list) != nil {
		f.fail(key, "must be a list of objects")
	}
	steps := make([]pipeline, len(list))
	for i, values := range list {
		steps[i] = pipeline{fields{file: f.file, prefix: fmt.Sprintf("%s%s[%d].", f.prefix, key, i), values: values, failed: f.failed}}
	}
	return steps
}

// sequence returns the objects under key of a step of the type Sequence, which must
// have these types.
func (f pipeline) sequence(key string, types ...string) []pipeline {
	f.want("type", "Sequence")
	steps := f.steps(key)
	if f.err() != nil {
		return nil
	}
	if len(steps) != len(types) {
		f.fail(key, "has %d steps; a CLIP tokenizer has %s", len(steps), strings.Join(types, ", "))
		return nil
	}
	for i, s := range steps {
		s.want("type", types[i])
	}
	if f.err() != nil {
		return nil
	}
	return steps
}

// want demands one of these strings under key.
func (f pipeline) want(key string, allowed ...string) {
	got := f.text(key, "")
	for _, a := range allowed {
		if got == a {
			return
		}
	}
	f.fail(key, "is %q; only %q can be used, as CLIP's own tokenizers have it", shorten([]byte(got)), allowed[0])
}

// wantBool demands a truth value under key.
func (f pipeline) wantBool(key string, wanted bool) {
	if got := f.boolean(key, false); got != wanted {
		f.fail(key, "is %t; only %t can be used, as CLIP's own tokenizers have it", got, wanted)
	}
}

func (f pipeline) checkNormalizer() {
	steps := f.step("normalizer").sequence("normalizers", "NFC", "Replace", "Lowercase")
	if steps == nil {
		return
	}
	steps[1].want("content", " ")
	pipeline{steps[1].object("pattern")}.want("Regex", `\s+`)
}

func (f pipeline) checkSplitting() {
	steps := f.step("pre_tokenizer").sequence("pretokenizers", "Split", "ByteLevel")
	if steps == nil {
		return
	}
	pipeline{steps[0].object("pattern")}.want("Regex", wordPatterns...)
	steps[0].want("behavior", "Removed")
	steps[0].wantBool("invert", true)
	// Its own expression (use_regex) splits no word that CLIP's has left whole.
	steps[1].wantBool("add_prefix_space", false)
}

// processor returns the tokens before and after every text.
func (f pipeline) processor() (begin, end string) {
	p := f.step("post_processor")
	p.want("type", "RobertaProcessing", "TemplateProcessing")
	if f.err() != nil {
		return "", ""
	}
	if p.text("type", "") == "RobertaProcessing" {
		return p.pair("cls"), p.pair("sep")
	}
	steps := p.steps("single")
	if len(steps) != 3 || !steps[1].has("Sequence") {
		p.fail("single", "must be a begin token, the text and an end token")
		return "", ""
	}
	return steps[0].object("SpecialToken").text("id", ""), steps[2].object("SpecialToken").text("id", "")
}

// pair returns the token of a list of a token and its id.
func (f pipeline) pair(key string) string {
	var list []any
	if f.has(key) && json.Unmarshal(f.values[key], &list) == nil && len(list) == 2 {
		if token, ok := list[0].(string); ok {
			return token
		}
	}
	f.fail(key, "must be a list of a token and its id")
	return ""
}

func (f pipeline) checkModel() {
	f.want("type", "BPE")
	f.want("end_of_word_suffix", endOfWord)
	f.want("continuing_subword_prefix", "")
	f.number("dropout", 0, 0, 0)
	for _, key := range []string{"fuse_unk", "byte_fallback", "ignore_merges"} {
		f.wantBool(key, false)
	}
}

// merges reads the pairs, which older files write as one string with a space.
func (f pipeline) merges() [][2]string {
	var pairs [][]string
	if f.has("merges") && json.Unmarshal(f.values["merges"], &pairs) != nil {
		var lines []string
		if json.Unmarshal(f.values["merges"], &lines) != nil {
			f.fail("merges", "must be a list of pairs of tokens")
			return nil
		}
		pairs = make([][]string, len(lines))
		for i, line := range lines {
			pairs[i] = strings.Split(line, " ")
		}
	}
	merges := make([][2]string, len(pairs))
	for i, pair := range pairs {
		if len(pair) != 2 || pair[0] == "" || pair[1] == "" {
			f.fail(fmt.Sprintf("merges[%d]", i), "must be two tokens")
			return nil
		}
		merges[i] = [2]string(pair)
	}
	return merges
}

// addedTokens reads the tokens that are found in texts as they stand, and gives those
// that the vocabulary lacks their ids.
func (f pipeline) addedTokens(v *vocabulary) []addedToken {
	if !f.has("added_tokens") {
		return nil
	}
	var added []addedToken
	list := f.steps("added_tokens")
	if len(list) > maxAdded {
		f.fail("added_tokens", "has %d tokens; at most %d can be used", len(list), maxAdded)
		return nil
	}
	for _, o := range list {
		a := addedToken{content: o.text("content", ""), id: int32(o.integer("id", -1, 0, maxVocabulary)), normalized: o.boolean("normalized", true)}
		for _, key := range []string{"single_word", "lstrip", "rstrip"} {
			o.wantBool(key, false)
		}
		if f.err() != nil {
			return nil
		}
		if id, ok := v.ids[a.content]; ok && id != a.id {
			o.fail("id", "is %d, but model.vocab gives the token the id %d", a.id, id)
			return nil
		}
		if v.ids != nil {
			v.ids[a.content] = a.id
		}
		added = append(added, a)
	}
	return added
}
