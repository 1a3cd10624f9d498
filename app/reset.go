package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// ResetWithLink sets a new password for whoever has a mailed link, ends all
// sessions, revokes all tokens and tells the account's owner by mail.
// CodeNotFound when the link is not good any more, CodeInvalid names the field
// password.
func (a *App) ResetWithLink(ctx context.Context, token, password string, from netip.Addr) error {
	if err := a.attempts.Take(ctx, Limit{"reset address " + origin(from), 30, signInWindow}); err != nil {
		return err
	}
	link, err := a.findLink(ctx, a.db.Queries, LinkReset, token)
	if err != nil {
		return err
	}
	hash, err := a.newPassword(ctx, password, link.User)
	if err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		used, err := a.useLink(ctx, q, LinkReset, token)
		if err != nil {
			return err
		}
		user := used.User
		if user.Email != used.MailedLink.Email {
			return NotFound("mailed_link")
		}
		if err := a.setPassword(ctx, q, user, hash); err != nil {
			return err
		}
		if err := q.SetUserVerified(ctx, db.SetUserVerifiedParams{ID: user.ID, Now: a.now()}); err != nil { // the mail arrived
			return fmt.Errorf("confirm an address: %w", err)
		}
		if err := a.shutOut(ctx, q, user.ID); err != nil {
			return err
		}
		return a.audit(ctx, q, UserActor(user), auditEvent{Action: "user.reset", Kind: "user", Object: user.ID})
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

// shutOut ends all sessions of a user and revokes all tokens.
func (a *App) shutOut(ctx context.Context, q *db.Queries, id uuid.UUID) error {
	if _, err := q.DeleteSessionsOf(ctx, &id); err != nil {
		return fmt.Errorf("end the sessions of a user: %w", err)
	}
	if _, err := q.DeleteTokensOf(ctx, id); err != nil {
		return fmt.Errorf("revoke the tokens of a user: %w", err)
	}
	return nil
}

// newPassword returns the hash of a password that is good enough for the user.
func (a *App) newPassword(ctx context.Context, password string, user db.User) (string, error) {
	fields := map[string]string{}
	if err := a.judgePassword(ctx, password, fields, user.Email, user.Name); err != nil {
		return "", err
	}
	if len(fields) > 0 {
		return "", &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return a.passwords.hash(ctx, password)
}

// setPassword stores the hash, ends the links that would change the account
// otherwise, and tells its owner.
func (a *App) setPassword(ctx context.Context, q *db.Queries, user db.User, hash string) error {
	if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{ID: user.ID, PasswordHash: hash}); err != nil {
		return fmt.Errorf("store a password: %w", err)
	}
	err := q.DeleteMailedLinksOf(ctx, db.DeleteMailedLinksOfParams{
		UserID: user.ID, Purposes: []string{string(LinkReset), string(LinkEmail), string(LinkVerify), string(LinkProve)},
	})
	if err != nil {
		return fmt.Errorf("end the links of a user: %w", err)
	}
	return a.queueMail(ctx, q, Mail{
		To: user.Email, UserID: user.ID, Template: "password_changed", Data: map[string]string{"Name": user.Name, "ResetLink": a.link("reset")},
	})
}

// ChangePassword sets the actor's new password, ends the sessions of all
// browsers but the one with the token current, and says so by mail. API tokens
// go on. CodeInvalid names the fields current or password.
func (a *App) ChangePassword(ctx context.Context, actor Actor, old, password, current string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	user, err := a.proveSelf(ctx, actor, old)
	if err != nil {
		return err
	}
	hash, err := a.newPassword(ctx, password, user)
	if err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := a.setPassword(ctx, q, user, hash); err != nil {
			return err
		}
		_, err := q.DeleteOtherSessionsOf(ctx, db.DeleteOtherSessionsOfParams{UserID: user.ID, Current: hashSecret(current)})
		if err != nil {
			return fmt.Errorf("end the other sessions: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.password", Kind: "user", Object: user.ID})
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

// emailChangeLimit bounds the mails that one person has sent to strangers.
func emailChangeLimit(actor Actor) Limit {
	return Limit{"e-mail change " + actor.UserID().String(), 5, time.Hour}
}
