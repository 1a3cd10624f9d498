package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// CountComparisons counts the passwords that a compares from now on.
func CountComparisons(a *App) *atomic.Int64 {
	n, compare := &atomic.Int64{}, a.passwords.compare
	a.passwords.compare = func(hash, password []byte) error {
		n.Add(1)
		return compare(hash, password)
	}
	return n
}

// UseBreachedPasswords lets a look into the list at path.
func UseBreachedPasswords(a *App, path string) { a.breached = breachedPasswords{path} }

// IsBreached looks into the list at path.
func IsBreached(path, password string) (bool, error) { return breachedPasswords{path}.has(password) }

// EraseAudit erases a person from the audit log in a transaction of its own.
func EraseAudit(ctx context.Context, a *App, user db.User) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return a.eraseAudit(ctx, q, user, []string{user.Email}) })
}

// OldStamp is the stamp of a form that was made a minute and more ago.
func OldStamp(a *App, more time.Duration) string {
	now := a.now
	defer func() { a.now = now }()
	then := now().Add(-time.Minute - more)
	a.now = func() time.Time { return then }
	return a.FormStamp()
}
