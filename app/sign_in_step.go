package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"albumen/db"
)

// SignInStepLife is how long one has, after the password, for the second factor.
const SignInStepLife = 10 * time.Minute

// HalfSignIn is somebody who has shown the right password and owes the second
// factor, with what the sign-in form said.
type HalfSignIn struct {
	User     db.User
	Remember bool
	Next     string // a path of the site, "" for the timeline
	Passkey  bool   // one may take the place of the code
}

// BeginSignInStep returns the token of a half sign-in, which FinishSignInStep
// takes; "" when the account asks for nothing but the password.
func (a *App) BeginSignInStep(ctx context.Context, h HalfSignIn) (token string, err error) {
	factors, err := factorsOf(ctx, a.db.Queries, h.User.ID)
	if err != nil || !factors.SecondStep() {
		return "", err
	}
	if _, err := a.db.DeleteExpiredSignInSteps(ctx, a.now()); err != nil {
		return "", fmt.Errorf("remove old half sign-ins: %w", err)
	}
	token = randomText(32)
	err = a.db.AddSignInStep(ctx, db.AddSignInStepParams{
		TokenHash: hashSecret(token), UserID: h.User.ID, Remember: h.Remember, Next: h.Next, ExpiresAt: a.now().Add(SignInStepLife),
	})
	if err != nil {
		return "", fmt.Errorf("store a half sign-in: %w", err)
	}
	return token, nil
}

// SignInStep returns the half sign-in of the token. CodeNotFound when there is
// none, or no longer: finished, expired, or void since the password was
// changed or the account suspended.
func (a *App) SignInStep(ctx context.Context, token string) (HalfSignIn, error) {
	row, err := a.db.SignInStep(ctx, db.SignInStepParams{TokenHash: hashSecret(token), Now: a.now()})
	if db.IsNotFound(err) || err == nil && row.User.SuspendedAt != nil {
		return HalfSignIn{}, NotFound("sign_in_step")
	}
	if err != nil {
		return HalfSignIn{}, fmt.Errorf("load a half sign-in: %w", err)
	}
	holder, err := a.holder(ctx, row.User)
	if err != nil {
		return HalfSignIn{}, err
	}
	return HalfSignIn{row.User, row.SignInStep.Remember, row.SignInStep.Next, a.PasskeysPossible() && len(holder.keys) > 0}, nil
}

// FinishSignInStep takes a code of the app or a recovery code and returns who
// may come in. The token is good once. CodeNotFound as of SignInStep,
// CodeInvalid names the field code, CodeRateLimited after too many.
func (a *App) FinishSignInStep(ctx context.Context, token, code string, from netip.Addr) (HalfSignIn, error) {
	half, err := a.SignInStep(ctx, token)
	if err != nil {
		return HalfSignIn{}, err
	}
	if err := a.takeCode(ctx, half.User, code, from); err != nil {
		return HalfSignIn{Passkey: half.Passkey}, err
	}
	return half, a.endSignInStep(ctx, token)
}

func (a *App) endSignInStep(ctx context.Context, token string) error {
	n, err := a.db.TakeSignInStep(ctx, hashSecret(token))
	if err != nil {
		return fmt.Errorf("end a half sign-in: %w", err)
	}
	if n == 0 {
		return NotFound("sign_in_step")
	}
	return nil
}
