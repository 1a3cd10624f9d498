package app

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"albumen/db"
)

const (
	recoveryCodes = 10
	recoveryBytes = 10 // of randomness: 80 bits, 16 characters
	recoveryGroup = 4  // characters between hyphens
)

// putRecoveryCodes gives the user new recovery codes in place of all others.
func (a *App) putRecoveryCodes(ctx context.Context, q *db.Queries, id uuid.UUID) ([]string, error) {
	if err := q.DeleteRecoveryCodes(ctx, id); err != nil {
		return nil, fmt.Errorf("remove recovery codes: %w", err)
	}
	var codes []string
	for range recoveryCodes {
		code := randomText(recoveryBytes)
		if err := q.AddRecoveryCode(ctx, db.AddRecoveryCodeParams{UserID: id, CodeHash: a.hashRecovery(id, code)}); err != nil {
			return nil, fmt.Errorf("store a recovery code: %w", err)
		}
		shown := code[:recoveryGroup]
		for at := recoveryGroup; at < len(code); at += recoveryGroup {
			shown += "-" + code[at:at+recoveryGroup]
		}
		codes = append(codes, shown)
	}
	return codes, nil
}

func (a *App) hashRecovery(id uuid.UUID, code string) []byte {
	return a.derive("recovery code", append(id[:], plainCode(code)...))
}

// NewRecoveryCodes makes ten recovery codes, which are shown once; earlier ones
// are void. CodeInvalid names the fields current (the password) or code;
// CodeConflict when there is no second factor.
func (a *App) NewRecoveryCodes(ctx context.Context, actor Actor, password, code string) (codes []string, err error) {
	user, err := a.proveFactors(ctx, actor, password, code)
	if err != nil {
		return nil, err
	}
	err = a.inTxAndMail(ctx, func(q *db.Queries) error {
		if codes, err = a.putRecoveryCodes(ctx, q, user.ID); err != nil {
			return err
		}
		if err := a.tellFactor(ctx, q, user, "recovery_made", nil); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "factor.recovery_made", Kind: "user", Object: user.ID})
	})
	return codes, err
}

// takeRecoveryCode uses a recovery code up and tells its owner: it may have
// been somebody else.
func (a *App) takeRecoveryCode(ctx context.Context, user db.User, code string) (taken bool, err error) {
	hash := a.hashRecovery(user.ID, code)
	err = a.inTxAndMail(ctx, func(q *db.Queries) error {
		n, err := q.TakeRecoveryCode(ctx, db.TakeRecoveryCodeParams{UserID: user.ID, CodeHash: hash})
		if err != nil {
			return fmt.Errorf("use a recovery code: %w", err)
		}
		if taken = n == 1; !taken {
			return nil
		}
		factors, err := factorsOf(ctx, q, user.ID)
		if err != nil {
			return err
		}
		if err := a.tellFactor(ctx, q, user, "recovery_used", map[string]string{"Left": strconv.Itoa(factors.RecoveryCodes)}); err != nil {
			return err
		}
		return a.audit(ctx, q, UserActor(user), auditEvent{
			Action: "factor.recovery_used", Kind: "user", Object: user.ID, Detail: map[string]any{"left": factors.RecoveryCodes},
		})
	})
	return taken, err
}
