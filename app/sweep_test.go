package app_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/app"
	"albumen/db"
	"albumen/jobs"
	"albumen/media"
)

// lengths are the lengths of the queues by kind, as Redis would tell them.
type lengths map[string]int64

func (l lengths) Length(_ context.Context, kind string) (int64, error) { return l[kind], nil }

func (w *world) sweep(l lengths) app.Swept {
	w.t.Helper()
	w.logs.jobs = nil
	swept, err := w.SweepProcessing(context.Background(), system, l)
	if err != nil {
		w.t.Fatal(err)
	}
	return swept
}

func (w *world) age(id uuid.UUID) {
	w.exec("UPDATE media SET updated_at = now() - interval '11 seconds' WHERE id = $1", id)
}

func TestAFileThatKillsItsWorkerThreeTimesFails(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	id := w.pending(owner)
	for try := 1; try <= app.MaxCrashes; try++ {
		if c := w.claim(id); int(c.Media.Attempts) != try || c.LastTry() != (try == app.MaxCrashes) {
			t.Errorf("try %d: attempt %d, last %v", try, c.Media.Attempts, c.LastTry())
		}
		w.expire(id)
		if try == app.MaxCrashes {
			break
		}
		if s := w.sweep(lengths{}); s.Resumed != 1 || len(w.logs.jobs) != 1 || w.logs.jobs[0] != (jobs.ResumeMedia{MediaID: id.String()}) {
			t.Fatalf("sweep %d: %+v, enqueued %v", try, s, w.logs.jobs)
		}
	}
	if s := w.sweep(lengths{}); s.Failed != 1 || s.Resumed != 0 {
		t.Errorf("the last sweep: %+v", s)
	}
	m := w.row(id)
	if m.Status != db.MediaStatusFailed || m.ErrorCode != media.CodeCrashed || m.Error == "" || !m.Listed {
		t.Errorf("after %d crashes: %+v", app.MaxCrashes, m)
	}
	if e := w.logs.events; len(e) != 1 || e[0] != (app.Event{UserID: owner.ID, MediaID: id, Kind: app.EventFailed}) {
		t.Errorf("published %v", e)
	}
	if err := w.RetryMedia(t.Context(), app.UserActor(owner), id); err != nil {
		t.Fatal(err)
	}
	if c := w.claim(id); c.Media.Attempts != 4 || c.Media.Crashes != 0 {
		t.Errorf("after a retry by hand: attempt %d, crashes %d", c.Media.Attempts, c.Media.Crashes)
	}
}

func TestWhatIsGivenBackAsCrashedTooOftenFails(t *testing.T) {
	w := newWorld(t, nil)
	id := w.pending(w.user("ada"))
	for range app.MaxCrashes {
		if err := w.ReleaseMedia(t.Context(), system, w.claim(id), true); err != nil {
			t.Fatal(err)
		}
	}
	if s := w.sweep(lengths{}); s.Failed != 1 {
		t.Errorf("swept %+v", s)
	}
	if m := w.row(id); m.Status != db.MediaStatusFailed || m.ErrorCode != media.CodeCrashed {
		t.Errorf("the item: %+v", m)
	}
}

func TestStoppingAWorkerIsNoCrash(t *testing.T) {
	w := newWorld(t, nil)
	id := w.pending(w.user("ada"))
	for range app.MaxCrashes + 1 {
		if err := w.ReleaseMedia(t.Context(), system, w.claim(id), false); err != nil {
			t.Fatal(err)
		}
	}
	if m := w.row(id); m.Status != db.MediaStatusPending || m.Crashes != 0 {
		t.Errorf("the item: %+v", m)
	}
}

func TestWhatTheQueueForgotIsEnqueuedAgain(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	fresh, old, older := w.pending(owner), w.pending(owner), w.pending(owner)
	w.age(old)
	w.age(older)
	if s := w.sweep(lengths{}); s.Refilled != 2 || len(w.logs.jobs) != 2 {
		t.Fatalf("swept %+v, enqueued %v", s, w.logs.jobs)
	}
	for _, j := range w.logs.jobs {
		if j == (jobs.ProcessMedia{MediaID: fresh.String()}) {
			t.Error("an item that has just come was enqueued again")
		}
	}
	if s := w.sweep(lengths{"process_media": 2}); s.Refilled != 0 {
		t.Errorf("a queue that is merely slow was filled again: %+v", s)
	}
	held := w.pending(owner)
	w.claim(held)
	w.age(held)
	if s := w.sweep(lengths{"process_media": 2}); s != (app.Swept{}) {
		t.Errorf("an item in work was touched: %+v", s)
	}
	w.expire(held)
	if s := w.sweep(lengths{"process_media": 2, "resume_media": 1}); s != (app.Swept{}) {
		t.Errorf("a dead worker's item that is queued already was enqueued again: %+v", s)
	}
}

func TestOneSweeperAtATime(t *testing.T) {
	w := newWorld(t, nil)
	id := w.pending(w.user("ada"))
	w.age(id)
	err := w.db.InTx(t.Context(), func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.TryAdvisoryLock(t.Context(), app.SweepLock); err != nil {
			return err
		}
		if s := w.sweep(lengths{}); !s.Busy || s.Refilled != 0 {
			t.Errorf("beside another sweeper: %+v", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.sweep(lengths{}); s.Busy || s.Refilled != 1 {
		t.Errorf("alone: %+v", s)
	}
}
