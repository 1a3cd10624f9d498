package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/jobs"
	"albumen/media"
)

var system = app.SystemActor()

// pending makes an item that waits to be processed.
func (w *world) pending(owner db.User) uuid.UUID {
	w.t.Helper()
	id := w.media(owner, uuid.Nil)
	w.exec("DELETE FROM derivatives WHERE media_id = $1", id)
	w.exec("UPDATE media SET status = 'pending', processed_at = NULL WHERE id = $1", id)
	return id
}

func (w *world) row(id uuid.UUID) db.Media {
	w.t.Helper()
	m, err := w.db.MediaByID(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) claim(id uuid.UUID) app.Claim {
	w.t.Helper()
	c, err := w.ClaimMedia(context.Background(), system, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// expire lets the lease on an item run out, as when its worker was killed.
func (w *world) expire(id uuid.UUID) {
	w.exec("UPDATE media SET lease_until = now() - interval '1 second' WHERE id = $1", id)
}

func pictures(content string) app.Outcome {
	return app.Outcome{Still: &media.Result{
		Width: 400, Height: 300, Thumb: []byte(content), ThumbW: 40, ThumbH: 30, Preview: []byte(content), PreviewW: 400, PreviewH: 300, PHash: 1 << 63,
	}}
}

func (w *world) versions(id uuid.UUID) map[string]int32 {
	w.t.Helper()
	rows, err := w.db.MediaDerivatives(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[string]int32{}
	for _, r := range rows {
		got[r.Kind] = r.Version
	}
	return got
}

func TestOnlyOneWorkerHoldsAnItem(t *testing.T) {
	w := newWorld(t, nil)
	id := w.pending(w.user("ada"))
	w.claim(id)
	if _, err := w.ClaimMedia(t.Context(), system, id); !errors.Is(err, app.ErrNotClaimable) {
		t.Errorf("a second claim: %v, want ErrNotClaimable", err)
	}
	w.expire(id)
	if c := w.claim(id); c.Media.Attempts != 2 || c.Media.Crashes != 1 {
		t.Errorf("after the lease ran out: attempt %d, crashes %d; want 2 and 1", c.Media.Attempts, c.Media.Crashes)
	}
}

func TestProcessingIsForTheSystemOnly(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	actor, id := app.UserActor(owner), w.pending(owner)
	claim := w.claim(id)
	for name, call := range map[string]func() error{
		"ClaimMedia":      func() error { _, err := w.ClaimMedia(t.Context(), actor, id); return err },
		"KeepMedia":       func() error { return w.KeepMedia(t.Context(), actor, claim) },
		"ReleaseMedia":    func() error { return w.ReleaseMedia(t.Context(), actor, claim, false) },
		"FinishMedia":     func() error { return w.FinishMedia(t.Context(), actor, claim, app.Outcome{}) },
		"FailMedia":       func() error { return w.FailMedia(t.Context(), actor, claim, app.OriginalMissing(nil)) },
		"SweepProcessing": func() error { _, err := w.SweepProcessing(t.Context(), actor, lengths{}); return err },
	} {
		if err := call(); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s as a user: %v, want not found", name, err)
		}
	}
}

func TestAWorkerThatLostItsLeaseWritesNothing(t *testing.T) {
	w := newStored(t)
	id := w.pending(w.user("ada"))
	late := w.claim(id)
	w.expire(id)
	winner := w.claim(id)

	if err := w.KeepMedia(t.Context(), system, late); !errors.Is(err, app.ErrLeaseLost) {
		t.Errorf("renewing a lost lease: %v", err)
	}
	if err := w.FinishMedia(t.Context(), system, late, pictures("late")); !errors.Is(err, app.ErrLeaseLost) {
		t.Errorf("finishing with a lost lease: %v", err)
	}
	if err := w.ReleaseMedia(t.Context(), system, late, true); !errors.Is(err, app.ErrLeaseLost) {
		t.Errorf("releasing a lost lease: %v", err)
	}
	if m := w.row(id); m.Status != db.MediaStatusProcessing || m.Crashes != 1 || len(w.versions(id)) != 0 || len(w.logs.events) != 0 {
		t.Errorf("the late worker changed the item: %+v, %v", m, w.versions(id))
	}
	if err := w.FinishMedia(t.Context(), system, winner, pictures("winner")); err != nil {
		t.Fatal(err)
	}
	if m := w.row(id); m.Status != db.MediaStatusReady || m.Crashes != 0 || m.LeaseUntil != nil || m.ProcessedAt == nil || *m.Phash >= 0 {
		t.Errorf("after the winner: %+v", m)
	}
	if err := w.FinishMedia(t.Context(), system, late, pictures("late")); !errors.Is(err, app.ErrLeaseLost) {
		t.Errorf("finishing a finished item: %v", err)
	}
	if n := w.count("SELECT count(*) FROM pending_objects"); n != 4 {
		t.Errorf("%d objects wait for the sweeper, want the 4 that the late worker wrote", n)
	}
}

func TestNewPicturesReplaceTheOld(t *testing.T) {
	w := newStored(t)
	id := w.pending(w.user("ada"))
	for range 2 {
		if err := w.FinishMedia(t.Context(), system, w.claim(id), pictures("picture")); err != nil {
			t.Fatal(err)
		}
		w.exec("UPDATE media SET status = 'pending' WHERE id = $1", id)
	}
	if v := w.versions(id); v["thumb"] != 2 || v["preview"] != 2 {
		t.Errorf("versions %v, want 2 of each", v)
	}
	var unlinked, linked []string
	if err := w.db.QueryRow(t.Context(), "SELECT array_agg(storage_key) FROM pending_objects").Scan(&unlinked); err != nil {
		t.Fatal(err)
	}
	if err := w.db.QueryRow(t.Context(), "SELECT array_agg(storage_key) FROM derivatives").Scan(&linked); err != nil {
		t.Fatal(err)
	}
	if len(unlinked) != 2 || len(linked) != 2 {
		t.Errorf("to be deleted: %v, kept: %v; want 2 and 2", unlinked, linked)
	}
	for _, key := range linked {
		if !slices.Contains(w.objects(), key) {
			t.Errorf("the object %s is not there", key)
		}
	}
}

func TestProcessingLeavesWhatAPersonEdited(t *testing.T) {
	w := newWorld(t, nil)
	id := w.pending(w.user("ada"))
	w.exec(`UPDATE media SET title = 'Mine', latitude = 1, longitude = 2, edited = '{title,latitude,longitude,taken_at_local}' WHERE id = $1`, id)
	before := w.row(id)
	lat, lon := 50.0, 8.0
	err := w.FinishMedia(t.Context(), system, w.claim(id), app.Outcome{Metadata: &media.Metadata{
		Title: "Camera's", Description: "From the\x00 file\xff", Latitude: &lat, Longitude: &lon, Rating: -1,
		TakenAtLocal: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), TakenAt: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), TakenAtSource: media.SourceEXIF,
	}})
	if err != nil {
		t.Fatal(err)
	}
	m := w.row(id)
	if m.Title != "Mine" || *m.Latitude != 1 || *m.Longitude != 2 || !m.TakenAtLocal.Equal(before.TakenAtLocal) || m.TakenAtSource != before.TakenAtSource {
		t.Errorf("what was edited has changed: %+v", m)
	}
	if m.Description != "From the file\uFFFD" || m.Rating != 0 {
		t.Errorf("what was not edited: description %q, rating %d", m.Description, m.Rating)
	}
}

func TestAFailedItemKeepsItsMetadataAndCanBeRetried(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	id := w.pending(owner)
	taken := time.Date(2020, 5, 4, 10, 0, 0, 0, time.UTC)
	failure := &media.ProcessError{Code: media.CodeBroken, Reason: "The file is damaged."}
	if err := w.FinishMedia(t.Context(), system, w.claim(id), app.Outcome{
		Metadata: &media.Metadata{TakenAtLocal: taken, TakenAt: taken, TakenAtSource: media.SourceEXIF}, Failure: failure,
	}); err != nil {
		t.Fatal(err)
	}
	m := w.row(id)
	if m.Status != db.MediaStatusFailed || m.ErrorCode != media.CodeBroken || m.Error != failure.Reason || !m.TakenAtLocal.Equal(taken) || !m.Listed {
		t.Errorf("after the failure: %+v", m)
	}
	if got := w.logs.events[0]; got != (app.Event{UserID: owner.ID, MediaID: id, Kind: app.EventFailed}) {
		t.Errorf("published %+v", got)
	}

	if err := w.RetryMedia(t.Context(), app.UserActor(owner), id); err != nil {
		t.Fatal(err)
	}
	if m := w.row(id); m.Status != db.MediaStatusPending || m.ErrorCode != "" || m.Attempts != 1 {
		t.Errorf("after the retry: %+v", m)
	}
	if len(w.logs.jobs) != 1 || w.logs.jobs[0] != (jobs.ProcessMedia{MediaID: id.String()}) {
		t.Errorf("enqueued %v", w.logs.jobs)
	}
	if err := w.RetryMedia(t.Context(), app.UserActor(owner), id); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("retrying what has not failed: %v", err)
	}
}
