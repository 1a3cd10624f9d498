package bench

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

// cell is one sort of search by meaning: who asks, and what the filter leaves.
type cell struct {
	name   string
	actor  app.Actor
	scope  db.Scope
	filter app.Filter
	passes map[uuid.UUID]bool // by a plain statement of its own
}

// recallAt is the depth at which found is compared with true.
const recallAt = 20

// few is somebody who sees 500 items, all of them in one album of the owner's.
func (s *site) few(ctx context.Context) (app.Actor, error) {
	id, album := uuid.UUID{14: 1, 15: 1, 6: 0x70, 8: 0x80}, uuid.UUID{14: 1, 15: 2, 6: 0x70, 8: 0x80}
	u, err := s.pool.UserByID(ctx, id)
	if !db.IsNotFound(err) {
		return app.UserActor(u), err
	}
	if u, err = s.pool.CreateUser(ctx, db.CreateUserParams{ID: id, Email: "few@example.org", Language: "en", TimeZone: "UTC"}); err != nil {
		return app.Actor{}, err
	}
	for _, q := range []string{
		`INSERT INTO albums (id, owner_id, title) VALUES ($2, $1, 'Few')`,
		`UPDATE media SET album_id = $2 WHERE id IN (SELECT id FROM (SELECT id FROM media WHERE owner_id = $1 ORDER BY id LIMIT 100000) m ORDER BY md5(id::text) LIMIT 500)`,
	} {
		if _, err := s.pool.Exec(ctx, q, s.owner.UserID(), album); err != nil {
			return app.Actor{}, err
		}
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $1, 'viewer')`, id, album)
	return app.UserActor(u), err
}

// cells are the searches that are measured; their filters leave about as much
// as the names say.
func (s *site) cells(ctx context.Context) ([]cell, error) {
	few, err := s.few(ctx)
	if err != nil {
		return nil, err
	}
	from := time.Date(2014, 3, 1, 0, 0, 0, 0, time.UTC)
	during := func(days int) app.Filter { return app.Filter{From: from, To: from.AddDate(0, 0, days)} }
	cells := []cell{
		{name: "no filter", actor: s.owner},
		{name: "10 % (dates)", actor: s.owner, filter: during(730)},
		{name: "8 % (videos)", actor: s.owner, filter: app.Filter{Kind: db.MediaKindVideo}},
		{name: "2 % (camera)", actor: s.owner, filter: app.Filter{CameraMake: cameras[10][0], CameraModel: cameras[10][1]}},
		{name: "1 % (dates)", actor: s.owner, filter: during(73)},
		{name: "0.1 % (dates)", actor: s.owner, filter: during(7)},
		{name: "sees 500", actor: few, scope: db.ScopeAll},
	}
	for i := range cells {
		c := &cells[i]
		where, args := "m.owner_id = $1", []any{s.owner.UserID()}
		switch f := c.filter; {
		case c.scope == db.ScopeAll:
			where = "m.owner_id = $1 AND m.album_id IS NOT NULL"
		case !f.From.IsZero():
			where, args = where+" AND m.taken_at_local >= $2::timestamp AND m.taken_at_local < $3::timestamp", append(args, f.From, f.To)
		case f.Kind != "":
			where, args = where+" AND m.kind = $2", append(args, f.Kind)
		case f.CameraModel != "":
			where, args = where+" AND m.camera_model = $2", append(args, f.CameraModel)
		}
		rows, err := s.pool.Query(ctx, "SELECT m.id FROM media m WHERE "+where, args...)
		if err != nil {
			return nil, err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return nil, err
		}
		c.passes = make(map[uuid.UUID]bool, len(ids))
		for _, id := range ids {
			c.passes[id] = true
		}
	}
	return cells, nil
}

// nearest finds what is truly nearest, by comparing everything: for each cell
// and query the best ids.
func (s *site) nearest(ctx context.Context, p *planted, rows, queries int, cells []cell) ([][][]uuid.UUID, error) {
	found, err := s.pool.Query(ctx, "SELECT id FROM media ORDER BY id LIMIT $1", rows)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, err
	}
	type scored struct {
		id    uuid.UUID
		score float32
	}
	wanted := make([][]float32, queries)
	for q := range wanted {
		wanted[q] = p.query(q)
	}
	best := make([][][]scored, len(cells))
	for c := range best {
		best[c] = make([][]scored, queries)
	}
	keep := func(l []scored) []scored {
		slices.SortFunc(l, func(x, y scored) int { return cmp.Compare(y.score, x.score) })
		return l[:min(len(l), recallAt)]
	}
	for i, id := range ids {
		v := p.item(i)
		for q, w := range wanted {
			score := float32(0)
			for d := range v {
				score += v[d] * w[d]
			}
			for c := range cells {
				if l := best[c][q]; cells[c].passes[id] && (len(l) < recallAt || score > l[recallAt-1].score) {
					if l = append(l, scored{id, score}); len(l) >= 4*recallAt || len(l) == recallAt {
						l = keep(l)
					}
					best[c][q] = l
				}
			}
		}
	}
	out := make([][][]uuid.UUID, len(cells))
	for c := range best {
		for q := range best[c] {
			var l []uuid.UUID
			for _, x := range keep(best[c][q]) {
				l = append(l, x.id)
			}
			out[c] = append(out[c], l)
		}
	}
	return out, nil
}

func recall(found, truth []uuid.UUID) float64 {
	hit := 0
	for _, id := range truth {
		if slices.Contains(found[:min(len(found), recallAt)], id) {
			hit++
		}
	}
	return float64(hit) / float64(len(truth))
}

// reader embeds the texts of searches: "17 …" as the 17th query.
type reader struct{ *planted }

func (r reader) Statuses(context.Context) ([]ml.Status, error) { return nil, nil }

func (reader) Begun(_ context.Context, requests []ml.EmbedImage) ([]bool, error) {
	return make([]bool, len(requests)), nil
}

func (r reader) EmbedText(_ context.Context, _, text string) ([]float32, error) {
	number, _, _ := strings.Cut(text, " ")
	i, err := strconv.Atoi(number)
	return r.query(i), err
}

// limits of a search, without the text's embedding.
var meaningLimits = map[int]time.Duration{100_000: 60 * time.Millisecond, 1_000_000: 100 * time.Millisecond}

// BenchmarkMeaning searches the planted meaning of 100,000 and of 1,000,000
// items, pages of 100 at the level of the use-case, and compares the first 20
// with what is truly nearest: at least 95 in 100 must be there. The cells
// differ in what the filter, or the actor's rights, leave.
func BenchmarkMeaning(b *testing.B) {
	const queries = 60
	ctx := b.Context()
	p := newPlanted()
	var lines []string
	for _, rows := range []int{100_000, 1_000_000} {
		s := siteOf(b, rows)
		if _, err := s.embed(ctx, p, rows); err != nil {
			b.Fatal(err)
		}
		cells, err := s.cells(ctx)
		if err != nil {
			b.Fatal(err)
		}
		truth, err := s.nearest(ctx, p, rows, queries, cells)
		if err != nil {
			b.Fatal(err)
		}
		a := app.New(app.Deps{DB: s.pool, Now: time.Now, DefaultZone: time.UTC, ML: reader{p}, Log: slog.New(slog.DiscardHandler)})
		limit := meaningLimits[rows]
		note := func(name string, took spread, rest string) {
			lines = append(lines, fmt.Sprintf("  %9d %-16s %s of %s, ratio %.2f%s", rows, name, took, ms(limit), float64(took.p95)/float64(limit), rest))
		}
		for c, cell := range cells {
			sum, n := 0.0, 0
			b.Run(fmt.Sprintf("%s/%d", cell.name, rows), func(b *testing.B) {
				took := measure(b, queries, func(i int) error {
					page, err := a.Search(ctx, cell.actor, app.SearchQuery{Q: strconv.Itoa(i % queries), Mode: app.SearchSemantic, Scope: cell.scope, Filter: cell.filter})
					var ids []uuid.UUID
					for _, h := range page.Hits {
						ids = append(ids, h.ID)
					}
					sum += recall(ids, truth[c][i%queries])
					n++
					return err
				})
				b.ReportMetric(sum/float64(n), "recall@20")
				note(cell.name, took, fmt.Sprintf(", recall@20 %.3f, %d items", sum/float64(n), len(cell.passes)))
			})
		}
		words := func(i int) string { return s.words.words[20+i*7%1500] }
		for _, k := range []struct {
			name string
			q    func(i int) app.SearchQuery
		}{
			{"hybrid, a word", func(i int) app.SearchQuery { return app.SearchQuery{Q: fmt.Sprintf("%d %s", i, words(i))} }},
			{"hybrid, often", func(i int) app.SearchQuery { return app.SearchQuery{Q: fmt.Sprintf("%d OR holidays ", i)} }},
		} {
			b.Run(fmt.Sprintf("%s/%d", k.name, rows), func(b *testing.B) {
				note(k.name, measure(b, queries, func(i int) error {
					_, err := a.Search(ctx, s.owner, k.q(i%queries))
					return err
				}), "")
			})
		}
		b.Run(fmt.Sprintf("similar/%d", rows), func(b *testing.B) {
			ids := slices.Collect(maps.Keys(cells[len(cells)-1].passes))
			note("similar", measure(b, queries, func(i int) error {
				_, err := a.Similar(ctx, s.owner, ids[i%len(ids)], app.SimilarQuery{})
				return err
			}), "")
		})
		b.Run(fmt.Sprintf("while embedding/%d", rows), func(b *testing.B) {
			stop, err := s.keepEmbedding(ctx, p, rows)
			if err != nil {
				b.Fatal(err)
			}
			took := measure(b, queries, func(i int) error {
				_, err := a.Search(ctx, s.owner, app.SearchQuery{Q: strconv.Itoa(i % queries), Mode: app.SearchSemantic})
				return err
			})
			note("while embedding", took, fmt.Sprintf(", %.0f vectors stored a second", stop()))
		})
	}
	fmt.Println("search by meaning, pages of 100, on cores shared with whatever else runs:")
	for _, l := range lines {
		fmt.Println(l)
	}
}

// keepEmbedding stores vectors of items without one, as a worker does, until
// it is stopped; then it takes them back and returns how many a second went in.
func (s *site) keepEmbedding(ctx context.Context, p *planted, rows int) (stop func() float64, err error) {
	model, err := s.pool.ActiveModel(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.pool.Query(ctx, "SELECT id FROM media ORDER BY id OFFSET $1 LIMIT 20000", rows)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, err
	}
	end, ended, stored, start := make(chan struct{}), make(chan struct{}), 0, time.Now()
	go func() {
		defer close(ended)
		for i, id := range ids {
			select {
			case <-end:
				return
			default:
			}
			put := db.PutEmbeddingParams{ModelID: model.ID, MediaID: id, Embedding: pgvector.NewHalfVector(p.item(rows + i))}
			if err := s.pool.PutEmbedding(ctx, put); err != nil {
				fmt.Println("store a vector:", err)
				return
			}
			stored++
		}
	}()
	return func() float64 {
		close(end)
		<-ended
		rate := float64(stored) / time.Since(start).Seconds()
		if _, err := s.pool.Exec(ctx, "DELETE FROM embeddings WHERE model_id = $1 AND media_id = ANY ($2)", model.ID, ids[:stored]); err != nil {
			fmt.Println("take the vectors back:", err)
		}
		return rate
	}, nil
}
