package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// SignUp makes an account for a visitor, where the site lets anybody have one
// (CodeNotFound elsewhere), or tells the owner of the address that somebody
// tried. Both answer and cost the same. The address must then be confirmed
// through the mailed link, unless the site does without. CodeInvalid names the
// fields email, name, password, language, time_zone or terms.
func (a *App) SignUp(ctx context.Context, n NewUser, consent Consent, from netip.Addr) error {
	settings, err := a.siteSettings(ctx)
	if err != nil {
		return err
	}
	if !settings.SignUp {
		return NotFound("page")
	}
	email := plainEmail(n.Email)
	if err := a.attempts.Take(ctx, append(entryLimits("sign-up", email, from), Limit{"sign-up account " + email, 10, signInWindow})...); err != nil {
		return err
	}
	n.Admin, n.Quota, n.unverified = false, nil, settings.VerifyEmail
	params, err := a.prepareUser(ctx, n)
	if err != nil {
		return err
	}
	// Before anybody looks whether there is an account, so that both answer alike.
	agreed, err := checkConsent(ctx, a.db.Queries, consent)
	if err != nil {
		return err
	}
	params.PolicyRound = agreed.Rounds
	err = a.signUp(ctx, params, agreed)
	if e, ok := errors.AsType[*Error](err); ok && e.Fields["email"] != "" {
		err = a.signUp(ctx, params, agreed) // somebody was faster: now there is an account
	}
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

func (a *App) signUp(ctx context.Context, params db.CreateUserParams, agreed db.TermsStateRow) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		user, err := q.UserByEmail(ctx, params.Email)
		switch {
		case err != nil && !db.IsNotFound(err):
			return fmt.Errorf("look up an account: %w", err)
		case err == nil && (user.EmailVerifiedAt != nil || user.SuspendedAt != nil):
			return a.signUpAgain(ctx, q, user)
		case err == nil:
			// Nobody has confirmed the address: whoever asks last has the account,
			// and only their password opens it, together with the mail.
			user, err = q.RenewUnverifiedUser(ctx, db.RenewUnverifiedUserParams{
				ID: user.ID, Name: params.Name, PasswordHash: params.PasswordHash, Language: params.Language, TimeZone: params.TimeZone, Now: a.now(), PolicyRound: params.PolicyRound,
			})
			if err != nil {
				return fmt.Errorf("renew an account: %w", err)
			}
		default:
			if user, err = insertUser(ctx, q, params); err != nil {
				return err
			}
		}
		if err := a.acceptPolicy(ctx, q, user, agreed); err != nil {
			return err
		}
		if user.EmailVerifiedAt == nil {
			_, address, err := a.addLink(ctx, q, user, LinkVerify, user.Email)
			if err != nil {
				return err
			}
			err = a.queueMail(ctx, q, Mail{
				To: user.Email, UserID: user.ID, Template: "verify_email", Data: map[string]string{"VerifyLink": address, "Name": user.Name},
			})
			if err != nil {
				return err
			}
		}
		return a.audit(ctx, q, Actor{}, auditEvent{
			Action: "user.sign_up", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{"name": user.Name, "email": user.Email, "terms": agreed.Version},
		})
	})
}

// signUpAgain tells the owner of an account that somebody wanted another one
// with the same address. It writes a link that nobody learns and reads what was
// accepted, so that it takes as long as making an account.
func (a *App) signUpAgain(ctx context.Context, q *db.Queries, user db.User) error {
	user, err := q.LockUser(ctx, user.ID)
	if err != nil {
		return fmt.Errorf("lock a user: %w", err)
	}
	if _, err := q.LastAcceptance(ctx, db.LastAcceptanceParams{UserID: user.ID, Name: terms}); err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("read what somebody has accepted: %w", err)
	}
	if _, _, err := a.addLink(ctx, q, user, LinkVerify, user.Email); err != nil {
		return err
	}
	err = a.queueMail(ctx, q, Mail{
		To: user.Email, UserID: user.ID, Template: "sign_up_again",
		Data: map[string]string{"Name": user.Name, "LoginLink": a.link("login"), "ResetLink": a.link("reset")},
	})
	if err != nil {
		return err
	}
	return a.audit(ctx, q, Actor{}, auditEvent{Action: "user.sign_up_again", Kind: "user", Object: user.ID, Subject: user.ID})
}

// ConfirmSignUp confirms the address of a new account for whoever has both the
// mailed link and the password that was chosen with it, and returns the user:
// somebody else may have signed up with this address. CodeNotFound when the
// link is not good any more, CodeInvalid names the field password.
func (a *App) ConfirmSignUp(ctx context.Context, token, password string, from netip.Addr) (db.User, error) {
	if err := a.attempts.Take(ctx, Limit{"verify address " + origin(from), 30, signInWindow}, Limit{"verify link " + token, 10, signInWindow}); err != nil {
		return db.User{}, err
	}
	link, err := a.findLink(ctx, a.db.Queries, LinkVerify, token)
	if err != nil {
		return db.User{}, err
	}
	ok, err := a.passwords.matches(ctx, link.User.PasswordHash, password)
	if err != nil {
		return db.User{}, err
	}
	if !ok {
		return db.User{}, Invalid("password", "error.verify_password")
	}
	var user db.User
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		used, err := a.useLink(ctx, q, LinkVerify, token)
		if err != nil {
			return err
		}
		if used.User.PasswordHash != link.User.PasswordHash || used.User.Email != used.MailedLink.Email {
			return NotFound("mailed_link") // signed up for anew in between
		}
		if err := q.SetUserVerified(ctx, db.SetUserVerifiedParams{ID: used.User.ID, Now: a.now()}); err != nil {
			return fmt.Errorf("confirm an address: %w", err)
		}
		if user, err = q.UserByID(ctx, used.User.ID); err != nil {
			return fmt.Errorf("load an account: %w", err)
		}
		return a.audit(ctx, q, UserActor(user), auditEvent{Action: "user.verify", Kind: "user", Object: user.ID})
	})
	return user, err
}
