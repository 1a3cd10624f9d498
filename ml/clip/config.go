package clip

import (
	"io/fs"
	"os"
)

// Config is all that the files of a model folder say about its architecture and its
// pictures.
type Config struct {
	Vision VisionConfig
	Text   TextConfig
	// Projection is the length of the embeddings of both towers.
	Projection int
	Pixels     PixelConfig
	// Random says that the weights are random numbers, as in the small model of the
	// tests and the demonstration ("albumen": {"random": true} in config.json): pages
	// then say that results mean nothing.
	Random bool
}

// Activation is the function between the two layers of a perceptron.
type Activation string

const (
	// QuickGELU is x·sigmoid(1.702·x).
	QuickGELU Activation = "quick_gelu"
	// GELU is the exact one, with the error function.
	GELU Activation = "gelu"
)

// TowerConfig is what both transformers have in common.
type TowerConfig struct {
	// Width is that of the residual stream (hidden_size).
	Width int
	// Inner is the width between the two layers of a perceptron (intermediate_size).
	Inner int
	// Layers is the number of blocks.
	Layers int
	// Heads is the number of attention heads; it divides Width.
	Heads      int
	Activation Activation
	// Epsilon is added to the variance in every layer norm.
	Epsilon float64
}

// HeadWidth is the width of one attention head.
func (c TowerConfig) HeadWidth() int { return c.Width / c.Heads }

// VisionConfig is the tower of pictures.
type VisionConfig struct {
	TowerConfig
	// ImageSize is the side of the square that goes in, PatchSize that of a patch,
	// both in pixels. Rows and columns that fill no patch are not looked at.
	ImageSize, PatchSize int
	// Channels is always 3.
	Channels int
}

// Grid is the number of patches along one side.
func (c VisionConfig) Grid() int { return c.ImageSize / c.PatchSize }

// Positions is the length of the sequence: the patches and the class token.
func (c VisionConfig) Positions() int { return c.Grid()*c.Grid() + 1 }

// TextConfig is the tower of texts.
type TextConfig struct {
	TowerConfig
	// Vocabulary is the number of token ids.
	Vocabulary int
	// Context is the longest sequence, special tokens included.
	Context int
	// EOS is the id at whose first place a text's vector is taken, unless LegacyEOS.
	EOS int32
	// LegacyEOS says that the vector is taken at the greatest id instead. Files
	// written before the end token was known to the model say eos_token_id 2; OpenAI's
	// still do.
	LegacyEOS bool
}

// legacyEOS is the eos_token_id that stands for "the greatest id".
const legacyEOS = 2

// PoolAt is the place in ids at which the text's vector is taken, as transformers
// finds it: the first of the greatest or of the end token, or 0 when there is none.
func (c TextConfig) PoolAt(ids []int32) int {
	place := 0
	for i, id := range ids {
		if c.LegacyEOS {
			if id > ids[place] {
				place = i
			}
		} else if id == c.EOS {
			return i
		}
	}
	return place
}

// Bounds on what a config.json may ask for. The largest published CLIP is well
// inside; a hostile file cannot make us allocate much before its weights, which must
// really be there, have been looked at.
const (
	maxWidth      = 4096
	maxInner      = 1 << 15
	maxLayers     = 128
	maxHeads      = 256
	maxPositions  = 4096
	maxImageSize  = 2048
	maxVocabulary = 1 << 20
	// maxValues is how many numbers one layer of one picture or text may hold: files
	// of a few bytes could otherwise ask for gigabytes. Published models have 3 million.
	maxValues = 1 << 24
	// maxProjection is the longest halfvec that an HNSW index of pgvector takes.
	maxProjection = 4000
)

// ReadConfig reads config.json and preprocessor_config.json of a model folder. What
// is absent has the value that transformers' CLIPConfig and CLIPImageProcessor give
// it. Errors are [*FolderError].
func ReadConfig(dir string) (Config, error) { return readConfig(os.DirFS(dir)) }

func readConfig(dir fs.FS) (Config, error) {
	f, err := readFields(dir, configFile)
	if err != nil {
		return Config{}, err
	}
	if kind := f.text("model_type", "clip"); kind != "clip" {
		f.fail("model_type", "is %q; only CLIP models (\"clip\") can be used", shorten([]byte(kind)))
	}
	c := Config{Projection: f.integer("projection_dim", 512, 1, maxProjection)}
	albumen := f.object("albumen")
	c.Random = albumen.boolean("random", false)
	c.Vision = readVision(tower(f, "vision"))
	c.Text = readText(tower(f, "text"))
	if f.err() != nil {
		return Config{}, f.err()
	}
	if c.Pixels, err = readPixelConfig(dir, c.Vision.ImageSize); err != nil {
		return Config{}, err
	}
	return c, nil
}

// tower finds the object of one tower. Older files have it under *_config_dict, which
// wins as a whole when both are there.
func tower(f fields, name string) fields {
	older := name + "_config_dict"
	if f.has(older) {
		return f.object(older)
	}
	if key := name + "_config"; !f.has(key) && !f.has("model_type") {
		f.fail(key, "is missing; this is not the config.json of a CLIP model")
	}
	return f.object(name + "_config")
}

func readTower(f fields, width, inner, heads int) TowerConfig {
	c := TowerConfig{
		Width:      f.integer("hidden_size", width, 1, maxWidth),
		Inner:      f.integer("intermediate_size", inner, 1, maxInner),
		Layers:     f.integer("num_hidden_layers", 12, 1, maxLayers),
		Heads:      f.integer("num_attention_heads", heads, 1, maxHeads),
		Activation: Activation(f.text("hidden_act", string(QuickGELU))),
		Epsilon:    f.number("layer_norm_eps", 1e-5, 0, 1),
	}
	if f.err() == nil && c.Width%c.Heads != 0 {
		f.fail("num_attention_heads", "is %d, which does not divide hidden_size %d", c.Heads, c.Width)
	}
	if c.Activation != QuickGELU && c.Activation != GELU {
		f.fail("hidden_act", "is %q; must be %q or %q", shorten([]byte(c.Activation)), QuickGELU, GELU)
	}
	return c
}

func readVision(f fields) VisionConfig {
	c := VisionConfig{
		TowerConfig: readTower(f, 768, 3072, 12),
		ImageSize:   f.integer("image_size", 224, 1, maxImageSize),
		PatchSize:   f.integer("patch_size", 32, 1, maxImageSize),
		Channels:    f.integer("num_channels", 3, 3, 3),
	}
	if f.err() != nil {
		return c
	}
	if c.PatchSize > c.ImageSize {
		f.fail("patch_size", "is %d, more than image_size %d", c.PatchSize, c.ImageSize)
	} else if c.Positions() > maxPositions {
		f.fail("patch_size", "is %d: %d patches are more than the %d that can be looked at", c.PatchSize, c.Positions()-1, maxPositions-1)
	} else {
		f.checkValues(c.TowerConfig, c.Positions())
	}
	return c
}

func readText(f fields) TextConfig {
	c := TextConfig{
		TowerConfig: readTower(f, 512, 2048, 8),
		Vocabulary:  f.integer("vocab_size", 49408, 3, maxVocabulary),
		Context:     f.integer("max_position_embeddings", 77, 2, maxPositions),
	}
	// The ids of the begin and padding tokens are not read: the tokenizer's own files
	// say which id begins a text, and nothing is padded.
	eos := f.integer("eos_token_id", 49407, 0, maxVocabulary)
	c.EOS, c.LegacyEOS = int32(eos), eos == legacyEOS
	if f.err() == nil && !c.LegacyEOS && eos >= c.Vocabulary {
		f.fail("eos_token_id", "is %d; vocab_size is only %d", eos, c.Vocabulary)
	}
	if f.err() == nil {
		f.checkValues(c.TowerConfig, c.Context)
	}
	return c
}

// checkValues bounds what one layer holds of one sequence.
func (f fields) checkValues(c TowerConfig, positions int) {
	if c.Inner*positions > maxValues {
		f.fail("intermediate_size", "is %d: with %d positions that is more than the %d values that can be computed", c.Inner, positions, maxValues)
	} else if 3*c.Width*positions > maxValues {
		f.fail("hidden_size", "is %d: with %d positions that is more than the %d values that can be computed", c.Width, positions, maxValues)
	}
}
