// Package bench measures the lists and the search over large databases.
package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/app"
	"albumen/db"
)

// site is a database with one large owner and others beside it, or a club.
type site struct {
	*app.App
	pool  *db.Pool
	url   string
	owner app.Actor
	rows  int // the owner's
	words *vocabulary
}

const (
	seedStart = "2005-01-01T00:00:00Z"
	seedYears = 20
	otherPart = 5 // one item in so many, on top of the owner's, belongs to somebody else
)

var (
	sitesMu sync.Mutex
	sites   = map[plan]*site{}
)

// plan is what a database holds.
type plan struct {
	rows int  // the owner's; of all members together, in a club
	club bool // the items are of many people, in albums that they share (club_test.go)
	// harsh is a club of which every album goes on for all the years.
	harsh bool
}

// siteOf returns the database with n items of the owner's, seeding it the
// first time that a run asks. All of them live until the run ends.
func siteOf(b *testing.B, n int) *site { return siteFor(b, plan{rows: n}) }

func siteFor(b *testing.B, n plan) *site {
	b.Helper()
	sitesMu.Lock()
	defer sitesMu.Unlock()
	if s := sites[n]; s != nil {
		return s
	}
	s, err := seed(n)
	if err != nil {
		b.Fatalf("seed %+v: %v", n, err)
	}
	sites[n] = s
	return s
}

// run is a stand-in for a testing.TB that outlives one benchmark.
type run struct {
	testing.TB
	cleanups []func()
}

func (r *run) Helper()                   {}
func (r *run) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *run) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (r *run) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (r *run) Errorf(f string, a ...any) { fmt.Printf(f+"\n", a...) }

var theRun = &run{}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range sites {
		s.pool.Close()
	}
	for _, f := range theRun.cleanups {
		f()
	}
	os.Exit(code)
}

// seed fills a fresh database in bulk: the items go through a staging table,
// their search vectors are computed on two connections, indexes and
// constraints are made afterwards.
func seed(of plan) (*site, error) {
	ctx := context.Background()
	start := time.Now()
	n := of.rows
	url, seeded, err := databaseFor(ctx, of)
	if err != nil {
		return nil, err
	}
	pool, err := db.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	s := &site{pool: pool, url: url, rows: n}
	s.App = app.New(app.Deps{DB: pool, Now: time.Now, DefaultZone: time.UTC})
	r := rand.New(rand.NewPCG(uint64(n), 42))
	s.words = newVocabulary(r, 20_000)
	if seeded {
		u, err := pool.UserByID(ctx, userID(0))
		s.owner = app.UserActor(u)
		return s, err
	}

	users, total := make([]uuid.UUID, 21), n+n/otherPart
	if of.club {
		users, total = make([]uuid.UUID, clubUsers), n
	}
	for i := range users {
		users[i] = userID(i)
		u, err := pool.CreateUser(ctx, db.CreateUserParams{ID: users[i], Email: fmt.Sprintf("u%d@example.org", i), Language: "en", TimeZone: "UTC"})
		if err != nil {
			return nil, err
		}
		if i == 0 {
			s.owner = app.UserActor(u)
		}
	}
	restore, err := dropIndexes(ctx, pool, "media", "derivatives")
	if err != nil {
		return nil, err
	}
	if of.club {
		if err := makeClub(ctx, pool, users); err != nil {
			return nil, err
		}
	}
	if _, err := pool.Exec(ctx, `CREATE UNLOGGED TABLE staging (n bigint, id uuid, owner_id uuid, album_id uuid, kind text, title text, description text, filename text,
		taken timestamp, make text, model text, lens text, lat float8, place text, rating smallint)`); err != nil {
		return nil, err
	}
	g := &generator{r: r, words: s.words, users: users, total: total, club: of.club, harsh: of.harsh, from: must(time.Parse(time.RFC3339, seedStart))}
	if _, err := pool.CopyFrom(ctx, pgx.Identifier{"staging"}, []string{"n", "id", "owner_id", "album_id", "kind", "title", "description", "filename", "taken",
		"make", "model", "lens", "lat", "place", "rating"}, g); err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	copied := time.Since(start)
	if err := inParallel(ctx, pool, halves(total, insertMedia)...); err != nil {
		return nil, fmt.Errorf("insert: %w", err)
	}
	inserted := time.Since(start)
	if err := inParallel(ctx, pool, append(restore,
		`INSERT INTO month_counts (owner_id, album_id, month, state, n) SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000'),
		   date_trunc('month', taken_at_local)::date, 'listed', count(*) FROM media GROUP BY 1, 2, 3`)...); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	for i := 0; i < len(s.words.words); i += 500 {
		if _, err := pool.Exec(ctx, "SELECT lexicon_learn($1)", join(s.words.words[i:min(i+500, len(s.words.words))])); err != nil {
			return nil, err
		}
	}
	if _, err := pool.Exec(ctx, "DROP TABLE staging"); err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return nil, err
	}
	fmt.Printf("seeded %d+%d rows in %.0f s (copy %.0f, rows and vectors %.0f, indexes and statistics %.0f) on %d cores\n", n, total-n, time.Since(start).Seconds(),
		copied.Seconds(), (inserted - copied).Seconds(), (time.Since(start) - inserted).Seconds(), runtime.NumCPU())
	return s, markKept(ctx, pool)
}

func userID(i int) uuid.UUID {
	return uuid.UUID{14: byte((i + 1) >> 8), 15: byte(i + 1), 6: 0x70, 8: 0x80}
}

const insertMedia = `WITH added AS (
 INSERT INTO media (id, owner_id, album_id, kind, status, processed_at, title, description, filename, mime, bytes, sha256, width, height, thumbhash,
   taken_at, taken_at_local, taken_at_source, camera_make, camera_model, lens, latitude, longitude, place, rating, uploaded_at, search)
 SELECT id, owner_id, album_id, kind::media_kind, 'ready', taken, title, description, filename, CASE WHEN kind = 'video' THEN 'video/mp4' ELSE 'image/jpeg' END,
   4000000, sha256(uuid_send(id)), 4032, 3024, substring(sha256(uuid_send(id)) for 24), taken, taken, 'exif', make, model, lens, lat, lat, place, rating, taken,
   search_vector('en', title, description, place, filename, make || ' ' || model || ' ' || lens, '')
   FROM staging WHERE n >= %d AND n < %d ORDER BY n RETURNING id)
 INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes)
 SELECT id, k, 1, k || '/' || id, 'image/webp', 400, 300, 20000 FROM added, unnest(ARRAY['thumb']) k`

func halves(total int, sql string) []string {
	return []string{fmt.Sprintf(sql, 0, total/2), fmt.Sprintf(sql, total/2, total)}
}

// dropIndexes drops what slows a bulk load down and returns the statements that bring it back.
func dropIndexes(ctx context.Context, pool *db.Pool, tables ...string) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT format('DROP INDEX %I', i.relname), pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
		JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname = ANY ($1) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid)
		UNION ALL SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname), format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
		FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE t.relname = ANY ($1) AND c.contype = 'u'`, tables)
	if err != nil {
		return nil, err
	}
	type pair struct{ Drop, Restore string }
	statements, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pair])
	var restore []string
	for _, p := range statements {
		if _, err := pool.Exec(ctx, p.Drop); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Drop, err)
		}
		restore = append(restore, p.Restore)
	}
	return restore, err
}

// inParallel runs the statements on two connections, without triggers or foreign keys.
func inParallel(ctx context.Context, pool *db.Pool, statements ...string) error {
	todo := make(chan string, len(statements))
	for _, q := range statements {
		todo <- q
	}
	close(todo)
	work := func() error {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer c.Release()
		if _, err := c.Exec(ctx, "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 0; SET work_mem = '256MB'"); err != nil {
			return err
		}
		defer c.Exec(ctx, "RESET ALL") //nolint:errcheck // the connection is for seeding only
		for q := range todo {
			if _, err := c.Exec(ctx, q); err != nil {
				return fmt.Errorf("%.80s: %w", q, err)
			}
		}
		return nil
	}
	failed := make(chan error, 2)
	for range 2 {
		go func() { failed <- work() }()
	}
	return errors.Join(<-failed, <-failed)
}

func join(words []string) string { return strings.Join(words, " ") }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// generator makes the rows in the order of their upload: four in five soon
// after they were taken, the others scanned or imported years later.
type generator struct {
	r     *rand.Rand
	words *vocabulary
	users []uuid.UUID
	total int
	club  bool
	harsh bool
	from  time.Time
	i     int
}

func (g *generator) Next() bool { g.i++; return g.i <= g.total }
func (g *generator) Err() error { return nil }

func (g *generator) Values() ([]any, error) {
	r, i := g.r, g.i-1
	span := time.Duration(seedYears*365*24) * time.Hour
	uploaded := g.from.Add(time.Duration(float64(span) * float64(i) / float64(g.total)))
	taken := uploaded.Add(-time.Duration(r.Int64N(int64(72 * time.Hour))))
	if r.IntN(5) == 0 {
		taken = g.from.Add(time.Duration(r.Int64N(int64(uploaded.Sub(g.from)) + 1)))
	}
	taken = taken.Truncate(time.Second)
	owner := g.users[0]
	var album *uuid.UUID
	switch {
	case g.club && g.harsh:
		owner, album = harshPlace(r, g.users)
	case g.club:
		owner, album, taken = clubPlace(r, g.users, float64(i)/float64(g.total), taken)
		taken = taken.Truncate(time.Second)
	case i%(otherPart+1) == otherPart:
		owner = g.users[1+r.IntN(len(g.users)-1)]
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(uploaded.UnixMilli())<<16)
	id[6], id[7] = 0x70|byte(r.IntN(16)), byte(r.IntN(256))
	binary.BigEndian.PutUint64(id[8:], uint64(i)|1<<63)
	camera := cameras[min(r.IntN(len(cameras)), r.IntN(len(cameras)))]
	kind, filename := "photo", fmt.Sprintf("IMG_%04d.jpg", i%10_000)
	switch {
	case r.IntN(12) == 0:
		kind, filename = "video", taken.Format("VID_20060102_150405.mp4")
	case r.IntN(3) == 0:
		filename = taken.Format("20060102_150405.jpg")
	case r.IntN(4) == 0:
		filename = fmt.Sprintf("DSC%05d.JPG", i%100_000)
	}
	var title, description, place string
	var lat *float64
	if r.IntN(10) < 4 {
		title = g.words.text(1 + r.IntN(4))
	}
	if r.IntN(10) < 3 {
		description = g.words.text(6 + r.IntN(10))
	}
	if r.IntN(10) < 3 { // the word that three items in ten have
		description += " holidays"
	}
	if r.IntN(10) < 6 {
		place = strings.TrimSpace(places[min(r.IntN(len(places)), r.IntN(len(places)))])
		v := r.Float64()*100 - 50
		lat = &v
	}
	return []any{int64(i), id, owner, album, kind, title, description, filename, taken, camera[0], camera[1], camera[2], lat, place, int16(max(0, r.IntN(15)-9))}, nil
}
