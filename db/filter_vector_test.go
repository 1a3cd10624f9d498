package db_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pgvector/pgvector-go"

	"albumen/db"
)

// embedded gives most items of a small site a vector.
func embedded(m *model, dimension int) (db.EmbeddingModel, map[uuid.UUID][]float32) {
	m.t.Helper()
	ctx := m.t.Context()
	em, err := m.pool.InsertModel(ctx, db.InsertModelParams{Name: "m@1", Label: "m", Dimension: int32(dimension), State: db.EmbeddingModelStateActive})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.pool.CreateEmbeddingPartition(ctx, db.CreateEmbeddingPartitionParams{ModelID: em.ID, Dimension: em.Dimension}); err != nil {
		m.t.Fatal(err)
	}
	vectors := map[uuid.UUID][]float32{}
	for _, i := range m.media {
		if m.rng.IntN(8) == 0 {
			continue
		}
		vectors[i.id] = direction(m.rng, dimension)
		if err := m.pool.PutEmbedding(ctx, db.PutEmbeddingParams{ModelID: em.ID, MediaID: i.id, Embedding: pgvector.NewHalfVector(vectors[i.id])}); err != nil {
			m.t.Fatal(err)
		}
	}
	m.exec("ANALYZE")
	return em, vectors
}

func direction(r *rand.Rand, dimension int) []float32 {
	v, sum := make([]float32, dimension), 0.0
	for i := range v {
		v[i] = float32(r.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

func cosine(x, y []float32) float64 {
	sum := 0.0
	for i := range x {
		sum += float64(x[i]) * float64(y[i])
	}
	return sum
}

// Both ways of finding the nearest give, for every combination of filter, scope
// and access, what comparing everything in plain Go gives.
func TestNearestAgreeWithTheModel(t *testing.T) {
	m := newModel(t, 5, 250)
	em, vectors := embedded(m, 24)
	full := 0
	for range 60 {
		f, links := m.filter()
		n := db.Near{Model: em, Vector: direction(m.rng, 24), Limit: 1000}
		var want []uuid.UUID
		for _, id := range m.list(f, links) {
			if vectors[id] != nil {
				want = append(want, id)
			}
		}
		if len(want) > 0 && m.rng.IntN(2) == 0 {
			n.Except = want[0]
			want = want[1:]
		}
		if len(want) > 3 {
			full++
		}
		for _, n.Exact = range []bool{true, false} {
			found, _, err := m.pool.Nearest(t.Context(), f, n, db.Sample{})
			if err != nil {
				t.Fatal(err)
			}
			var got []uuid.UUID
			for i, r := range found {
				got = append(got, r.ID)
				if s := cosine(vectors[r.ID], n.Vector); math.Abs(s-float64(r.Similarity)) > 2e-3 {
					t.Fatalf("similarity %f, want %f", r.Similarity, s)
				}
				if i > 0 && found[i-1].Similarity < r.Similarity {
					t.Fatalf("exact %v: not in order", n.Exact)
				}
			}
			if !sameItems(got, want) {
				t.Fatalf("exact %v, %+v: %d items, want %d", n.Exact, f, len(got), len(want))
			}
		}
	}
	if full < 30 {
		t.Fatalf("only %d of the random lists had more than three items", full)
	}
}

// However much of what one may not see lies nearer, it hides nothing.
func TestOthersNearerItemsHideNothing(t *testing.T) {
	m := newModel(t, 7, 900)
	em, _ := embedded(m, 24)
	f, links := m.filter()
	for m.list(f, links) == nil {
		f, links = m.filter()
	}
	f = db.Filter{UserID: f.UserID, Subjects: f.Subjects, Scope: f.Scope}
	want := m.list(f, links)
	if len(want) == 0 || len(want) > len(m.media)-300 {
		t.Fatalf("the actor sees %d of %d items", len(want), len(m.media))
	}
	query := direction(m.rng, 24)
	opposite := slices.Clone(query)
	for i := range opposite {
		opposite[i] = -opposite[i]
	}
	m.exec("DELETE FROM embeddings")
	for _, i := range m.media {
		v := query
		if slices.Contains(want, i.id) {
			v = opposite
		}
		// A little apart, so that the index does not hold one place for all.
		off := direction(m.rng, 24)
		sum := 0.0
		for k := range off {
			off[k] = v[k] + off[k]/4
			sum += float64(off[k] * off[k])
		}
		for k := range off {
			off[k] /= float32(math.Sqrt(sum))
		}
		if err := m.pool.PutEmbedding(t.Context(), db.PutEmbeddingParams{ModelID: em.ID, MediaID: i.id, Embedding: pgvector.NewHalfVector(off)}); err != nil {
			t.Fatal(err)
		}
	}
	m.exec("ANALYZE")
	found, _, err := m.pool.Nearest(t.Context(), f, db.Near{Model: em, Vector: query, Proposals: 1, Limit: len(want)}, db.Sample{})
	if err != nil {
		t.Fatal(err)
	}
	var got []uuid.UUID
	for _, r := range found {
		got = append(got, r.ID)
	}
	if !sameItems(got, want) {
		t.Errorf("found %d of %d", len(got), len(want))
	}
}

func sameItems(x, y []uuid.UUID) bool {
	order := func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
	x, y = slices.Clone(x), slices.Clone(y)
	slices.SortFunc(x, order)
	slices.SortFunc(y, order)
	return slices.Equal(x, y)
}

// What chance looks like is told from what the actor sees, and nothing else.
func TestBackgroundIsOfWhatOneSees(t *testing.T) {
	m := newModel(t, 6, 250)
	em, vectors := embedded(m, 24)
	for range 20 {
		f, links := m.filter()
		f = db.Filter{UserID: f.UserID, Subjects: f.Subjects, Scope: f.Scope}
		n := db.Near{Model: em, Vector: direction(m.rng, 24)}
		var visible []float64
		for _, id := range m.list(f, links) {
			if vectors[id] != nil {
				visible = append(visible, cosine(vectors[id], n.Vector))
			}
		}
		var times []time.Time
		for year := 2030; year > 1990; year-- {
			times = append(times, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		}
		// The filter's other conditions do not matter.
		narrow := f
		narrow.Kind, narrow.MinRating = db.MediaKindVideo, 4
		_, sample, err := m.pool.Nearest(t.Context(), narrow, n, db.Sample{Times: times, Albums: 3, Each: 4})
		if err != nil {
			t.Fatal(err)
		}
		if len(sample) == 0 && len(visible) > 0 || len(sample) > len(visible) {
			t.Errorf("%+v: a sample of %d of %d", f, len(sample), len(visible))
		}
		for _, s := range sample {
			if !slices.ContainsFunc(visible, func(v float64) bool { return math.Abs(v-float64(s)) < 2e-3 }) {
				t.Errorf("%+v: %f is of no item that the actor sees", f, s)
			}
		}
	}
}
