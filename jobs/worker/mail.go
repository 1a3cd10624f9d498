package worker

import "github.com/gocraft/work"

// sendMail wakes the task that sends mails. It does not send them itself: a mail
// server that hangs must not hold up the pictures.
func (w *Worker) sendMail(*work.Job) error {
	select {
	case w.mail <- struct{}{}:
	default: // asked for already
	}
	return nil
}
