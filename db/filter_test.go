package db_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/db"
)

// Every combination of filter, scope, state and access gives what the naive
// model gives, whole and page by page in both directions.
func TestListsAgreeWithTheModel(t *testing.T) {
	nonEmpty := 0
	for seed := range uint64(2) {
		m := newModel(t, seed, 250)
		for range 50 {
			f, links := m.filter()
			want := m.list(f, links)
			if len(want) > 3 {
				nonEmpty++
			}
			size := 2 + m.rng.IntN(15)
			var down []uuid.UUID
			w := db.Window{Limit: size}
			for {
				rows := m.page(f, w)
				for _, r := range rows {
					down = append(down, r.ID)
					if fav := m.fav[[2]uuid.UUID{f.UserID, r.ID}]; fav != r.Favourite {
						t.Fatalf("favourite of %s is %v, want %v", r.ID, r.Favourite, fav)
					}
				}
				if len(rows) < size {
					break
				}
				w.Before = &db.Key{At: rows[size-1].At, ID: rows[size-1].ID}
			}
			if !slices.Equal(down, want) {
				t.Fatalf("seed %d: downwards, pages of %d: %+v\n got %v\nwant %v", seed, size, f, down, want)
			}
			if len(want) == 0 {
				continue
			}
			last := m.page(f, db.Window{Limit: 1000})
			up := []uuid.UUID{want[len(want)-1]}
			w = db.Window{Limit: size, After: &db.Key{At: last[len(last)-1].At, ID: last[len(last)-1].ID}}
			for {
				rows := m.page(f, w)
				for _, r := range slices.Backward(rows) {
					up = append(up, r.ID)
				}
				if len(rows) < size {
					break
				}
				w.After = &db.Key{At: rows[0].At, ID: rows[0].ID}
			}
			slices.Reverse(up)
			if !slices.Equal(up, want) {
				t.Fatalf("seed %d: upwards, pages of %d: %+v\n got %v\nwant %v", seed, size, f, up, want)
			}
		}
	}
	if nonEmpty < 30 {
		t.Fatalf("only %d of the random lists had more than three items: the test says too little", nonEmpty)
	}
}

// The lists walk their index in order: nothing is sorted, nothing scanned whole.
func TestOwnListsWalkTheirIndex(t *testing.T) {
	m := newModel(t, 9, 0)
	owner := m.users[0]
	m.exec("ALTER TABLE media DISABLE TRIGGER media_search_insert") // 20,000 vectors that nobody looks at
	m.exec(`INSERT INTO media (id, owner_id, kind, mime, filename, bytes, sha256, taken_at, taken_at_local, taken_at_source, processed_at, trashed_at, archived_at)
		SELECT gen_random_uuid(), CASE WHEN i % 5 = 0 THEN $2::uuid ELSE $1::uuid END, 'photo', 'image/jpeg', 'f.jpg', 1, sha256(i::text::bytea),
		       now(), timestamp '2004-01-01' + i * interval '7 hours', 'exif', now(), CASE WHEN i % 10 = 1 THEN now() END, CASE WHEN i % 10 = 2 THEN now() END
		  FROM generate_series(1, 20000) i`, owner, m.users[1])
	m.exec("ANALYZE media")
	for state, index := range map[db.State]string{
		db.StateListed: "media_timeline_idx", db.StateArchived: "media_archive_idx", db.StateTrashed: "media_trash_idx",
	} {
		f := db.Filter{UserID: owner, Subjects: []uuid.UUID{owner}, State: state}
		first := m.page(f, db.Window{Limit: 100})
		if len(first) != 100 {
			t.Fatalf("state %q: %d items", state, len(first))
		}
		key := &db.Key{At: first[99].At, ID: first[99].ID}
		for _, w := range []db.Window{{Limit: 100}, {Limit: 100, Before: key}, {Limit: 1, After: key}} {
			sql, args := db.ListSQL(f, w)
			var plan []byte
			if err := m.pool.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+sql, args...).Scan(&plan); err != nil {
				t.Fatal(err)
			}
			var root any
			if err := json.Unmarshal(plan, &root); err != nil {
				t.Fatal(err)
			}
			for _, n := range planNodes(root, nil) {
				kind, table := n["Node Type"], n["Relation Name"]
				if kind == "Sort" || table == "media" && (kind != "Index Scan" || n["Index Name"] != index) {
					t.Errorf("state %q, %+v has a %v on %v, wanted only an Index Scan using %s:\n%s", state, w, kind, table, index, plan)
				}
			}
		}
	}
}

// planNodes collects the nodes of a plan.
func planNodes(x any, nodes []map[string]any) []map[string]any {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			nodes = planNodes(y, nodes)
		}
	case map[string]any:
		if x["Node Type"] != nil {
			nodes = append(nodes, x)
		}
		for _, y := range x {
			nodes = planNodes(y, nodes)
		}
	}
	return nodes
}

// After random changes of every kind, one row or many at once, the counters
// equal the aggregate.
func TestMonthCountersFollowRandomChanges(t *testing.T) {
	m := newModel(t, 11, 120)
	changes := []string{
		"UPDATE media SET trashed_at = now()", "UPDATE media SET trashed_at = NULL", "UPDATE media SET archived_at = now()",
		"UPDATE media SET archived_at = NULL", "UPDATE media SET processed_at = now()", "UPDATE media SET album_id = NULL",
		"UPDATE media SET album_id = (SELECT id FROM albums ORDER BY random() LIMIT 1)",
		"UPDATE media SET taken_at_local = taken_at_local + interval '23 days'", "UPDATE media SET title = 'same month'",
		"UPDATE media SET owner_id = (SELECT id FROM users ORDER BY random() LIMIT 1)", "DELETE FROM media",
	}
	for i := range 150 {
		change := pick(m.rng, changes...)
		n := 1 + m.rng.IntN(20)
		if strings.HasPrefix(change, "DELETE") {
			n = 1
		}
		m.exec(change+" WHERE id IN (SELECT id FROM media ORDER BY random() LIMIT $1)", n)
		if i%3 == 0 {
			m.addMedia()
		}
		drift, err := m.pool.MonthCountsDrift(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(drift) > 0 {
			t.Fatalf("after %q on %d rows: %+v", change, n, drift[0])
		}
	}
}
