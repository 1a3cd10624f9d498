package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// A club: so many people in groups, with albums of their own that they share with
// groups and with single people. Four items in five are in an album.
const (
	clubUsers  = 200
	clubGroups = 30
	clubAlbums = 1000 // as many of each person's
)

func groupID(i int) uuid.UUID { return uuid.UUID{0: 1, 15: byte(i + 1), 6: 0x70, 8: 0x80} }
func albumID(i int) uuid.UUID {
	return uuid.UUID{0: 2, 14: byte((i + 1) >> 8), 15: byte(i + 1), 6: 0x70, 8: 0x80}
}

// clubPlace is whose the next item is, where, and when it was taken, given when
// it is uploaded and when it was taken if nothing happened.
//
// Most albums of a club are of an event: 80 in 100 hold up to three days, 15 some
// weeks, such as a journey, and 5 are kept for years, such as the garden's. Of the
// items in albums 60 in 100 are of events, 20 of journeys and 20 of the years, so
// that each of the latter holds five times as many as an event; they are sent
// within days, and one at a time happens somewhere. Of the items in no album the
// first person has one in five and is the one with by far the most.
func clubPlace(r *rand.Rand, users []uuid.UUID, done float64, taken time.Time) (owner uuid.UUID, album *uuid.UUID, at time.Time) {
	if r.IntN(5) == 0 {
		n := r.IntN(len(users))
		if r.IntN(5) == 0 {
			n = 0
		}
		return users[n], nil, taken
	}
	// Of twenty albums the first sixteen are events, three journeys and the last one of years.
	var n int
	switch kind := r.IntN(10); {
	case kind < 6:
		var began time.Time
		n, began = happening(clubAlbums/20*16, done)
		n, at = n/16*20+n%16, began.Add(time.Duration(r.Int64N(int64(72*time.Hour))))
	case kind < 8:
		var began time.Time
		n, began = happening(clubAlbums/20*3, done)
		n, at = n/3*20+16+n%3, began.Add(time.Duration(r.Int64N(int64(21*24*time.Hour))))
	default:
		n, at = r.IntN(clubAlbums/20)*20+19, taken
	}
	// Five albums in a row are one person's.
	id := albumID(n/5 + len(users)*(n%5))
	return users[n/5], &id, at
}

// happening is which of so many things that follow one another over the years
// goes on when that part of the time is past, and when it began.
func happening(many int, done float64) (n int, began time.Time) {
	n = int(done * float64(many))
	years := float64(seedYears * 365 * 24 * time.Hour)
	return n, must(time.Parse(time.RFC3339, seedStart)).Add(time.Duration(years * float64(n) / float64(many)))
}

// harshPlace is another club's: every album goes on for twenty years, and the first
// person has ten times as many items as others. No club is like that; it is the
// most that the counters of months can be asked.
func harshPlace(r *rand.Rand, users []uuid.UUID) (owner uuid.UUID, album *uuid.UUID) {
	n := max(0, r.IntN(len(users)+9)-9)
	if r.IntN(5) > 0 {
		id := albumID(n + len(users)*r.IntN(clubAlbums/len(users)))
		album = &id
	}
	return users[n], album
}

// makeClub makes groups, albums and grants; the triggers make the access relation.
// The first person is in six groups and sees about half of the albums.
func makeClub(ctx context.Context, pool *db.Pool, users []uuid.UUID) error {
	r := rand.New(rand.NewPCG(7, 7))
	run := func(sql string, args ...any) error {
		if _, err := pool.Exec(ctx, sql, args...); err != nil {
			return fmt.Errorf("%.60s: %w", sql, err)
		}
		return nil
	}
	for g := range clubGroups {
		if err := run("INSERT INTO groups (id, name) VALUES ($1, $2)", groupID(g), fmt.Sprint("Group ", g)); err != nil {
			return err
		}
	}
	for n, user := range users {
		groups := r.Perm(clubGroups)[:1+r.IntN(4)]
		if n == 0 {
			groups = []int{0, 5, 10, 15, 20, 25}
		}
		for _, g := range groups {
			if err := run("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", groupID(g), user); err != nil {
				return err
			}
		}
	}
	for a := range clubAlbums {
		owner := users[a%len(users)]
		if err := run("INSERT INTO albums (id, owner_id, title) VALUES ($1, $2, $3)", albumID(a), owner, fmt.Sprint("Album ", a)); err != nil {
			return err
		}
		for _, g := range r.Perm(clubGroups)[:1+r.IntN(4)] {
			if err := run("INSERT INTO album_grants (id, album_id, group_id, role) VALUES (gen_random_uuid(), $1, $2, 'viewer')", albumID(a), groupID(g)); err != nil {
				return err
			}
		}
		for _, u := range r.Perm(len(users))[:r.IntN(8)] {
			if users[u] == owner {
				continue
			}
			if err := run("INSERT INTO album_grants (id, album_id, user_id, role) VALUES (gen_random_uuid(), $1, $2, 'contributor')", albumID(a), users[u]); err != nil {
				return err
			}
		}
	}
	return nil
}
