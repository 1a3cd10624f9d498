package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// takenAt moves an item to another wall clock.
func (w *world) takenAt(id uuid.UUID, at time.Time) {
	w.t.Helper()
	w.exec("UPDATE media SET taken_at_local = $2::timestamp WHERE id = $1", id, at)
}

func ids(items []app.Item) []uuid.UUID {
	out := []uuid.UUID{}
	for _, i := range items {
		out = append(out, i.ID)
	}
	return out
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// timeline makes a user with n photos, one a day from 1 July 2024 on, newest first.
func timeline(w *world, n int) (db.User, []uuid.UUID) {
	u := w.user("ann")
	var all []uuid.UUID
	for i := range n {
		id := w.media(u, uuid.Nil)
		w.takenAt(id, time.Date(2024, 7, 1+i, 12, 0, 0, 0, time.UTC))
		all = append(all, id)
	}
	slices.Reverse(all)
	return u, all
}

func TestTimelinePagesDownAndUp(t *testing.T) {
	w := newWorld(t, nil)
	u, all := timeline(w, 7)
	actor := app.UserActor(u)
	get := func(q app.TimelineQuery) app.TimelinePage {
		t.Helper()
		q.Limit = 3
		p, err := w.Timeline(t.Context(), actor, q)
		return must(t, p, err)
	}
	first := get(app.TimelineQuery{})
	if !slices.Equal(ids(first.Items), all[:3]) || first.Prev != "" || first.Next == "" {
		t.Fatalf("first page: %+v", first)
	}
	second := get(app.TimelineQuery{Before: first.Next})
	third := get(app.TimelineQuery{Before: second.Next})
	if !slices.Equal(ids(second.Items), all[3:6]) || !slices.Equal(ids(third.Items), all[6:]) || third.Next != "" {
		t.Fatalf("second %v third %v of %v, next %q", ids(second.Items), ids(third.Items), all, third.Next)
	}
	back := get(app.TimelineQuery{After: third.Prev})
	if !slices.Equal(ids(back.Items), all[3:6]) || back.Prev == "" || back.Next == "" {
		t.Fatalf("back: %+v", back)
	}
	top := get(app.TimelineQuery{After: back.Prev})
	if !slices.Equal(ids(top.Items), all[:3]) || top.Prev != "" {
		t.Fatalf("back at the top: %+v", top)
	}

	// What has come since: nothing, and then one.
	if since := get(app.TimelineQuery{After: first.Top}); len(since.Items) != 0 || since.Top != first.Top {
		t.Fatalf("since the top: %+v", since)
	} else if on := get(app.TimelineQuery{Before: since.Next}); !slices.Equal(ids(on.Items), all[:3]) {
		t.Fatalf("an empty page goes on with %v", ids(on.Items))
	}
	fresh := w.media(u, uuid.Nil)
	if since := get(app.TimelineQuery{After: first.Top}); !slices.Equal(ids(since.Items), []uuid.UUID{fresh}) {
		t.Fatalf("since the top: %+v", since)
	}
}

func TestTimelineJumpsToAMonth(t *testing.T) {
	w := newWorld(t, nil)
	u, _ := timeline(w, 0)
	actor := app.UserActor(u)
	at := func(s string) uuid.UUID {
		id := w.media(u, uuid.Nil)
		when, err := time.Parse("2006-01-02 15:04:05.999999", s)
		w.takenAt(id, must(t, when, err))
		return id
	}
	june, lastOfJuly, august := at("2024-06-03 10:00:00"), at("2024-07-31 23:59:59.999999"), at("2024-08-01 00:00:00")
	for month, want := range map[string][]uuid.UUID{
		"2024-09": {august, lastOfJuly, june}, "2024-08": {august, lastOfJuly, june},
		"2024-07": {lastOfJuly, june}, "2024-06": {june}, "2024-05": {},
	} {
		p, err := w.Timeline(t.Context(), actor, app.TimelineQuery{Month: month})
		must(t, p, err)
		if !slices.Equal(ids(p.Items), want) {
			t.Errorf("%s: %v, want %v", month, ids(p.Items), want)
		}
		if newer := 3 - len(want); (p.Prev != "") != (newer > 0) {
			t.Errorf("%s: prev %q with %d newer items", month, p.Prev, newer)
		} else if newer > 0 {
			up, err := w.Timeline(t.Context(), actor, app.TimelineQuery{After: p.Prev})
			if got := ids(must(t, up, err).Items); len(got) != newer {
				t.Errorf("%s: going up gives %v", month, got)
			}
		}
	}
}

func TestMonthsCountWhatTheTimelineShows(t *testing.T) {
	w := newWorld(t, nil)
	u, all := timeline(w, 35)
	other := w.user("bob")
	album := w.album(other, db.AlbumVisibilityPrivate)
	w.grant(album, u.ID, db.AlbumRoleViewer)
	w.takenAt(w.media(other, album), time.Date(2024, 7, 9, 0, 0, 0, 0, time.UTC))
	w.takenAt(w.media(other, uuid.Nil), time.Date(2024, 7, 9, 0, 0, 0, 0, time.UTC)) // private
	w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", all[0])
	w.exec("UPDATE media SET archived_at = now() WHERE id = $1", all[1])
	for scope, want := range map[db.Scope]map[string]int{
		"": {"2024-07": 31, "2024-08": 2}, db.ScopeShared: {"2024-07": 1}, db.ScopeAll: {"2024-07": 32, "2024-08": 2},
	} {
		months, err := w.Months(t.Context(), app.UserActor(u), scope)
		must(t, months, err)
		total := 0
		for i, m := range months {
			total += m.Count
			if want[m.Key()] != m.Count || i > 0 && !m.Month.Before(months[i-1].Month) {
				t.Errorf("scope %q: %+v", scope, months)
			}
		}
		p, err := w.Timeline(t.Context(), app.UserActor(u), app.TimelineQuery{Scope: scope})
		if n := len(must(t, p, err).Items); n != total {
			t.Errorf("scope %q: months count %d, the timeline shows %d", scope, total, n)
		}
	}
}

func TestNeighboursFollowEverySet(t *testing.T) {
	w := newWorld(t, nil)
	u, all := timeline(w, 9)
	actor := app.UserActor(u)
	for i, id := range all {
		switch i % 3 {
		case 0:
			w.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", u.ID, id)
		case 1:
			w.exec("UPDATE media SET trashed_at = now() - $2 * interval '1 day' WHERE id = $1", id, i)
		}
	}
	lists := map[app.SetKind]func() (app.ItemPage, error){
		app.SetTimeline:   func() (app.ItemPage, error) { return w.Timeline(t.Context(), actor, app.TimelineQuery{}) },
		app.SetFavourites: func() (app.ItemPage, error) { return w.Favourites(t.Context(), actor, app.ListQuery{}) },
		app.SetTrash:      func() (app.ItemPage, error) { return w.Trash(t.Context(), actor, app.ListQuery{}) },
	}
	for kind, list := range lists {
		page, err := list()
		want := ids(must(t, page, err).Items)
		if len(want) < 3 {
			t.Fatalf("%s has %d items", kind, len(want))
		}
		for i, id := range want {
			n, err := w.Neighbours(t.Context(), actor, app.Set{Kind: kind}, id)
			must(t, n, err)
			if (n.Previous == nil) != (i == 0) || n.Previous != nil && *n.Previous != want[i-1] {
				t.Errorf("%s: before item %d: %v", kind, i, n.Previous)
			}
			if (n.Next == nil) != (i == len(want)-1) || n.Next != nil && *n.Next != want[i+1] {
				t.Errorf("%s: after item %d: %v", kind, i, n.Next)
			}
		}
	}
	if _, err := w.Neighbours(t.Context(), app.UserActor(w.user("eve")), app.Set{}, all[0]); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("a stranger asks for neighbours: %v", err)
	}
}

func TestCountsTellOnlyWhatMayBeSeen(t *testing.T) {
	w := newWorld(t, nil)
	u, all := timeline(w, 5)
	other := w.user("bob")
	album := w.album(other, db.AlbumVisibilityPrivate)
	shared, private := w.media(other, album), w.media(other, uuid.Nil)
	w.grant(album, u.ID, db.AlbumRoleViewer)
	for _, id := range []uuid.UUID{all[0], all[1], shared, private} {
		w.exec("INSERT INTO favourites (user_id, media_id) VALUES ($1, $2)", u.ID, id)
	}
	w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", all[1])
	c, err := w.Counts(t.Context(), app.UserActor(u))
	if want := (app.Counts{Timeline: 4, Trash: 1, Favourites: 2}); must(t, c, err) != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	w.exec("DELETE FROM album_grants")
	if c, err = w.Counts(t.Context(), app.UserActor(u)); must(t, c, err).Favourites != 1 {
		t.Errorf("after the grant is gone: %+v", c)
	}
}

func second[T any](_ T, err error) error { return err }

func TestListsRefuseBadInput(t *testing.T) {
	w := newWorld(t, nil)
	u, _ := timeline(w, 1)
	actor := app.UserActor(u)
	p, err := w.Timeline(t.Context(), actor, app.TimelineQuery{})
	cursor := must(t, p, err).Top
	for name, q := range map[string]app.TimelineQuery{
		"month": {Month: "2024-13"}, "before": {Before: "nonsense"}, "after": {After: "AAAA"}, "limit": {Limit: 501},
		"scope": {Scope: "theirs"}, "both": {Before: cursor, After: cursor}, "month and cursor": {Month: "2024-07", Before: cursor},
		"type": {Filter: app.Filter{Type: "exe"}}, "camera": {Filter: app.Filter{CameraModel: "a\x00b"}}, "rating": {Filter: app.Filter{MinRating: 6}},
	} {
		if _, err := w.Timeline(t.Context(), actor, q); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Trash(t.Context(), actor, app.ListQuery{Before: cursor}); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("a cursor of the timeline in the trash: %v", err)
	}
	for name, err := range map[string]error{
		"timeline":   second(w.Timeline(t.Context(), app.Actor{}, app.TimelineQuery{})),
		"months":     second(w.Months(t.Context(), app.Actor{}, "")),
		"favourites": second(w.Favourites(t.Context(), app.Actor{}, app.ListQuery{})),
		"trash":      second(w.Trash(t.Context(), app.Actor{}, app.ListQuery{})),
		"archive":    second(w.Archive(t.Context(), app.Actor{}, app.ListQuery{})),
		"counts":     second(w.Counts(t.Context(), app.Actor{})),
	} {
		if app.CodeOf(err) != app.CodeUnauthenticated {
			t.Errorf("%s for nobody: %v", name, err)
		}
	}
}

// The family "raw" holds every RAW type that is accepted, whatever its maker.
func TestTypeRawFindsEveryRawFile(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	var all []uuid.UUID
	for _, mime := range []string{"adobe-dng", "canon-cr2", "canon-cr3", "canon-crw", "epson-erf", "fuji-raf", "hasselblad-3fr", "kodak-dcr",
		"nikon-nef", "olympus-orf", "panasonic-rw2", "pentax-pef", "samsung-srw", "sigma-x3f", "sony-arw"} {
		id := w.media(u, uuid.Nil)
		w.exec("UPDATE media SET mime = $2 WHERE id = $1", id, "image/x-"+mime)
		all = append(all, id)
	}
	w.media(u, uuid.Nil)
	page, err := w.Timeline(t.Context(), app.UserActor(u), app.TimelineQuery{Filter: app.Filter{Type: "raw"}})
	if len(must(t, page, err).Items) != len(all) {
		t.Errorf("%d of %d RAW files are found", len(page.Items), len(all))
	}
}
