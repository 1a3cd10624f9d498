package db_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/db/dbtest"
)

// model is a small random site kept twice: in the database, and in plain Go
// that decides naively who sees what.
type model struct {
	t      *testing.T
	rng    *rand.Rand
	pool   *db.Pool
	users  []uuid.UUID
	albums []*modelAlbum
	links  []modelLink
	media  []*modelMedia
	fav    map[[2]uuid.UUID]bool
	group  []uuid.UUID // members of the one group
}

type modelAlbum struct {
	id, owner  uuid.UUID
	parent     *modelAlbum
	visibility string
	trashed    bool
	users      map[uuid.UUID]bool
	group      bool
}

type modelLink struct {
	id    uuid.UUID
	album *modelAlbum
}

type modelMedia struct {
	id, owner         uuid.UUID
	album             *modelAlbum
	kind, mime        string
	taken             time.Time
	make, model, lens string
	located           bool
	rating            int
	processed         bool
	archived, trashed *time.Time
}

func pick[T any](r *rand.Rand, xs ...T) T { return xs[r.IntN(len(xs))] }

func newModel(t *testing.T, seed uint64, items int) *model {
	m := &model{t: t, rng: rand.New(rand.NewPCG(seed, 1)), pool: dbtest.New(t), fav: map[[2]uuid.UUID]bool{}}
	for i := range 4 {
		id := uuid.New()
		m.exec("INSERT INTO users (id, email) VALUES ($1, $2)", id, fmt.Sprintf("u%d@example.org", i))
		m.users = append(m.users, id)
	}
	group := uuid.New()
	m.group = m.users[:2]
	m.exec("INSERT INTO groups (id, name) VALUES ($1, 'family')", group)
	for _, u := range m.group {
		m.exec("INSERT INTO group_members VALUES ($1, $2)", group, u)
	}
	for range 10 {
		a := &modelAlbum{id: uuid.New(), owner: pick(m.rng, m.users...), visibility: pick(m.rng, "private", "private", "private", "members", "public"),
			trashed: m.rng.IntN(8) == 0, users: map[uuid.UUID]bool{}, group: m.rng.IntN(5) == 0}
		var parent *uuid.UUID
		if len(m.albums) > 0 && m.rng.IntN(3) == 0 {
			a.parent = pick(m.rng, m.albums...)
			parent = &a.parent.id
		}
		var trashed *time.Time
		if a.trashed {
			now := time.Now()
			trashed = &now
		}
		m.exec("INSERT INTO albums (id, owner_id, parent_id, title, visibility, trashed_at) VALUES ($1, $2, $3, 'A', $4, $5)",
			a.id, a.owner, parent, a.visibility, trashed)
		for _, u := range m.users {
			if m.rng.IntN(6) == 0 {
				a.users[u] = true
				m.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", uuid.New(), a.id, u)
			}
		}
		if a.group {
			m.exec("INSERT INTO album_grants (id, album_id, group_id, role) VALUES ($1, $2, $3, 'viewer')", uuid.New(), a.id, group)
		}
		if m.rng.IntN(4) == 0 {
			l := modelLink{uuid.New(), a}
			m.exec("INSERT INTO share_links (id, album_id, created_by, token_hash) VALUES ($1, $2, $3, $4)", l.id, a.id, a.owner, l.id[:])
			m.links = append(m.links, l)
		}
		m.albums = append(m.albums, a)
	}
	for range items {
		m.addMedia()
	}
	return m
}

func (m *model) exec(sql string, args ...any) {
	m.t.Helper()
	if _, err := m.pool.Exec(context.Background(), sql, args...); err != nil {
		m.t.Fatalf("%s: %v", sql, err)
	}
}

func (m *model) someTime() time.Time {
	// Few distinct instants, so that equal times are common.
	return time.Date(2024, time.Month(1+m.rng.IntN(4)), 1+m.rng.IntN(28), m.rng.IntN(2)*12, 0, 0, 0, time.UTC)
}

func (m *model) addMedia() {
	r := m.rng
	x := &modelMedia{id: uuid.New(), owner: pick(r, m.users...), kind: "photo", mime: pick(r, "image/jpeg", "image/png"), taken: m.someTime(),
		make: pick(r, "", "Canon", "Nikon"), lens: pick(r, "", "50mm"), located: r.IntN(2) == 0, rating: r.IntN(6), processed: r.IntN(10) > 0}
	if r.IntN(5) == 0 {
		x.kind, x.mime = "video", "video/mp4"
	}
	if x.make != "" {
		x.model = pick(r, "One", "Two")
	}
	var album *uuid.UUID
	if r.IntN(4) > 0 {
		x.album = pick(r, m.albums...)
		album = &x.album.id
	}
	when := m.someTime()
	if r.IntN(8) == 0 {
		x.archived = &when
	}
	if r.IntN(8) == 0 {
		x.trashed = &when
	}
	var lat *float64
	if x.located {
		v := 1.5
		lat = &v
	}
	var processed *time.Time
	if x.processed {
		processed = &when
	}
	m.exec(`INSERT INTO media (id, owner_id, album_id, kind, mime, filename, bytes, sha256, taken_at, taken_at_local, taken_at_source,
		camera_make, camera_model, lens, latitude, longitude, rating, processed_at, archived_at, trashed_at)
		VALUES ($1,$2,$3,$4,$5,'f.jpg',1,$6,$7,$7::timestamptz AT TIME ZONE 'UTC','exif',$8,$9,$10,$11,$11,$12,$13,$14,$15)`,
		x.id, x.owner, album, x.kind, x.mime, append(x.id[:], x.id[:]...), x.taken, x.make, x.model, x.lens, lat, x.rating, processed, x.archived, x.trashed)
	m.media = append(m.media, x)
	for _, u := range m.users {
		if r.IntN(4) == 0 {
			m.fav[[2]uuid.UUID{u, x.id}] = true
			m.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", u, x.id)
		}
	}
}

// sees reports whether the album lets the actor in, from first principles.
func (a *modelAlbum) sees(m *model, user uuid.UUID, links []uuid.UUID) bool {
	if a.owner == user {
		return true
	}
	if a.trashed {
		return false
	}
	for s := a; s != nil; s = s.parent {
		if s.owner == user || s.users[user] || s.visibility == "public" || (s.visibility == "members" && user != uuid.Nil) ||
			(s.group && slices.Contains(m.group, user)) {
			return true
		}
		for _, l := range m.links {
			if l.album == s && slices.Contains(links, l.id) {
				return true
			}
		}
	}
	return false
}

// list is what f should return, in order.
func (m *model) list(f db.Filter, links []uuid.UUID) []uuid.UUID {
	var found []*modelMedia
	for _, x := range m.media {
		own := x.owner == f.UserID
		shared := !own && x.album != nil && x.album.sees(m, f.UserID, links)
		ok := own && f.Scope != db.ScopeShared || shared && (f.Scope == db.ScopeShared || f.Scope == db.ScopeAll)
		switch f.State {
		case db.StateListed:
			ok = ok && x.processed && x.archived == nil && x.trashed == nil
		case db.StateArchived:
			ok = own && x.archived != nil && x.trashed == nil
		case db.StateTrashed:
			ok = own && x.trashed != nil
		}
		ok = ok && (f.From.IsZero() || !x.taken.Before(f.From)) && (f.To.IsZero() || x.taken.Before(f.To)) &&
			(f.Kind == "" || string(f.Kind) == x.kind) && (f.MIMEs == nil || slices.Contains(f.MIMEs, x.mime)) &&
			(f.CameraMake == "" || f.CameraMake == x.make) && (f.CameraModel == "" || f.CameraModel == x.model) &&
			(f.Lens == "" || f.Lens == x.lens) && (!f.Favourite || m.fav[[2]uuid.UUID{f.UserID, x.id}]) &&
			(f.Uploader == uuid.Nil || f.Uploader == x.owner) && (f.Album == uuid.Nil || x.album != nil && x.album.id == f.Album) &&
			(f.Located == nil || *f.Located == x.located) && x.rating >= f.MinRating
		if ok {
			found = append(found, x)
		}
	}
	key := func(x *modelMedia) time.Time {
		if f.State == db.StateTrashed {
			return *x.trashed
		}
		return x.taken
	}
	slices.SortFunc(found, func(x, y *modelMedia) int {
		if c := key(y).Compare(key(x)); c != 0 {
			return c
		}
		return bytes.Compare(y.id[:], x.id[:])
	})
	ids := []uuid.UUID{}
	for _, x := range found {
		ids = append(ids, x.id)
	}
	return ids
}

// filter draws an actor with a random filter, and the links that the actor unlocked.
func (m *model) filter() (db.Filter, []uuid.UUID) {
	r := m.rng
	f := db.Filter{Scope: pick(r, db.ScopeOwn, db.ScopeShared, db.ScopeAll, db.ScopeAll), State: pick(r, db.StateListed, db.StateListed, db.StateListed, db.StateArchived, db.StateTrashed)}
	f.Subjects = []uuid.UUID{uuid.MustParse("00000000-0000-0000-0000-000000000002")}
	if r.IntN(6) > 0 {
		f.UserID = pick(r, m.users...)
		f.Subjects = append(f.Subjects, f.UserID, uuid.MustParse("00000000-0000-0000-0000-000000000001"))
	}
	var links []uuid.UUID
	if len(m.links) > 0 && r.IntN(3) == 0 {
		links = append(links, pick(r, m.links...).id)
		f.Subjects = append(f.Subjects, links...)
	}
	yes := r.IntN(2) == 0
	for _, set := range []func(){
		func() { f.From = m.someTime() }, func() { f.To = m.someTime() }, func() { f.Kind = pick(r, db.MediaKindPhoto, db.MediaKindVideo) },
		func() { f.MIMEs = []string{"image/png", "video/mp4"} }, func() { f.CameraMake = "Canon" }, func() { f.CameraModel = "Two" },
		func() { f.Lens = "50mm" }, func() { f.Favourite = true }, func() { f.Uploader = pick(r, m.users...) },
		func() { f.Album = pick(r, m.albums...).id }, func() { f.Located = &yes }, func() { f.MinRating = 1 + r.IntN(5) },
	} {
		if r.IntN(9) == 0 {
			set()
		}
	}
	return f, links
}

func (m *model) page(f db.Filter, w db.Window) []db.ItemRow {
	m.t.Helper()
	rows, err := m.pool.ListItems(m.t.Context(), f, w)
	if err != nil {
		m.t.Fatalf("%+v: %v", f, err)
	}
	return rows
}
