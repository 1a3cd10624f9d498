package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"albumen/db"
)

// The planted meaning: unit vectors around the centres of clusters, each with
// noise of its own in every dimension. Two items of a cluster have a cosine of
// about 0.67, two of different ones about 0; the noise has no structure, which
// is harder for an index than pictures are.
const (
	clusters   = 1_000
	dimensions = 512
	noise      = 0.7 // length of the noise against the centre's 1

	// buildMemory holds the graph of a million such vectors; with less the
	// build goes on at a fraction of its speed.
	buildMemory = "4GB"
)

// planted makes vectors; the same seed makes the same.
type planted struct{ centres [][]float32 }

func newPlanted() *planted {
	p := &planted{}
	r := rand.New(rand.NewPCG(512, 1_000))
	for range clusters {
		p.centres = append(p.centres, unit(gaussian(r, nil, 1)))
	}
	return p
}

// item is the vector of the i-th item, and cluster its cluster.
func (p *planted) item(i int) []float32 { return p.near(rand.New(rand.NewPCG(uint64(i), 1))) }

// query is the i-th vector looked for: one more member of some cluster.
func (p *planted) query(i int) []float32 { return p.near(rand.New(rand.NewPCG(uint64(i), 2))) }

func (p *planted) near(r *rand.Rand) []float32 {
	return unit(gaussian(r, p.centres[r.IntN(clusters)], noise))
}

// gaussian is centre plus noise of the given length.
func gaussian(r *rand.Rand, centre []float32, length float64) []float32 {
	v := make([]float32, dimensions)
	copy(v, centre)
	scale := length / math.Sqrt(dimensions)
	for i := range v {
		v[i] += float32(r.NormFloat64() * scale)
	}
	return v
}

func unit(v []float32) []float32 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= scale
	}
	return v
}

// embed gives the first rows items of the site (in the order of their upload) a
// vector each and builds the index as the migrations define it.
func (s *site) embed(ctx context.Context, p *planted, rows int) (db.EmbeddingModel, error) {
	if model, err := s.pool.ActiveModel(ctx); !db.IsNotFound(err) {
		return model, err // kept from an earlier run
	}
	start := time.Now()
	found, err := s.pool.Query(ctx, "SELECT id FROM media ORDER BY id LIMIT $1", rows)
	if err != nil {
		return db.EmbeddingModel{}, err
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
	if err != nil {
		return db.EmbeddingModel{}, err
	}
	model, err := s.pool.InsertModel(ctx, db.InsertModelParams{Name: "planted@1", Label: "planted", Dimension: dimensions, State: db.EmbeddingModelStateBuilding})
	if err != nil {
		return model, err
	}
	if err := s.pool.CreateEmbeddingPartition(ctx, db.CreateEmbeddingPartitionParams{ModelID: model.ID, Dimension: model.Dimension}); err != nil {
		return model, err
	}
	table := fmt.Sprintf("embeddings_%d", model.ID)
	var definition, size string
	if err := s.pool.QueryRow(ctx, "SELECT pg_get_indexdef(($1::text || '_hnsw')::regclass)", table).Scan(&definition); err != nil {
		return model, err
	}
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return model, err
	}
	defer c.Release()
	if _, err := c.Exec(ctx, "SET session_replication_role = replica; SET maintenance_work_mem = '"+buildMemory+"'; SET max_parallel_maintenance_workers = 0; DROP INDEX "+table+"_hnsw"); err != nil {
		return model, err
	}
	defer c.Exec(ctx, "RESET ALL") //nolint:errcheck // the connection is for seeding only
	if _, err := c.CopyFrom(ctx, pgx.Identifier{table}, []string{"model_id", "media_id", "embedding"}, pgx.CopyFromSlice(len(ids), func(i int) ([]any, error) {
		return []any{model.ID, ids[i], pgvector.NewHalfVector(p.item(i))}, nil
	})); err != nil {
		return model, fmt.Errorf("copy the vectors: %w", err)
	}
	copied := time.Since(start)
	if _, err := c.Exec(ctx, definition); err != nil {
		return model, fmt.Errorf("build the index: %w", err)
	}
	built := time.Since(start)
	for _, q := range []string{"VACUUM ANALYZE " + table, "UPDATE embedding_models SET state = 'active', activated_at = now(), backlog_done = true"} {
		if _, err := c.Exec(ctx, q); err != nil {
			return model, err
		}
	}
	if err := c.QueryRow(ctx, "SELECT pg_size_pretty(pg_relation_size(($1::text || '_hnsw')::regclass))", table).Scan(&size); err != nil {
		return model, err
	}
	fmt.Printf("embedded %d rows: copy %.0f s, index in one process with %s %.0f s, %s\n", len(ids), copied.Seconds(), buildMemory, (built - copied).Seconds(), size)
	return model, nil
}
