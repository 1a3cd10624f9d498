package handlers_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"albumen/db"
	"albumen/ml"
)

// statements counts the ways to the database: each statement, or a batch of them, is one.
type statements struct {
	mu  sync.Mutex
	all []string
}

func (s *statements) add(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, strings.Join(strings.Fields(sql), " "))
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.add(d.SQL)
	return ctx
}

func (*statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	var together []string
	for _, q := range d.Batch.QueuedQueries {
		together = append(together, q.SQL)
	}
	s.add("together: " + strings.Join(together, "; "))
	return ctx
}

func (*statements) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// take returns what was counted since the last time.
func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

// traced has the site's statements counted from now on.
func (s *site) traced() *statements {
	s.t.Helper()
	counted := &statements{}
	cfg := s.db.Config()
	cfg.ConnConfig.Tracer = counted
	pool, err := pgxpool.NewWithConfig(s.t.Context(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(pool.Close)
	s.db = &db.Pool{Pool: pool, Queries: db.New(pool)}
	s.start(slog.New(slog.DiscardHandler))
	return counted
}

// embeds lets an ml process answer texts with the model until the test ends.
func (s *site) embeds(model ml.Model) {
	s.t.Helper()
	s.says(ml.Status{State: ml.StateReady, Model: model})
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	s.t.Cleanup(func() { stop(); ended.Wait() })
	ended.Go(func() {
		conn, keys := s.redis.Get(), ml.Keys{Prefix: s.mlPrefix}
		defer conn.Close()
		for ctx.Err() == nil {
			said, err := redis.ByteSlices(conn.Do("BLPOP", keys.Text(ml.ModelKey(model.ID)), 0.2))
			if err != nil {
				continue // nobody asked
			}
			var asked ml.TextRequest
			v := make([]float32, model.Dimension)
			v[0] = 1
			answer, err := json.Marshal(ml.TextReply{Model: model, Vector: ml.EncodeVector(v)})
			if json.Unmarshal(said[1], &asked) == nil && err == nil {
				conn.Do("RPUSH", keys.Reply(asked.ID), answer) //nolint:errcheck // the search then says that it is away
			}
		}
	})
}

// fill gives the admin n photos called "Lake 1", "Lake 2" and so on, over ten
// years, with vectors of an active model.
func (s *site) fill(n int) {
	s.t.Helper()
	model := ml.Model{ID: "m@1", Name: "m", Dimension: 8}
	m, err := s.db.InsertModel(s.t.Context(), db.InsertModelParams{Name: model.ID, Label: model.Name, Dimension: int32(model.Dimension), State: db.EmbeddingModelStateActive})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.db.CreateEmbeddingPartition(s.t.Context(), db.CreateEmbeddingPartitionParams{ModelID: m.ID, Dimension: m.Dimension}); err != nil {
		s.t.Fatal(err)
	}
	s.exec("UPDATE embedding_models SET backlog_done = true")
	s.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, filename, mime, bytes, sha256, width, height, title, taken_at, taken_at_local, taken_at_source, camera_make, camera_model)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), 'IMG_' || n || '.jpg', 'image/jpeg', 1, sha256(n::text::bytea), 400, 300, 'Lake ' || n,
			at AT TIME ZONE 'UTC', at, 'exif', 'Canon', 'EOS ' || n % 5
		  FROM generate_series(1, $2) n, LATERAL (SELECT timestamp '2014-01-01' + n * (interval '3650 days' / $2) AS at) t`, s.admin.ID, n)
	s.exec(`INSERT INTO embeddings (model_id, media_id, embedding)
		SELECT $1, id, ARRAY[random(), random(), random(), random(), random(), random(), random(), 0.1]::real[]::halfvec FROM media`, m.ID)
	s.exec("ANALYZE media, embeddings, month_counts")
	s.embeds(model)
}

// On a busy machine a page takes as long as its ways to the database and back,
// so that each one more must be worth it. What is asked beside something else
// counts too.
func TestPagesAskLittleOfTheDatabase(t *testing.T) {
	for items, pages := range map[int]map[string]int{
		200: {"/search?q=lake+17": 7, "/search?q=red+zzyxqua": 7, "/search?q=lkae+19": 10, "/search?q=lake+18&mode=text": 6, "/timeline": 4},
		// Beyond app.RankLimit the matches are estimated first.
		3_500: {"/search?q=lake+17": 8, "/search?q=red+zzyxqua": 8, "/search?q=lkae+19": 12, "/search?q=lake+18&mode=text": 7, "/timeline": 4},
	} {
		s := newSite(t)
		s.fill(items)
		counted := s.traced()
		b := s.signedIn("admin@example.org")
		for path, want := range pages {
			counted.take()
			page := b.ok(path)
			asked := slices.DeleteFunc(counted.take(), func(sql string) bool {
				return strings.HasPrefix(sql, "-- name: ActiveModel ") || strings.HasPrefix(sql, "-- name: SiteSettings ") || strings.HasPrefix(sql, "-- name: TermsState ") || // once in some seconds
					strings.Contains(sql, "to_regtype('vector')") // once for each connection
			})
			if len(idsOf(page)) == 0 || len(asked) != want {
				t.Errorf("%d items, %s: %d hits, %d ways to the database, want %d:\n%s", items, path, len(idsOf(page)), len(asked), want, strings.Join(asked, "\n"))
			}
		}
	}
}
