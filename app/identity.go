package app

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/oidc"
)

// IdentityProvider is where people may sign in elsewhere; *oidc.Provider is the
// real one.
type IdentityProvider interface {
	AuthURL(oidc.Attempt) (string, error)
	Exchange(ctx context.Context, a oidc.Attempt, code string) (oidc.Claims, error)
}

// IdentityDeps is what signing in with a provider needs; the zero value is for
// sites without one.
type IdentityDeps struct {
	Provider IdentityProvider
	Name     string // as people know it
	SignUp   bool   // whoever is not known gets an account
}

// OIDCLife is how long one may be away at the provider.
const OIDCLife = 10 * time.Minute

// IdentityProviderName is how people know the provider; "" where there is none.
func (a *App) IdentityProviderName() string {
	if a.identity.Provider == nil {
		return ""
	}
	return a.identity.Name
}

// OIDCBegin is what a way to the provider begins with.
type OIDCBegin struct {
	Token string // for a cookie; the way back is good in this browser only
	URL   string // where the browser goes
}

// BeginOIDC begins to sign in with the provider. CodeNotFound where there is
// none, CodeUnavailable while it does not answer.
func (a *App) BeginOIDC(ctx context.Context, remember bool, next string, from netip.Addr) (OIDCBegin, error) {
	if a.identity.Provider == nil {
		return OIDCBegin{}, NotFound("page")
	}
	if err := a.attempts.Take(ctx, Limit{"oidc address " + origin(from), 60, signInWindow}); err != nil {
		return OIDCBegin{}, err
	}
	return a.beginOIDC(ctx, db.AddOIDCAttemptParams{Remember: remember, Next: next})
}

// BeginLinking begins to link the actor's account with somebody at the
// provider. CodeInvalid names the field current (the password).
func (a *App) BeginLinking(ctx context.Context, actor Actor, password string) (OIDCBegin, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return OIDCBegin{}, err
	}
	if a.identity.Provider == nil {
		return OIDCBegin{}, NotFound("page")
	}
	user, err := a.proveSelf(ctx, actor, password)
	if err != nil {
		return OIDCBegin{}, err
	}
	return a.beginOIDC(ctx, db.AddOIDCAttemptParams{UserID: &user.ID})
}

func (a *App) beginOIDC(ctx context.Context, row db.AddOIDCAttemptParams) (OIDCBegin, error) {
	b := OIDCBegin{Token: randomText(32)}
	var err error
	if b.URL, err = a.identity.Provider.AuthURL(a.oidcAttempt(b.Token)); err != nil {
		return b, providerError(err)
	}
	if err := a.db.DeleteExpiredOIDCAttempts(ctx, a.now()); err != nil {
		return b, fmt.Errorf("remove old ways to the provider: %w", err)
	}
	row.TokenHash, row.ExpiresAt = hashSecret(b.Token), a.now().Add(OIDCLife)
	if err := a.db.AddOIDCAttempt(ctx, row); err != nil {
		return b, fmt.Errorf("store a way to the provider: %w", err)
	}
	return b, nil
}

// oidcAttempt derives the secrets of the way from the token in the cookie, so
// that the database has none of them.
func (a *App) oidcAttempt(token string) oidc.Attempt {
	part := func(purpose string) string {
		return base64.RawURLEncoding.EncodeToString(a.derive("oidc "+purpose, []byte(token)))
	}
	return oidc.Attempt{State: part("state"), Nonce: part("nonce"), Verifier: part("verifier")}
}

func providerError(err error) error {
	if errors.Is(err, oidc.ErrRefused) {
		return &Error{Code: CodeUnauthenticated, Key: "error.oidc_refused", Err: err}
	}
	return &Error{Code: CodeUnavailable, Key: "error.oidc_away", Err: err}
}

// OIDCReturn is what comes back from the provider, and with which cookie.
type OIDCReturn struct {
	Token, State, Code string
	Denied             bool // it says that nothing came of it
}

// OIDCArrival is who came back.
type OIDCArrival struct {
	HalfSignIn      // who may come in, as after the password
	Linked     bool // the account was linked and nobody signs in
}

// FinishOIDC takes what came back from the provider. The browser must be that
// which left, within OIDCLife, and comes back once. An account is found by
// issuer and subject, never by the address; where the site allows it, an
// address that the provider has verified links an account that has confirmed
// it, too. CodeUnauthenticated when it proves nothing or nobody is known by it,
// CodeUnavailable while the provider does not answer, CodeConflict when it is
// linked with another account.
func (a *App) FinishOIDC(ctx context.Context, actor Actor, r OIDCReturn) (OIDCArrival, error) {
	if a.identity.Provider == nil {
		return OIDCArrival{}, NotFound("page")
	}
	attempt := a.oidcAttempt(r.Token)
	if r.Token == "" || subtle.ConstantTimeCompare([]byte(attempt.State), []byte(r.State)) != 1 {
		return OIDCArrival{}, providerError(fmt.Errorf("%w: the state is another browser's", oidc.ErrRefused))
	}
	way, err := a.db.TakeOIDCAttempt(ctx, db.TakeOIDCAttemptParams{TokenHash: hashSecret(r.Token), Now: a.now()})
	if db.IsNotFound(err) {
		return OIDCArrival{}, providerError(fmt.Errorf("%w: it came back before, or too late", oidc.ErrRefused))
	}
	if err != nil {
		return OIDCArrival{}, fmt.Errorf("load a way to the provider: %w", err)
	}
	if r.Denied || r.Code == "" {
		return OIDCArrival{}, &Error{Code: CodeUnauthenticated, Key: "error.oidc_denied"}
	}
	if way.UserID != nil && *way.UserID != actor.UserID() {
		return OIDCArrival{}, providerError(fmt.Errorf("%w: somebody else is signed in by now", oidc.ErrRefused))
	}
	claims, err := a.identity.Provider.Exchange(ctx, attempt, r.Code)
	if err != nil {
		return OIDCArrival{}, providerError(err)
	}
	var arrived OIDCArrival
	err = a.inTxAndMail(ctx, func(q *db.Queries) error {
		arrived = OIDCArrival{HalfSignIn: HalfSignIn{Remember: way.Remember, Next: way.Next}}
		if way.UserID != nil {
			arrived.Linked = true
			return a.linkIdentity(ctx, q, actor, claims)
		}
		arrived.User, err = a.userOf(ctx, q, claims)
		return err
	})
	return arrived, err
}

// userOf returns whose claims these are.
func (a *App) userOf(ctx context.Context, q *db.Queries, c oidc.Claims) (db.User, error) {
	unknown := &Error{Code: CodeUnauthenticated, Key: "error.oidc_unknown"}
	row, err := q.IdentityUser(ctx, db.IdentityUserParams{Issuer: c.Issuer, Subject: c.Subject})
	if err == nil {
		if row.User.SuspendedAt != nil || row.User.EmailVerifiedAt == nil {
			return db.User{}, unknown
		}
		if err := q.TouchIdentity(ctx, db.TouchIdentityParams{ID: row.Identity.ID, Now: a.now()}); err != nil {
			return db.User{}, fmt.Errorf("note the use of an identity: %w", err)
		}
		return row.User, nil
	}
	if !db.IsNotFound(err) {
		return db.User{}, fmt.Errorf("look up an identity: %w", err)
	}
	fields := map[string]string{}
	email := checkEmail(c.Email, fields)
	if !c.EmailVerified || len(fields) > 0 {
		return db.User{}, unknown
	}
	site, err := readSiteSettings(ctx, q)
	if err != nil {
		return db.User{}, err
	}
	user, err := q.UserByEmail(ctx, email)
	switch {
	case err != nil && !db.IsNotFound(err):
		return db.User{}, fmt.Errorf("look up an account: %w", err)
	case err == nil && user.EmailVerifiedAt != nil:
		// Administrators link by hand: their account is worth more than the provider's word.
		if !site.LinkByEmail || user.SuspendedAt != nil || user.IsAdmin {
			return db.User{}, unknown
		}
		return user, a.addIdentity(ctx, q, UserActor(user), user, c)
	case !a.identity.SignUp:
		return db.User{}, unknown
	}
	return a.signUpByOIDC(ctx, q, email, c)
}

// signUpByOIDC makes an account without a password. Whoever began to sign up
// with the address did not confirm it: the provider did.
func (a *App) signUpByOIDC(ctx context.Context, q *db.Queries, email string, c oidc.Claims) (db.User, error) {
	if err := q.DeleteUnverifiedUser(ctx, email); err != nil {
		return db.User{}, fmt.Errorf("make room for an address: %w", err)
	}
	site, err := readSiteSettings(ctx, q)
	if err != nil {
		return db.User{}, err
	}
	params := db.CreateUserParams{ID: newID(), Email: email, Name: nameOf(c, email), Language: "en", TimeZone: a.defaultZone.String(), PolicyRound: neverAsked}
	if site.DefaultQuota > 0 {
		params.QuotaBytes = &site.DefaultQuota
	}
	user, err := insertUser(ctx, q, params)
	if err != nil {
		return db.User{}, err
	}
	err = a.audit(ctx, q, Actor{}, auditEvent{
		Action: "user.sign_up", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{"name": user.Name, "email": user.Email, "issuer": c.Issuer},
	})
	if err != nil {
		return db.User{}, err
	}
	return user, a.addIdentity(ctx, q, UserActor(user), user, c)
}

// nameOf is how the provider calls somebody, where that can be a name here.
func nameOf(c oidc.Claims, email string) string {
	fields := map[string]string{}
	name := strings.TrimSpace(c.Name)
	if checkName(name, fields); len(fields) > 0 {
		name, _, _ = strings.Cut(email, "@")
	}
	return name
}

// linkIdentity links the actor's account.
func (a *App) linkIdentity(ctx context.Context, q *db.Queries, actor Actor, c oidc.Claims) error {
	user, err := q.LockUser(ctx, actor.UserID())
	if err != nil {
		return fmt.Errorf("lock a user: %w", err)
	}
	row, err := q.IdentityUser(ctx, db.IdentityUserParams{Issuer: c.Issuer, Subject: c.Subject})
	switch {
	case err == nil && row.User.ID == user.ID:
		return nil
	case err == nil:
		return &Error{Code: CodeConflict, Key: "error.oidc_taken"}
	case !db.IsNotFound(err):
		return fmt.Errorf("look up an identity: %w", err)
	}
	return a.addIdentity(ctx, q, actor, user, c)
}

func (a *App) addIdentity(ctx context.Context, q *db.Queries, actor Actor, user db.User, c oidc.Claims) error {
	email := c.Email
	if len(email) > maxEmailBytes || !utf8.ValidString(email) || strings.ContainsRune(email, 0) {
		email = ""
	}
	err := q.AddIdentity(ctx, db.AddIdentityParams{ID: newID(), UserID: user.ID, Issuer: c.Issuer, Subject: c.Subject, Email: email, Now: a.now()})
	if db.UniqueViolation(err) != "" {
		return &Error{Code: CodeConflict, Key: "error.oidc_taken"}
	}
	if err != nil {
		return fmt.Errorf("store an identity: %w", err)
	}
	if err := a.tellFactor(ctx, q, user, "identity_linked", map[string]string{"Provider": a.identity.Name}); err != nil {
		return err
	}
	return a.audit(ctx, q, actor, auditEvent{
		Action: "identity.link", Kind: "user", Object: user.ID, Detail: map[string]any{"issuer": c.Issuer, "email": email},
	})
}

// Identities lists as whom the actor can sign in elsewhere.
func (a *App) Identities(ctx context.Context, actor Actor) ([]db.Identity, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return nil, err
	}
	list, err := a.db.IdentitiesOf(ctx, actor.UserID())
	if err != nil {
		return nil, fmt.Errorf("list identities: %w", err)
	}
	return list, nil
}

// Unlink ends that the actor can sign in as that identity. CodeInvalid names
// the field current (the password): whoever has none would be shut out.
func (a *App) Unlink(ctx context.Context, actor Actor, id uuid.UUID, password string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if list, err := a.db.IdentitiesOf(ctx, actor.UserID()); err != nil {
		return fmt.Errorf("list identities: %w", err)
	} else if !hasIdentity(list, id) {
		return NotFound("identity")
	}
	user, err := a.proveSelf(ctx, actor, password)
	if err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		gone, err := q.DeleteIdentity(ctx, db.DeleteIdentityParams{ID: id, UserID: user.ID})
		if db.IsNotFound(err) {
			return NotFound("identity")
		}
		if err != nil {
			return fmt.Errorf("remove an identity: %w", err)
		}
		if err := a.tellFactor(ctx, q, user, "identity_unlinked", map[string]string{"Provider": a.identity.Name}); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "identity.unlink", Kind: "user", Object: user.ID, Detail: map[string]any{"issuer": gone.Issuer}})
	})
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

func hasIdentity(list []db.Identity, id uuid.UUID) bool {
	for _, i := range list {
		if i.ID == id {
			return true
		}
	}
	return false
}
