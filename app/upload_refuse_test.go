package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func TestUploadRefusals(t *testing.T) {
	w := newStored(t)
	w.limit(1 << 20)
	u := w.user("anna")
	actor := app.UserActor(u)
	create := func(n app.NewUpload) error {
		_, err := w.CreateUpload(t.Context(), actor, n)
		return err
	}
	wantError(t, create(app.NewUpload{Filename: "a.png", Bytes: 0}), app.CodeUnsupported, "receive.refused.empty")
	wantError(t, create(app.NewUpload{Filename: "a.png", Bytes: 1<<20 + 1}), app.CodeTooLarge, "receive.too_large")
	wantError(t, create(app.NewUpload{Filename: strings.Repeat("a", 1001), Bytes: 10}), app.CodeInvalid, "receive.metadata")

	page := "<html><body>" + strings.Repeat("x", 200_000)
	up := w.begin(actor, "photo.jpg", page)
	_, err := w.add(actor, up, page, 0, 100_000) // the first piece is enough to know
	wantError(t, err, app.CodeUnsupported, "receive.refused.html")
	if _, err := w.UploadByID(t.Context(), actor, up.ID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("a refused upload is still there: %v", err)
	}

	content := png(strings.Repeat("x", 200_000))
	up = w.begin(actor, "a.png", content)
	_, err = w.add(actor, up, content, 0, 1000)
	wantError(t, err, app.CodeInvalid, "receive.piece_too_small")
	_, err = w.FinishUpload(t.Context(), actor, up.ID)
	wantError(t, err, app.CodeConflict, "receive.incomplete")
	w.exec("UPDATE users SET quota_bytes = 100000 WHERE id = $1", u.ID)
	_, err = w.add(actor, up, content, 0, len(content))
	wantError(t, err, app.CodeTooLarge, "receive.quota")
	wantError(t, create(app.NewUpload{Filename: "a.png", Bytes: 200_000}), app.CodeTooLarge, "receive.quota")
	w.wantNothing()
}

func TestUploadPiecesCountTowardsTheQuota(t *testing.T) {
	w := newStored(t)
	u := w.user("anna")
	actor := app.UserActor(u)
	w.exec("UPDATE users SET quota_bytes = 150000 WHERE id = $1", u.ID)
	content := png(strings.Repeat("x", 100_000))
	first, second := w.begin(actor, "a.png", content), w.begin(actor, "b.png", content)
	if _, err := w.add(actor, first, content, 0, 90_000); err != nil {
		t.Fatal(err)
	}
	_, err := w.add(actor, second, content, 0, 90_000)
	wantError(t, err, app.CodeTooLarge, "receive.quota")
}

func TestUploadCountIsLimited(t *testing.T) {
	w := newStored(t)
	u := w.user("anna")
	w.exec(`INSERT INTO uploads (id, owner_id, filename, bytes, created_at, expires_at)
		SELECT gen_random_uuid(), $1, 'a', 10, now(), now() + interval '1 day' FROM generate_series(1, $2)`, u.ID, app.MaxUnfinishedUploads-1)
	w.begin(app.UserActor(u), "a.png", "x")
	_, err := w.CreateUpload(t.Context(), app.UserActor(u), app.NewUpload{Filename: "a.png", Bytes: 1})
	wantError(t, err, app.CodeRateLimited, "receive.too_many")
	w.begin(app.UserActor(w.user("ben")), "a.png", "x")
}

func TestUploadExpiresAndCancels(t *testing.T) {
	w := newStored(t)
	anna := w.user("anna")
	actor := app.UserActor(anna)
	content := png(strings.Repeat("x", 200_000))
	expiring, cancelled := w.begin(actor, "a.png", content), w.begin(actor, "b.png", content)
	for _, u := range []db.Upload{expiring, cancelled} {
		if _, err := w.add(actor, u, content, 0, 100_000); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.CancelUpload(t.Context(), actor, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	if keys := w.objects(); len(keys) != 1 {
		t.Errorf("objects = %q", keys)
	}
	w.now = w.now.Add(app.UploadTTL - time.Second)
	if n, err := w.SweepUploads(t.Context(), app.SystemActor()); n != 0 || err != nil {
		t.Errorf("SweepUploads too early = %d, %v", n, err)
	}
	w.now = w.now.Add(2 * time.Second)
	for _, u := range []db.Upload{expiring, cancelled} {
		if _, err := w.UploadByID(t.Context(), actor, u.ID); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("UploadByID: %v", err)
		}
		if _, err := w.TakeUpload(t.Context(), actor, u.ID); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("TakeUpload: %v", err)
		}
	}
	if n, err := w.SweepUploads(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepUploads = %d, %v", n, err)
	}
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil {
		t.Errorf("SweepObjects = %d, %v", n, err)
	}
	w.wantNothing()
	if n := w.count("SELECT count(*) FROM uploads"); n != 0 {
		t.Errorf("%d uploads left", n)
	}
}

func TestUploadBelongsToItsOwner(t *testing.T) {
	w := newStored(t)
	anna, ben := app.UserActor(w.user("anna")), app.UserActor(w.user("ben"))
	u := w.begin(anna, "a.png", png("x"))
	for name, run := range map[string]func(app.Actor) error{
		"UploadByID":   func(a app.Actor) error { _, err := w.UploadByID(t.Context(), a, u.ID); return err },
		"TakeUpload":   func(a app.Actor) error { _, err := w.TakeUpload(t.Context(), a, u.ID); return err },
		"FinishUpload": func(a app.Actor) error { _, err := w.FinishUpload(t.Context(), a, u.ID); return err },
		"CancelUpload": func(a app.Actor) error { return w.CancelUpload(t.Context(), a, u.ID) },
		"AppendUpload": func(a app.Actor) error {
			_, err := w.AppendUpload(t.Context(), a, u.ID, uuid.New(), 0, strings.NewReader(png("x")))
			return err
		},
	} {
		if err := run(ben); app.CodeOf(err) != app.CodeNotFound {
			t.Errorf("%s by another user: %v", name, err)
		}
		if err := run(app.Actor{}); app.CodeOf(err) != app.CodeUnauthenticated {
			t.Errorf("%s by nobody: %v", name, err)
		}
	}
	if _, err := w.CreateUpload(t.Context(), app.Actor{}, app.NewUpload{Filename: "a.png", Bytes: 10}); app.CodeOf(err) != app.CodeUnauthenticated {
		t.Errorf("CreateUpload by nobody: %v", err)
	}
	if _, err := w.SweepUploads(t.Context(), anna); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("SweepUploads by a user: %v", err)
	}
	if err := w.CancelUpload(t.Context(), anna, u.ID); err != nil {
		t.Error(err)
	}
}

// The pieces of a deleted user's uploads go to the sweeper.
func TestUploadOfADeletedUser(t *testing.T) {
	w := newStored(t)
	anna := w.user("anna")
	content := png(strings.Repeat("x", 200_000))
	u := w.begin(app.UserActor(anna), "a.png", content)
	if _, err := w.add(app.UserActor(anna), u, content, 0, 100_000); err != nil {
		t.Fatal(err)
	}
	w.exec("DELETE FROM users WHERE id = $1", anna.ID)
	w.now = w.now.Add(time.Minute)
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); n != 1 || err != nil || len(w.objects()) != 0 {
		t.Errorf("SweepObjects = %d, %v; left %q", n, err, w.objects())
	}
}
