package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// Near asks which items lie nearest to a vector.
type Near struct {
	Model  EmbeddingModel
	Vector []float32 // of unit length, Model.Dimension long
	Text   TSQuery   // tells which of them match, see NearRow; empty: none does
	Except uuid.UUID // is left out
	// Exact compares every item that the filter lets through. Otherwise the
	// index proposes items, nearest first, until Limit of them pass the filter
	// or so many were looked at; what it then lacks is found as Exact does.
	Exact     bool
	Proposals int // 0: maxProposed
	Limit     int
}

// NearRow is an item with its similarity.
type NearRow struct {
	ID         uuid.UUID
	At         time.Time // taken_at_local
	Similarity float32   // the cosine, -1 to 1
	Matched    bool      // whether it matches Near.Text
}

// Measured, see ADR 0089.
const (
	// breadth is how many candidates the index holds while it searches: below
	// it neighbours are missed.
	breadth     = 200
	maxProposed = 20_000
)

// access is the rule of access as conditions on m that exclude each other:
// apart, so that each is answered from its own index.
func (f Filter) access(b *builder) []string {
	mine := "m.owner_id = " + b.arg(f.UserID, "uuid")
	if f.State != StateListed || f.Scope == ScopeOwn || f.Scope == "" {
		return []string{mine}
	}
	shared := "NOT " + mine + " AND m.album_id IN (" + f.accessible(b) + ")"
	if f.Scope == ScopeShared {
		return []string{shared}
	}
	return []string{mine, shared}
}

// rest is every condition but access.
func (n Near) rest(f Filter, b *builder) string {
	rest := f.where(b)
	if n.Except != (uuid.UUID{}) {
		rest += " AND m.id <> " + b.arg(n.Except, "uuid")
	}
	return rest
}

func (n Near) matched(b *builder) string {
	if n.Text == "" {
		return "false"
	}
	return "m.search @@ " + b.arg(string(n.Text), "tsquery")
}

// distance is the expression that the index of the model's partition is on.
func (n Near) distance(b *builder) string {
	return fmt.Sprintf("e.embedding::halfvec(%d) <=> %s", n.Model.Dimension, b.arg(pgvector.NewHalfVector(n.Vector), "halfvec"))
}

// looked is the distance of a candidate c. OFFSET 0 has each vector looked up
// by its key: estimates of who sees what are too rough to let the planner choose.
func (n Near) looked(b *builder) string {
	return "LATERAL (SELECT " + n.distance(b) + " AS distance FROM embeddings e WHERE e.media_id = c.id" +
		fmt.Sprintf(" AND e.model_id = %d OFFSET 0) e", n.Model.ID)
}

func (f Filter) nearSQL(n Near) (string, []any) {
	b := &builder{}
	item := "SELECT m.id, m.taken_at_local AS at, " + n.matched(b) + " AS matched FROM media m WHERE "
	if n.Exact {
		var candidates []string
		for _, access := range f.access(b) {
			candidates = append(candidates, item+access+" AND "+n.rest(f, b))
		}
		return "WITH candidates AS MATERIALIZED (" + strings.Join(candidates, " UNION ALL ") + ")" +
			" SELECT c.id, c.at, 1 - e.distance AS similarity, c.matched FROM candidates c, " + n.looked(b) +
			" ORDER BY e.distance LIMIT " + b.arg(n.Limit, "bigint"), b.args
	}
	// By distance alone: a second key would keep the index from being used. And
	// OFFSET 0 keeps the planner from starting at media.
	distance := n.distance(b)
	return "SELECT m.id, m.at, 1 - (" + distance + ") AS similarity, m.matched FROM embeddings e, LATERAL (" +
		item + "m.id = e.media_id AND " + f.visible(b) + " AND " + n.rest(f, b) + " OFFSET 0) m" +
		fmt.Sprintf(" WHERE e.model_id = %d", n.Model.ID) + " ORDER BY " + distance + " LIMIT " + b.arg(n.Limit, "bigint"), b.args
}

// Nearest returns the items that f lets through and that lie nearest to the
// vector, the most similar first. Items that the model has not embedded are
// left out. With them comes a sample, see Sample.
func (p *Pool) Nearest(ctx context.Context, f Filter, n Near, s Sample) (found []NearRow, sample []float32, err error) {
	b := &batch{}
	b.planned()
	if s.Each > 0 { // before the settings of the index
		sql, args := f.sampleSQL(n, s)
		queue(b, &sample, pgx.RowTo[float32], sql, args...)
	}
	f.queueNear(b, n, &found)
	err = p.send(ctx, b)
	if err == nil && !n.Exact && len(found) < n.Limit {
		// What lies nearest may be mostly what does not pass, such as other
		// people's items. That must not hide what does.
		n.Exact = true
		again := &batch{}
		again.planned()
		f.queueNear(again, n, &found)
		err = p.send(ctx, again)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("find the nearest items: %w", err)
	}
	slices.SortFunc(found, func(x, y NearRow) int {
		return cmp.Or(cmp.Compare(y.Similarity, x.Similarity), y.At.Compare(x.At), slices.Compare(y.ID[:], x.ID[:]))
	})
	return found, sample, nil
}

func (f Filter) queueNear(b *batch, n Near, found *[]NearRow) {
	if !n.Exact {
		b.set("hnsw.iterative_scan", "relaxed_order", "hnsw.ef_search", strconv.Itoa(breadth),
			"hnsw.max_scan_tuples", strconv.Itoa(cmp.Or(n.Proposals, maxProposed)), "enable_sort", "off", "enable_seqscan", "off")
	}
	sql, args := f.nearSQL(n)
	queue(b, found, pgx.RowToStructByPos[NearRow], sql, args...)
}

// Sample says which items' similarities are wanted beside the nearest: of the
// actor's own timeline so many before each of the times, and as many of each of
// so many shared albums, whatever the filter's other conditions. The zero
// Sample: none.
type Sample struct {
	Times  []time.Time
	Albums int
	Each   int
}

func (f Filter) sampleSQL(n Near, s Sample) (string, []any) {
	f = Filter{UserID: f.UserID, Subjects: f.Subjects, Scope: f.Scope}
	b := &builder{}
	pick := func(access string) string {
		return "(SELECT m.id FROM media m WHERE " + access + " AND " + f.stateCondition() + " ORDER BY m.taken_at_local DESC, m.id DESC LIMIT " + b.arg(s.Each, "bigint") + ")"
	}
	var places []string
	mine := "m.owner_id = " + b.arg(f.UserID, "uuid")
	if f.Scope != ScopeShared {
		places = append(places, "SELECT m.id FROM unnest("+b.arg(s.Times, "timestamp[]")+") t(at), LATERAL "+pick(mine+" AND m.taken_at_local < t.at")+" m")
	}
	if f.Scope == ScopeShared || f.Scope == ScopeAll {
		places = append(places, "SELECT m.id FROM (SELECT DISTINCT a.album_id FROM ("+f.accessible(b)+") a ORDER BY a.album_id LIMIT "+b.arg(s.Albums, "bigint")+") a, LATERAL "+
			pick("m.album_id = a.album_id AND NOT "+mine)+" m")
	}
	return "SELECT 1 - e.distance FROM (SELECT DISTINCT p.id FROM (" + strings.Join(places, " UNION ALL ") + ") p) c, " + n.looked(b), b.args
}

// FoundItems returns those of the items that f lets through, in no particular
// order, and the texts that were searched in them.
func (p *Pool) FoundItems(ctx context.Context, f Filter, ids []uuid.UUID) (items []ItemRow, texts []SearchTextsRow, err error) {
	b := &builder{}
	columns, joins := f.decorate(b)
	sql := "SELECT " + columns + " FROM (SELECT " + itemColumns + ", m.taken_at_local AS at FROM media m WHERE m.id = ANY (" + b.arg(ids, "uuid[]") + ") AND " +
		f.visible(b) + " AND " + f.where(b) + ") p" + joins
	send := &batch{}
	send.planned()
	queue(send, &items, pgx.RowToStructByName[ItemRow], sql, b.args...)
	queue(send, &texts, pgx.RowToStructByPos[SearchTextsRow], searchTexts, ids)
	if err := p.send(ctx, send); err != nil {
		return nil, nil, fmt.Errorf("load the items found: %w", err)
	}
	return items, texts, nil
}
