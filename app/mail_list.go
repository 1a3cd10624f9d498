package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/mail"
)

// MailsQuery asks for mails, newest first.
type MailsQuery struct {
	State  db.MailState // empty: all
	Cursor string       // of MailPage.Next
	Limit  int          // 0: 50; at most 200
}

// MailRow is a mail as administrators see it: never what it says.
type MailRow struct {
	ID        uuid.UUID
	To        string
	Template  string
	State     db.MailState
	Attempts  int
	NextAt    time.Time // of a queued one
	ErrorCode string    // of the last attempt; see mail.FailureCode and the codes beside it
	Error     string    // what the server said
	CreatedAt time.Time
	EndedAt   time.Time // zero: neither sent nor given up yet
	CanRetry  bool      // given up, and its content is still there
}

// MailPage is a page of mails, and how many there are of each state.
type MailPage struct {
	Items  []MailRow
	Next   string // empty at the end
	Counts map[db.MailState]int
	Server bool // mails leave by SMTP; otherwise they end in the outbox
}

// Mails lists the mails of the site. Only site admins may.
func (a *App) Mails(ctx context.Context, actor Actor, query MailsQuery) (MailPage, error) {
	if err := actor.allow(ManageSite); err != nil {
		return MailPage{}, err
	}
	before, err := idCursor(query.Cursor)
	if err != nil {
		return MailPage{}, err
	}
	limit := pageLimit(query.Limit)
	params := db.MailsParams{Before: before, N: int32(limit) + 1}
	if query.State != "" {
		params.State = &query.State
	}
	rows, err := a.db.Mails(ctx, params)
	if err != nil {
		return MailPage{}, fmt.Errorf("list the mails: %w", err)
	}
	page := MailPage{Counts: map[db.MailState]int{}, Server: a.mail.Outbox == nil}
	for i, r := range rows {
		if i == limit {
			page.Next = rows[limit-1].ID.String()
			break
		}
		page.Items = append(page.Items, mailRow(r))
	}
	counts, err := a.db.MailCounts(ctx)
	if err != nil {
		return MailPage{}, fmt.Errorf("count the mails: %w", err)
	}
	for _, c := range counts {
		page.Counts[c.State] = int(c.N)
	}
	return page, nil
}

func mailRow(r db.MailsRow) MailRow {
	m := MailRow{
		ID: r.ID, To: r.Recipient, Template: r.Template, State: r.State, Attempts: int(r.Attempts), NextAt: r.NextAt,
		ErrorCode: r.ErrorCode, Error: r.Error, CreatedAt: r.CreatedAt, CanRetry: r.State == db.MailStateDead && r.Complete,
	}
	if r.EndedAt != nil {
		m.EndedAt = *r.EndedAt
	}
	return m
}

// RetryMail puts a mail that was given up back into the queue, with all of its
// attempts. Only site admins may. CodeConflict when it is not given up, or its
// content is gone.
func (a *App) RetryMail(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		m, err := lockMail(ctx, q, id)
		if err != nil {
			return err
		}
		if m.State != db.MailStateDead || m.Data == nil {
			return &Error{Code: CodeConflict, Key: "error.mail_not_dead"}
		}
		if err := q.RetryMail(ctx, db.RetryMailParams{ID: id, Now: a.now()}); err != nil {
			return fmt.Errorf("queue mail %s again: %w", id, err)
		}
		return a.auditMail(ctx, q, actor, "mail.retry", m)
	})
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

// DiscardMail forgets a mail that waits or was given up. Only site admins may.
// CodeConflict while it is being sent.
func (a *App) DiscardMail(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		m, err := lockMail(ctx, q, id)
		if err != nil {
			return err
		}
		if m.State == db.MailStateSending {
			return &Error{Code: CodeConflict, Key: "error.mail_sending"}
		}
		if err := q.DeleteMail(ctx, id); err != nil {
			return fmt.Errorf("discard mail %s: %w", id, err)
		}
		return a.auditMail(ctx, q, actor, "mail.discard", m)
	})
}

func lockMail(ctx context.Context, q *db.Queries, id uuid.UUID) (db.Mail, error) {
	m, err := q.MailForUpdate(ctx, id)
	if db.IsNotFound(err) {
		return db.Mail{}, NotFound("mail")
	}
	if err != nil {
		return db.Mail{}, fmt.Errorf("load mail %s: %w", id, err)
	}
	return m, nil
}

func (a *App) auditMail(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, m db.Mail) error {
	e := auditEvent{Action: action, Kind: "mail", Object: m.ID, Detail: map[string]any{"to": m.Recipient, "template": m.Template, "state": string(m.State)}}
	if m.UserID != nil {
		e.Subject = *m.UserID
	}
	return a.audit(ctx, q, actor, e)
}

// SendTestMail queues a test to the actor's own address. Only site admins may.
func (a *App) SendTestMail(ctx context.Context, actor Actor) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	user, ok := actor.User()
	if !ok {
		return Unauthenticated()
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		return a.queueMail(ctx, q, Mail{To: user.Email, UserID: user.ID, Template: "test", Data: map[string]string{"Name": user.Name}})
	})
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

// outboxShown is how many mails of the outbox are listed.
const outboxShown = 50

// OutboxMails lists what lies in the outbox, newest first; nothing where mails
// leave by SMTP. Only site admins may.
func (a *App) OutboxMails(_ context.Context, actor Actor) ([]mail.OutboxFile, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	if a.mail.Outbox == nil {
		return nil, nil
	}
	return a.mail.Outbox.List(outboxShown)
}

// OutboxMail returns a mail of the outbox as it would have travelled. Only site
// admins may.
func (a *App) OutboxMail(_ context.Context, actor Actor, name string) ([]byte, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	if a.mail.Outbox == nil {
		return nil, NotFound("mail")
	}
	text, err := a.mail.Outbox.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, NotFound("mail")
	}
	return text, err
}
