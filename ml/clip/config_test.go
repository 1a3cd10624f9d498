package clip

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// folder writes files into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConfigOfTheSmallModels(t *testing.T) {
	tests := map[string]Config{
		"tiny": {
			Vision:     VisionConfig{TowerConfig{128, 320, 2, 2, QuickGELU, 1e-5}, 64, 16, 3},
			Text:       TextConfig{TowerConfig{64, 256, 2, 1, QuickGELU, 1e-5}, 994, 77, 2, true},
			Projection: 64,
			Random:     true,
		},
		"tiny-gelu": {
			Vision:     VisionConfig{TowerConfig{60, 132, 2, 5, GELU, 1e-6}, 70, 14, 3},
			Text:       TextConfig{TowerConfig{72, 100, 3, 4, GELU, 1e-6}, 994, 77, 993, false},
			Projection: 50,
			Random:     true,
		},
		"tiny-bf16": {
			Vision:     VisionConfig{TowerConfig{36, 44, 1, 3, QuickGELU, 1e-5}, 32, 8, 3},
			Text:       TextConfig{TowerConfig{32, 64, 1, 1, QuickGELU, 1e-5}, 994, 16, 993, false},
			Projection: 24,
			Random:     true,
		},
	}
	for name, want := range tests {
		got, err := ReadConfig(filepath.Join("testdata", name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Pixels.Size != want.Vision.ImageSize {
			t.Errorf("%s: pictures of %d pixels for a tower of %d", name, got.Pixels.Size, want.Vision.ImageSize)
		}
		want.Pixels = got.Pixels
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
}

// What is absent has the values of transformers' CLIPConfig and CLIPImageProcessor.
func TestConfigDefaults(t *testing.T) {
	got, err := ReadConfig(folder(t, map[string]string{
		"config.json":              `{"model_type": "clip", "text_config": null, "text_config_dict": null}`,
		"preprocessor_config.json": `{}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Vision:     VisionConfig{TowerConfig{768, 3072, 12, 12, QuickGELU, 1e-5}, 224, 32, 3},
		Text:       TextConfig{TowerConfig{512, 2048, 12, 8, QuickGELU, 1e-5}, 49408, 77, 49407, false},
		Projection: 512,
		Pixels: PixelConfig{
			ConvertRGB: true, Resize: true, ShortestEdge: 224, Resample: Bicubic, Crop: true, CropHeight: 224, CropWidth: 224,
			Rescale: true, RescaleFactor: 1.0 / 255, Normalize: true,
			Mean:      [3]float64{0.48145466, 0.4578275, 0.40821073},
			Deviation: [3]float64{0.26862954, 0.26130258, 0.27577711},
			Size:      224,
		},
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Vision.Positions() != 50 || got.Vision.HeadWidth() != 64 {
		t.Errorf("%d positions, heads of %d", got.Vision.Positions(), got.Vision.HeadWidth())
	}
}

// The older dictionaries win as a whole: what they leave out has its default, not the
// value beside them.
func TestOlderDictionariesWin(t *testing.T) {
	got, err := ReadConfig(folder(t, map[string]string{
		"config.json": `{"text_config": {"hidden_size": 64, "eos_token_id": 2}, "text_config_dict": {"hidden_size": 768, "num_attention_heads": 12},
			"vision_config": {"hidden_size": 1024, "num_attention_heads": 16}}`,
		"preprocessor_config.json": `{"size": 224, "crop_size": 224}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Text.Width != 768 || got.Text.LegacyEOS || got.Text.EOS != 49407 || got.Vision.Width != 1024 {
		t.Errorf("%+v", got)
	}
}

func TestSizes(t *testing.T) {
	for _, test := range []struct {
		json string
		want edges
	}{
		{`{"size": 224}`, edges{shortest: 224}},
		{`{"size": {"shortest_edge": 336}}`, edges{shortest: 336}},
		{`{"size": {"shortest_edge": 200, "longest_edge": 500}}`, edges{shortest: 200}},
		{`{"size": {"height": 224, "width": 224}}`, edges{height: 224, width: 224}},
		{`{"size": [30, 40]}`, edges{height: 30, width: 40}},
		{`{}`, edges{shortest: 224}},
	} {
		p, err := readPixelConfig(fstest.MapFS{preprocessorFile: {Data: []byte(test.json)}}, 224)
		if err != nil {
			t.Errorf("%s: %v", test.json, err)
		}
		if got := (edges{p.ShortestEdge, p.Height, p.Width}); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.json, got, test.want)
		}
	}
}

func TestScaleIsRescaleAndNormalise(t *testing.T) {
	p := PixelConfig{Rescale: true, RescaleFactor: 1.0 / 255, Normalize: true, Mean: [3]float64{0.5, 0.25, 0}, Deviation: [3]float64{0.5, 0.5, 2}}
	scale, shift := p.Scale()
	for c, want := range [3]float32{1, 1.5, 0.5} {
		if got := 255*scale[c] + shift[c]; got < want-1e-6 || got > want+1e-6 {
			t.Errorf("channel %d: white is %g, want %g", c, got, want)
		}
	}
	if scale, shift := (PixelConfig{}).Scale(); scale != [3]float32{1, 1, 1} || shift != [3]float32{} {
		t.Errorf("without both: %v %v", scale, shift)
	}
}

func TestPoolAt(t *testing.T) {
	legacy, byID := TextConfig{LegacyEOS: true}, TextConfig{EOS: 7}
	for _, test := range []struct {
		config TextConfig
		ids    []int32
		want   int
	}{
		{legacy, []int32{8, 3, 9, 9, 1}, 2},
		{byID, []int32{8, 7, 9, 7}, 1},
		{byID, []int32{8, 3, 9}, 0},
	} {
		if got := test.config.PoolAt(test.ids); got != test.want {
			t.Errorf("%+v %v: got %d, want %d", test.config, test.ids, got, test.want)
		}
	}
}

// A folder that is wrong gets an error with the file, the field and something to do.
func TestBadFolders(t *testing.T) {
	whole := `{"model_type": "clip"}`
	deep := func(section, key, value string) string {
		return `{"model_type": "clip", "` + section + `": {"` + key + `": ` + value + `}}`
	}
	tests := []struct{ name, config, pixels, file, field, problem string }{
		{"no file", "", "", "config.json", "", "is not in the model folder"},
		{"empty", " ", "", "config.json", "", "download it again"},
		{"cut", `{"model_type": "cl`, "", "config.json", "", "download it again"},
		{"list", `[1]`, "", "config.json", "", "download it again"},
		{"huge", `{"x": "` + strings.Repeat("y", maxConfigBytes) + `"}`, "", "config.json", "", "no CLIP model needs"},
		{"other model", `{"model_type": "siglip"}`, "", "config.json", "model_type", "only CLIP"},
		{"number as type", `{"model_type": 5}`, "", "config.json", "model_type", "must be a string"},
		{"not a model", `{"hello": 1}`, "", "config.json", "vision_config", "is missing"},
		{"section", `{"model_type": "clip", "vision_config": 3}`, "", "config.json", "vision_config", "must be an object"},
		{"zero width", deep("vision_config", "hidden_size", "0"), "", "config.json", "vision_config.hidden_size", "between 1 and"},
		{"huge width", deep("text_config", "hidden_size", "1000000000000"), "", "config.json", "text_config.hidden_size", "between 1 and"},
		{"overflowing width", deep("text_config", "hidden_size", "1e400"), "", "config.json", "text_config.hidden_size", "whole number"},
		{"width in words", deep("vision_config", "hidden_size", `"wide"`), "", "config.json", "vision_config.hidden_size", "whole number"},
		{"half a layer", deep("vision_config", "num_hidden_layers", "1.5"), "", "config.json", "vision_config.num_hidden_layers", "whole number"},
		{"heads", deep("vision_config", "num_attention_heads", "7"), "", "config.json", "vision_config.num_attention_heads", "does not divide"},
		{"no heads", deep("text_config", "num_attention_heads", "0"), "", "config.json", "text_config.num_attention_heads", "between 1"},
		{"activation", deep("text_config", "hidden_act", `"relu"`), "", "config.json", "text_config.hidden_act", "quick_gelu"},
		{"epsilon", deep("text_config", "layer_norm_eps", "-1"), "", "config.json", "text_config.layer_norm_eps", "between"},
		{"epsilon in words", deep("text_config", "layer_norm_eps", `"x"`), "", "config.json", "text_config.layer_norm_eps", "a number"},
		{"grey model", deep("vision_config", "num_channels", "1"), "", "config.json", "vision_config.num_channels", "between 3 and 3"},
		{"patch over picture", deep("vision_config", "patch_size", "300"), "", "config.json", "vision_config.patch_size", "more than image_size"},
		{"too many patches", deep("vision_config", "patch_size", "1"), "", "config.json", "vision_config.patch_size", "patches"},
		{"wide for its patches", `{"model_type": "clip", "vision_config": {"intermediate_size": 32768, "patch_size": 4}}`, "", "config.json", "vision_config.intermediate_size", "positions"},
		{"wide for its texts", `{"model_type": "clip", "text_config": {"hidden_size": 4096, "max_position_embeddings": 4096}}`, "", "config.json", "text_config.hidden_size", "positions"},
		{"end token", deep("text_config", "eos_token_id", "60000"), "", "config.json", "text_config.eos_token_id", "vocab_size"},
		{"context", deep("text_config", "max_position_embeddings", "1"), "", "config.json", "text_config.max_position_embeddings", "between 2"},
		{"projection", `{"model_type": "clip", "projection_dim": 5000}`, "", "config.json", "projection_dim", "between 1 and 4000"},
		{"random", `{"model_type": "clip", "albumen": {"random": "yes"}}`, "", "config.json", "albumen.random", "true or false"},
		{"older section", deep("vision_config_dict", "hidden_size", "-5"), "", "config.json", "vision_config_dict.hidden_size", "between 1"},

		{"no preprocessor", whole, "", "preprocessor_config.json", "", "is not in the model folder"},
		{"cut preprocessor", whole, "{", "preprocessor_config.json", "", "download it again"},
		{"size in words", whole, `{"size": "large"}`, "preprocessor_config.json", "size", "must be"},
		{"odd size", whole, `{"size": {"longest_edge": 224}}`, "preprocessor_config.json", "size", "must be"},
		{"zero size", whole, `{"size": 0}`, "preprocessor_config.json", "size", "between 1"},
		{"zero shortest", whole, `{"size": {"shortest_edge": 0}}`, "preprocessor_config.json", "size.shortest_edge", "between 1"},
		{"huge size", whole, `{"size": [224, 100000]}`, "preprocessor_config.json", "size", "between 1"},
		{"other crop", whole, `{"crop_size": 336}`, "preprocessor_config.json", "crop_size", "image_size 224"},
		{"crop by edge", whole, `{"crop_size": {"shortest_edge": 224}}`, "preprocessor_config.json", "crop_size", "must be"},
		{"no crop", whole, `{"do_center_crop": false}`, "preprocessor_config.json", "do_center_crop", "square"},
		{"no crop, other size", whole, `{"do_center_crop": false, "size": [224, 200]}`, "preprocessor_config.json", "size", "image_size 224"},
		{"nothing", whole, `{"do_center_crop": false, "do_resize": false}`, "preprocessor_config.json", "do_resize", "one size"},
		{"filter", whole, `{"resample": 9}`, "preprocessor_config.json", "resample", "between 0 and 5"},
		{"two means", whole, `{"image_mean": [0.5, 0.5]}`, "preprocessor_config.json", "image_mean", "three numbers"},
		{"zero deviation", whole, `{"image_std": [0.5, 0, 0.5]}`, "preprocessor_config.json", "image_std", "between"},
		{"factor", whole, `{"rescale_factor": 0}`, "preprocessor_config.json", "rescale_factor", "between"},
		{"flag", whole, `{"do_resize": 1}`, "preprocessor_config.json", "do_resize", "true or false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{}
			if test.config != "" {
				files["config.json"] = test.config
			}
			if test.pixels != "" {
				files["preprocessor_config.json"] = test.pixels
			}
			_, err := ReadConfig(folder(t, files))
			expectFolderError(t, err, test.file, test.field, test.problem)
		})
	}
}

func expectFolderError(t *testing.T, err error, file, field, problem string) {
	t.Helper()
	var folder *FolderError
	if !errors.As(err, &folder) {
		t.Fatalf("got %v, want a FolderError", err)
	}
	if folder.File != file || folder.Field != field || !strings.Contains(folder.Problem, problem) {
		t.Errorf("got %q %q %q, want %q %q …%s…", folder.File, folder.Field, folder.Problem, file, field, problem)
	}
	if len(err.Error()) > 1000 {
		t.Errorf("a message of %d bytes", len(err.Error()))
	}
}

func TestAMissingFileIsNotExist(t *testing.T) {
	if _, err := ReadConfig(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// No config.json, however wrong, makes ReadConfig panic or return what Load could
// choke on.
func FuzzConfig(f *testing.F) {
	for _, name := range []string{"tiny", "tiny-gelu", "tiny-bf16"} {
		config, err := os.ReadFile(filepath.Join("testdata", name, "config.json"))
		if err != nil {
			f.Fatal(err)
		}
		pixels, err := os.ReadFile(filepath.Join("testdata", name, "preprocessor_config.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(config, pixels)
	}
	f.Fuzz(func(t *testing.T, config, pixels []byte) {
		c, err := readConfig(fstest.MapFS{"config.json": {Data: config}, preprocessorFile: {Data: pixels}})
		if err != nil {
			var folder *FolderError
			if !errors.As(err, &folder) {
				t.Fatalf("not a FolderError: %v", err)
			}
			return
		}
		if c.Vision.HeadWidth()*c.Vision.Heads != c.Vision.Width || c.Text.HeadWidth()*c.Text.Heads != c.Text.Width || c.Vision.Positions() > maxPositions {
			written, _ := json.Marshal(c)
			t.Fatalf("accepted %s", written)
		}
	})
}
