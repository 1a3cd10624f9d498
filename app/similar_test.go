package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func TestMeaningShowsOnlyWhatMayBeSeen(t *testing.T) {
	w := newMeaningWorld(t)
	ann, bob, eve := w.user("ann"), w.user("bob"), w.user("eve")
	private, members, public := w.album(bob, db.AlbumVisibilityPrivate), w.album(bob, db.AlbumVisibilityMembers), w.album(bob, db.AlbumVisibilityPublic)
	w.grant(private, ann.ID, db.AlbumRoleViewer)
	photo := func(owner db.User, album uuid.UUID, title string) uuid.UUID {
		return w.embed(w.photo(owner, album, texts{title: title}), w.toward(0.9))
	}
	seed := photo(ann, uuid.Nil, "own beach")
	photo(bob, private, "granted beach")
	photo(bob, members, "members beach")
	photo(bob, public, "public beach")
	secret := photo(bob, uuid.Nil, "secret beach")
	for column, title := range map[string]string{"trashed_at": "trashed", "archived_at": "archived"} {
		w.exec("UPDATE media SET "+column+" = now() WHERE id = $1", photo(ann, uuid.Nil, title))
		w.exec("UPDATE media SET "+column+" = now() WHERE id = $1", photo(bob, private, title))
	}
	w.exec("UPDATE media SET processed_at = NULL WHERE id = $1", photo(ann, uuid.Nil, "unprocessed"))
	for i := range 50 {
		w.embed(w.photo(ann, uuid.Nil, texts{title: fmt.Sprintf("chance %d", i)}), w.toward(w.rng.NormFloat64()*0.1))
	}
	ask := func(u db.User, q app.SearchQuery) ([]string, app.SearchPage) {
		t.Helper()
		q.Limit = 400
		p, err := w.Search(t.Context(), app.UserActor(u), q)
		must(t, p, err)
		var got []string
		for _, h := range p.Hits {
			if !strings.HasPrefix(h.Title, "chance") {
				got = append(got, h.Title)
			}
		}
		slices.Sort(got)
		return got, p
	}
	check := func() {
		t.Helper()
		for _, q := range []app.SearchQuery{{Q: "beach"}, {Q: "strand", Mode: app.SearchSemantic}, {Q: "strand"}, {Q: "strand", Sort: app.SortDate}} {
			for _, c := range []struct {
				user  db.User
				scope db.Scope
				want  string
				total int
			}{
				{ann, "", "granted beach,members beach,own beach,public beach", 4}, {ann, db.ScopeOwn, "own beach", 1},
				{ann, db.ScopeShared, "granted beach,members beach,public beach", 3}, {eve, "", "members beach,public beach", 2}, {eve, db.ScopeOwn, "", 0},
			} {
				q.Scope = c.scope
				if q.Mode == "" && q.Q == "strand" && (c.user.ID == eve.ID || c.scope == db.ScopeShared) {
					c.total = 0 // no word matches, and they see too little to know what chance looks like
				}
				got, p := ask(c.user, q)
				if strings.Join(got, ",") != c.want || p.Total != c.total {
					t.Errorf("%s searches %+v: %v, total %d, want %s", c.user.Name, q, got, p.Total, c.want)
				}
			}
		}
		got, p := ask(ann, app.SearchQuery{Similar: seed})
		if strings.Join(got, ",") != "granted beach,members beach,public beach" || p.Total != 3 {
			t.Errorf("similar: %v, total %d", got, p.Total)
		}
	}
	check()
	_, before := ask(ann, app.SearchQuery{Q: "strand"})
	// Whatever others have changes neither ranks nor the divider.
	for range 150 {
		w.embed(w.photo(eve, uuid.Nil, texts{title: "eve's strand"}), w.toward(0.95))
	}
	mine, after := ask(ann, app.SearchQuery{Q: "strand"})
	if len(mine) != 4 || len(before.Hits) != len(after.Hits) {
		t.Fatalf("%d hits before, %d after: %v", len(before.Hits), len(after.Hits), mine)
	}
	for i := range before.Hits {
		x, y := before.Hits[i], after.Hits[i]
		if x.ID != y.ID || x.Score != y.Score || x.LessCertain != y.LessCertain {
			t.Errorf("hit %d changed", i)
		}
	}
	if _, err := w.Similar(t.Context(), app.UserActor(ann), secret, app.SimilarQuery{}); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("the like of a photo that one may not see: %v", err)
	}
	if _, err := w.Similar(t.Context(), app.UserActor(ann), uuid.New(), app.SimilarQuery{}); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("the like of nothing: %v", err)
	}
}

func TestSimilarKnowsItsSeed(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	seed, blank := w.embed(w.photo(u, uuid.Nil, texts{title: "seed"}), axis(0)), w.photo(u, uuid.Nil, texts{title: "blank"})
	for i := range 40 {
		w.embed(w.photo(u, uuid.Nil, texts{title: fmt.Sprintf("far %d", i)}), w.toward(w.rng.NormFloat64()*0.1))
	}
	near := w.embed(w.photo(u, uuid.Nil, texts{title: "near lake"}), w.toward(0.95))
	nearer := w.embed(w.photo(u, uuid.Nil, texts{title: "nearer"}), w.toward(0.97))
	p, err := w.Similar(t.Context(), app.UserActor(u), seed, app.SimilarQuery{})
	if must(t, p, err); len(p.Hits) != 42 || p.Hits[0].ID != nearer || p.Hits[1].ID != near || p.Total != 2 || !p.Hits[2].Divider || len(p.Notes) > 0 {
		t.Errorf("%v, total %d, notes %v", names(p.Hits), p.Total, p.Notes)
	}
	// The viewer moves through them in the same order.
	n, err := w.Neighbours(t.Context(), app.UserActor(u), app.Set{Kind: app.SetSearch, Search: app.SearchQuery{Similar: seed}}, near)
	if must(t, n, err); n.Previous == nil || *n.Previous != nearer || n.Next == nil || *n.Next != p.Hits[2].ID || len(n.Explain) != 1 {
		t.Errorf("beside the second: %+v", n)
	}
	if p, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Similar: seed, Q: "lake"}); must(t, p, err).Hits[0].ID != near || len(p.Hits) != 1 {
		t.Errorf("with a word: %v", names(p.Hits))
	}
	if p, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Similar: seed, Q: "!!!"}); len(must(t, p, err).Hits) != 0 {
		t.Errorf("with no word that could match: %v", names(p.Hits))
	}
	if p, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Similar: seed, Filter: app.Filter{Kind: db.MediaKindVideo}}); len(must(t, p, err).Hits) != 0 {
		t.Errorf("videos: %v", names(p.Hits))
	}
	if p, err = w.Similar(t.Context(), app.UserActor(u), uuid.Nil, app.SimilarQuery{}); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("of no item: %d hits, %v", len(p.Hits), err)
	}
	// Why there is none is said truly: there is no picture, it waits, or it failed.
	for state, note := range map[string]string{"": app.NoteNoPicture, "pending": app.NoteNotEmbedded, "failed": app.NoteNotReadable} {
		w.exec("DELETE FROM media_ai")
		if state != "" {
			w.exec("INSERT INTO media_ai (media_id, model_id, state) VALUES ($1, $2, $3)", blank, w.model.ID, state)
		}
		if p, err = w.Similar(t.Context(), app.UserActor(u), blank, app.SimilarQuery{}); len(must(t, p, err).Hits) != 0 || !slices.Equal(p.Notes, []string{note}) {
			t.Errorf("%q without an embedding: %d hits, %v", state, len(p.Hits), p.Notes)
		}
	}
}

// A list by meaning ends after the nearest, and says so where there is more.
func TestTheEndOfTheNearestIsTold(t *testing.T) {
	w := newMeaningWorld(t)
	u := w.user("ann")
	w.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), 'f.jpg', 'image/jpeg', 1, sha256(i::text::bytea), now(), timestamp '2010-01-01' + i * interval '1 day', 'exif'
		  FROM generate_series(1, 1001) i`, u.ID)
	w.exec(`INSERT INTO embeddings (model_id, media_id, embedding)
		SELECT $1, m.id, ARRAY(SELECT random() FROM generate_series(1, 12 + 0 * length(m.id::text)))::real[]::halfvec FROM media m`, w.model.ID)
	q := app.SearchQuery{Q: "lake", Mode: app.SearchSemantic, Limit: 500}
	for _, more := range []bool{true, false} {
		q.Cursor = ""
		first, err := w.Search(t.Context(), app.UserActor(u), q)
		must(t, first, err)
		q.Cursor = first.Next
		last, err := w.Search(t.Context(), app.UserActor(u), q)
		must(t, last, err)
		if first.Cut || len(first.Hits) != 500 || last.Next != "" || last.Cut != more {
			t.Errorf("more %v: first %v with %d hits, last %v with %d, next %q", more, first.Cut, len(first.Hits), last.Cut, len(last.Hits), last.Next)
		}
		w.exec("DELETE FROM media WHERE id IN (SELECT id FROM media LIMIT 5)")
	}
}
