package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// NoteSignOut writes into the audit log that the actor's session ends.
func (a *App) NoteSignOut(ctx context.Context, actor Actor) error {
	if !actor.SignedIn() {
		return Unauthenticated()
	}
	return a.audit(ctx, a.db.Queries, actor, auditEvent{Action: "session.leave", Kind: "user", Object: actor.UserID()})
}

// noteStranger writes down that somebody who may be anybody did not get in. It
// is the same work whether there is the account (the zero id: no) or not. What
// was typed is not kept: it may be a password in the wrong field.
func (a *App) noteStranger(ctx context.Context, action AuditAction, user uuid.UUID) error {
	return a.audit(ctx, a.db.Queries, Actor{}, auditEvent{Action: action, Kind: "user", Object: user, Subject: user})
}

// noteLockout writes down that nobody is let try any more, once in a while for
// the same account and address, and returns the refusal.
func (a *App) noteLockout(ctx context.Context, email, pair string, refusal error) error {
	if CodeOf(refusal) != CodeRateLimited || a.attempts.Take(ctx, Limit{"noted " + pair, 1, signInWindow}) != nil {
		return refusal
	}
	user, err := a.db.UserByEmail(ctx, email)
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("look up an account: %w", err)
	}
	if err := a.noteStranger(ctx, "session.lock", user.ID); err != nil {
		return err
	}
	return refusal
}
