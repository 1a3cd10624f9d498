package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"albumen/db"
)

// PasskeyLife is how long a browser has to answer.
const PasskeyLife = 10 * time.Minute

// The purposes of challenges: the answer to one is good for nothing else.
const (
	challengeAdd   = "add"
	challengeEnter = "enter"
	challengeStep  = "step"
)

// PasskeyBegin is what a browser is asked with.
type PasskeyBegin struct {
	Token   string // for a cookie: the answer is good in this browser only
	Options []byte // JSON, for navigator.credentials
}

// storeChallenge keeps what the answer will be compared with, under the cookie's
// token and the challenge together, so that several pages may wait side by side.
func (a *App) storeChallenge(ctx context.Context, row db.AddPasskeyChallengeParams, token string, options any, session *webauthn.SessionData) (PasskeyBegin, error) {
	b := PasskeyBegin{Token: token}
	if len(b.Token) != len(randomText(32)) {
		b.Token = randomText(32)
	}
	var err error
	if b.Options, err = json.Marshal(options); err != nil {
		return b, fmt.Errorf("write what a browser is asked: %w", err)
	}
	if row.Session, err = json.Marshal(session); err != nil {
		return b, fmt.Errorf("write a challenge: %w", err)
	}
	if err := a.db.DeleteExpiredPasskeyChallenges(ctx, a.now()); err != nil {
		return b, fmt.Errorf("remove old challenges: %w", err)
	}
	row.KeyHash, row.ExpiresAt = challengeHash(b.Token, session.Challenge), a.now().Add(PasskeyLife)
	if err := a.db.AddPasskeyChallenge(ctx, row); err != nil {
		return b, fmt.Errorf("store a challenge: %w", err)
	}
	return b, nil
}

func challengeHash(token, challenge string) []byte { return hashSecret(token + "." + challenge) }

// takeChallenge uses the challenge up that the answer signs, whatever comes of
// it. CodeUnauthenticated when there is none in this browser, or no longer.
func (a *App) takeChallenge(ctx context.Context, purpose, token, challenge string) (db.PasskeyChallenge, webauthn.SessionData, error) {
	var session webauthn.SessionData
	row, err := a.db.TakePasskeyChallenge(ctx, db.TakePasskeyChallengeParams{KeyHash: challengeHash(token, challenge), Purpose: purpose, Now: a.now()})
	if db.IsNotFound(err) {
		return row, session, &Error{Code: CodeUnauthenticated, Key: "error.passkey_late"}
	}
	if err != nil {
		return row, session, fmt.Errorf("use a challenge up: %w", err)
	}
	if err := json.Unmarshal(row.Session, &session); err != nil {
		return row, session, fmt.Errorf("read a challenge: %w", err)
	}
	return row, session, nil
}

// isFor reports whether the challenge was made for that person.
func isFor(c db.PasskeyChallenge, id uuid.UUID) bool { return c.UserID != nil && *c.UserID == id }

// refusedKey is the one answer to all that lets nobody in: unknown, removed and
// suspected keys, those of suspended people, wrong signatures.
func refusedKey(err error) error {
	return &Error{Code: CodeUnauthenticated, Key: "error.passkey_refused", Err: keyProblem(err)}
}

// keyProblem adds what the library says to programmers only.
func keyProblem(err error) error {
	if p, ok := errors.AsType[*protocol.Error](err); ok && p.DevInfo != "" {
		return fmt.Errorf("%w (%s)", err, p.DevInfo)
	}
	return err
}
