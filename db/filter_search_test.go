package db_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// By whatever way the index is asked for what others share, a search finds the
// same items in the same order.
func TestSearchesByPlaceFindWhatOthersFind(t *testing.T) {
	m := newModel(t, 41, 400)
	m.exec("UPDATE media SET title = (ARRAY['boat', 'boat house', 'a house', 'lake'])[1 + get_byte(sha256, 15) % 4]")
	found := 0
	for range 200 {
		f, links := m.filter()
		f.State, f.Text = db.StateListed, pick(m.rng, db.TSQuery("'boat'"), "'house'", "'boat' & !'house'", "'lak':*", "'boat' <-> 'house'")
		f.From, f.To = time.Time{}, time.Time{}
		if m.rng.IntN(3) > 0 { // whole months, or days of them
			f.From = time.Date(2024, time.Month(1+m.rng.IntN(2)), 1+m.rng.IntN(2)*m.rng.IntN(28), 0, 0, 0, 0, time.UTC)
		}
		if m.rng.IntN(3) > 0 {
			f.To = time.Date(2024, time.Month(3+m.rng.IntN(2)), 1+m.rng.IntN(2)*m.rng.IntN(28), 0, 0, 0, 0, time.UTC)
		}
		var months []time.Time
		for _, id := range m.list(db.Filter{UserID: f.UserID, Subjects: f.Subjects, Scope: db.ScopeAll, From: f.From, To: f.To}, links) {
			at := m.keyOf(id).At
			if month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC); !slices.Contains(months, month) {
				months = append(months, month)
			}
		}
		r := db.Ranking{ByDate: m.rng.IntN(3) == 0, Limit: 1 + m.rng.IntN(60)}
		want := m.search(f, r)
		found += len(want)
		r.Months = months
		if got := m.search(f, r); !slices.Equal(got, want) {
			t.Fatalf("by months %+v, %+v\n got %v\nwant %v", f, r, got, want)
		}
		r.SeesMany = true
		if got := m.search(f, r); !slices.Equal(got, want) {
			t.Fatalf("among what is in albums %+v, %+v\n got %v\nwant %v", f, r, got, want)
		}
		r.Walk = true
		if got := m.search(f, r); !slices.Equal(got, want) {
			t.Fatalf("one by one %+v, %+v\n got %v\nwant %v", f, r, got, want)
		}
	}
	if found < 1_000 {
		t.Errorf("only %d items were found: the test says too little", found)
	}
}

func (m *model) search(f db.Filter, r db.Ranking) []uuid.UUID {
	m.t.Helper()
	rows, err := m.pool.SearchItems(m.t.Context(), f, r)
	if err != nil {
		m.t.Fatalf("%+v: %v", f, err)
	}
	ids := []uuid.UUID{}
	for _, x := range rows {
		ids = append(ids, x.ID)
	}
	return ids
}
