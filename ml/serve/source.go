package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/clip/kernel"
	"albumen/ml/hub"
	"albumen/ml/modelfile"
)

// ModelConfig says which model, and how it runs.
type ModelConfig struct {
	Name    string // of the model, or the folder as it was given
	Folder  string // the folder when it is one; empty: a name
	Dir     string // where models of a name are kept
	URL     string // of a mirror; empty: Hugging Face
	Device  string // "auto", "cpu" or "cuda"; empty: auto
	Threads int    // 0: one per processor
}

// ModelSource is a Source of CLIP models in the layout of Hugging Face: a
// folder of the operator's, or a name that is fetched.
type ModelSource struct {
	config       ModelConfig
	name, folder string
	unchecked    []string
}

// NewModelSource returns the source of a model. Nothing is looked at yet.
func NewModelSource(c ModelConfig) *ModelSource {
	if c.Folder != "" {
		return &ModelSource{config: c, name: filepath.Base(c.Folder), folder: c.Folder}
	}
	folder, err := hub.Dir(c.Dir, c.Name)
	if err != nil {
		folder = c.Dir // Fetch says what is wrong with the name
	}
	return &ModelSource{config: c, name: c.Name, folder: folder}
}

// Device says on what a model would run here, for a person.
func Device(threads int) string {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return fmt.Sprintf("cpu %s ×%d", kernel.Best().Name(), threads)
}

// Name implements Source.
func (s *ModelSource) Name() string { return s.name }

// Folder is where the model is, or will be.
func (s *ModelSource) Folder() string { return s.folder }

// IsFolder reports that the model is a folder of one's own, to which nothing is downloaded.
func (s *ModelSource) IsFolder() bool { return s.config.Folder != "" }

// Present implements Source.
func (s *ModelSource) Present() bool {
	if s.config.Folder != "" {
		info, err := os.Stat(s.folder)
		return err == nil && info.IsDir()
	}
	return modelfile.Complete(s.folder)
}

// Signature implements Source.
func (s *ModelSource) Signature() string {
	var b strings.Builder
	for _, name := range modelfile.All() {
		if info, err := os.Stat(filepath.Join(s.folder, name)); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// Describe returns the fingerprint of the model's files and how many bytes they
// have. The error is a *Problem.
func (s *ModelSource) Describe() (fingerprint string, bytes int64, err error) {
	if fingerprint, err = clip.Fingerprint(s.folder); err != nil {
		return "", 0, s.explain(err)
	}
	for _, name := range modelfile.All() {
		if info, err := os.Stat(filepath.Join(s.folder, name)); err == nil {
			bytes += info.Size()
		}
	}
	return fingerprint, bytes, nil
}

// Load implements Source. The error is a *Problem.
func (s *ModelSource) Load(context.Context) (Model, error) {
	if s.config.Device == "cuda" {
		return nil, &Problem{Detail: ml.Detail{Code: ml.DetailDevice, Text: noCUDA}}
	}
	before := s.Signature()
	fingerprint, err := clip.Fingerprint(s.folder)
	if err != nil {
		return nil, s.explain(err)
	}
	model, err := clip.Load(s.folder, clip.Options{Threads: s.config.Threads})
	if err != nil {
		return nil, s.explain(err)
	}
	if s.Signature() != before { // the fingerprint may be that of other files
		model.Close()
		return nil, &Problem{Detail: ml.Detail{Code: ml.DetailFolder, Text: fmt.Sprintf("The files in %s changed while they were read. They are read again when they are complete.", s.folder)}}
	}
	c := model.Config()
	return &clipModel{Model: model, identity: ml.Model{
		ID: ml.ModelID(s.name, fingerprint), Name: s.name, Dimension: c.Projection, Random: c.Random,
	}}, nil
}

const noCUDA = "ML_DEVICE is cuda, but this build of Albumen computes on the processor only. Write ML_DEVICE=auto or cpu."

func (s *ModelSource) explain(err error) error {
	code := ml.DetailMemory
	if _, ok := errors.AsType[*clip.FolderError](err); ok {
		code = ml.DetailFolder
	}
	return &Problem{Detail: ml.Detail{Code: code, Text: fmt.Sprintf("The model in %s cannot be used: %v.", s.folder, err)}, Err: err}
}

// clipModel is a Model.
type clipModel struct {
	*clip.Model
	identity ml.Model
}

func (m *clipModel) Identity() ml.Model { return m.identity }

// cpuBatch suits processors: more at a time is hardly faster.
const cpuBatch = 8

func (m *clipModel) Batch() int { return cpuBatch }

func (m *clipModel) Prepare(im clip.RGBImage) (clip.Pixels, error) {
	return m.Config().Pixels.Prepare(im)
}
