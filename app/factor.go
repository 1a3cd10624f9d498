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

// Factors is what an account is signed in to with.
type Factors struct {
	Password      bool       // there is one
	TOTPAt        *time.Time // since when codes of an authenticator app are asked for; nil: they are not
	RecoveryCodes int        // that are left
	Passkeys      int
}

// SecondStep reports whether the password alone does not let in.
func (f Factors) SecondStep() bool { return f.TOTPAt != nil }

// Factors returns how the actor signs in.
func (a *App) Factors(ctx context.Context, actor Actor) (Factors, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return Factors{}, err
	}
	return factorsOf(ctx, a.db.Queries, actor.UserID())
}

func factorsOf(ctx context.Context, q *db.Queries, id uuid.UUID) (Factors, error) {
	row, err := q.FactorsOf(ctx, id)
	if err != nil {
		return Factors{}, fmt.Errorf("load how user %s signs in: %w", id, err)
	}
	return Factors{row.HasPassword, row.TotpAt, int(row.RecoveryCodes), int(row.Passkeys)}, nil
}

// codeLimits stop the guessing of codes: six digits, three of which are good at
// a time. The password has been shown before, so that nobody else can use an
// account's attempts up.
func codeLimits(user uuid.UUID, from netip.Addr) []Limit {
	address, account := origin(from), user.String()
	return []Limit{
		{"code pair " + address + " " + account, 10, signInWindow},
		{"code account " + account, 100, 24 * time.Hour},
		{"code address " + address, 60, signInWindow},
	}
}

// takeCode uses up a code of the user's app, or a recovery code. CodeInvalid
// names the field code; CodeRateLimited after too many.
func (a *App) takeCode(ctx context.Context, user db.User, code string, from netip.Addr) error {
	limits := codeLimits(user.ID, from)
	if err := a.attempts.Take(ctx, limits...); err != nil {
		return err
	}
	taken, err := a.takeTOTP(ctx, user.ID, code)
	if err == nil && !taken {
		taken, err = a.takeRecoveryCode(ctx, user, code)
	}
	if err != nil {
		return err
	}
	if !taken {
		return Invalid("code", "error.code_wrong")
	}
	for _, l := range limits[:2] {
		if err := a.attempts.Forget(ctx, l.Key); err != nil {
			return err
		}
	}
	return nil
}

// proveFactors asks the actor for the password and a code. CodeInvalid names
// the fields current or code, CodeConflict when there is no second factor.
func (a *App) proveFactors(ctx context.Context, actor Actor, password, code string) (db.User, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return db.User{}, err
	}
	factors, err := factorsOf(ctx, a.db.Queries, actor.UserID())
	if err != nil {
		return db.User{}, err
	}
	if !factors.SecondStep() {
		return db.User{}, &Error{Code: CodeConflict, Key: "error.factor_none"}
	}
	user, err := a.proveSelf(ctx, actor, password)
	if err != nil {
		return db.User{}, err
	}
	return user, a.takeCode(ctx, user, code, OriginOf(ctx).Addr)
}

// tellFactor mails somebody that the way in to their account has changed.
func (a *App) tellFactor(ctx context.Context, q *db.Queries, user db.User, template string, more map[string]string) error {
	data := map[string]string{"Name": user.Name, "SecurityLink": a.link("account", "security")}
	for k, v := range more {
		data[k] = v
	}
	return a.queueMail(ctx, q, Mail{To: user.Email, UserID: user.ID, Template: template, Data: data})
}

// clearFactors takes everything away that stands beside the password.
func clearFactors(ctx context.Context, q *db.Queries, id uuid.UUID) error {
	if _, err := q.DeleteTOTP(ctx, id); err != nil {
		return fmt.Errorf("remove an authenticator app: %w", err)
	}
	if err := q.DeleteRecoveryCodes(ctx, id); err != nil {
		return fmt.Errorf("remove recovery codes: %w", err)
	}
	if err := q.DeleteSignInStepsOf(ctx, id); err != nil {
		return fmt.Errorf("end half sign-ins: %w", err)
	}
	return nil
}

// RemoveSecondFactor takes a lost second factor away from somebody, and tells
// them. Only site admins and the system may; one's own is turned off with
// TurnOffTOTP. CodeConflict: there is none, or it is one's own.
func (a *App) RemoveSecondFactor(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	if id == actor.UserID() {
		return &Error{Code: CodeConflict, Key: "error.factor_self"}
	}
	err := a.changeUser(ctx, actor, id, "factor.remove", func(q *db.Queries, user db.User) (map[string]any, error) {
		factors, err := factorsOf(ctx, q, id)
		if err != nil {
			return nil, err
		}
		if !factors.SecondStep() {
			return nil, &Error{Code: CodeConflict, Key: "error.factor_none"}
		}
		if err := clearFactors(ctx, q, id); err != nil {
			return nil, err
		}
		return map[string]any{}, a.tellFactor(ctx, q, user, "factor_removed", nil)
	})
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

// inTxAndMail runs change in a transaction and has its mails sent afterwards.
func (a *App) inTxAndMail(ctx context.Context, change func(*db.Queries) error) error {
	if err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error { return change(q) }); err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}
