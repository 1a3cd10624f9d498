package app

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// TokenPrefix begins every API token, so that people and scanners recognise one.
const TokenPrefix = "albumen_"

// How long a token is good for.
const (
	DefaultTokenLife = 90 * 24 * time.Hour
	MaxTokenLife     = 366 * 24 * time.Hour
	minTokenLife     = time.Minute
)

const (
	maxTokens  = 100                 // of one user, expired ones aside
	keepTokens = 30 * 24 * time.Hour // how long an expired one is still listed
	tokenHint  = len(TokenPrefix) + 4
	touchAfter = time.Minute // how stale a "last used" may be
)

// NewToken describes a token to be made.
type NewToken struct {
	Name      string
	Scopes    []Scope       // none: media.read and media.write, as far as the actor has them
	ExpiresIn time.Duration // zero: DefaultTokenLife, or what is left of the actor's own token
}

// CreateToken makes a token for the actor and returns its secret, which is
// stored nowhere. A token can do no more and lives no longer than the one with
// which it was made. CodeInvalid names the fields name, scopes or expires.
func (a *App) CreateToken(ctx context.Context, actor Actor, n NewToken) (secret string, token db.ApiToken, err error) {
	if err := actor.allow(ManageAccount); err != nil {
		return "", db.ApiToken{}, err
	}
	scopes, expires, err := a.checkToken(actor, &n)
	if err != nil {
		return "", db.ApiToken{}, err
	}
	if err := a.db.ForgetExpiredTokens(ctx, db.ForgetExpiredTokensParams{UserID: actor.UserID(), Before: a.now().Add(-keepTokens)}); err != nil {
		return "", db.ApiToken{}, fmt.Errorf("forget expired tokens: %w", err)
	}
	count, err := a.db.CountTokens(ctx, db.CountTokensParams{UserID: actor.UserID(), Now: a.now()})
	if err != nil {
		return "", db.ApiToken{}, fmt.Errorf("count the tokens: %w", err)
	}
	if count >= maxTokens {
		return "", db.ApiToken{}, &Error{Code: CodeConflict, Key: "error.token_count", Args: map[string]any{"Max": maxTokens}}
	}
	secret = TokenPrefix + randomText(32)
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		token, err = q.CreateToken(ctx, db.CreateTokenParams{
			ID: newID(), UserID: actor.UserID(), Name: n.Name, TokenHash: hashSecret(secret), Hint: secret[:tokenHint],
			Scopes: scopes, CreatedAt: a.now(), ExpiresAt: expires,
		})
		if err != nil {
			return fmt.Errorf("store a token: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "token.create", Kind: "token", Object: token.ID, Detail: map[string]any{
			"name": n.Name, "scopes": scopes, "expires": expires.UTC(),
		}})
	})
	if err != nil {
		return "", db.ApiToken{}, err
	}
	return secret, token, nil
}

func (a *App) checkToken(actor Actor, n *NewToken) (scopes []string, expires time.Time, err error) {
	fields := map[string]string{}
	n.Name = strings.TrimSpace(n.Name)
	if checkName(n.Name, fields); len(fields) > 0 {
		fields["name"] = "error.token_name"
	}
	wanted := n.Scopes
	if len(wanted) == 0 {
		wanted = slices.DeleteFunc([]Scope{ScopeMediaRead, ScopeMediaWrite}, func(s Scope) bool { return !actor.Has(s) })
	}
	for _, s := range AllScopes() {
		if slices.Contains(wanted, s) {
			scopes = append(scopes, string(s))
		}
	}
	for _, s := range wanted {
		if !slices.Contains(AllScopes(), s) || !actor.Has(s) || s == ScopeAdmin && !actor.IsAdmin() {
			fields["scopes"] = "error.token_scopes"
		}
	}
	if len(scopes) == 0 {
		fields["scopes"] = "error.token_scopes"
	}
	life := n.ExpiresIn
	if life == 0 {
		life = DefaultTokenLife
		if !actor.until.IsZero() {
			life = min(life, actor.until.Sub(a.now()))
		}
	}
	expires = a.now().Add(life)
	if life > MaxTokenLife || n.ExpiresIn != 0 && life < minTokenLife || !actor.until.IsZero() && expires.After(actor.until) {
		fields["expires"] = "error.token_expires"
	}
	if len(fields) > 0 {
		return nil, time.Time{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return scopes, expires, nil
}

// CreateTokenWithPassword is SignIn, the second step and CreateToken in one, for
// programs; with no scopes asked it adds the account scope, since the password
// would give it. code may be "" where the account has no second factor; where it
// has one, a missing or wrong code is CodeInvalid for the field code.
func (a *App) CreateTokenWithPassword(ctx context.Context, email, password, code string, n NewToken, from netip.Addr) (secret string, token db.ApiToken, err error) {
	user, err := a.SignIn(ctx, email, password, from)
	if err != nil {
		return "", db.ApiToken{}, err
	}
	factors, err := factorsOf(ctx, a.db.Queries, user.ID)
	if err != nil {
		return "", db.ApiToken{}, err
	}
	if factors.SecondStep() {
		if code == "" {
			return "", db.ApiToken{}, Invalid("code", "error.code_needed")
		}
		if err := a.takeCode(ctx, user, code, from); err != nil {
			return "", db.ApiToken{}, err
		}
	}
	if len(n.Scopes) == 0 {
		n.Scopes = []Scope{ScopeMediaRead, ScopeMediaWrite, ScopeAccount}
	}
	if strings.TrimSpace(n.Name) == "" {
		n.Name = "API"
	}
	return a.CreateToken(ctx, UserActor(user), n)
}

// ActorOfToken returns the actor of an API token. An unknown, revoked or expired
// one, or one of a suspended user, is CodeUnauthenticated.
func (a *App) ActorOfToken(ctx context.Context, secret string) (Actor, error) {
	refused := &Error{Code: CodeUnauthenticated, Key: "error.token_refused"}
	if !strings.HasPrefix(secret, TokenPrefix) {
		return Actor{}, refused
	}
	row, err := a.db.TokenByHash(ctx, hashSecret(secret))
	if db.IsNotFound(err) {
		return Actor{}, refused
	}
	if err != nil {
		return Actor{}, fmt.Errorf("look up a token: %w", err)
	}
	now := a.now()
	if !now.Before(row.ApiToken.ExpiresAt) || row.User.SuspendedAt != nil {
		return Actor{}, refused
	}
	if last := row.ApiToken.LastUsedAt; last == nil || now.Sub(*last) > touchAfter {
		if err := a.db.TouchToken(ctx, db.TouchTokenParams{ID: row.ApiToken.ID, Now: now}); err != nil {
			return Actor{}, fmt.Errorf("note the use of a token: %w", err)
		}
	}
	scopes := make([]Scope, len(row.ApiToken.Scopes))
	for i, s := range row.ApiToken.Scopes {
		scopes[i] = Scope(s)
	}
	actor := TokenActor(row.User, scopes)
	actor.until = row.ApiToken.ExpiresAt
	return actor, nil
}

// Tokens lists the actor's tokens, newest first.
func (a *App) Tokens(ctx context.Context, actor Actor) ([]db.ApiToken, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return nil, err
	}
	tokens, err := a.db.ListTokens(ctx, actor.UserID())
	if err != nil {
		return nil, fmt.Errorf("list the tokens: %w", err)
	}
	return tokens, nil
}

// RevokeToken deletes one of the actor's tokens.
func (a *App) RevokeToken(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		tokens, err := q.ListTokens(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("list the tokens: %w", err)
		}
		n, err := q.DeleteToken(ctx, db.DeleteTokenParams{ID: id, UserID: actor.UserID()})
		if err != nil {
			return fmt.Errorf("revoke a token: %w", err)
		}
		at := slices.IndexFunc(tokens, func(t db.ApiToken) bool { return t.ID == id })
		if n == 0 || at < 0 {
			return NotFound("token")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "token.revoke", Kind: "token", Object: id, Detail: map[string]any{"name": tokens[at].Name}})
	})
}
