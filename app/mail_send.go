package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"albumen/db"
	"albumen/mail"
)

const (
	// mailLease is how long one attempt may take before its worker counts as
	// dead; the transport gives up long before.
	mailLease = 2 * time.Minute
	// mailSenders is how many mails one process sends at a time.
	mailSenders = 4
	// markTime is for noting the outcome after the context has ended.
	markTime = 5 * time.Second
	// mailWipe is after how long a mail that was given up loses its content, and
	// with it the chance to be tried again.
	mailWipe = 7 * 24 * time.Hour
)

// mailBackoff is how long a mail waits after each failed attempt; after the
// last one it is given up.
var mailBackoff = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
}

// Codes of mails that were given up, beside those of mail.FailureCode.
const (
	mailInterrupted = "interrupted" // its workers died twice
	mailUnreadable  = "unreadable"  // SECRET_KEY was changed
	mailNotAllowed  = "not_allowed" // the inviter may not invite this person, or no longer
)

// MailRound says what one round of SendMails did.
type MailRound struct {
	Sent, Failed, Dead int // Dead counts those given up, Failed those that will be tried again
	Revived            int // whose worker had died
}

// SendMails sends the mails that are due. Several processes may do so at once.
// It stops early when the server is away, so that the others do not use up
// their attempts. Only the system may.
func (a *App) SendMails(ctx context.Context, actor Actor) (MailRound, error) {
	if err := actor.allowSystem(); err != nil {
		return MailRound{}, err
	}
	revived, err := a.db.ReviveMails(ctx, a.now())
	if err != nil {
		return MailRound{}, fmt.Errorf("revive mails whose worker died: %w", err)
	}
	round := MailRound{Revived: int(revived)}
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		failed []error
		stop   atomic.Bool
	)
	for range mailSenders {
		all.Go(func() {
			for !stop.Load() && ctx.Err() == nil {
				outcome, err := a.sendNextMail(ctx)
				if outcome == mailNone && err == nil {
					return
				}
				mu.Lock()
				round.count(outcome)
				if err != nil {
					failed = append(failed, err)
				}
				mu.Unlock()
				if err != nil || outcome == mailServerAway {
					stop.Store(true)
				}
			}
		})
	}
	all.Wait()
	return round, errors.Join(failed...)
}

type mailOutcome int

const (
	mailNone       mailOutcome = iota // nothing was due
	mailSent                          //
	mailAgain                         // the server refused this one for now
	mailServerAway                    // the server takes none
	mailDead
)

func (r *MailRound) count(o mailOutcome) {
	switch o {
	case mailSent:
		r.Sent++
	case mailAgain, mailServerAway:
		r.Failed++
	case mailDead:
		r.Dead++
	}
}

// sendNextMail takes the mail that is due first and brings it to an outcome.
func (a *App) sendNextMail(ctx context.Context) (mailOutcome, error) {
	now := a.now()
	m, err := a.db.ClaimMail(ctx, db.ClaimMailParams{Now: now, Until: now.Add(mailLease)})
	if db.IsNotFound(err) {
		return mailNone, nil
	}
	if err != nil && ctx.Err() != nil {
		return mailNone, nil // the process is being stopped
	}
	if err != nil {
		return mailNone, fmt.Errorf("claim a mail: %w", err)
	}
	message, err := a.composeMail(ctx, m)
	if err == nil {
		err = a.mail.Transport.Send(ctx, message)
	}
	// Whatever happened must be noted, also while the process is being stopped.
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	return a.noteMail(mark, m, err, ctx.Err() != nil)
}

// noteMail stores what became of an attempt. stopped: it was cut off by the end
// of this process.
func (a *App) noteMail(ctx context.Context, m db.Mail, err error, stopped bool) (mailOutcome, error) {
	var failure *mail.Failure
	var final *mailFinal
	switch {
	case err == nil:
		return a.noted(mailSent, m)(a.db.MailSent(ctx, db.MailSentParams{ID: m.ID, Attempts: m.Attempts, Now: a.now()}))
	case errors.As(err, &final):
		return a.giveUpMail(ctx, m, final.code, "")
	case !errors.As(err, &failure):
		// Ours, not the mail's: the database or the storage was away.
		_, again := a.noted(mailAgain, m)(a.db.MailAgain(ctx, db.MailAgainParams{ID: m.ID, Attempts: m.Attempts, NextAt: a.now().Add(mailBackoff[0])}))
		return mailAgain, errors.Join(err, again)
	}
	a.log.WarnContext(ctx, "a mail was not sent", "mail", m.ID, "attempt", m.Attempts, "code", failure.Code, "error", failure.Err)
	switch {
	case stopped:
		return a.noted(mailAgain, m)(a.db.MailAgain(ctx, db.MailAgainParams{ID: m.ID, Attempts: m.Attempts, NextAt: a.now()}))
	case failure.Permanent() || int(m.Attempts) > len(mailBackoff):
		return a.giveUpMail(ctx, m, string(failure.Code), failure.Reply)
	}
	outcome := mailAgain
	if failure.Server() {
		outcome = mailServerAway
	}
	return a.noted(outcome, m)(a.db.MailAgain(ctx, db.MailAgainParams{
		ID: m.ID, Attempts: m.Attempts, ErrorCode: string(failure.Code), Error: failure.Reply, NextAt: a.now().Add(mailBackoff[m.Attempts-1]),
	}))
}

func (a *App) giveUpMail(ctx context.Context, m db.Mail, code, reply string) (mailOutcome, error) {
	a.log.WarnContext(ctx, "gave up a mail", "mail", m.ID, "attempt", m.Attempts, "code", code)
	return a.noted(mailDead, m)(a.db.MailDead(ctx, db.MailDeadParams{ID: m.ID, Attempts: m.Attempts, ErrorCode: code, Error: reply, Now: a.now()}))
}

// noted turns the answer of an update into the outcome. No row: somebody else
// took the mail over, or it was taken back meanwhile.
func (a *App) noted(o mailOutcome, m db.Mail) func(int64, error) (mailOutcome, error) {
	return func(n int64, err error) (mailOutcome, error) {
		if err != nil {
			return o, fmt.Errorf("note the outcome of mail %s: %w", m.ID, err)
		}
		if n == 0 {
			a.log.Warn("another worker took a mail over", "mail", m.ID)
		}
		return o, nil
	}
}

// mailFinal is why a mail will never be sent.
type mailFinal struct {
	code string
	err  error
}

func (f *mailFinal) Error() string { return fmt.Sprintf("%s: %v", f.code, f.err) }

func (f *mailFinal) Unwrap() error { return f.err }

// composeMail fills the template. The error is a *mailFinal when nothing will
// ever come of it.
func (a *App) composeMail(ctx context.Context, m db.Mail) (mail.Message, error) {
	text, err := a.openMail(m.ID, m.Data)
	if err != nil {
		return mail.Message{}, &mailFinal{mailUnreadable, err}
	}
	values := map[string]string{}
	if err := json.Unmarshal(text, &values); err != nil {
		return mail.Message{}, &mailFinal{mailUnreadable, err}
	}
	template, ok := mail.Find(m.Template, m.Language)
	if !ok {
		return mail.Message{}, &mailFinal{mailUnreadable, fmt.Errorf("there is no template %q", m.Template)}
	}
	if err := a.mayLeave(ctx, m); err != nil {
		return mail.Message{}, err
	}
	words, err := a.mailText(ctx, template)
	if err != nil {
		return mail.Message{}, err
	}
	message := mail.Message{
		// The same for every attempt: mail programs drop the second of two.
		ID: m.ID.String() + "@" + a.mailDomain(), Date: m.CreatedAt, From: *a.mail.From, To: m.Recipient,
	}
	cover, err := a.mailCover(ctx, m)
	if err != nil {
		return mail.Message{}, err
	}
	id := ""
	if cover != nil {
		id, message.Images = cover.ID, []mail.Image{*cover}
	}
	r, err := template.Render(words, values, id)
	if err != nil {
		return mail.Message{}, &mailFinal{mailUnreadable, err}
	}
	message.Subject, message.Text, message.HTML = r.Subject, r.Text, r.HTML
	return message, nil
}

// mayLeave asks whether an invitation that the mail holds is still worth
// something, and whether its inviter may invite people without an account. It
// is asked here and not when the mail is queued, so that the inviter cannot tell
// from anything who has one.
func (a *App) mayLeave(ctx context.Context, m db.Mail) error {
	if m.InvitationID == nil {
		return nil
	}
	row, err := a.db.InvitationByID(ctx, *m.InvitationID)
	if err != nil {
		return fmt.Errorf("load the invitation of mail %s: %w", m.ID, err)
	}
	inviter, _, err := a.standingInvitation(ctx, a.db.Queries, row)
	if err == nil && !a.isOpen(row) {
		err = NotFound("invitation")
	}
	if err == nil {
		if _, err = a.db.UserByEmail(ctx, row.Email); db.IsNotFound(err) {
			err = a.mayInviteStrangers(ctx, a.db.Queries, inviter)
		}
	}
	if CodeOf(err) == CodeNotFound && err != nil {
		return &mailFinal{mailNotAllowed, err}
	}
	return err
}

// mailDomain is what stands behind the @ of Message-IDs.
func (a *App) mailDomain() string {
	if a.mail.BaseURL != nil {
		return a.mail.BaseURL.Hostname()
	}
	return "localhost"
}

// SweepMails forgets mails that ended long ago, and the content of those given
// up. It returns how many it forgot. Only the system may.
func (a *App) SweepMails(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := a.db.WipeMails(ctx, a.now().Add(-mailWipe)); err != nil {
		return 0, fmt.Errorf("wipe mails that were given up: %w", err)
	}
	n, err := a.db.ForgetMails(ctx, a.now().AddDate(0, 0, -max(site.MailDays, 1)))
	if err != nil {
		return 0, fmt.Errorf("forget old mails: %w", err)
	}
	return int(n), nil
}
