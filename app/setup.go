package app

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"strings"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// firstRunAlphabet is Crockford's: no letter that looks like a digit.
const firstRunAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// FirstRun reports whether the installation still has no administrator.
func (a *App) FirstRun(ctx context.Context) (bool, error) {
	n, err := a.db.CountAdmins(ctx)
	if err != nil {
		return false, fmt.Errorf("count the administrators: %w", err)
	}
	return n == 0, nil
}

// FirstRunCode returns the one-time code of the first-run page, to be printed
// on the console, or "" once there is an administrator. Every process prints
// the same code: it is derived from SECRET_KEY and a number in the database.
func (a *App) FirstRunCode(ctx context.Context) (string, error) {
	if first, err := a.FirstRun(ctx); err != nil || !first {
		return "", err
	}
	nonce, err := a.db.BeginFirstRun(ctx, randomBytes(32))
	if err != nil {
		return "", fmt.Errorf("begin the first run: %w", err)
	}
	return a.firstRunCode(nonce), nil
}

// firstRunCode writes 60 bits as XXXX-XXXX-XXXX.
func (a *App) firstRunCode(nonce []byte) string {
	var code strings.Builder
	for i, b := range a.derive("first-run code", nonce)[:12] {
		if i > 0 && i%4 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(firstRunAlphabet[b%32])
	}
	return code.String()
}

// sameFirstRunCode forgives case, spaces, dashes and the usual misreadings.
func sameFirstRunCode(want, typed string) bool {
	clean := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")
	typed = clean.Replace(strings.ToUpper(strings.TrimSpace(typed)))
	return subtle.ConstantTimeCompare([]byte(clean.Replace(want)), []byte(typed)) == 1
}

// FinishFirstRun makes the first administrator for whoever knows the code. Of
// several at once only one succeeds. CodeConflict when there is an
// administrator already, CodeInvalid names the fields code, email, name or
// password, CodeRateLimited after too many attempts.
func (a *App) FinishFirstRun(ctx context.Context, code string, n NewUser, from netip.Addr) (db.User, error) {
	if first, err := a.FirstRun(ctx); err != nil {
		return db.User{}, err
	} else if !first {
		return db.User{}, firstRunOver()
	}
	if err := a.attempts.Take(ctx, Limit{"first run address " + origin(from), 20, signInWindow}); err != nil {
		return db.User{}, err
	}
	if err := a.checkFirstRunCode(ctx, a.db.Queries, code); err != nil {
		// Somebody may have used the code up since the first look.
		if first, again := a.FirstRun(ctx); again == nil && !first {
			return db.User{}, firstRunOver()
		}
		return db.User{}, err
	}
	n.Admin = true
	params, err := a.prepareUser(ctx, n)
	if err != nil {
		return db.User{}, err
	}
	var user db.User
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockAdmins(ctx); err != nil {
			return fmt.Errorf("lock the administrators: %w", err)
		}
		if admins, err := q.CountAdmins(ctx); err != nil {
			return fmt.Errorf("count the administrators: %w", err)
		} else if admins > 0 {
			return firstRunOver()
		}
		// Once more, now that nobody else can use it up.
		if err := a.checkFirstRunCode(ctx, q, code); err != nil {
			return err
		}
		if user, err = insertUser(ctx, q, params); err != nil {
			return err
		}
		if err := q.EndFirstRun(ctx); err != nil {
			return fmt.Errorf("end the first run: %w", err)
		}
		return a.audit(ctx, q, UserActor(user), auditEvent{Action: "user.create", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{
			"name": user.Name, "email": user.Email, "admin": true, "first": true,
		}})
	})
	return user, err
}

func (a *App) checkFirstRunCode(ctx context.Context, q *db.Queries, code string) error {
	nonce, err := q.FirstRunNonce(ctx)
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("read the first-run code: %w", err)
	}
	if err != nil || !sameFirstRunCode(a.firstRunCode(nonce), code) {
		return Invalid("code", "error.first_run_code")
	}
	return nil
}

func firstRunOver() *Error { return &Error{Code: CodeConflict, Key: "error.first_run_over"} }
