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
// (suspend false) lets them in again. CodeConflict: the last administrator
// cannot be suspended, nor somebody let in who is being deleted.
func (a *App) SuspendUser(ctx context.Context, actor Actor, id uuid.UUID, suspend bool) error {
	action := AuditAction("user.suspend")
	if !suspend {
		action = "user.reactivate"
	}
	return a.changeUser(ctx, actor, id, action, func(q *db.Queries, user db.User) (map[string]any, error) {
		if suspend == (user.SuspendedAt != nil) {
			return nil, nil
		}
		if !suspend {
			return map[string]any{}, setSuspended(ctx, q, id, nil)
		}
		if err := notLastAdmin(ctx, q, user); err != nil {
			return nil, err
		}
		if _, err := q.DeleteSessionsOf(ctx, &id); err != nil {
			return nil, fmt.Errorf("end the sessions of a user: %w", err)
		}
		now := a.now()
		return map[string]any{}, setSuspended(ctx, q, id, &now)
	})
}

// SetUserAdmin makes a person an administrator, or no longer one. CodeConflict
// for the last administrator and for somebody who is being deleted.
func (a *App) SetUserAdmin(ctx context.Context, actor Actor, id uuid.UUID, admin bool) error {
	action := AuditAction("user.promote")
	if !admin {
		action = "user.demote"
	}
	return a.changeUser(ctx, actor, id, action, func(q *db.Queries, user db.User) (map[string]any, error) {
		if user.IsAdmin == admin {
			return nil, nil
		}
		if !admin {
			if err := notLastAdmin(ctx, q, user); err != nil {
				return nil, err
			}
		}
		if err := q.SetUserAdmin(ctx, db.SetUserAdminParams{ID: id, IsAdmin: admin}); err != nil {
			return nil, fmt.Errorf("store whether a user is an administrator: %w", err)
		}
		if admin {
			if err := q.EndFirstRun(ctx); err != nil {
				return nil, fmt.Errorf("end the first run: %w", err)
			}
		}
		return map[string]any{}, nil
	})
}

// SetUserQuota limits how many bytes of originals a person may have; nil: no
// limit. Less than what is used now keeps what is there and takes nothing new.
// CodeInvalid names the field quota.
func (a *App) SetUserQuota(ctx context.Context, actor Actor, id uuid.UUID, quota *int64) error {
	if quota != nil && *quota < 0 {
		return Invalid("quota", "error.quota_invalid")
	}
	return a.changeUser(ctx, actor, id, "user.quota", func(q *db.Queries, user db.User) (map[string]any, error) {
		if (quota == nil) == (user.QuotaBytes == nil) && (quota == nil || *quota == *user.QuotaBytes) {
			return nil, nil
		}
		if err := q.SetUserQuota(ctx, db.SetUserQuotaParams{ID: id, QuotaBytes: quota}); err != nil {
			return nil, fmt.Errorf("store a quota: %w", err)
		}
		return map[string]any{"before": user.QuotaBytes, "after": quota}, nil
	})
}

// changeUser runs change on an account while nobody else makes, unmakes or
// suspends an administrator, and writes down what change returns; nil: nothing
// has changed. Only site admins and the system may.
func (a *App) changeUser(ctx context.Context, actor Actor, id uuid.UUID, action AuditAction,
	change func(*db.Queries, db.User) (map[string]any, error),
) error {
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
		switch _, err := q.UserRemoval(ctx, id); {
		case err == nil:
			return &Error{Code: CodeConflict, Key: "error.user_leaving"}
		case !db.IsNotFound(err):
			return fmt.Errorf("ask whether a user is being deleted: %w", err)
		}
		detail, err := change(q, user)
		if err != nil || detail == nil {
			return err
		}
		detail["name"], detail["email"] = user.Name, user.Email
		return a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "user", Object: id, Subject: id, Detail: detail})
	})
}

// notLastAdmin refuses to take the only administrator away. The caller holds
// LockAdmins.
func notLastAdmin(ctx context.Context, q *db.Queries, user db.User) error {
	if !user.IsAdmin || user.SuspendedAt != nil {
		return nil
	}
	admins, err := q.CountAdmins(ctx)
	if err != nil {
		return fmt.Errorf("count the administrators: %w", err)
	}
	if admins <= 1 {
		return &Error{Code: CodeConflict, Key: "error.last_admin"}
	}
	return nil
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
	target, err := userForChange(ctx, a.db.Queries, id)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	if err := a.judgePassword(ctx, password, fields, target.Email, target.Name); err != nil {
		return err
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	hash, err := a.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.changeUser(ctx, actor, id, "user.reset_password", func(q *db.Queries, _ db.User) (map[string]any, error) {
		if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{ID: id, PasswordHash: hash}); err != nil {
			return nil, fmt.Errorf("store a password: %w", err)
		}
		if _, err := q.DeleteSessionsOf(ctx, &id); err != nil {
			return nil, fmt.Errorf("end the sessions of a user: %w", err)
		}
		if _, err := q.DeleteTokensOf(ctx, id); err != nil {
			return nil, fmt.Errorf("revoke the tokens of a user: %w", err)
		}
		return map[string]any{}, nil
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
