package db_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"albumen/db"
)

// Counts that somebody keeps are recognised as wrong after every kind of change
// that matters, and as right after those that do not concern them.
func TestKeptCountsAreNeverWrong(t *testing.T) {
	m := newModel(t, 31, 150)
	group := ""
	if err := m.pool.QueryRow(t.Context(), "SELECT id::text FROM groups").Scan(&group); err != nil {
		t.Fatal(err)
	}
	changes := []string{
		"UPDATE media SET trashed_at = now() WHERE id = (SELECT id FROM media ORDER BY random() LIMIT 1)",
		"UPDATE media SET trashed_at = NULL, archived_at = NULL, processed_at = now()",
		"UPDATE media SET withheld = 'report' WHERE id = (SELECT id FROM media ORDER BY random() LIMIT 1)",
		"UPDATE media SET album_id = (SELECT id FROM albums ORDER BY random() LIMIT 1) WHERE id IN (SELECT id FROM media ORDER BY random() LIMIT 3)",
		"UPDATE media SET owner_id = (SELECT id FROM users ORDER BY random() LIMIT 1) WHERE id = (SELECT id FROM media ORDER BY random() LIMIT 1)",
		"UPDATE media SET taken_at_local = taken_at_local + interval '40 days' WHERE id = (SELECT id FROM media ORDER BY random() LIMIT 1)",
		"UPDATE media SET title = 'nothing that counts'",
		"DELETE FROM media WHERE id = (SELECT id FROM media ORDER BY random() LIMIT 1)",
		"UPDATE albums SET visibility = (ARRAY['private', 'members', 'public']::album_visibility[])[1 + floor(random() * 3)] WHERE id = (SELECT id FROM albums ORDER BY random() LIMIT 1)",
		"UPDATE albums SET trashed_at = CASE WHEN trashed_at IS NULL THEN now() END WHERE id = (SELECT id FROM albums ORDER BY random() LIMIT 1)",
		"UPDATE albums SET owner_id = (SELECT id FROM users ORDER BY random() LIMIT 1) WHERE id = (SELECT id FROM albums ORDER BY random() LIMIT 1)",
		"DELETE FROM album_grants WHERE id = (SELECT id FROM album_grants ORDER BY random() LIMIT 1)",
		"DELETE FROM group_members WHERE user_id = (SELECT user_id FROM group_members ORDER BY random() LIMIT 1)",
		fmt.Sprintf("INSERT INTO group_members SELECT '%s', id FROM users ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING", group),
		fmt.Sprintf("INSERT INTO album_grants (id, album_id, group_id, role) SELECT gen_random_uuid(), id, '%s', 'viewer' FROM albums ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING", group),
	}
	kept := map[int]*db.SharedCounts{}
	right, wrong := 0, 0
	for range 150 {
		m.exec(pick(m.rng, changes...))
		for i := range m.users {
			of := m.monthsOf(i)
			fresh := m.months(of)
			if of.Known = kept[i]; kept[i] != nil {
				again := m.months(of)
				if !slices.Equal(again.Shared, fresh.Shared) || !slices.Equal(again.Own, fresh.Own) {
					t.Fatalf("user %d keeps\n %v\n but sees\n %v", i, again, fresh)
				}
				if slices.Equal(kept[i].Shared, fresh.Shared) {
					right++
				} else {
					wrong++
				}
				fresh = again
			}
			kept[i] = &fresh.SharedCounts
		}
	}
	if right < 100 || wrong < 50 {
		t.Errorf("kept counts were right %d times and wrong %d times: one of both is hardly tried", right, wrong)
	}
}

// What nobody has changed is not counted again; what a transaction changes is
// counted when it is committed, however early it began.
func TestKeptCountsLastUntilACommit(t *testing.T) {
	m := newModel(t, 32, 100)
	m.exec("UPDATE albums SET visibility = 'members', trashed_at = NULL")
	of := m.monthsOf(0)
	first := m.months(of)
	of.Known = &first.SharedCounts
	if again := m.months(of); len(first.Shared) == 0 || &again.Shared[0] != &first.Shared[0] {
		t.Fatalf("%v is counted again", first.Shared)
	}
	tx, err := m.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // committed below
	if _, err := tx.Exec(t.Context(), "UPDATE media SET trashed_at = now()"); err != nil {
		t.Fatal(err)
	}
	m.exec("INSERT INTO groups (id, name) VALUES ($1, 'a later transaction')", uuid.New())
	meanwhile := m.months(of)
	if !slices.Equal(meanwhile.Shared, first.Shared) {
		t.Fatalf("before the commit %v, want %v", meanwhile.Shared, first.Shared)
	}
	of.Known = &meanwhile.SharedCounts
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := m.months(of); len(after.Shared) > 0 {
		t.Fatalf("after the commit %v, want nothing", after.Shared)
	}
}

func (m *model) monthsOf(user int) db.MonthsOf {
	return db.MonthsOf{UserID: m.users[user], Scope: db.ScopeAll, Subjects: []uuid.UUID{m.users[user],
		uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002")}}
}

func (m *model) months(of db.MonthsOf) db.MonthCounts {
	m.t.Helper()
	counts, err := m.pool.Months(m.t.Context(), of)
	if err != nil {
		m.t.Fatal(err)
	}
	return counts
}
