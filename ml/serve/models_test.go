package serve_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"

	"github.com/h2non/bimg"

	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/serve"
)

func TestModelsBesideEachOtherDoTheirOwnWork(t *testing.T) {
	r := newRig(t)
	r.collect()
	const other = "../clip/testdata/tiny-gelu"
	r.start(tinySource(t))
	one := r.waitState(1, ml.StateReady).Model
	r.start(serve.NewModelSource(serve.ModelConfig{Name: other, Folder: other, Threads: 1}))
	r.waitState(2, ml.StateReady)
	all, err := r.client.Statuses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	two := all[1].Model
	if one.ID == two.ID || all[0].Model != one {
		t.Fatalf("the models are %+v and %+v", one, two)
	}
	content := photo(t, 64, 64)
	jobs := map[string]ml.Model{}
	for range 20 {
		for _, model := range []ml.Model{one, two} {
			job := r.add(model.ID, content)
			jobs[job.MediaID] = model
			r.enqueue(job)
		}
	}
	r.waitAnswers(len(jobs))
	for id, model := range jobs {
		r.embedding(r.answer(id), model)
	}
	a, errA := r.client.EmbedText(t.Context(), one.ID, "sunset")
	b, errB := r.client.EmbedText(t.Context(), two.ID, "sunset")
	if errA != nil || errB != nil || len(a) == len(b) && dot(a, b) > 0.999 {
		t.Errorf("the same text by both: %v, %v", errA, errB)
	}
}

// faultySource gives the small model with a fault: it cannot do black pictures.
type faultySource struct{ *serve.ModelSource }

func (s faultySource) Load(ctx context.Context) (serve.Model, error) {
	model, err := s.ModelSource.Load(ctx)
	return faulty{model}, err
}

type faulty struct{ serve.Model }

func (f faulty) EmbedImages(ctx context.Context, px []clip.Pixels) ([][]float32, error) {
	for _, p := range px {
		if bytes.Count(p.RGB, []byte{0}) == len(p.RGB) {
			return nil, errors.New("this picture is black")
		}
	}
	return f.Model.EmbedImages(ctx, px)
}

func TestAPictureThatTheModelCannotDoHurtsNotItsBatch(t *testing.T) {
	r := newRig(t)
	r.collect()
	var want []ml.EmbedImage
	r.start(faultySource{tinySource(t)})
	model := r.waitState(1, ml.StateReady).Model
	black, err := bimg.NewImage(blackPNG(t)).Process(bimg.Options{Type: bimg.WEBP, Lossless: true})
	if err != nil {
		t.Fatal(err)
	}
	bad := r.add(model.ID, black)
	for range 15 {
		want = append(want, r.add(model.ID, photo(t, 64, 64)))
	}
	for _, job := range want[:7] {
		r.enqueue(job)
	}
	r.enqueue(bad)
	for _, job := range want[7:] {
		r.enqueue(job)
	}
	r.waitAnswers(len(want) + 1)
	for _, job := range want {
		r.embedding(r.answer(job.MediaID), model)
	}
	if a := r.answer(bad.MediaID); a.Error != ml.EmbedInternal || a.Vector != nil || a.Reason == "" {
		t.Errorf("the bad picture: %+v", a)
	}
}

func blackPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
