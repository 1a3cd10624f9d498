package worker

import (
	"context"
	"time"

	"github.com/gocraft/work"

	"albumen/app"
	"albumen/jobs"
)

const mailAccountFor = 30 * time.Second

// mailAccount looks whether an account has the address, and mails its owner.
// One that fails is not tried again: the person asks once more.
func (w *Worker) mailAccount(job *work.Job) error {
	asked := jobs.MailAccount{
		Purpose: job.ArgString("purpose"), Email: job.ArgString("email"), Addr: job.ArgString("addr"), RequestID: job.ArgString("request_id"),
	}
	ctx, cancel := context.WithTimeout(w.jobs, mailAccountFor)
	defer cancel()
	err := job.ArgError()
	if err == nil {
		err = w.cfg.App.MailAccount(ctx, app.SystemActor(), asked)
	}
	if err != nil {
		w.cfg.Log.Error("could not mail a link", "purpose", asked.Purpose, "request", asked.RequestID, "error", err)
	}
	return err
}

// sendMail wakes the task that sends mails. It does not send them itself: a mail
// server that hangs must not hold up the pictures.
func (w *Worker) sendMail(*work.Job) error {
	select {
	case w.mail <- struct{}{}:
	default: // asked for already
	}
	return nil
}
