package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"albumen/db"
)

// passkeyLimits are as those of passwords. What is limited is work: there is
// nothing to guess.
func passkeyLimits(user uuid.UUID, from netip.Addr) []Limit {
	address, account := origin(from), user.String()
	return []Limit{
		{"passkey pair " + address + " " + account, 10, signInWindow},
		{"passkey account " + account, 100, signInWindow},
	}
}

// BeginPasskeySignIn asks a browser for any passkey of this site, without a
// name; SignInWithPasskey takes the answer. token is of the browser's earlier
// cookie, "" for none. CodeRateLimited after many.
func (a *App) BeginPasskeySignIn(ctx context.Context, token string, from netip.Addr) (PasskeyBegin, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return PasskeyBegin{}, err
	}
	// Every view of the sign-in page asks, so that browsers can offer the key.
	if err := a.attempts.Take(ctx, Limit{"passkey begin " + origin(from), 240, signInWindow}); err != nil {
		return PasskeyBegin{}, err
	}
	options, session, err := party.BeginDiscoverableLogin()
	if err != nil {
		return PasskeyBegin{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a.storeChallenge(ctx, db.AddPasskeyChallengeParams{Purpose: challengeEnter}, token, options, session)
}

// SignInWithPasskey returns who may come in by the browser's answer. The device
// has verified the person, so that it stands for both factors.
// CodeUnauthenticated, always the same, for all that lets nobody in;
// CodeRateLimited after too many.
func (a *App) SignInWithPasskey(ctx context.Context, token string, answer []byte, from netip.Addr) (db.User, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return db.User{}, err
	}
	if err := a.attempts.Take(ctx, Limit{"passkey address " + origin(from), 60, signInWindow}); err != nil {
		return db.User{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return db.User{}, refusedKey(err)
	}
	_, session, err := a.takeChallenge(ctx, challengeEnter, token, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return db.User{}, err
	}
	row, err := a.db.PasskeyUser(ctx, parsed.RawID)
	if db.IsNotFound(err) {
		if err := a.noteStranger(ctx, "session.fail", uuid.Nil); err != nil {
			return db.User{}, err
		}
		return db.User{}, refusedKey(errors.New("the key is unknown"))
	}
	if err != nil {
		return db.User{}, fmt.Errorf("look up a passkey: %w", err)
	}
	err = a.useKey(ctx, row.User, row.Passkey, from, func() (*webauthn.Credential, error) {
		_, used, err := party.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) {
			return keyHolder{row.User, []db.Passkey{row.Passkey}}, nil
		}, session, parsed)
		return used, err
	})
	return row.User, err
}

// BeginPasskeyStep asks the browser of a half sign-in for a passkey of that
// person, in place of a code. step is the half sign-in's token. CodeNotFound as
// of SignInStep, or when there is no passkey.
func (a *App) BeginPasskeyStep(ctx context.Context, step, token string) (PasskeyBegin, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return PasskeyBegin{}, err
	}
	half, err := a.SignInStep(ctx, step)
	if err != nil {
		return PasskeyBegin{}, err
	}
	if err := a.attempts.Take(ctx, Limit{"passkey step " + half.User.ID.String(), 60, signInWindow}); err != nil {
		return PasskeyBegin{}, err
	}
	holder, err := a.holder(ctx, half.User)
	if err != nil {
		return PasskeyBegin{}, err
	}
	if len(holder.keys) == 0 {
		return PasskeyBegin{}, NotFound("passkey")
	}
	// After the password, having the key is enough.
	options, session, err := party.BeginLogin(holder, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return PasskeyBegin{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a.storeChallenge(ctx, db.AddPasskeyChallengeParams{Purpose: challengeStep, UserID: &half.User.ID}, token, options, session)
}

// FinishPasskeyStep takes the browser's answer in place of a code and returns
// who may come in. step is good once. CodeNotFound as of SignInStep, otherwise
// as SignInWithPasskey.
func (a *App) FinishPasskeyStep(ctx context.Context, step, token string, answer []byte, from netip.Addr) (HalfSignIn, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return HalfSignIn{}, err
	}
	half, err := a.SignInStep(ctx, step)
	if err != nil {
		return HalfSignIn{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return HalfSignIn{}, refusedKey(err)
	}
	challenge, session, err := a.takeChallenge(ctx, challengeStep, token, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return HalfSignIn{}, err
	}
	row, err := a.db.PasskeyUser(ctx, parsed.RawID)
	if err != nil && !db.IsNotFound(err) {
		return HalfSignIn{}, fmt.Errorf("look up a passkey: %w", err)
	}
	if err != nil || row.User.ID != half.User.ID || !isFor(challenge, half.User.ID) {
		return HalfSignIn{}, refusedKey(errors.New("the key is unknown, or somebody else's"))
	}
	err = a.useKey(ctx, row.User, row.Passkey, from, func() (*webauthn.Credential, error) {
		// Keys may have been removed since the browser was asked.
		session.AllowedCredentialIDs = [][]byte{row.Passkey.CredentialID}
		return party.ValidateLogin(keyHolder{row.User, []db.Passkey{row.Passkey}}, session, parsed)
	})
	if err != nil {
		return HalfSignIn{}, err
	}
	return half, a.endSignInStep(ctx, step)
}

// useKey takes the use of a key that check finds right, unless the person or the
// key is barred.
func (a *App) useKey(ctx context.Context, user db.User, key db.Passkey, from netip.Addr, check func() (*webauthn.Credential, error)) error {
	limits := passkeyLimits(user.ID, from)
	if err := a.attempts.Take(ctx, limits...); err != nil {
		return err
	}
	refuse := func(why error) error {
		if err := a.noteStranger(ctx, "session.fail", user.ID); err != nil {
			return err
		}
		return refusedKey(why)
	}
	used, err := check()
	switch {
	case err != nil:
		return refuse(err)
	case user.SuspendedAt != nil || user.EmailVerifiedAt == nil:
		return refuse(errors.New("the account is suspended or unconfirmed"))
	case key.SuspectedAt != nil:
		return refuse(errors.New("the key has counted backwards before"))
	case used.Authenticator.CloneWarning:
		return a.suspectKey(ctx, user, key)
	}
	n, err := a.db.TouchPasskey(ctx, db.TouchPasskeyParams{
		ID: key.ID, SignCount: int64(used.Authenticator.SignCount), BackedUp: used.Flags.BackupState, Now: a.now(),
	})
	if err != nil {
		return fmt.Errorf("note the use of a passkey: %w", err)
	}
	if n == 0 {
		return a.suspectKey(ctx, user, key)
	}
	return a.attempts.Forget(ctx, limits[0].Key)
}

// suspectKey bars a key that has counted backwards, as it does when a copy of it
// is in use elsewhere, and tells its owner.
func (a *App) suspectKey(ctx context.Context, user db.User, key db.Passkey) error {
	err := a.inTxAndMail(ctx, func(q *db.Queries) error {
		n, err := q.SuspectPasskey(ctx, db.SuspectPasskeyParams{ID: key.ID, Now: a.now()})
		if err != nil {
			return fmt.Errorf("bar a passkey: %w", err)
		}
		if n == 0 {
			return nil // gone, or barred already
		}
		if err := a.tellFactor(ctx, q, user, "passkey_suspected", map[string]string{"Key": key.Name}); err != nil {
			return err
		}
		return a.audit(ctx, q, Actor{}, auditEvent{
			Action: "passkey.suspect", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{"name": key.Name},
		})
	})
	if err != nil {
		return err
	}
	return refusedKey(errors.New("the key has counted backwards"))
}
