package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

const (
	// ProofLife is how long a mailed code stands in for a password.
	ProofLife  = 30 * time.Minute
	proofBytes = 5 // of randomness: 40 bits, 8 characters, few attempts
)

// proveSelf asks who is acting to prove it once more before what a stolen
// session must not do: with the own password, or, by those who have none (they
// sign in with a provider), with a code from MailProof. A few attempts at most.
// CodeInvalid names the field current.
func (a *App) proveSelf(ctx context.Context, actor Actor, proof string) (db.User, error) {
	if !actor.SignedIn() {
		return db.User{}, Unauthenticated()
	}
	if err := a.attempts.Take(ctx, Limit{"own password " + actor.UserID().String(), 10, signInWindow}); err != nil {
		return db.User{}, err
	}
	user, err := a.db.UserByID(ctx, actor.UserID())
	if err != nil {
		return db.User{}, fmt.Errorf("load user %s: %w", actor.UserID(), err)
	}
	if user.PasswordHash == "" {
		return user, a.checkProof(ctx, user, proof)
	}
	ok, err := a.passwords.matches(ctx, user.PasswordHash, proof)
	if err != nil {
		return db.User{}, err
	}
	if !ok {
		return db.User{}, Invalid("current", "error.current_password")
	}
	return user, nil
}

// checkProof takes a mailed code. It is good more than once, since what it was
// mailed for may be refused for another reason.
func (a *App) checkProof(ctx context.Context, user db.User, code string) error {
	row, err := a.db.MailedLink(ctx, db.MailedLinkParams{TokenHash: a.hashProof(user.ID, code), Purpose: string(LinkProve), Now: a.now()})
	if db.IsNotFound(err) || err == nil && row.User.ID != user.ID {
		return Invalid("current", "error.proof_wrong")
	}
	return wrap(err, "look up a mailed code")
}

func (a *App) hashProof(id uuid.UUID, code string) []byte {
	return a.derive("mailed code", append(id[:], plainCode(code)...))
}

// MailProof mails a code to the actor, whose account has no password, that
// stands in for it for ProofLife; an earlier one is void. CodeConflict when
// there is a password, CodeRateLimited after too many.
func (a *App) MailProof(ctx context.Context, actor Actor) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if !actor.SignedIn() { // the system has nothing to prove
		return Unauthenticated()
	}
	user, err := a.db.UserByID(ctx, actor.UserID())
	if err != nil {
		return fmt.Errorf("load user %s: %w", actor.UserID(), err)
	}
	if user.PasswordHash != "" {
		return &Error{Code: CodeConflict, Key: "error.proof_password"}
	}
	if err := a.attempts.Take(ctx, Limit{"mailed code " + user.ID.String(), 5, time.Hour}); err != nil {
		return err
	}
	code := randomText(proofBytes)
	return a.inTxAndMail(ctx, func(q *db.Queries) error {
		if err := q.DeleteMailedLinksOf(ctx, db.DeleteMailedLinksOfParams{UserID: user.ID, Purposes: []string{string(LinkProve)}}); err != nil {
			return fmt.Errorf("end an earlier code: %w", err)
		}
		err := q.AddMailedLink(ctx, db.AddMailedLinkParams{
			TokenHash: a.hashProof(user.ID, code), UserID: user.ID, Purpose: string(LinkProve), Email: user.Email, Now: a.now(), ExpiresAt: a.now().Add(ProofLife),
		})
		if err != nil {
			return fmt.Errorf("store a mailed code: %w", err)
		}
		err = a.queueMail(ctx, q, Mail{
			To: user.Email, UserID: user.ID, Template: "proof_code", Data: map[string]string{"Name": user.Name, "Code": code[:4] + "-" + code[4:], "SecurityLink": a.link("account", "security")},
		})
		if err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.proof_asked", Kind: "user", Object: user.ID})
	})
}
