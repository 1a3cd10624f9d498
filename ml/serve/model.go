package serve

import (
	"context"

	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/hub"
)

// Source is where the model comes from.
type Source interface {
	// Name is what the model is called where it is asked for.
	Name() string
	// Present reports whether the model's files are there, to be loaded.
	Present() bool
	// Fetch gets the files; progress is called often.
	Fetch(ctx context.Context, progress func(hub.Progress)) error
	// Load makes the model of the files.
	Load(ctx context.Context) (Model, error)
	// Signature changes whenever somebody changes the files.
	Signature() string
}

// Model is a loaded model, safe for concurrent use.
type Model interface {
	Identity() ml.Model
	// Device is what it runs on, for a person.
	Device() string
	// Batch is how many pictures at a time suit the device.
	Batch() int
	// Prepare makes of a picture what EmbedImages wants; an error is the
	// picture's fault.
	Prepare(im clip.RGBImage) (clip.Pixels, error)
	// EmbedImages and EmbedTexts return unit vectors, one for each. Texts
	// overtake pictures.
	EmbedImages(ctx context.Context, px []clip.Pixels) ([][]float32, error)
	EmbedTexts(ctx context.Context, texts []string) ([][]float32, error)
	Close()
}

// Problem says why a Source could not do what was asked.
type Problem struct {
	Detail ml.Detail
	Err    error
}

func (p *Problem) Error() string { return p.Detail.Text }

func (p *Problem) Unwrap() error { return p.Err }
