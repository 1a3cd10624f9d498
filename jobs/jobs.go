// Package jobs names the background jobs, their arguments and how to enqueue
// them. It imports nothing else of Albumen's.
package jobs

import "context"

// Job is what is enqueued: a small struct whose exported fields, as JSON, are
// the arguments.
type Job interface {
	// Kind is the stable name under which the job travels.
	Kind() string
}

// Enqueuer hands jobs to the workers. A job may run more than once, and may be
// lost when Redis loses its data: the rows in PostgreSQL are the truth, and a
// sweeper enqueues again what stayed behind.
type Enqueuer interface {
	Enqueue(ctx context.Context, job Job) error
}

// Queues tells how much work is waiting.
type Queues interface {
	// Length is the number of jobs of a kind that no worker has taken yet.
	Length(ctx context.Context, kind string) (int64, error)
}

// ProcessMedia reads metadata and makes the derivatives of one item.
type ProcessMedia struct {
	MediaID string `json:"media_id"`
}

// Kind implements Job.
func (ProcessMedia) Kind() string { return "process_media" }

// ResumeMedia is ProcessMedia for an item whose worker died; it overtakes.
type ResumeMedia struct {
	MediaID string `json:"media_id"`
}

// Kind implements Job.
func (ResumeMedia) Kind() string { return "resume_media" }

// SendMail says that mails are waiting to be sent; the rows say which.
type SendMail struct{}

// Kind implements Job.
func (SendMail) Kind() string { return "send_mail" }

// MailAccount asks to mail a link to whoever has an account with the address,
// if anybody has. The web process does not look: what it does must not tell.
type MailAccount struct {
	Purpose   string `json:"purpose"` // reset or verify
	Email     string `json:"email"`
	Addr      string `json:"addr"` // of the client, for the audit log
	RequestID string `json:"request_id"`
}

// Kind implements Job.
func (MailAccount) Kind() string { return "mail_account" }
