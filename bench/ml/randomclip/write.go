package randomclip

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"albumen/ml/modelfile"
)

// Write writes a whole model folder. The same seed gives the same weights.
func Write(dir string, s Shape, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if s.Epsilon == 0 {
		s.Epsilon = 1e-5
	}
	vocab, merges, err := vocabulary(s.Vocabulary)
	if err != nil {
		return err
	}
	type object = map[string]any
	tower := func(t Tower) object {
		return object{"hidden_size": t.Width, "intermediate_size": t.Inner, "num_hidden_layers": t.Layers, "num_attention_heads": t.Heads,
			"hidden_act": s.Activation, "layer_norm_eps": s.Epsilon, "projection_dim": s.Projection}
	}
	vision, text := tower(s.Vision), tower(s.Text)
	vision["image_size"], vision["patch_size"] = s.ImageSize, s.Patch
	text["vocab_size"], text["max_position_embeddings"] = s.Vocabulary, s.Context
	text["bos_token_id"], text["eos_token_id"], text["pad_token_id"] = s.Vocabulary-2, s.Vocabulary-1, s.Vocabulary-1
	for file, content := range map[string]any{
		modelfile.Config: object{"model_type": "clip", "projection_dim": s.Projection, "vision_config": vision, "text_config": text, "albumen": object{"random": true}},
		"preprocessor_config.json": object{"size": object{"shortest_edge": s.ImageSize}, "crop_size": object{"height": s.ImageSize, "width": s.ImageSize},
			"do_resize": true, "do_center_crop": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true, "resample": 3, "rescale_factor": 1.0 / 255,
			"image_mean": []float64{0.48145466, 0.4578275, 0.40821073}, "image_std": []float64{0.26862954, 0.26130258, 0.27577711}},
		"vocab.json": vocab,
	} {
		data, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, modelfile.Merges), []byte("#version: 0.2\n"+strings.Join(merges, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	return writeWeights(filepath.Join(dir, modelfile.Weights), s, seed)
}

// tensor is one tensor to write: random values around mean.
type tensor struct {
	name            string
	shape           []int
	mean, deviation float64
}

func (t tensor) elements() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

func (s Shape) tensors() []tensor {
	var all []tensor
	add := func(name string, mean, deviation float64, shape ...int) {
		all = append(all, tensor{name, shape, mean, deviation})
	}
	norm := func(name string, width int) {
		add(name+".weight", 1, 0.1, width)
		add(name+".bias", 0, 0.02, width)
	}
	layers := func(prefix string, t Tower) {
		linear := func(name string, out, in int) {
			add(name+".weight", 0, 1/math.Sqrt(float64(in)), out, in)
			add(name+".bias", 0, 0.02, out)
		}
		for i := range t.Layers {
			p := fmt.Sprintf("%s.encoder.layers.%d.", prefix, i)
			norm(p+"layer_norm1", t.Width)
			for _, n := range []string{"q", "k", "v", "out"} {
				linear(p+"self_attn."+n+"_proj", t.Width, t.Width)
			}
			norm(p+"layer_norm2", t.Width)
			linear(p+"mlp.fc1", t.Inner, t.Width)
			linear(p+"mlp.fc2", t.Width, t.Inner)
		}
	}
	grid := s.ImageSize / s.Patch
	add("logit_scale", 2.6592, 0)
	add("vision_model.embeddings.class_embedding", 0, 0.3, s.Vision.Width)
	add("vision_model.embeddings.patch_embedding.weight", 0, 1/math.Sqrt(float64(3*s.Patch*s.Patch)), s.Vision.Width, 3, s.Patch, s.Patch)
	add("vision_model.embeddings.position_embedding.weight", 0, 0.3, grid*grid+1, s.Vision.Width)
	norm("vision_model.pre_layrnorm", s.Vision.Width)
	layers("vision_model", s.Vision)
	norm("vision_model.post_layernorm", s.Vision.Width)
	add("visual_projection.weight", 0, 1/math.Sqrt(float64(s.Vision.Width)), s.Projection, s.Vision.Width)
	add("text_model.embeddings.token_embedding.weight", 0, 0.3, s.Vocabulary, s.Text.Width)
	add("text_model.embeddings.position_embedding.weight", 0, 0.3, s.Context, s.Text.Width)
	layers("text_model", s.Text)
	norm("text_model.final_layer_norm", s.Text.Width)
	add("text_projection.weight", 0, 1/math.Sqrt(float64(s.Text.Width)), s.Projection, s.Text.Width)
	return all
}

func writeWeights(path string, s Shape, seed uint64) (err error) {
	type entry struct {
		Type    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	header, offset := map[string]entry{}, 0
	for _, t := range s.tensors() {
		end := offset + 4*t.elements()
		header[t.name] = entry{"F32", append([]int{}, t.shape...), [2]int{offset, end}}
		offset = end
	}
	head, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	_, _ = w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(head)))) // Flush tells of errors
	_, _ = w.Write(head)
	r := rand.NewPCG(seed, 0)
	var b [4]byte
	for _, t := range s.tensors() {
		for range t.elements() {
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(float32(t.mean+t.deviation*bell(r.Uint64()))))
			_, _ = w.Write(b[:])
		}
	}
	return w.Flush()
}

// bell turns random bits into a number of a nearly normal distribution, quickly: the
// sum of four even ones.
func bell(x uint64) float64 {
	sum := float64(x&0xffff) + float64(x>>16&0xffff) + float64(x>>32&0xffff) + float64(x>>48)
	return (sum/65536 - 2) * math.Sqrt(3)
}
