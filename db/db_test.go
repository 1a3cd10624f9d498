package db_test

import (
	"testing"

	"albumen/db/dbtest"
)

func TestFreshDatabaseHasTheCurrentSchema(t *testing.T) {
	pool := dbtest.New(t)
	if err := pool.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Each model has a partition of its own, which takes vectors of its dimension
// only and goes with it; deleting an item takes its vectors along.
func TestEmbeddingsArePartitionedByModel(t *testing.T) {
	m := newModel(t, 1, 2)
	exec := func(sql string, args ...any) error {
		_, err := m.pool.Exec(t.Context(), sql, args...)
		return err
	}
	for name, dimension := range map[string]int{"a": 3, "b": 4} {
		m.exec("INSERT INTO embedding_models (name, label, dimension, state) VALUES ($1, $1, $2, 'building')", name, dimension)
		m.exec("SELECT create_embedding_partition(id, dimension), create_embedding_partition(id, dimension) FROM embedding_models WHERE name = $1", name)
	}
	put := "INSERT INTO embeddings (model_id, media_id, embedding) SELECT m.id, $2, $3::text::halfvec FROM embedding_models m WHERE m.name = $1"
	item, other := m.media[0].id, m.media[1].id
	for _, vector := range []struct {
		model, v string
		fits     bool
	}{{"a", "[1,0,0]", true}, {"b", "[0,1,0,0]", true}, {"a", "[1,0,0,0]", false}, {"b", "[1,0]", false}} {
		if err := exec(put, vector.model, item, vector.v); (err == nil) != vector.fits {
			t.Errorf("%s in %s: %v", vector.v, vector.model, err)
		}
	}
	m.exec(put, "a", other, "[0,1,0]")
	var n int
	count := func(sql string) int {
		if err := m.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	m.exec("DELETE FROM media WHERE id = $1", item)
	if count("SELECT count(*) FROM embeddings") != 1 {
		t.Errorf("%d vectors are left after deleting an item with two of three", n)
	}
	m.exec("SELECT drop_embedding_partition(id) FROM embedding_models WHERE name = 'a'")
	if count("SELECT count(*) FROM embeddings") != 0 || count("SELECT count(*) FROM pg_inherits WHERE inhparent = 'embeddings'::regclass") != 1 {
		t.Errorf("%d partitions and a vector are left", n)
	}
}
