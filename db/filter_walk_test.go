package db_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/uuid"

	"albumen/db"
)

// However far a walk goes, a page holds what the merge of albums gives, in both
// directions; and both ways are taken.
func TestWalksGiveWhatMergingGives(t *testing.T) {
	m := newModel(t, 21, 400)
	var full, cut int
	for range 300 {
		f, links := m.filter()
		if f.State, f.Album, f.Uploader, f.Favourite = db.StateListed, uuid.Nil, uuid.Nil, false; f.Scope == db.ScopeOwn {
			f.Scope = db.ScopeAll
		}
		if !db.Walks(f) {
			t.Fatalf("%+v is not looked for by a walk", f)
		}
		want := m.list(f, links)
		w := db.Window{Limit: 1 + m.rng.IntN(12)}
		if len(want) > 0 { // somewhere within
			at := m.rng.IntN(len(want))
			key := m.keyOf(want[at])
			if want = want[at+1:]; m.rng.IntN(2) == 0 {
				w.After = &key
				if want = m.list(f, links)[:at]; len(want) > w.Limit {
					want = want[len(want)-w.Limit:]
				}
			} else {
				w.Before = &key
			}
		}
		want = want[:min(len(want), w.Limit)]
		length := 1 + m.rng.IntN(100)
		var got []uuid.UUID
		for _, r := range m.page(f, db.WalkAtMost(w, length)) {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v, %+v, walking %d items:\n got %v\nwant %v", f, w, length, got, want)
		}
		if _, found, err := db.Walk(t.Context(), m.pool, f, db.WalkAtMost(w, length)); err != nil {
			t.Fatal(err)
		} else if found {
			full++
		} else {
			cut++
		}
	}
	if full < 50 || cut < 50 {
		t.Errorf("%d walks found their page and %d ended early: one of both is hardly tried", full, cut)
	}
}

// A walk reads its index alone, in order, and single items by their keys; no
// other list is planned as one.
func TestWalksReadTheirIndexInOrder(t *testing.T) {
	m := newModel(t, 9, 0)
	owner := m.users[0]
	m.exec("ALTER TABLE media DISABLE TRIGGER media_search_insert") // 20,000 vectors that nobody looks at
	m.exec(`INSERT INTO media (id, owner_id, album_id, kind, mime, filename, bytes, sha256, taken_at, taken_at_local, taken_at_source, processed_at)
		SELECT gen_random_uuid(), CASE WHEN i % 5 = 0 THEN $2::uuid ELSE $1::uuid END, ($3::uuid[])[1 + i % 10], 'photo', 'image/jpeg', 'f.jpg', 1, sha256(i::text::bytea),
		       now(), timestamp '2004-01-01' + i * interval '7 hours', 'exif', now()
		  FROM generate_series(1, 20000) i`, owner, m.users[1], m.albumIDs())
	m.exec("VACUUM ANALYZE media")
	f := db.Filter{UserID: owner, Subjects: []uuid.UUID{owner}, Scope: db.ScopeAll}
	rows := m.page(f, db.Window{Limit: 100})
	if len(rows) != 100 {
		t.Fatalf("%d items", len(rows))
	}
	key := &db.Key{At: rows[50].At, ID: rows[50].ID}
	for _, scope := range []db.Scope{db.ScopeAll, db.ScopeShared} {
		for _, w := range []db.Window{{Limit: 100}, {Limit: 100, Before: key}, {Limit: 1, After: key}} {
			f.Scope = scope
			walk, walkArgs := db.WalkSQL(f, w)
			list, listArgs := db.ListSQL(f, w)
			for _, n := range m.plan(walk, walkArgs) {
				index := n["Index Name"]
				if table := n["Relation Name"]; table == "media" && index != "media_walk_idx" && index != "media_pkey" || index == "media_walk_idx" && n["Parent Relationship"] != "Outer" && n["Parent Relationship"] != "Subquery" {
					t.Errorf("%s, %+v reads media by %v", scope, w, n)
				}
			}
			for _, n := range m.plan(list, listArgs) {
				if n["Index Name"] == "media_walk_idx" {
					t.Errorf("%s, %+v: the merge walks: %v", scope, w, n)
				}
			}
		}
	}
}

// plan is the nodes of a statement's plan.
func (m *model) plan(sql string, args []any) []map[string]any {
	m.t.Helper()
	var plan []byte
	if err := m.pool.QueryRow(m.t.Context(), "EXPLAIN (FORMAT JSON) "+sql, args...).Scan(&plan); err != nil {
		m.t.Fatal(err)
	}
	var root any
	if err := json.Unmarshal(plan, &root); err != nil {
		m.t.Fatal(err)
	}
	return planNodes(root, nil)
}

func (m *model) albumIDs() []uuid.UUID {
	var ids []uuid.UUID
	for _, a := range m.albums {
		ids = append(ids, a.id)
	}
	return ids
}

// keyOf is the place of a listed item.
func (m *model) keyOf(id uuid.UUID) db.Key {
	i := slices.IndexFunc(m.media, func(x *modelMedia) bool { return x.id == id })
	return db.Key{At: m.media[i].taken, ID: id}
}
