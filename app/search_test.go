package app_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// texts are the searched columns of an item.
type texts struct{ title, description, place, filename, camera, ai string }

// photo makes an item with the texts; its id is its name in the tests.
func (w *world) photo(owner db.User, album uuid.UUID, x texts) uuid.UUID {
	w.t.Helper()
	id := w.media(owner, album)
	if x.filename == "" {
		x.filename = "photo.jpg"
	}
	w.exec("UPDATE media SET title = $2, description = $3, place = $4, filename = $5, camera_model = $6, ai_description = $7 WHERE id = $1",
		id, x.title, x.description, x.place, x.filename, x.camera, x.ai)
	return id
}

// find searches as the user and returns the hits' titles (or file names), sorted.
func (w *world) find(u db.User, q app.SearchQuery) []string {
	w.t.Helper()
	p, err := w.Search(w.t.Context(), app.UserActor(u), q)
	if err != nil {
		w.t.Fatalf("search %q: %v", q.Q, err)
	}
	names := []string{}
	for _, h := range p.Hits {
		names = append(names, h.Name())
	}
	slices.Sort(names)
	return names
}

func (w *world) inLanguage(name, language string) db.User {
	u := w.user(name)
	w.exec("UPDATE users SET language = $2 WHERE id = $1", u.ID, language)
	u.Language = language
	return u
}

func TestSearchFindsWords(t *testing.T) {
	w := newWorld(t, nil)
	en, de := w.inLanguage("ann", "en"), w.inLanguage("uwe", "de-CH")
	for _, x := range []texts{
		{title: "Bridges", description: "Running dogs at the café"}, {title: "Harbour", place: "Zürich, Switzerland"},
		{title: "New York skyline"}, {title: "York, new town"}, {filename: "IMG_1234.jpg"}, {filename: "DSC00042.JPG", camera: "EOS 5D"},
		{title: "Sunset", ai: "a boat on a lake"}, {title: "Straße am Fluß"}, {title: "sea.beach"}, {title: "The Who"},
	} {
		w.photo(en, uuid.Nil, x)
	}
	for _, x := range []texts{{title: "Häuser am See"}, {title: "Kinder laufen"}} {
		w.photo(de, uuid.Nil, x)
	}
	for _, c := range []struct {
		user db.User
		q    string
		want string // names, by comma
	}{
		{en, "bridge", "Bridges"}, {en, "BRIDGES", "Bridges"}, {en, "dog run", "Bridges"}, {en, "cafe", "Bridges"}, {en, "café", "Bridges"},
		{en, "zurich", "Harbour"}, {en, "Zürich harbor", "Harbour"}, {en, "Zürich -harbour", ""}, {en, "harb", "Harbour"}, {en, "harb ", ""},
		{en, `"new york"`, "New York skyline"}, {en, "new york", "New York skyline,York, new town"}, {en, "york -skyline", "York, new town"},
		{en, `york -"new york"`, "York, new town"}, {en, "harbour OR sunset", "Harbour,Sunset"}, {en, "the bridge", "Bridges"}, {en, "the ", "Bridges,The Who"},
		{en, "1234", "IMG_1234.jpg"}, {en, "img 1234", "IMG_1234.jpg"}, {en, "IMG_1234", "IMG_1234.jpg"}, {en, "img_1234.JPG", "IMG_1234.jpg"}, {en, "123", "IMG_1234.jpg"},
		{en, "42", "DSC00042.JPG"}, {en, "dsc00042", "DSC00042.JPG"}, {en, "dsc 42", "DSC00042.JPG"}, {en, "5d", "DSC00042.JPG"},
		{en, "boat", "Sunset"}, {en, "strasse fluss", "Straße am Fluß"}, {en, "beach", "sea.beach"}, {en, "sea.beach", "sea.beach"},
		{de, "haus", "Häuser am See"}, {de, "hauser", "Häuser am See"}, {de, "lauf kind", "Kinder laufen"}, {de, "bridge", ""},
		{en, "-bridge york", "New York skyline,York, new town"}, {en, "bridge -bridges", ""}, {en, "bridge -bridges OR sunset", "Sunset"}, {en, "bridge -brid", "Bridges"}, {en, "!!! ---", ""},
	} {
		got := strings.Join(w.find(c.user, app.SearchQuery{Q: c.q}), ",")
		if got != c.want {
			t.Errorf("%q finds %q, want %q", c.q, got, c.want)
		}
	}
}

func TestSearchRanksTitlesFirst(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	w.photo(u, uuid.Nil, texts{title: "by file", filename: "lighthouse.jpg"})
	w.photo(u, uuid.Nil, texts{title: "Lighthouse"})
	w.photo(u, uuid.Nil, texts{title: "by description", description: "a lighthouse"})
	w.photo(u, uuid.Nil, texts{title: "by ai", ai: "lighthouse"})
	p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "lighthouse"})
	var got []string
	for _, h := range must(t, p, err).Hits {
		got = append(got, h.Title)
	}
	if want := []string{"Lighthouse", "by description", "by file", "by ai"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if p.Total != 4 || p.AtLeast || !slices.Contains(p.Notes, app.NoteNoModel) {
		t.Errorf("%+v", p)
	}
	if p, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "lighthouse", Sort: app.SortDate, Mode: app.SearchText}); must(t, p, err).Hits[0].Title != "by ai" || len(p.Notes) > 0 {
		t.Errorf("by date: %+v", p)
	}
}

func TestSearchForgivesTyping(t *testing.T) {
	w := newWorld(t, nil)
	u, eve := w.user("ann"), w.user("eve")
	w.photo(u, uuid.Nil, texts{title: "Old bridge"})
	w.photo(u, uuid.Nil, texts{title: "Grandmother's birthday"})
	w.photo(eve, uuid.Nil, texts{title: "Secret lagoon"})
	for q, want := range map[string]string{
		"brigde": "Old bridge", "bridgge": "Old bridge", "brdge old": "Old bridge", "birtday grandmoter": "Grandmother's birthday",
		"lagon": "", "secert": "", "zzzzqqq": "", "123456": "",
	} {
		if got := strings.Join(w.find(u, app.SearchQuery{Q: q}), ","); got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
	p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "brigde"})
	if got := fmt.Sprint(must(t, p, err).Corrected); got != "map[brigde:[bridge]]" {
		t.Errorf("corrected %s", got)
	}
	// Words of others are never told.
	if p, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "lagon bridge"}); len(must(t, p, err).Corrected) != 0 {
		t.Errorf("told: %v", p.Corrected)
	}
	if p, err = w.Search(t.Context(), app.UserActor(eve), app.SearchQuery{Q: "lagon"}); len(must(t, p, err).Hits) != 1 {
		t.Errorf("eve finds %d", len(p.Hits))
	}
}

func TestSearchExplains(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	w.photo(u, uuid.Nil, texts{title: "Bridges & <b>cafés</b>", filename: "bridge_0042.jpg",
		description: strings.Repeat("word ", 60) + "near the old bridge of stone " + strings.Repeat("and ", 80)})
	explained := func(q string) map[string]string {
		p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: q})
		fields := map[string]string{}
		for _, m := range must(t, p, err).Hits[0].Explain {
			for _, s := range m.Snippet {
				if s.Match {
					s.Text = "[" + s.Text + "]"
				}
				fields[m.Field] += s.Text
			}
		}
		return fields
	}
	got := explained("bridge cafe")
	if got["title"] != "[Bridges] & <b>[cafés]</b>" || got["filename"] != "[bridge]_0042.jpg" {
		t.Errorf("%q", got)
	}
	d := got["description"]
	if !strings.HasPrefix(d, "…") || !strings.HasSuffix(d, "…") || !strings.Contains(d, "near the old [bridge] of stone") || len([]rune(d)) > 170 {
		t.Errorf("%q", d)
	}
	for q, want := range map[string]string{"42": "bridge_[0042].jpg", "0042": "bridge_[0042].jpg", "brid": "[bridge]_0042.jpg"} {
		if got := explained(q)["filename"]; got != want {
			t.Errorf("%q: %q, want %q", q, got, want)
		}
	}
}

func TestSearchShowsOnlyWhatMayBeSeen(t *testing.T) {
	w := newWorld(t, nil)
	ann, bob, eve := w.user("ann"), w.user("bob"), w.user("eve")
	private, public, group := w.album(bob, db.AlbumVisibilityPrivate), w.album(bob, db.AlbumVisibilityPublic), w.album(bob, db.AlbumVisibilityPrivate)
	w.grant(private, ann.ID, db.AlbumRoleViewer)
	w.grantGroup(group, db.AlbumRoleViewer, ann.ID)
	w.photo(ann, uuid.Nil, texts{title: "own beach"})
	w.photo(bob, private, texts{title: "granted beach"})
	w.photo(bob, public, texts{title: "public beach"})
	w.photo(bob, group, texts{title: "group beach"})
	w.photo(bob, uuid.Nil, texts{title: "private beach"})
	for column, title := range map[string]string{"trashed_at": "trashed beach", "archived_at": "archived beach"} {
		w.exec("UPDATE media SET "+column+" = now() WHERE id = $1", w.photo(ann, uuid.Nil, texts{title: title}))
		w.exec("UPDATE media SET "+column+" = now() WHERE id = $1", w.photo(bob, private, texts{title: title}))
	}
	w.exec("UPDATE media SET processed_at = NULL WHERE id = $1", w.photo(ann, uuid.Nil, texts{title: "unprocessed beach"}))
	for _, sort := range []app.SearchSort{app.SortRelevance, app.SortDate} {
		for _, c := range []struct {
			user  db.User
			scope db.Scope
			want  string
		}{
			{ann, "", "granted beach,group beach,own beach,public beach"}, {ann, db.ScopeOwn, "own beach"},
			{ann, db.ScopeShared, "granted beach,group beach,public beach"}, {eve, "", "public beach"}, {eve, db.ScopeOwn, ""},
			{bob, "", "granted beach,group beach,private beach,public beach"},
		} {
			for _, q := range []string{"beach", "baech", ""} {
				p, err := w.Search(t.Context(), app.UserActor(c.user), app.SearchQuery{Q: q, Scope: c.scope, Sort: sort})
				got := []string{}
				for _, h := range must(t, p, err).Hits {
					got = append(got, h.Title)
				}
				slices.Sort(got)
				if strings.Join(got, ",") != c.want || p.Total != len(got) {
					t.Errorf("%s searches %q in %q by %s: %v of %d, want %s", c.user.Name, q, c.scope, sort, got, p.Total, c.want)
				}
			}
		}
	}
	if _, err := w.Search(t.Context(), app.Actor{}, app.SearchQuery{Q: "beach"}); app.CodeOf(err) != app.CodeUnauthenticated {
		t.Errorf("nobody searches: %v", err)
	}
}

// Pages of a search, put together, are the whole of it: nothing twice, nothing missing.
func TestSearchPagesAreStable(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	want := map[uuid.UUID]bool{}
	for i := range 60 {
		x := texts{title: "beach"}
		if i%3 == 0 {
			x = texts{title: "other", description: "beach"}
		}
		want[w.photo(u, uuid.Nil, x)] = true
	}
	w.exec("UPDATE media SET taken_at_local = '2024-07-01'::timestamp + (hashtext(id::text) % 5) * interval '1 day'")
	for _, sort := range []app.SearchSort{app.SortRelevance, app.SortDate} {
		for _, q := range []string{"beach", "baech", ""} {
			got := map[uuid.UUID]bool{}
			query := app.SearchQuery{Q: q, Sort: sort, Limit: 7}
			for page := 0; ; page++ {
				p, err := w.Search(t.Context(), app.UserActor(u), query)
				for _, h := range must(t, p, err).Hits {
					if got[h.ID] {
						t.Fatalf("%q by %s: %s twice", q, sort, h.ID)
					}
					got[h.ID] = true
				}
				if q != "" && p.Total != 60 {
					t.Errorf("%q by %s, page %d: total %d", q, sort, page, p.Total)
				}
				if p.Next == "" {
					break
				}
				query.Cursor = p.Next
			}
			if !maps.Equal(got, want) {
				t.Errorf("%q by %s: %d of %d", q, sort, len(got), len(want))
			}
		}
	}
	p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "beach", Limit: 7})
	if _, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "other", Cursor: must(t, p, err).Next}); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("the cursor of another search: %v", err)
	}
}

// A word that most items have is ranked in stretches; their pages make a whole.
func TestSearchForACommonWordReachesEverything(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	const n = 6000
	w.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, title, description, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), CASE WHEN i % 7 = 0 THEN 'beach' ELSE '' END, CASE WHEN i % 7 <> 0 AND i % 6 <> 0 THEN 'beach' ELSE '' END,
		       'f.jpg', 'image/jpeg', 1, sha256(i::text::bytea), now(), timestamp '2010-01-01' + (i / 3) * interval '2 days', 'exif' FROM generate_series(1, $2::int) i`, u.ID, n)
	w.exec("ANALYZE media")
	want := 0
	for i := 1; i <= n; i++ {
		if i%7 == 0 || i%6 != 0 {
			want++
		}
	}
	for _, sort := range []app.SearchSort{app.SortRelevance, app.SortDate} {
		got := map[uuid.UUID]bool{}
		q := app.SearchQuery{Q: "beach ", Sort: sort, Limit: app.MaxPageSize}
		p, err := w.Search(t.Context(), app.UserActor(u), q)
		if must(t, p, err); !p.AtLeast || p.Total < app.MaxPageSize || p.Total >= want {
			t.Fatalf("by %s: total %d, or more: %v: it was not ranked in stretches", sort, p.Total, p.AtLeast)
		}
		if best := p.Hits[0]; sort == app.SortRelevance && best.Title != "beach" {
			t.Errorf("the best is %+v", best.Item)
		}
		for pages := 1; ; pages++ {
			for i, h := range p.Hits {
				if got[h.ID] {
					t.Fatalf("by %s: %s twice", sort, h.ID)
				}
				got[h.ID] = true
				if sort == app.SortDate && i > 0 && h.TakenAtLocal.After(p.Hits[i-1].TakenAtLocal) {
					t.Fatalf("by date: %s after %s", h.TakenAtLocal, p.Hits[i-1].TakenAtLocal)
				}
			}
			if p.Next == "" {
				break
			}
			q.Cursor = p.Next
			if p, err = w.Search(t.Context(), app.UserActor(u), q); err != nil || pages > 50 {
				t.Fatal(pages, err)
			}
		}
		if len(got) != want {
			t.Errorf("by %s: %d of %d", sort, len(got), want)
		}
	}
}

func TestNeighboursInASearchFollowItsOrder(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	for i := range 9 {
		w.photo(u, uuid.Nil, texts{title: "beach", description: strings.Repeat("beach ", i)})
		w.photo(u, uuid.Nil, texts{title: "other"})
	}
	for _, q := range []app.SearchQuery{{Q: "beach"}, {Q: "baech"}, {Q: "beach", Sort: app.SortDate}, {}} {
		p, err := w.Search(t.Context(), app.UserActor(u), q)
		hits := must(t, p, err).Hits
		if len(hits) < 9 {
			t.Fatalf("%q: %d hits", q.Q, len(hits))
		}
		for i, h := range hits {
			n, err := w.Neighbours(t.Context(), app.UserActor(u), app.Set{Kind: app.SetSearch, Search: q}, h.ID)
			must(t, n, err)
			if (n.Previous == nil) != (i == 0) || i > 0 && *n.Previous != hits[i-1].ID || (n.Next == nil) != (i == len(hits)-1) || n.Next != nil && *n.Next != hits[i+1].ID {
				t.Errorf("%q, hit %d: %+v", q.Q, i, n)
			}
		}
	}
}

// The neighbours are those of the list that a person pages through, up to one
// number of hits.
func TestNeighboursFarDownASearch(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	w.exec(`INSERT INTO media (id, owner_id, kind, status, processed_at, title, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		SELECT gen_random_uuid(), $1, 'photo', 'ready', now(), 'beach', 'f.jpg', 'image/jpeg', 1, sha256(i::text::bytea), now(),
		       timestamp '2010-01-01' + i * interval '1 day', 'exif' FROM generate_series(1, 1300) i`, u.ID)
	q := app.SearchQuery{Q: "beach ", Limit: 130}
	var ids []uuid.UUID
	for {
		p, err := w.Search(t.Context(), app.UserActor(u), q)
		for _, h := range must(t, p, err).Hits {
			ids = append(ids, h.ID)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	for _, i := range []int{0, 199, 200, 201, 750} {
		n, err := w.Neighbours(t.Context(), app.UserActor(u), app.Set{Kind: app.SetSearch, Search: q}, ids[i])
		must(t, n, err)
		if n.Next == nil || *n.Next != ids[i+1] || (n.Previous == nil) != (i == 0) || i > 0 && *n.Previous != ids[i-1] || len(n.Explain) != 1 {
			t.Errorf("hit %d: %+v", i, n)
		}
	}
	n, err := w.Neighbours(t.Context(), app.UserActor(u), app.Set{Kind: app.SetSearch, Search: q}, ids[1200])
	if must(t, n, err); n.Next != nil || n.Previous != nil {
		t.Errorf("beyond: %+v", n)
	}
}

// No input whatever makes the server complain.
func TestSearchTakesHostileInput(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	w.photo(u, uuid.Nil, texts{title: "a & b | !c:* 'quoted' \\ back", filename: "x'y_1.jpg"})
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"'", "''", `"`, "\\", "&", "|", "!", "(", ")", ":", "*", ":*", ":A", "<->", "<1>", "-", "--", "OR", "AND", "a", "b", "é", "ß", "日本", "\u0301", "👍", "\t", "\n",
		" ", "  ", "0", "1e9", "%", "_", "$1", ";", "DROP", "\u200b", "\ufeff", "«", "“", "“x", "x'y", "'x'", "İ", "ﬁ"}
	for i := range 250 {
		q := ""
		for range 1 + r.IntN(14) {
			q += alphabet[r.IntN(len(alphabet))]
			if r.IntN(3) == 0 {
				q += " "
			}
		}
		_, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: q, Sort: []app.SearchSort{"", app.SortDate}[i%2]})
		if err != nil {
			t.Fatalf("%q: %v", q, err)
		}
	}
	for name, q := range map[string]app.SearchQuery{
		"long": {Q: strings.Repeat("é", 501)}, "many words": {Q: strings.Repeat("a ", 60)}, "NUL": {Q: "a\x00b"}, "UTF-8": {Q: "a\xff"},
		"mode": {Q: "a", Mode: "magic"}, "sort": {Q: "a", Sort: "size"}, "cursor": {Q: "a", Cursor: "zz"}, "limit": {Q: "a", Limit: -1},
	} {
		if _, err := w.Search(t.Context(), app.UserActor(u), q); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.find(u, app.SearchQuery{Q: strings.Repeat("é", 500)}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A search that takes too long ends with what to do about it, whichever of its
// statements that is. A table is locked, which is as slow as it gets.
func TestSearchThatTakesTooLong(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	w.media(u, uuid.Nil)
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, slow := range []struct{ table, q string }{{"media", ""}, {"album_access", "photo"}} {
		if _, err := tx.Exec(t.Context(), "LOCK TABLE "+slow.table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		_, err = w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: slow.q})
		wantError(t, err, app.CodeUnavailable, "search.too_slow")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Search(t.Context(), app.UserActor(u), app.SearchQuery{Q: "photo"}); err != nil || len(p.Hits) != 1 {
		t.Errorf("afterwards: %d hits, %v", len(p.Hits), err)
	}
}
