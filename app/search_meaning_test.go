package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

// Pages put together agree with fusing naively: the sum of 1/(60 + rank), what
// matches words or is surely similar first.
func TestFusedPagesAgreeWithTheNaiveRanking(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	vectors := map[uuid.UUID][]float32{}
	for i := range 90 {
		x := texts{title: fmt.Sprintf("item %d", i)}
		if i%5 == 0 {
			x.description = strings.Repeat("harbour ", 1+i%4)
		}
		id := w.photo(u, uuid.Nil, x)
		if i%7 != 6 {
			c := w.rng.NormFloat64() * 0.1
			if i%9 == 0 {
				c = 0.8 + float64(i)/1000
			}
			vectors[id] = w.toward(c)
			w.embed(id, vectors[id])
		}
	}
	w.texts["harbour"] = axis(0)
	byText, _ := w.all(u, app.SearchQuery{Q: "harbour", Mode: app.SearchText}, 100)
	score, matches := map[uuid.UUID]float64{}, map[uuid.UUID]bool{}
	for i, h := range byText {
		score[h.ID] += 1 / float64(61+i)
		matches[h.ID] = true
	}
	var byMeaning []uuid.UUID
	for id := range vectors {
		byMeaning = append(byMeaning, id)
	}
	slices.SortFunc(byMeaning, func(x, y uuid.UUID) int { return cmpFloat(vectors[y][0], vectors[x][0]) })
	for i, id := range byMeaning {
		score[id] += 1 / float64(61+i)
	}
	for _, size := range []int{7, 50} {
		hits, first := w.all(u, app.SearchQuery{Q: "harbour"}, size)
		if len(hits) != len(score) {
			t.Fatalf("%d hits, want %d", len(hits), len(score))
		}
		seen, unsure := map[uuid.UUID]bool{}, 0
		for i, h := range hits {
			if seen[h.ID] {
				t.Fatalf("%s twice", h.Title)
			}
			seen[h.ID] = true
			similar := vectors[h.ID] != nil && vectors[h.ID][0] > 0.7
			if h.LessCertain != (!matches[h.ID] && !similar) {
				t.Errorf("%s: less certain %v", h.Title, h.LessCertain)
			}
			if h.LessCertain {
				unsure++
			}
			if h.Divider != (h.LessCertain && unsure == 1) {
				t.Errorf("hit %d: divider %v", i, h.Divider)
			}
			if i > 0 && hits[i-1].LessCertain == h.LessCertain && score[hits[i-1].ID] < score[h.ID]-1e-9 {
				t.Errorf("hit %d has %f after %f", i, score[h.ID], score[hits[i-1].ID])
			}
		}
		if unsure == 0 || first.Total != len(hits)-unsure || first.AtLeast {
			t.Errorf("%d less certain, total %d of %d", unsure, first.Total, len(hits))
		}
	}
	hits, first := w.all(u, app.SearchQuery{Q: "harbour", Mode: app.SearchSemantic}, 11)
	for i, h := range hits {
		if h.ID != byMeaning[i] {
			t.Fatalf("by meaning, hit %d is %s", i, h.Title)
		}
		if reason := h.Explain[0]; len(h.Explain) != 1 || reason.Field != app.FieldMeaning || h.LessCertain != (reason.Strength == app.StrengthFaint) {
			t.Errorf("hit %d: %+v", i, h.Explain)
		}
	}
	near := 0
	for _, v := range vectors {
		if v[0] > 0.7 {
			near++
		}
	}
	if len(hits) != len(vectors) || first.Total != near {
		t.Errorf("by meaning: %d of %d, total %d", len(hits), len(vectors), first.Total)
	}
	// By date: the same items above the divider, newest first.
	for _, mode := range []app.SearchMode{app.SearchHybrid, app.SearchSemantic} {
		ranked, first := w.all(u, app.SearchQuery{Q: "harbour", Mode: mode}, 100)
		dated, firstDated := w.all(u, app.SearchQuery{Q: "harbour", Mode: mode, Sort: app.SortDate}, 7)
		if len(dated) != len(ranked) || first.Total != firstDated.Total {
			t.Errorf("%s: %d by date, %d by rank; total %d, %d", mode, len(dated), len(ranked), firstDated.Total, first.Total)
		}
		for i, h := range dated {
			if i > 0 && dated[i-1].LessCertain == h.LessCertain && h.TakenAtLocal.After(dated[i-1].TakenAtLocal) || i > 0 && dated[i-1].LessCertain && !h.LessCertain {
				t.Errorf("%s by date: hit %d out of order", mode, i)
			}
			if !slices.ContainsFunc(ranked, func(r app.Hit) bool { return r.ID == h.ID && r.LessCertain == h.LessCertain }) {
				t.Errorf("%s by date: %s is not there by rank, or less certain", mode, h.Title)
			}
		}
	}
}

func cmpFloat(x, y float32) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Everything that matches the words is reached, however much of it there is,
// and none of it below the divider.
func TestWordsBeyondTheWindowAreReached(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	w.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, title, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), 'beach', 'f.jpg', 'image/jpeg', 1, sha256(i::text::bytea), now(), timestamp '2010-01-01' + i * interval '2 days', 'exif'
		  FROM generate_series(1, 1100) i`, u.ID)
	rows, err := w.db.Query(t.Context(), "SELECT id FROM media WHERE hashtext(id::text) % 4 <> 0")
	must(t, rows, err)
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		w.embed(id, w.toward(w.rng.NormFloat64()*0.1))
	}
	for i := range 60 {
		c := w.rng.NormFloat64() * 0.1
		if i < 8 {
			c = 0.9
		}
		w.embed(w.photo(u, uuid.Nil, texts{title: "other"}), w.toward(c))
	}
	w.exec("ANALYZE")
	w.texts["beach"] = axis(0)
	for _, sort := range []app.SearchSort{app.SortRelevance, app.SortDate} {
		hits, first := w.all(u, app.SearchQuery{Q: "beach ", Sort: sort}, 130)
		count, seen, below := map[string]int{}, map[uuid.UUID]bool{}, false
		for _, h := range hits {
			if seen[h.ID] {
				t.Fatalf("by %s: %s twice", sort, h.ID)
			}
			seen[h.ID] = true
			count[h.Title]++
			if below = below || h.LessCertain; below && h.Title == "beach" {
				t.Fatalf("by %s: a match of the words below the divider", sort)
			}
		}
		if count["beach"] != 1100 || count["other"] != 60 || first.Total != 1108 || first.AtLeast {
			t.Errorf("by %s: %v, total %d, more %v", sort, count, first.Total, first.AtLeast)
		}
	}
}

func TestExcludedWordsExcludeByMeaningToo(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	for _, title := range []string{"harbour", "harbour at night", "cat at night", "cat"} {
		w.embed(w.photo(u, uuid.Nil, texts{title: title}), w.toward(0.9))
	}
	for q, want := range map[string]string{
		"harbour -night": "cat,harbour", "harbour": "cat,cat at night,harbour,harbour at night", `"harbour at"`: "cat,cat at night,harbour,harbour at night",
		"harbour -night OR cat": "cat,cat at night,harbour,harbour at night", "harbour -night OR boat -cat": "cat,harbour,harbour at night", "-night": "cat,harbour",
	} {
		for _, mode := range []app.SearchMode{app.SearchHybrid, app.SearchSemantic} {
			if got := strings.Join(w.find(u, app.SearchQuery{Q: q, Mode: mode}), ","); got != want {
				t.Errorf("%s %q finds %q, want %q", mode, q, got, want)
			}
		}
	}
	if !slices.Contains(w.asked, "harbour, boat") || !slices.Contains(w.asked, "harbour at") {
		t.Errorf("embedded: %q", w.asked)
	}
}

func TestMeaningIsOffForAReason(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	w.photo(u, uuid.Nil, texts{title: "lake"})
	ready := ml.Status{State: ml.StateReady, Model: ml.Model{ID: "m@1"}}
	for name, c := range map[string]struct {
		change func()
		note   string
		asked  bool
	}{
		"away":     {func() { w.err = ml.ErrUnavailable }, app.NoteModelAway, true},
		"broken":   {func() { w.err = errors.New("odd") }, app.NoteModelAway, true},
		"back":     {func() { w.err = ml.ErrNoModel }, app.NoteModelAway, true},
		"gone":     {func() { w.err, w.statuses = ml.ErrNoModel, nil }, app.NoteModelAway, true},
		"other":    {func() { w.err, w.statuses[0].Model.ID = ml.ErrNoModel, "n@2" }, app.NoteModelChanging, true},
		"unusable": {func() { w.err, w.statuses = ml.ErrNoModel, []ml.Status{{State: ml.StateFailed}} }, app.NoteModelFailed, true},
		"removed":  {func() { w.err, w.statuses = ml.ErrNoModel, []ml.Status{{State: ml.StateNoModel}} }, app.NoteNoModel, true},
		"never usable": {func() {
			w.exec("UPDATE embedding_models SET state = 'retired'")
			w.statuses = []ml.Status{{State: ml.StateFailed}}
		}, app.NoteModelFailed, false},
		"loading":  {func() { w.err, w.statuses = ml.ErrNoModel, []ml.Status{{State: ml.StateLoading}} }, app.NoteModelLoading, true},
		"random":   {func() { w.exec("UPDATE embedding_models SET random = true") }, app.NoteRandom, true},
		"building": {func() { w.exec("UPDATE embedding_models SET backlog_done = false") }, app.NoteBuilding, true},
		"none":     {func() { w.exec("UPDATE embedding_models SET state = 'retired'"); w.statuses = nil }, app.NoteNoModel, false},
		"fetching": {func() {
			w.exec("UPDATE embedding_models SET state = 'retired'")
			w.statuses = []ml.Status{{State: ml.StateFetching}}
		}, app.NoteModelLoading, false},
	} {
		w.exec("UPDATE embedding_models SET state = 'active', random = false, backlog_done = true")
		*w.embedder = embedder{statuses: []ml.Status{ready}, texts: map[string][]float32{"lake": axis(0)}}
		c.change()
		w.App = app.New(app.Deps{DB: w.db, Jobs: w.logs, Live: w.logs, Log: slog.New(slog.DiscardHandler), ML: w.embedder, DefaultZone: time.UTC, Now: time.Now})
		for _, mode := range []app.SearchMode{app.SearchHybrid, app.SearchSemantic} {
			p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "lake", Mode: mode})
			must(t, p, err)
			found := len(p.Hits) == 1
			if name == "random" || name == "building" { // meaning is on
				found = mode == app.SearchHybrid && found || mode == app.SearchSemantic
			}
			if !slices.Equal(p.Notes, []string{c.note}) || !found || (len(w.asked) > 0) != c.asked {
				t.Errorf("%s, %s: notes %v, %d hits, asked %v", name, mode, p.Notes, len(p.Hits), w.asked)
			}
		}
		p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "lake", Mode: app.SearchText})
		if must(t, p, err); len(p.Notes) > 0 {
			t.Errorf("%s: words alone come with %v", name, p.Notes)
		}
	}
}

// Emoji are no words that could match, but models know them.
func TestEmojiAreSearchedByMeaning(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	cat := w.embed(w.photo(u, uuid.Nil, texts{title: "Tom"}), axis(0))
	for _, mode := range []app.SearchMode{app.SearchHybrid, app.SearchSemantic} {
		p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "🐈", Mode: mode})
		if must(t, p, err); len(p.Hits) != 1 || p.Hits[0].ID != cat || w.asked[len(w.asked)-1] != "🐈" {
			t.Errorf("%s: %d hits, asked %q", mode, len(p.Hits), w.asked)
		}
	}
	// Among words they are for the model alone.
	for q, asked := range map[string]string{"Tom 🐈": "Tom 🐈", "🐈‍⬛ OR Tom": "🐈‍⬛, Tom", "Tom -🐈": "Tom", "Tom ?!": "Tom"} {
		p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: q})
		if must(t, p, err); len(p.Hits) != 1 || p.Total != 1 || w.asked[len(w.asked)-1] != asked {
			t.Errorf("%q: %d hits, asked %q", q, len(p.Hits), w.asked)
		}
		if got := w.find(u, app.SearchQuery{Q: q, Mode: app.SearchText}); len(got) != 1 {
			t.Errorf("%q finds %v by words", q, got)
		}
	}
	if p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: `"!?" *`}); len(must(t, p, err).Hits) != 0 {
		t.Errorf("signs find %v", names(p.Hits))
	}
}

// An ml process that goes away between or within requests costs meaning, never
// the words, and never an item twice.
func TestMLGoesAway(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	for range 30 {
		w.embed(w.photo(u, uuid.Nil, texts{title: "lake"}), w.toward(0.5))
	}
	q := app.SearchQuery{Q: "lake", Limit: 10}
	on, err := w.Search(t.Context(), app.UserActor(u), q)
	must(t, on, err)
	w.hangs = true
	off, err := w.Search(t.Context(), app.UserActor(u), q)
	if must(t, off, err); len(off.Hits) != 10 || !slices.Equal(off.Notes, []string{app.NoteModelAway}) {
		t.Errorf("%d hits, %v", len(off.Hits), off.Notes)
	}
	w.hangs, w.late = false, true
	p, err := w.Search(t.Context(), app.UserActor(u), q)
	if must(t, p, err); len(p.Hits) != 10 || len(p.Notes) > 0 {
		t.Errorf("at the last moment: %d hits, %v", len(p.Hits), p.Notes)
	}
	w.late, w.err = false, ml.ErrUnavailable
	q.Cursor = on.Next
	if _, err := w.Search(t.Context(), app.UserActor(u), q); app.CodeOf(err) != app.CodeUnavailable {
		t.Errorf("the second page of a search by meaning: %v", err)
	}
	w.err = nil
	q.Cursor = off.Next // begun with words alone
	p, err = w.Search(t.Context(), app.UserActor(u), q)
	for _, h := range must(t, p, err).Hits {
		if slices.ContainsFunc(off.Hits, func(o app.Hit) bool { return o.ID == h.ID }) {
			t.Errorf("%s twice", h.ID)
		}
	}
	if len(p.Hits) != 10 {
		t.Errorf("%d hits", len(p.Hits))
	}
}

func TestCursorsOfMeaningAreTheirOwn(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	for range 30 {
		w.embed(w.photo(u, uuid.Nil, texts{title: "lake"}), w.toward(0.5))
	}
	q := app.SearchQuery{Q: "lake", Limit: 10}
	p, err := w.Search(t.Context(), app.UserActor(u), q)
	next := must(t, p, err).Next
	for name, change := range map[string]func(*app.SearchQuery){
		"text":   func(q *app.SearchQuery) { q.Q = "sea" },
		"mode":   func(q *app.SearchQuery) { q.Mode = app.SearchSemantic },
		"words":  func(q *app.SearchQuery) { q.Mode = app.SearchText },
		"sort":   func(q *app.SearchQuery) { q.Sort = app.SortDate },
		"filter": func(q *app.SearchQuery) { q.Kind = db.MediaKindPhoto },
		"cut":    func(q *app.SearchQuery) { q.Cursor = next[:40] },
		"blank":  func(q *app.SearchQuery) { q.Q = "" },
	} {
		other := q
		other.Cursor = next
		change(&other)
		if _, err := w.Search(t.Context(), app.UserActor(u), other); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for range 300 { // whatever somebody makes of it, it is a place or an error that says so
		b := []byte(next)
		for range 1 + w.rng.IntN(4) {
			b[w.rng.IntN(len(b))] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[w.rng.IntN(64)]
		}
		q.Cursor = string(b)
		if _, err := w.Search(t.Context(), app.UserActor(u), q); err != nil && app.CodeOf(err) != app.CodeInvalid {
			t.Fatalf("%s: %v", b, err)
		}
	}
	w.exec("UPDATE embedding_models SET name = 'm@2'")
	w.App = app.New(app.Deps{DB: w.db, Jobs: w.logs, Live: w.logs, Log: slog.New(slog.DiscardHandler), ML: w.embedder, DefaultZone: time.UTC, Now: time.Now})
	q.Cursor = next
	if _, err := w.Search(t.Context(), app.UserActor(u), q); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("another model: %v", err)
	}
}
