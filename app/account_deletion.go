package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/i18n"
)

const (
	// remindAhead is when before the end of an account its person hears of it
	// once more; where there is less time than twice that, halfway.
	remindAhead = 2 * 24 * time.Hour
	// deletionBatch bounds one round of EndAccounts.
	deletionBatch = 200
)

// DeletionTerms says what RequestDeletion would mean to the actor.
type DeletionTerms struct {
	Days          int // until it is done
	Items, Albums int64
}

// DeletionTerms returns what goes with the actor's account, and when.
func (a *App) DeletionTerms(ctx context.Context, actor Actor) (DeletionTerms, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return DeletionTerms{}, err
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return DeletionTerms{}, err
	}
	holds, err := a.db.HoldingsOf(ctx, actor.UserID())
	if err != nil {
		return DeletionTerms{}, fmt.Errorf("count what a user has: %w", err)
	}
	return DeletionTerms{Days: site.DeletionDays, Items: holds.Items, Albums: holds.Albums}, nil
}

// RequestDeletion notes that the actor wants the account deleted, and signs the
// actor out everywhere. Until the time that it returns, as long ahead as the
// setting DeletionDays says, signing in calls it off. CodeInvalid names the field
// current (the password); CodeConflict: the last administrator, or somebody to
// whom things are being handed over.
func (a *App) RequestDeletion(ctx context.Context, actor Actor, password string) (due time.Time, err error) {
	if err := actor.allow(ManageAccount); err != nil {
		return time.Time{}, err
	}
	if _, err := a.proveSelf(ctx, actor, password); err != nil {
		return time.Time{}, err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		user, err := mayLeave(ctx, q, actor.UserID())
		if err != nil {
			return err
		}
		site, err := readSiteSettings(ctx, q)
		if err != nil {
			return err
		}
		now := a.now()
		due = now.AddDate(0, 0, site.DeletionDays)
		n, err := q.AddAccountDeletion(ctx, db.AddAccountDeletionParams{UserID: user.ID, AskedAt: now, DueAt: due})
		if err != nil {
			return fmt.Errorf("note that somebody wants an account deleted: %w", err)
		}
		if n == 0 {
			return &Error{Code: CodeConflict, Key: "error.deletion_asked"}
		}
		if _, err := q.DeleteSessionsOf(ctx, &user.ID); err != nil {
			return fmt.Errorf("end the sessions of a user: %w", err)
		}
		if _, err := q.DeleteTokensOf(ctx, user.ID); err != nil {
			return fmt.Errorf("revoke the tokens of a user: %w", err)
		}
		if err := a.mailDeletion(ctx, q, user, "deletion_asked", due); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.deletion_ask", Kind: "user", Object: user.ID, Detail: map[string]any{
			"name": user.Name, "email": user.Email, "until": due.UTC(),
		}})
	})
	if err != nil {
		return time.Time{}, err
	}
	a.pushMail(ctx)
	return due, nil
}

// mayLeave locks an account and refuses where it cannot be deleted.
func mayLeave(ctx context.Context, q *db.Queries, id uuid.UUID) (db.User, error) {
	if err := q.LockAdmins(ctx); err != nil {
		return db.User{}, fmt.Errorf("lock the administrators: %w", err)
	}
	user, err := q.LockUser(ctx, id)
	if err != nil {
		return db.User{}, fmt.Errorf("lock an account: %w", err)
	}
	if err := notLastAdmin(ctx, q, user); err != nil {
		return db.User{}, err
	}
	heir, err := q.IsHeir(ctx, id)
	if err != nil {
		return db.User{}, fmt.Errorf("ask whether a user is about to be given things: %w", err)
	}
	if heir {
		return db.User{}, &Error{Code: CodeConflict, Key: "error.deletion_heir"}
	}
	return user, nil
}

// mailDeletion tells when the account ends, and how to call it off.
func (a *App) mailDeletion(ctx context.Context, q *db.Queries, user db.User, template string, due time.Time) error {
	reader := a.readerOf(ctx, user)
	return a.queueMail(ctx, q, Mail{
		To: user.Email, UserID: user.ID, Template: template,
		Data: map[string]string{"Name": user.Name, "Until": i18n.Moment(reader, due), "LoginLink": a.link("login")},
	})
}

// CancelDeletion calls off the deletion that the actor has asked for, and tells
// whether there was one. Signing in does this.
func (a *App) CancelDeletion(ctx context.Context, actor Actor) (bool, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return false, err
	}
	cancelled := false
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.CancelAccountDeletion(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("call the deletion of an account off: %w", err)
		}
		if cancelled = n > 0; !cancelled {
			return nil
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.deletion_cancel", Kind: "user", Object: actor.UserID()})
	})
	return cancelled, err
}

// EndAccounts reminds those whose accounts end soon, and begins to delete those
// whose time is over; chores do the rest. It returns how many it dealt with. Only
// the system may; several may run at once.
func (a *App) EndAccounts(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	soon, err := a.db.DeletionsToRemind(ctx, db.DeletionsToRemindParams{AheadSeconds: remindAhead.Seconds(), Now: a.now(), N: deletionBatch})
	if err != nil {
		return 0, fmt.Errorf("list the accounts that end soon: %w", err)
	}
	due, err := a.db.DueDeletions(ctx, db.DueDeletionsParams{Now: a.now(), N: deletionBatch})
	if err != nil {
		return 0, fmt.Errorf("list the accounts that end: %w", err)
	}
	did := 0
	var errs []error
	for _, round := range []struct {
		ids []uuid.UUID
		do  func(context.Context, *db.Queries, db.AccountDeletion) error
	}{{soon, a.remindOfDeletion}, {due, a.beginDeletion}} {
		for _, id := range round.ids {
			err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
				row, err := q.LockAccountDeletion(ctx, id)
				if db.IsNotFound(err) {
					return nil // called off
				}
				if err != nil {
					return fmt.Errorf("lock the deletion of an account: %w", err)
				}
				return round.do(ctx, q, row)
			})
			if err != nil {
				errs = append(errs, fmt.Errorf("end the account %s: %w", id, err))
				continue
			}
			did++
		}
	}
	if did > 0 {
		a.pushMail(ctx)
	}
	return did, errors.Join(errs...)
}

func (a *App) remindOfDeletion(ctx context.Context, q *db.Queries, d db.AccountDeletion) error {
	if d.RemindedAt != nil {
		return nil
	}
	if err := q.SetDeletionReminded(ctx, db.SetDeletionRemindedParams{UserID: d.UserID, Now: a.now()}); err != nil {
		return fmt.Errorf("note that somebody was reminded: %w", err)
	}
	if !a.now().Before(d.DueAt) {
		return nil
	}
	user, err := q.UserByID(ctx, d.UserID)
	if err != nil {
		return fmt.Errorf("load user %s: %w", d.UserID, err)
	}
	return a.mailDeletion(ctx, q, user, "deletion_soon", d.DueAt)
}

// beginDeletion does what an administrator does who deletes the account without
// naming an heir.
func (a *App) beginDeletion(ctx context.Context, q *db.Queries, d db.AccountDeletion) error {
	switch _, err := q.UserRemoval(ctx, d.UserID); {
	case err == nil:
		return nil // another process was faster
	case !db.IsNotFound(err):
		return fmt.Errorf("ask whether a user is being deleted: %w", err)
	}
	user, err := mayLeave(ctx, q, d.UserID)
	if err != nil {
		return err
	}
	detail, err := a.startRemoval(ctx, q, SystemActor(), user, uuid.Nil)
	if err != nil {
		return err
	}
	detail["name"], detail["email"], detail["asked"] = user.Name, user.Email, d.AskedAt.UTC()
	return a.audit(ctx, q, SystemActor(), auditEvent{Action: "user.delete", Kind: "user", Object: user.ID, Subject: user.ID, Detail: detail})
}

// forgetPerson takes away what does not hang on the account but tells who it
// was: mails and invitations to the addresses, who made reports, and the name
// among the words that searches are corrected to. It returns the addresses.
func (a *App) forgetPerson(ctx context.Context, q *db.Queries, user db.User) (emails []string, err error) {
	if emails, err = q.AddressesOf(ctx, user.ID); err != nil {
		return nil, fmt.Errorf("list the addresses of a person: %w", err)
	}
	if err := q.ForgetMailsTo(ctx, db.ForgetMailsToParams{Emails: emails, UserID: user.ID}); err != nil {
		return nil, fmt.Errorf("forget the mails to a person: %w", err)
	}
	if err := q.ForgetInvitationsOf(ctx, emails); err != nil {
		return nil, fmt.Errorf("forget the invitations of a person: %w", err)
	}
	if err := q.ForgetContactMessagesFrom(ctx, db.ForgetContactMessagesFromParams{UserID: user.ID, Emails: emails}); err != nil {
		return nil, fmt.Errorf("forget the messages of a person: %w", err)
	}
	if err := q.ForgetReporter(ctx, db.ForgetReporterParams{UserID: user.ID, Emails: emails}); err != nil {
		return nil, fmt.Errorf("forget who made reports: %w", err)
	}
	if err := q.EndDismissedCasesOf(ctx, db.EndDismissedCasesOfParams{UserID: user.ID, Now: a.now()}); err != nil {
		return nil, fmt.Errorf("end the dismissed cases of a person: %w", err)
	}
	words, err := q.WordsOf(ctx, user.Name+" "+user.Email)
	if err != nil {
		return nil, fmt.Errorf("take the words of a name: %w", err)
	}
	return emails, wrap(q.ForgetWords(ctx, words), "forget the words of a name")
}
