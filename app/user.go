package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Users lists every account by e-mail address; only site admins and the system may.
func (a *App) Users(ctx context.Context, actor Actor) ([]db.User, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	users, err := a.db.ListUsers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the accounts: %w", err)
	}
	return users, nil
}

// UserByEmail finds an account; only site admins and the system may.
func (a *App) UserByEmail(ctx context.Context, actor Actor, email string) (db.User, error) {
	if err := actor.allow(ManageSite); err != nil {
		return db.User{}, err
	}
	user, err := a.db.UserByEmail(ctx, strings.TrimSpace(email))
	if db.IsNotFound(err) {
		return db.User{}, NotFound("user")
	}
	if err != nil {
		return db.User{}, fmt.Errorf("look up an account: %w", err)
	}
	return user, nil
}

// SuspendUser shuts a person out at once, sessions and tokens included, or
// (suspend false) lets them in again. The last administrator cannot be
// suspended: CodeConflict.
func (a *App) SuspendUser(ctx context.Context, actor Actor, id uuid.UUID, suspend bool) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockAdmins(ctx); err != nil {
			return fmt.Errorf("lock the administrators: %w", err)
		}
		user, err := userForChange(ctx, q, id)
		if err != nil {
			return err
		}
		if !suspend {
			return setSuspended(ctx, q, id, nil)
		}
		admins, err := q.CountAdmins(ctx)
		if err != nil {
			return fmt.Errorf("count the administrators: %w", err)
		}
		if user.IsAdmin && user.SuspendedAt == nil && admins == 1 {
			return &Error{Code: CodeConflict, Key: "error.last_admin"}
		}
		if _, err := q.DeleteSessionsOf(ctx, &id); err != nil {
			return fmt.Errorf("end the sessions of a user: %w", err)
		}
		now := a.now()
		return setSuspended(ctx, q, id, &now)
	})
}

func setSuspended(ctx context.Context, q *db.Queries, id uuid.UUID, at *time.Time) error {
	if err := q.SetUserSuspended(ctx, db.SetUserSuspendedParams{ID: id, SuspendedAt: at}); err != nil {
		return fmt.Errorf("store whether a user is suspended: %w", err)
	}
	return nil
}

// ResetPassword gives a user a new password, ends their sessions and revokes
// their tokens; only site admins and the system may. CodeInvalid names the
// field password.
func (a *App) ResetPassword(ctx context.Context, actor Actor, id uuid.UUID, password string) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := userForChange(ctx, q, id); err != nil {
			return err
		}
		if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{ID: id, PasswordHash: hash}); err != nil {
			return fmt.Errorf("store a password: %w", err)
		}
		if _, err := q.DeleteSessionsOf(ctx, &id); err != nil {
			return fmt.Errorf("end the sessions of a user: %w", err)
		}
		if _, err := q.DeleteTokensOf(ctx, id); err != nil {
			return fmt.Errorf("revoke the tokens of a user: %w", err)
		}
		return nil
	})
}

func userForChange(ctx context.Context, q *db.Queries, id uuid.UUID) (db.User, error) {
	user, err := q.UserByID(ctx, id)
	if db.IsNotFound(err) {
		return db.User{}, NotFound("user")
	}
	if err != nil {
		return db.User{}, fmt.Errorf("load an account: %w", err)
	}
	return user, nil
}
