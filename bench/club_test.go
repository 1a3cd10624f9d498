package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

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

// clubPlace is whose the next item is, and where: the first person has ten times as
// many as others.
func clubPlace(r *rand.Rand, users []uuid.UUID) (owner uuid.UUID, album *uuid.UUID) {
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
