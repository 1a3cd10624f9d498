package worker_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/jobs"
	"albumen/jobs/worker"
	"albumen/media"
)

func TestAPhotoBecomesReady(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	id := r.add("sunset.jpg", "image/jpeg", tagged(t, photo(t, 800, 600),
		"-DateTimeOriginal=2021:07:04 18:30:00", "-OffsetTimeOriginal=+02:00", "-Make=Acme", "-Model=One", "-ISO=200",
		"-Orientation#=6", "-GPSLatitude=50.5", "-GPSLatitudeRef=N", "-GPSLongitude=8.25", "-GPSLongitudeRef=E"))
	r.enqueue(id)
	m := r.waitStatus(id, db.MediaStatusReady)
	if m.Width != 600 || m.Height != 800 || len(m.Thumbhash) == 0 || m.Phash == nil || m.Damaged {
		t.Errorf("the picture: %dx%d, thumbhash %d bytes, damaged %v", m.Width, m.Height, len(m.Thumbhash), m.Damaged)
	}
	if want := time.Date(2021, 7, 4, 16, 30, 0, 0, time.UTC); !m.TakenAt.Equal(want) || m.TakenOffset == nil || *m.TakenOffset != 120 || m.TakenAtSource != media.SourceEXIFOffset {
		t.Errorf("taken at %v (%v), from %s", m.TakenAt, m.TakenOffset, m.TakenAtSource)
	}
	if m.CameraMake != "Acme" || m.CameraModel != "One" || *m.Iso != 200 || *m.Latitude != 50.5 || *m.Longitude != 8.25 {
		t.Errorf("metadata: %+v", m)
	}
	made, err := r.db.MediaDerivatives(t.Context(), id)
	if err != nil || len(made) != 2 {
		t.Fatalf("derivatives %v, %v", made, err)
	}
	for _, d := range made {
		info, err := r.store.Stat(t.Context(), d.StorageKey)
		if err != nil || info.Bytes != d.Bytes || d.Width >= d.Height || d.Mime != "image/webp" {
			t.Errorf("the %s: %+v, %+v, %v", d.Kind, d, info, err)
		}
	}
	if got := r.eventsOf(id); len(got) != 1 || got[0] != app.EventReady {
		t.Errorf("published %v, want ready once", got)
	}
}

func TestRunningTwiceLeavesWhatRunningOnceLeaves(t *testing.T) {
	r := newRig(t)
	id := r.add("photo.jpg", "image/jpeg", photo(t, 100, 80))
	for range 5 {
		r.enqueue(id)
	}
	if err := r.queue.Enqueue(t.Context(), jobs.ResumeMedia{MediaID: id.String()}); err != nil {
		t.Fatal(err)
	}
	r.start(r.media)
	m := r.waitStatus(id, db.MediaStatusReady)
	r.waitIdle()
	if got := r.row(id); got.Attempts != 1 || !got.UpdatedAt.Equal(m.UpdatedAt) {
		t.Errorf("after six jobs: %d attempts, changed again at %v", got.Attempts, got.UpdatedAt)
	}
	made, err := r.db.MediaDerivatives(t.Context(), id)
	if err != nil || len(made) != 2 || made[0].Version != 1 {
		t.Errorf("derivatives %+v, %v", made, err)
	}
	if got := r.eventsOf(id); len(got) != 1 {
		t.Errorf("published %v, want one", got)
	}
}

func TestBadFilesFailBesideGoodOnes(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	whole := photo(t, 640, 480)
	good := r.add("good.jpg", "image/jpeg", whole)
	cut := r.add("cut.jpg", "image/jpeg", whole[:len(whole)*3/4])
	rubbish := r.add("rubbish.jpg", "image/jpeg", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), bytes.Repeat([]byte{7}, 5000)...))
	lost := r.add("lost.jpg", "image/jpeg", photo(t, 50, 50))
	if err := r.store.Delete(t.Context(), "media/"+lost.String()); err != nil {
		t.Fatal(err)
	}
	script := r.add("script.jpg", "image/jpeg", []byte("#!/bin/sh\necho no picture\n"))
	video := r.add("clip.mp4", "video/mp4", clip(t))
	for _, id := range []uuid.UUID{rubbish, lost, script, cut, good, video} {
		r.enqueue(id)
	}
	if m := r.waitStatus(good, db.MediaStatusReady); m.Damaged {
		t.Error("the good file is called damaged")
	}
	if m := r.waitStatus(cut, db.MediaStatusReady); !m.Damaged {
		t.Error("the truncated JPEG is not called damaged")
	}
	for id, code := range map[uuid.UUID]string{rubbish: media.CodeBroken, lost: app.CodeOriginalMissing, script: media.CodeUnsupported} {
		m := r.waitStatus(id, db.MediaStatusFailed)
		if m.ErrorCode != code || m.Error == "" || !m.Listed {
			t.Errorf("%s: code %q (%s), want %q", m.Filename, m.ErrorCode, m.Error, code)
		}
		if got := r.eventsOf(m.ID); len(got) != 1 || got[0] != app.EventFailed {
			t.Errorf("%s: published %v", m.Filename, got)
		}
	}
	m := r.waitStatus(video, db.MediaStatusReady)
	if m.DurationMs == nil || *m.DurationMs != 1000 || m.Width != 160 || m.Height != 90 {
		t.Errorf("the video: %+v", m)
	}
	if made, err := r.db.MediaDerivatives(t.Context(), video); err != nil || len(made) != 0 {
		t.Errorf("derivatives of the video: %v, %v", made, err)
	}
}

func TestAnEmptiedQueueLosesNothing(t *testing.T) {
	r := newRig(t)
	id := r.add("photo.jpg", "image/jpeg", photo(t, 100, 80))
	r.enqueue(id)
	r.emptyRedis()
	r.exec("UPDATE media SET updated_at = now() - interval '11 seconds'")
	r.start(r.media)
	r.waitStatus(id, db.MediaStatusReady)

	// Also under a worker that is running.
	r.emptyRedis()
	second := r.add("photo.jpg", "image/jpeg", photo(t, 100, 80))
	r.exec("UPDATE media SET updated_at = now() - interval '11 seconds' WHERE id = $1", second)
	r.waitStatus(second, db.MediaStatusReady)
}

func TestADeadWorkersItemIsTakenOver(t *testing.T) {
	r := newRig(t)
	id := r.add("photo.jpg", "image/jpeg", photo(t, 100, 80))
	dead, err := r.ClaimMedia(t.Context(), app.SystemActor(), id)
	if err != nil {
		t.Fatal(err)
	}
	r.exec("UPDATE media SET lease_until = now() - interval '1 second' WHERE id = $1", id)
	r.start(r.media)
	r.waitStatus(id, db.MediaStatusReady)
	if err := r.FinishMedia(t.Context(), app.SystemActor(), dead, app.Outcome{}); !errors.Is(err, app.ErrLeaseLost) {
		t.Errorf("the dead worker came back and finished: %v", err)
	}
}

// held is the real Processor, except that it first waits for its context to
// end, like a decoder with a very large file.
type held struct {
	worker.Processor
	began chan struct{}
}

func (h held) Still(ctx context.Context, _ string, _ media.Type) (media.Result, error) {
	h.began <- struct{}{}
	<-ctx.Done()
	return media.Result{}, ctx.Err()
}

func TestStoppingGivesUnfinishedItemsBack(t *testing.T) {
	r := newRig(t)
	h := held{r.media, make(chan struct{}, 1)}
	stop := r.start(h)
	id := r.add("large.jpg", "image/jpeg", photo(t, 100, 80))
	r.enqueue(id)
	<-h.began
	stop()
	if m := r.row(id); m.Status != db.MediaStatusPending || m.LeaseUntil != nil || m.Crashes != 0 {
		t.Errorf("after the stop: %s, lease %v, crashes %d", m.Status, m.LeaseUntil, m.Crashes)
	}
	r.exec("UPDATE media SET updated_at = now() - interval '11 seconds'")
	r.start(r.media)
	r.waitStatus(id, db.MediaStatusReady)
}

// dying is the real Processor, except that its decoder dies on every file.
type dying struct{ worker.Processor }

func (dying) Still(context.Context, string, media.Type) (media.Result, error) {
	return media.Result{}, &media.ProcessError{Code: media.CodeOutOfMemory, Reason: "The picture needs too much memory."}
}

func TestAFileThatKillsItsDecoderIsTriedThreeTimes(t *testing.T) {
	r := newRig(t)
	r.start(dying{r.media})
	id := r.add("bomb.jpg", "image/jpeg", photo(t, 100, 80))
	for try := 1; try < app.MaxCrashes; try++ {
		r.enqueue(id)
		r.waitFor("the try is given back", func() bool { m := r.row(id); return m.Status == db.MediaStatusPending && int(m.Crashes) == try })
	}
	r.enqueue(id)
	m := r.waitStatus(id, db.MediaStatusFailed)
	if m.ErrorCode != media.CodeOutOfMemory || m.Attempts != app.MaxCrashes {
		t.Errorf("failed with %q after %d attempts", m.ErrorCode, m.Attempts)
	}
}

func TestQueueState(t *testing.T) {
	r := newRig(t)
	id := r.add("photo.jpg", "image/jpeg", photo(t, 20, 20))
	r.enqueue(id)
	s, err := r.queue.State(t.Context(), time.Now())
	if err != nil || len(s.Queues) != 1 || s.Queues[0].Kind != "process_media" || s.Queues[0].Waiting != 1 || len(s.Workers) != 0 {
		t.Errorf("before: %+v, %v", s, err)
	}
	if n, err := r.queue.Length(t.Context(), "process_media"); n != 1 || err != nil {
		t.Errorf("length %d, %v", n, err)
	}
	h := held{r.media, make(chan struct{}, 1)}
	r.start(h)
	<-h.began
	r.waitFor("the job shows as running", func() bool {
		s, err := r.queue.State(t.Context(), time.Now())
		return err == nil && len(s.Running) == 1 && s.Running[0].Kind == "process_media" && len(s.Workers) == 1 && s.Workers[0].Slots == 2
	})
	if s, err := r.queue.State(t.Context(), time.Now().Add(time.Hour)); err != nil || len(s.Workers) != 0 {
		t.Errorf("an hour later without a heartbeat: %+v, %v", s.Workers, err)
	}
}
