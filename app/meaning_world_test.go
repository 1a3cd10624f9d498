package app_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pgvector/pgvector-go"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

// texts that the ml process embeds, and what it says of itself.
type embedder struct {
	texts    map[string][]float32
	statuses []ml.Status
	err      error
	hangs    bool
	late     bool // answers when the time is over
	asked    []string
}

func (e *embedder) Statuses(context.Context) ([]ml.Status, error) { return e.statuses, nil }

func (*embedder) Begun(_ context.Context, requests []ml.EmbedImage) ([]bool, error) {
	return make([]bool, len(requests)), nil
}

func (e *embedder) EmbedText(ctx context.Context, _, text string) ([]float32, error) {
	e.asked = append(e.asked, text)
	if e.hangs {
		<-ctx.Done()
		return nil, errors.Join(ml.ErrUnavailable, ctx.Err())
	}
	if e.late {
		<-ctx.Done()
	}
	if e.err != nil {
		return nil, e.err
	}
	if v := e.texts[text]; v != nil {
		return v, nil
	}
	return axis(0), nil
}

const dimension = 12

// meaningWorld is a world with an active model.
type meaningWorld struct {
	*world
	*embedder
	model db.EmbeddingModel
	rng   *rand.Rand
}

func newMeaningWorld(t *testing.T) *meaningWorld {
	w := &meaningWorld{world: newWorld(t, nil), embedder: &embedder{texts: map[string][]float32{}}, rng: rand.New(rand.NewPCG(3, 3))}
	w.App = app.New(app.Deps{DB: w.db, Jobs: w.logs, Live: w.logs, Log: slog.New(slog.DiscardHandler), ML: w.embedder,
		SecretKey: []byte("0123456789abcdef0123456789abcdef"), DefaultZone: time.UTC, Now: func() time.Time { return w.now }})
	var err error
	w.model, err = w.db.InsertModel(t.Context(), db.InsertModelParams{Name: "m@1", Label: "m", Dimension: dimension, State: db.EmbeddingModelStateActive})
	must(t, w.model, err)
	if err := w.db.CreateEmbeddingPartition(t.Context(), db.CreateEmbeddingPartitionParams{ModelID: w.model.ID, Dimension: dimension}); err != nil {
		t.Fatal(err)
	}
	w.exec("UPDATE embedding_models SET backlog_done = true")
	return w
}

// embed gives an item a vector.
func (w *meaningWorld) embed(id uuid.UUID, v []float32) uuid.UUID {
	w.t.Helper()
	err := w.db.PutEmbedding(w.t.Context(), db.PutEmbeddingParams{ModelID: w.model.ID, MediaID: id, Embedding: pgvector.NewHalfVector(v)})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// axis is a unit vector along one dimension.
func axis(i int) []float32 { v := make([]float32, dimension); v[i] = 1; return v }

// toward is a random unit vector at that cosine to the first axis.
func (w *meaningWorld) toward(cosine float64) []float32 {
	v, sum := make([]float32, dimension), 0.0
	for i := 1; i < dimension; i++ {
		v[i] = float32(w.rng.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] *= float32(math.Sqrt((1 - cosine*cosine) / sum))
	}
	v[0] = float32(cosine)
	return v
}

// all pages through a search.
func (w *meaningWorld) all(u db.User, q app.SearchQuery, size int) ([]app.Hit, app.SearchPage) {
	w.t.Helper()
	var hits []app.Hit
	var first app.SearchPage
	for q.Limit = size; ; {
		p, err := w.Search(w.t.Context(), app.UserActor(u), q)
		if err != nil {
			w.t.Fatalf("%+v: %v", q, err)
		}
		if q.Cursor == "" {
			first = p
		}
		if len(p.Hits) > size {
			w.t.Fatalf("a page of %d, asked for %d", len(p.Hits), size)
		}
		hits = append(hits, p.Hits...)
		if q.Cursor = p.Next; p.Next == "" {
			return hits, first
		}
		if len(hits) > 5000 {
			w.t.Fatalf("%+v never ends", q)
		}
	}
}

func names(hits []app.Hit) []string {
	var all []string
	for _, h := range hits {
		all = append(all, h.Title)
	}
	return all
}
