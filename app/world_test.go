package app_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"albumen/app"
	"albumen/db"
	"albumen/db/dbtest"
	"albumen/jobs"
	"albumen/ml"
	"albumen/storage"
)

// world is a fresh database with the use-cases on it, and makers of rows.
type world struct {
	*app.App
	t     testing.TB
	db    *db.Pool
	store storage.Store
	logs  *recorder
	now   time.Time
	ml    []ml.Status
	// flushed says that Redis knows of nothing that was begun.
	flushed bool
	strip   *counted // nil: no copies without metadata are made

	limits   int64
	attempts *app.RateLimiter // only where it is set: before limit
}

// processes are the ml processes of a world, as they would tell through Redis.
type processes struct{ *world }

func (p processes) Statuses(context.Context) ([]ml.Status, error) { return p.ml, nil }

func (processes) EmbedText(context.Context, string, string) ([]float32, error) {
	return nil, ml.ErrUnavailable
}

func (p processes) Begun(_ context.Context, requests []ml.EmbedImage) ([]bool, error) {
	return slices.Repeat([]bool{!p.flushed}, len(requests)), nil
}

// recorder keeps what the use-cases enqueued and published.
type recorder struct {
	mu     sync.Mutex
	jobs   []jobs.Job
	events []app.Event
}

func (r *recorder) Enqueue(_ context.Context, j jobs.Job) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = append(r.jobs, j)
	return nil
}

func (r *recorder) Publish(_ context.Context, e app.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return nil
}

// newWorld gives a world over store, which may be nil where a test touches no bytes.
func newWorld(t testing.TB, store storage.Store) *world {
	w := &world{t: t, db: dbtest.New(t), store: store, logs: &recorder{}, now: time.Now()}
	w.limit(1 << 30)
	return w
}

// limit makes the use-cases anew, with this limit on the size of a file.
func (w *world) limit(maxUploadBytes int64) {
	w.limits = maxUploadBytes
	deps := app.Deps{
		DB: w.db, Storage: w.store, Jobs: w.logs, Live: w.logs, Log: slog.New(slog.DiscardHandler),
		Limits: app.Limits{MaxUploadBytes: maxUploadBytes}, SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		ML:          processes{w},
		DefaultZone: time.UTC, Now: func() time.Time { return w.now },
		Attempts: w.attempts, PasswordCost: bcrypt.MinCost,
	}
	if w.strip != nil {
		deps.Strip = w.strip
	}
	w.App = app.New(deps)
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// restart continues in another process: over the same database and objects,
// with nothing kept in memory.
func (w *world) restart() { w.limit(w.limits) }

// user makes a user and returns it as the database has it.
func (w *world) user(name string) db.User {
	w.t.Helper()
	u, err := w.db.CreateUser(context.Background(), db.CreateUserParams{
		ID: uuid.Must(uuid.NewV7()), Email: name + "@example.org", Name: name, Language: "en", TimeZone: "UTC",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// album makes an album of the owner's.
func (w *world) album(owner db.User, visibility db.AlbumVisibility) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.exec("INSERT INTO albums (id, owner_id, title, visibility) VALUES ($1, $2, 'Album', $3)", id, owner.ID, visibility)
	return id
}

func (w *world) grant(album, user uuid.UUID, role db.AlbumRole) {
	w.t.Helper()
	w.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, $4)", uuid.New(), album, user, role)
}

func (w *world) grantGroup(album uuid.UUID, role db.AlbumRole, members ...uuid.UUID) uuid.UUID {
	w.t.Helper()
	group := uuid.New()
	w.exec("INSERT INTO groups (id, name) VALUES ($1, $2)", group, group.String())
	for _, m := range members {
		w.exec("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", group, m)
	}
	w.exec("INSERT INTO album_grants (id, album_id, group_id, role) VALUES ($1, $2, $3, $4)", uuid.New(), album, group, role)
	return group
}

func (w *world) shareLink(album uuid.UUID, by db.User) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec("INSERT INTO share_links (id, album_id, created_by, token_hash) VALUES ($1, $2, $3, $4)", id, album, by.ID, id[:])
	return id
}

// media makes a processed photo with an original and both derivatives (rows
// only); album may be uuid.Nil.
func (w *world) media(owner db.User, album uuid.UUID) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	sum := append(id[:], id[:]...)
	var in *uuid.UUID
	if album != uuid.Nil {
		in = &album
	}
	w.exec(`INSERT INTO media (id, owner_id, album_id, kind, status, processed_at, filename, mime, bytes, sha256, width, height,
		taken_at, taken_at_local, taken_at_source)
		VALUES ($1, $2, $3, 'photo', 'ready', now(), 'photo.jpg', 'image/jpeg', 1000, $4, 400, 300, now(), now()::timestamp, 'exif')`,
		id, owner.ID, in, sum)
	w.exec(`INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		VALUES ($1, $2, 'original', $3, 'photo.jpg', 'image/jpeg', 1000, $4)`, uuid.New(), id, "media/"+id.String(), sum)
	for _, kind := range []string{"thumb", "preview"} {
		w.exec(`INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes)
			VALUES ($1, $2, 1, $3, 'image/webp', 400, 300, 100)`, id, kind, "derivatives/"+kind+id.String())
	}
	w.exec("UPDATE users SET used_bytes = used_bytes + 1000 WHERE id = $1", owner.ID)
	return id
}

// firstAlbum is the album that stage has made.
func (w *world) firstAlbum() (id uuid.UUID) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), "SELECT id FROM albums ORDER BY created_at LIMIT 1").Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// asError is err as the product's own, or nil.
func asError(err error) *app.Error {
	e, _ := errors.AsType[*app.Error](err)
	return e
}
