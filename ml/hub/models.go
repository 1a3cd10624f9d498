package hub

import "albumen/ml/modelfile"

// DefaultModel is used where nobody says which.
const DefaultModel = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"

// Model is one whose files are known; docs/models.md says from where. Any other
// model in the same layout can be fetched too, from its main branch.
type Model struct {
	ID       string // on the hub
	Revision string // whose files are known to fit; empty: main
	// SHA256 and Bytes of model.safetensors, where known.
	SHA256 string
	Bytes  int64
}

// models are those known, the default first.
var models = []Model{
	{ID: DefaultModel, Revision: "1a25a446712ba5ee05982a381eed697ef9b435cf"},
	// The main branch has no safetensors; this revision adds them to it.
	{"openai/clip-vit-base-patch32", "b33cedfd0df4e43b8238760678fcc89e1a0d38b3", "99d28a652e6ec46629ab7047a0ac82c69b1fe11e0ce672c43af65d3a9a3fc05d", 605157884},
	{ID: "openai/clip-vit-base-patch16"},
	{"openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41", "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb", 1710540580},
	{ID: "openai/clip-vit-large-patch14-336"},
	{"wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M", "a2a8c6eaa2549ad66eb7c31b85022bf58273a26c", "9339ee3d736344d0ddcaa6c03edc9f89688f08caaea5401220885233da726fcc", 93812468},
	{ID: "wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M", Revision: "07a4b0bc751cb64fecd2b661c048c1dd98d69444"},
	{ID: "wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M", Revision: "95ec8197b3f2fe7f747865c61ca556cf0768b2f7"},
	{ID: "wkcn/TinyCLIP-ViT-61M-32-Text-29M-LAION400M"},
}

// find returns what is known about a model, which may be its name alone.
func find(id string) Model {
	for _, m := range models {
		if m.ID == id {
			return m
		}
	}
	return Model{ID: id}
}

// revisions lists where to look, best first. Mirrors filled by hand may only have
// main; checksums still hold there.
func (m Model) revisions() []string {
	if m.Revision == "" {
		return []string{"main"}
	}
	return []string{m.Revision, "main"}
}

const (
	weightsFile = modelfile.Weights
	// Everything but the weights is small; the largest, tokenizer.json, has 2 MB.
	maxSmallBytes   = 32 << 20
	maxWeightsBytes = 16 << 30
)

// file is one of a model folder.
type file struct {
	name     string
	optional bool
	most     int64 // bytes
	sha256   string
	bytes    int64 // 0: not known
}

// files lists those of a model folder but for the tokenizer's, weights last.
func (m Model) files() []file {
	return []file{
		{name: modelfile.Config, most: maxSmallBytes},
		{name: modelfile.Preprocessor, most: maxSmallBytes},
		{name: modelfile.Special, optional: true, most: maxSmallBytes},
		{name: weightsFile, most: maxWeightsBytes, sha256: m.SHA256, bytes: m.Bytes},
	}
}

// tokenizers lists the forms of a tokenizer, best first.
func tokenizers() (forms [][]file) {
	for _, names := range modelfile.Tokenizers() {
		var form []file
		for _, name := range names {
			form = append(form, file{name: name, most: maxSmallBytes})
		}
		forms = append(forms, form)
	}
	return forms
}
