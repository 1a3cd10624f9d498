package app

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// RequestEmailChange mails a link to the new address of the actor's account;
// following it makes the change. An address that has an account already gets a
// note instead: the answer is the same. CodeInvalid names the fields current
// (the password) or email.
func (a *App) RequestEmailChange(ctx context.Context, actor Actor, password, email string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	fields := map[string]string{}
	email = checkEmail(email, fields)
	if user, ok := actor.User(); ok && email == user.Email {
		fields["email"] = "error.email_same"
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	user, err := a.proveSelf(ctx, actor, password)
	if err != nil {
		return err
	}
	if err := a.attempts.Take(ctx, emailChangeLimit(actor)); err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		other, err := q.UserByEmail(ctx, email)
		taken := err == nil && other.EmailVerifiedAt != nil
		if err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("look up an account: %w", err)
		}
		_, address, err := a.addLink(ctx, q, user, LinkEmail, email)
		if err != nil {
			return err
		}
		m := Mail{
			To: email, Template: "email_change", Language: user.Language,
			Data: map[string]string{"Name": user.Name, "ConfirmLink": address, "Old": user.Email},
		}
		if taken { // nobody learns the link
			m = Mail{
				To: email, UserID: other.ID, Template: "sign_up_again", Language: other.Language, // known: no look-up that the other mail does without
				Data: map[string]string{"Name": other.Name, "LoginLink": a.link("login"), "ResetLink": a.link("reset")},
			}
		}
		if err := a.queueMail(ctx, q, m); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: "user.email_asked", Kind: "user", Object: user.ID, Detail: map[string]any{"before": user.Email, "after": email},
		})
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

// ConfirmEmail gives the account the new address, for whoever has the mailed
// link, and tells the old address how to take it back within a week.
// CodeNotFound when the link is not good any more, CodeConflict when the address
// has got an account meanwhile.
func (a *App) ConfirmEmail(ctx context.Context, token string) error {
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		used, err := a.useLink(ctx, q, LinkEmail, token)
		if err != nil {
			return err
		}
		old := used.User
		if err := a.moveEmail(ctx, q, old, used.MailedLink.Email); err != nil {
			return err
		}
		_, address, err := a.addLink(ctx, q, old, LinkRevert, old.Email)
		if err != nil {
			return err
		}
		err = a.queueMail(ctx, q, Mail{
			To: old.Email, UserID: old.ID, Template: "email_changed",
			Data: map[string]string{"Name": old.Name, "New": used.MailedLink.Email, "RevertLink": address},
		})
		if err != nil {
			return err
		}
		return a.audit(ctx, q, UserActor(old), auditEvent{
			Action: "user.email", Kind: "user", Object: old.ID, Detail: map[string]any{"before": old.Email, "after": used.MailedLink.Email},
		})
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

// moveEmail gives a user another address. Somebody may have begun to sign up
// with it: who has confirmed it first has it.
func (a *App) moveEmail(ctx context.Context, q *db.Queries, user db.User, email string) error {
	if err := q.DeleteUnverifiedUser(ctx, email); err != nil {
		return fmt.Errorf("make room for an address: %w", err)
	}
	_, err := q.SetUserEmail(ctx, db.SetUserEmailParams{ID: user.ID, Email: email, Now: a.now()})
	if db.UniqueViolation(err) == "users_email_key" {
		return &Error{Code: CodeConflict, Key: "error.email_taken"}
	}
	if err != nil {
		return fmt.Errorf("store an address: %w", err)
	}
	err = q.DeleteMailedLinksOf(ctx, db.DeleteMailedLinksOfParams{
		UserID: user.ID, Purposes: []string{string(LinkReset), string(LinkEmail), string(LinkVerify), string(LinkProve)},
	})
	if err != nil {
		return fmt.Errorf("end the links of a user: %w", err)
	}
	return nil
}

// RevertEmail brings the old address back, for whoever has the link that was
// mailed to it: somebody else changed it, and knows the password. All sessions
// end, all tokens are revoked, the password is void, and the token of a link is
// returned with which to set a new one. CodeNotFound when the link is not good
// any more, CodeConflict when the address has another account by now.
func (a *App) RevertEmail(ctx context.Context, token string) (reset string, err error) {
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		used, err := a.useLink(ctx, q, LinkRevert, token)
		if err != nil {
			return err
		}
		user, email := used.User, used.MailedLink.Email
		if err := a.moveEmail(ctx, q, user, email); err != nil {
			return err
		}
		if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{ID: user.ID, PasswordHash: ""}); err != nil {
			return fmt.Errorf("void a password: %w", err)
		}
		if err := a.shutOut(ctx, q, user.ID); err != nil {
			return err
		}
		if reset, _, err = a.addLink(ctx, q, user, LinkReset, email); err != nil {
			return err
		}
		return a.audit(ctx, q, UserActor(user), auditEvent{
			Action: "user.email_back", Kind: "user", Object: user.ID, Detail: map[string]any{"before": user.Email, "after": email},
		})
	})
	return reset, err
}
