package app

import (
	"context"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"albumen/db"
)

// NewPasskey is what a person says before a device makes a key.
type NewPasskey struct {
	Name     string
	Password string
	Code     string // of the authenticator app, or a recovery code; only where one is asked for
}

// BeginPasskey asks the actor's browser for a new key; AddPasskey takes the
// answer. A passkey lets in past the second factor, so that it takes both.
// token is of the browser's earlier cookie, "" for none. CodeInvalid names the
// fields name, current (the password) or code; CodeConflict: there are enough.
func (a *App) BeginPasskey(ctx context.Context, actor Actor, n NewPasskey, token string) (PasskeyBegin, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return PasskeyBegin{}, err
	}
	party, err := a.relyingParty(ctx)
	if err != nil {
		return PasskeyBegin{}, err
	}
	name, err := checkPasskeyName(n.Name)
	if err != nil {
		return PasskeyBegin{}, err
	}
	keys, err := a.passkeysOf(ctx, actor.UserID())
	if err != nil {
		return PasskeyBegin{}, err
	}
	if len(keys) >= MaxPasskeys {
		return PasskeyBegin{}, tooManyPasskeys()
	}
	user, err := a.proveAll(ctx, actor, n.Password, n.Code)
	if err != nil {
		return PasskeyBegin{}, err
	}
	holder := keyHolder{user, keys}
	options, session, err := party.BeginRegistration(holder, webauthn.WithExclusions(webauthn.Credentials(holder.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return PasskeyBegin{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a.storeChallenge(ctx, db.AddPasskeyChallengeParams{Purpose: challengeAdd, UserID: &user.ID, Name: name}, token, options, session)
}

func tooManyPasskeys() error {
	return &Error{Code: CodeConflict, Key: "error.passkey_count", Args: map[string]any{"Max": MaxPasskeys}}
}

// proveAll asks the actor for the password, and for a code where the account
// asks for one.
func (a *App) proveAll(ctx context.Context, actor Actor, password, code string) (db.User, error) {
	factors, err := factorsOf(ctx, a.db.Queries, actor.UserID())
	if err != nil {
		return db.User{}, err
	}
	if factors.SecondStep() {
		return a.proveFactors(ctx, actor, password, code)
	}
	return a.proveSelf(ctx, actor, password)
}

// AddPasskey keeps the key that the device has made, for whoever BeginPasskey
// asked, in that browser, once, and returns its name. CodeUnauthenticated: it took too long;
// CodeInvalid: what came is no such key; CodeConflict: it is known already, or
// there are enough.
func (a *App) AddPasskey(ctx context.Context, actor Actor, token string, answer []byte) (name string, err error) {
	if err := actor.allow(ManageAccount); err != nil {
		return "", err
	}
	party, err := a.relyingParty(ctx)
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return "", badKey(err)
	}
	row, session, err := a.takeChallenge(ctx, challengeAdd, token, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return "", err
	}
	if !isFor(row, actor.UserID()) {
		return "", &Error{Code: CodeUnauthenticated, Key: "error.passkey_late"}
	}
	user, _ := actor.User()
	made, err := party.CreateCredential(keyHolder{user: user}, session, parsed)
	if err != nil {
		return "", badKey(err)
	}
	transports := make([]string, 0, len(made.Transport))
	for _, t := range made.Transport[:min(len(made.Transport), 8)] {
		transports = append(transports, string(t))
	}
	err = a.inTxAndMail(ctx, func(q *db.Queries) error {
		if _, err := q.LockUser(ctx, user.ID); err != nil {
			return fmt.Errorf("lock a user: %w", err)
		}
		keys, err := q.PasskeysOf(ctx, user.ID)
		if err != nil {
			return fmt.Errorf("count passkeys: %w", err)
		}
		if len(keys) >= MaxPasskeys {
			return tooManyPasskeys()
		}
		err = q.AddPasskey(ctx, db.AddPasskeyParams{
			ID: newID(), UserID: user.ID, Name: row.Name, CredentialID: made.ID, PublicKey: made.PublicKey, Transports: transports,
			SignCount: int64(made.Authenticator.SignCount), BackupEligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Now: a.now(),
		})
		if db.UniqueViolation(err) != "" {
			return &Error{Code: CodeConflict, Key: "error.passkey_known"}
		}
		if err != nil {
			return fmt.Errorf("store a passkey: %w", err)
		}
		if err := a.tellFactor(ctx, q, user, "passkey_added", map[string]string{"Key": row.Name}); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "passkey.add", Kind: "user", Object: user.ID, Detail: map[string]any{"name": row.Name}})
	})
	return row.Name, err
}

func badKey(err error) error {
	return &Error{Code: CodeInvalid, Key: "error.passkey_bad", Err: keyProblem(err)}
}
