package app_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// taken makes n photos in the album, each taken a day after the one before.
func (w *world) taken(owner db.User, album uuid.UUID, n int) []uuid.UUID {
	var ids []uuid.UUID
	for i := range n {
		id := w.media(owner, album)
		at := time.Date(2024, 7, 1+i, 12, 0, 0, 0, time.UTC)
		w.exec("UPDATE media SET taken_at = $2, taken_at_local = $3 WHERE id = $1", id, at, at)
		ids = append(ids, id)
	}
	return ids
}

func TestAlbumOrders(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann := w.user("ann")
	actor := app.UserActor(ann)
	album := w.made(actor, "Album", nil)
	ids := w.taken(ann, album, 9)
	for _, sort := range []db.AlbumSort{db.AlbumSortNewest, db.AlbumSortOldest, db.AlbumSortManual} {
		if err := w.EditAlbum(ctx, actor, album, app.AlbumEdit{Sort: &sort}); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(ids)
		if sort == db.AlbumSortNewest {
			slices.Reverse(want)
		}
		if got := w.order(actor, album, app.AlbumItemsQuery{}); !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v", sort, got, want)
		}
		// Forth and back by pages, and beginning with each item.
		var got []uuid.UUID
		page, err := w.AlbumItems(ctx, actor, album, app.AlbumItemsQuery{Limit: 4})
		for err == nil {
			for _, i := range page.Items {
				got = append(got, i.ID)
			}
			if page.Next == "" {
				break
			}
			page, err = w.AlbumItems(ctx, actor, album, app.AlbumItemsQuery{Limit: 4, Before: page.Next})
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s by pages: %v, %v", sort, got, err)
		}
		got = nil
		for err == nil && page.Prev != "" {
			page, err = w.AlbumItems(ctx, actor, album, app.AlbumItemsQuery{Limit: 4, After: page.Prev})
			for _, i := range slices.Backward(page.Items) {
				got = append(got, i.ID)
			}
		}
		slices.Reverse(got)
		if err != nil || !slices.Equal(got, want[:8]) {
			t.Errorf("%s backwards: %v, %v", sort, got, err)
		}
		if got := w.order(actor, album, app.AlbumItemsQuery{Limit: 4, At: want[6]}); !slices.Equal(got, want[6:]) {
			t.Errorf("%s at an item: %v", sort, got)
		}
		n, err := w.Neighbours(ctx, actor, app.Set{Kind: app.SetAlbum, Album: album}, want[3])
		if err != nil || n.Previous == nil || *n.Previous != want[2] || n.Next == nil || *n.Next != want[4] {
			t.Errorf("%s: beside %v: %+v, %v", sort, want[3], n, err)
		}
	}
}

// The order by hand equals a list in which the same moves are made.
func TestArrangeAlbum(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann := w.user("ann")
	actor := app.UserActor(ann)
	album := w.made(actor, "Album", nil)
	want := w.taken(ann, album, 7)
	sort := db.AlbumSortManual
	if err := w.EditAlbum(ctx, actor, album, app.AlbumEdit{Sort: &sort}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(want)
	for range 3 { // not placed: at the end, as they came
		want = append(want, w.media(ann, album))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for move := range 120 {
		at := rng.IntN(len(want))
		item := want[at]
		rest := slices.Delete(slices.Clone(want), at, at+1)
		r := app.Arrange{Item: item}
		var to int
		switch rng.IntN(5) {
		case 0:
			to, r.Step = max(0, at-1), app.StepEarlier
		case 1:
			to, r.Step = min(len(rest), at+1), app.StepLater
		case 2:
			to, r.Step = 0, app.StepFirst
		case 3:
			to, r.Step = len(rest), app.StepLast
		default:
			to = rng.IntN(2) // often the same gap, so that it becomes full
			r.Before = rest[to]
		}
		want = slices.Insert(rest, to, item)
		if err := w.ArrangeAlbum(ctx, actor, album, r); err != nil {
			t.Fatalf("move %d, %+v: %v", move, r, err)
		}
		if got := w.order(actor, album, app.AlbumItemsQuery{}); !slices.Equal(got, want) {
			t.Fatalf("move %d, %+v:\n got %v\nwant %v", move, r, got, want)
		}
	}
	refusedAs(t, "an unknown step", w.ArrangeAlbum(ctx, actor, album, app.Arrange{Item: want[0], Step: "sideways"}), app.CodeInvalid)
	refusedAs(t, "an item of no album", w.ArrangeAlbum(ctx, actor, album, app.Arrange{Item: w.media(ann, uuid.Nil), Step: app.StepFirst}), app.CodeNotFound)
}

func TestAlbumCovers(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	ann := w.user("ann")
	actor := app.UserActor(ann)
	top := w.made(actor, "Top", nil)
	below := w.made(actor, "Below", &top)
	cover := func() uuid.UUID {
		t.Helper()
		d, err := w.Album(ctx, actor, top)
		if err != nil {
			t.Fatal(err)
		}
		if d.Cover == nil {
			return uuid.Nil
		}
		return d.Cover.ID
	}
	if cover() != uuid.Nil {
		t.Error("an empty album has a cover")
	}
	inside := w.media(ann, below)
	if cover() != inside {
		t.Error("the cover is not from the album inside")
	}
	ids := w.taken(ann, top, 3)
	if cover() != ids[2] {
		t.Error("the cover is not the newest")
	}
	if err := w.EditAlbum(ctx, actor, top, app.AlbumEdit{CoverID: &ids[0]}); err != nil || cover() != ids[0] {
		t.Errorf("chosen: %v", err)
	}
	refusedAs(t, "a photo of another album", w.EditAlbum(ctx, actor, top, app.AlbumEdit{CoverID: &inside}), app.CodeInvalid)
	w.exec("UPDATE media SET withheld = 'report' WHERE id = $1", ids[0])
	if cover() != ids[2] {
		t.Error("what is withheld is still the cover")
	}
}
