package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/media"
)

// finished is the item as FinishedItems gives it.
func (w *world) finished(id uuid.UUID) app.Claim {
	w.t.Helper()
	all, err := w.FinishedItems(w.t.Context(), system, uuid.Nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range all {
		if c.Media.ID == id {
			return c
		}
	}
	w.t.Fatalf("%s is not among the finished", id)
	return app.Claim{}
}

func TestRefreshedMetadataLeavesPicturesStateAndEdits(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	id := w.media(owner, uuid.Nil)
	w.exec(`UPDATE media SET title = 'Mine', edited = '{title}', thumbhash = '\x01', status = 'failed', error_code = 'broken', error = 'Broken.' WHERE id = $1`, id)
	before, versions := w.row(id), w.versions(id)
	taken := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	read := media.Metadata{
		Title: "Camera's", Description: "From the file", CameraModel: "M", Width: 40, Height: 30,
		TakenAtLocal: taken, TakenAt: taken, TakenAtSource: media.SourceEXIF,
	}
	changed, err := w.RefreshMetadata(t.Context(), system, w.finished(id), read)
	m := w.row(id)
	if err != nil || !changed || m.Title != "Mine" || m.Description != "From the file" || m.CameraModel != "M" || !m.TakenAtLocal.Equal(taken) {
		t.Errorf("%v, %v: %+v", changed, err, m)
	}
	if m.Status != db.MediaStatusFailed || m.ErrorCode != "broken" || m.Error != "Broken." || m.Width != 400 || m.Attempts != before.Attempts ||
		!m.ProcessedAt.Equal(*before.ProcessedAt) || w.versions(id)["thumb"] != versions["thumb"] {
		t.Errorf("more than the metadata changed: %+v", m)
	}
	if len(w.logs.events) != 1 || w.logs.events[0] != (app.Event{UserID: owner.ID, MediaID: id, Kind: app.EventChanged}) || len(w.logs.jobs) != 0 {
		t.Errorf("published %v, enqueued %v", w.logs.events, w.logs.jobs)
	}
	// Once more it changes nothing, and says nothing.
	if changed, err := w.RefreshMetadata(t.Context(), system, w.finished(id), read); changed || err != nil || len(w.logs.events) != 1 || !w.row(id).UpdatedAt.Equal(m.UpdatedAt) {
		t.Errorf("a second time: %v, %v, %v", changed, err, w.logs.events)
	}
	if _, err := w.RefreshMetadata(t.Context(), app.UserActor(owner), w.finished(id), read); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("as a user: %v", err)
	}
}

// What a worker has, or had since, is the worker's.
func TestRefreshedMetadataGivesWayToWorkers(t *testing.T) {
	w := newWorld(t, nil)
	id := w.media(w.user("ada"), uuid.Nil)
	old := w.finished(id)
	w.exec("UPDATE media SET status = 'pending' WHERE id = $1", id)
	for _, step := range []func(){
		func() {},
		func() { w.claim(id) },
		func() {
			w.expire(id)
			if err := w.FinishMedia(t.Context(), system, w.claim(id), app.Outcome{Metadata: &media.Metadata{Title: "The worker's"}}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		step()
		if changed, err := w.RefreshMetadata(t.Context(), system, old, media.Metadata{Title: "Late"}); changed || !errors.Is(err, app.ErrLeaseLost) {
			t.Errorf("%s: %v, %v; want ErrLeaseLost", w.row(id).Status, changed, err)
		}
	}
	if m := w.row(id); m.Title != "The worker's" || m.Status != db.MediaStatusReady {
		t.Errorf("after the worker: %+v", m)
	}
}

func TestFinishedItemsAreOfOneOwnerAndInOrder(t *testing.T) {
	w := newWorld(t, nil)
	ada, ben := w.user("ada"), w.user("ben")
	first, second, other := w.media(ada, uuid.Nil), w.media(ada, uuid.Nil), w.media(ben, uuid.Nil)
	w.pending(ada)
	for _, want := range []struct {
		after uuid.UUID
		owner *uuid.UUID
		ids   []uuid.UUID
	}{
		{uuid.Nil, nil, []uuid.UUID{first, second, other}},
		{uuid.Nil, &ada.ID, []uuid.UUID{first, second}},
		{first, &ada.ID, []uuid.UUID{second}},
		{other, nil, nil},
	} {
		got, err := w.FinishedItems(t.Context(), system, want.after, want.owner)
		if err != nil || len(got) != len(want.ids) {
			t.Fatalf("%d items, %v; want %v", len(got), err, want.ids)
		}
		for i, c := range got {
			if c.Media.ID != want.ids[i] || c.Original.MediaID != want.ids[i] {
				t.Errorf("item %d is %s, want %s", i, c.Media.ID, want.ids[i])
			}
		}
	}
	if n, err := w.CountFinished(t.Context(), system, &ada.ID); n != 2 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
}
