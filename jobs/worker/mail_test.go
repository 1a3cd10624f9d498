package worker_test

import (
	"testing"

	"albumen/app"
)

// A mail leaves while a worker runs, also one that was queued while the queue
// was lost.
func TestMailsLeave(t *testing.T) {
	r := newRig(t)
	admin := r.owner
	admin.IsAdmin = true
	sent := func(n int) func() bool {
		return func() bool {
			files, err := r.outbox.List(10)
			return err == nil && len(files) == n
		}
	}
	if err := r.SendTestMail(t.Context(), app.UserActor(admin)); err != nil {
		t.Fatal(err)
	}
	r.emptyRedis()
	defer r.start(r.media)()
	r.waitFor("the mail that the queue forgot has left", sent(1))
	if err := r.SendTestMail(t.Context(), app.UserActor(admin)); err != nil {
		t.Fatal(err)
	}
	r.waitFor("the mail that was enqueued has left", sent(2))
}
