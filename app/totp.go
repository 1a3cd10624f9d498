package app

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"albumen/db"
)

const (
	totpSeal    = "totp secret"
	totpPeriod  = 30        // seconds that a code is good for; those before and after pass, too, for clocks that differ
	totpPending = time.Hour // how long a secret waits to be confirmed
	totpSecret  = 20        // bytes, as RFC 4226 recommends
)

// TOTPSetup is what an authenticator app needs to know.
type TOTPSetup struct {
	Secret string // base32, to be typed
	URL    string // otpauth://…, for a QR code
}

// BeginTOTP makes the secret of an authenticator app; it is in force when
// ConfirmTOTP has seen a code. CodeInvalid names the field current (the
// password); CodeConflict when there is one in force.
func (a *App) BeginTOTP(ctx context.Context, actor Actor, password string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	user, err := a.proveSelf(ctx, actor, password)
	if err != nil {
		return err
	}
	factors, err := factorsOf(ctx, a.db.Queries, user.ID)
	if err != nil {
		return err
	}
	if factors.TOTPAt != nil {
		return &Error{Code: CodeConflict, Key: "error.totp_on"}
	}
	err = a.db.PutTOTP(ctx, db.PutTOTPParams{UserID: user.ID, Secret: a.seal(totpSeal, user.ID, randomBytes(totpSecret)), Now: a.now()})
	if err != nil {
		return fmt.Errorf("store the secret of an authenticator app: %w", err)
	}
	return nil
}

// PendingTOTP returns what BeginTOTP made and ConfirmTOTP has not seen a code
// of. CodeNotFound when there is nothing to confirm, or it has waited too long.
func (a *App) PendingTOTP(ctx context.Context, actor Actor) (TOTPSetup, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return TOTPSetup{}, err
	}
	_, secret, err := a.pendingTOTP(ctx, actor.UserID())
	if err != nil {
		return TOTPSetup{}, err
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return TOTPSetup{}, err
	}
	user, _ := actor.User()
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: strings.ReplaceAll(site.SiteName, ":", " "), AccountName: user.Email, Secret: secret, Period: totpPeriod,
	})
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("write the address of an authenticator app: %w", err)
	}
	return TOTPSetup{key.Secret(), key.String()}, nil
}

func (a *App) pendingTOTP(ctx context.Context, id uuid.UUID) (db.Totp, []byte, error) {
	row, err := a.db.TOTPOf(ctx, id)
	if db.IsNotFound(err) || err == nil && (row.ConfirmedAt != nil || a.now().Sub(row.CreatedAt) > totpPending) {
		return row, nil, NotFound("totp")
	}
	if err != nil {
		return row, nil, fmt.Errorf("load an authenticator app: %w", err)
	}
	secret, err := a.open(totpSeal, id, row.Secret)
	return row, secret, err
}

// ConfirmTOTP puts the authenticator app in force, for whoever knows its code,
// and returns new recovery codes, which are shown once. CodeNotFound as of
// PendingTOTP; CodeInvalid names the field code.
func (a *App) ConfirmTOTP(ctx context.Context, actor Actor, code string) (recovery []string, err error) {
	if err := actor.allow(ManageAccount); err != nil {
		return nil, err
	}
	row, secret, err := a.pendingTOTP(ctx, actor.UserID())
	if err != nil {
		return nil, err
	}
	if err := a.attempts.Take(ctx, codeLimits(actor.UserID(), OriginOf(ctx).Addr)...); err != nil {
		return nil, err
	}
	step, ok, err := a.matchTOTP(secret, code)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, Invalid("code", "error.code_wrong")
	}
	err = a.inTxAndMail(ctx, func(q *db.Queries) error {
		n, err := q.ConfirmTOTP(ctx, db.ConfirmTOTPParams{UserID: actor.UserID(), Secret: row.Secret, Step: step, Now: a.now()})
		if err != nil {
			return fmt.Errorf("put an authenticator app in force: %w", err)
		}
		if n == 0 {
			return NotFound("totp")
		}
		if recovery, err = a.putRecoveryCodes(ctx, q, actor.UserID()); err != nil {
			return err
		}
		user, _ := actor.User()
		if err := a.tellFactor(ctx, q, user, "totp_on", nil); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "factor.totp_on", Kind: "user", Object: user.ID})
	})
	return recovery, err
}

// TurnOffTOTP ends the use of the authenticator app. CodeInvalid names the
// fields current (the password) or code; CodeConflict when there is none.
func (a *App) TurnOffTOTP(ctx context.Context, actor Actor, password, code string) error {
	user, err := a.proveFactors(ctx, actor, password, code)
	if err != nil {
		return err
	}
	return a.inTxAndMail(ctx, func(q *db.Queries) error {
		if err := clearFactors(ctx, q, user.ID); err != nil {
			return err
		}
		if err := a.tellFactor(ctx, q, user, "totp_off", nil); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "factor.totp_off", Kind: "user", Object: user.ID})
	})
}

// matchTOTP returns the half minute that the code belongs to: now, the one
// before or the one after. It takes the same time for every code.
func (a *App) matchTOTP(secret []byte, code string) (step int64, ok bool, err error) {
	text, now, typed := base32.StdEncoding.EncodeToString(secret), int(a.now().Unix()/totpPeriod), []byte(plainCode(code))
	found := 0
	for at := now - 1; at <= now+1; at++ {
		want, err := hotp.GenerateCode(text, uint64(at))
		if err != nil {
			return 0, false, fmt.Errorf("compute a code: %w", err)
		}
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare([]byte(want), typed), at, found)
	}
	return int64(found), found != 0, nil
}

// takeTOTP uses a code of the app up.
func (a *App) takeTOTP(ctx context.Context, id uuid.UUID, code string) (bool, error) {
	row, err := a.db.TOTPOf(ctx, id)
	if db.IsNotFound(err) || err == nil && row.ConfirmedAt == nil {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load an authenticator app: %w", err)
	}
	secret, err := a.open(totpSeal, id, row.Secret)
	if err != nil {
		return false, err
	}
	step, ok, err := a.matchTOTP(secret, code)
	if err != nil || !ok {
		return false, err
	}
	n, err := a.db.TakeTOTPStep(ctx, db.TakeTOTPStepParams{UserID: id, Step: step, Secret: row.Secret})
	if err != nil {
		return false, fmt.Errorf("note the use of a code: %w", err)
	}
	return n == 1, nil
}

// plainCode is a code without what people and apps put between its characters.
func plainCode(code string) string {
	if len(code) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToLower(code))
}
