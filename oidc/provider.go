// Package oidc signs people in with an OpenID Connect provider: the protocol,
// and no rules about accounts.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// timeout bounds each request to the provider.
const timeout = 10 * time.Second

// Errors of a provider.
var (
	// ErrUnavailable says that the provider does not answer, or not as one.
	ErrUnavailable = errors.New("the provider is not available")
	// ErrRefused says that what came back proves nothing: wrong, used or expired.
	ErrRefused = errors.New("the provider's answer is refused")
)

// Config is how the site is known at the provider.
type Config struct {
	Issuer       string
	ClientID     string
	ClientSecret string // may be empty for a public client
	RedirectURL  string
	Scopes       []string // beside openid
}

// Attempt is one way to the provider and back: three secrets that only the
// browser's cookie leads to.
type Attempt struct {
	State    string // comes back in the address
	Nonce    string // comes back in the ID token
	Verifier string // of PKCE: only its hash travels
}

// Claims are what the provider says about somebody.
type Claims struct {
	Issuer, Subject string // together they name somebody for ever
	Email           string
	EmailVerified   bool // by the provider
	Name            string
}

// Provider talks to the provider. It asks for its addresses when they are
// first needed, so that the site starts without it. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	client *http.Client

	mu    sync.Mutex
	found *oidc.Provider // nil: not asked yet, or it did not answer
}

// New returns a provider; nothing is asked of it yet.
func New(cfg Config) *Provider {
	return &Provider{cfg: cfg, client: &http.Client{Timeout: timeout}}
}

// discover returns the provider's addresses and keys.
func (p *Provider) discover() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The keys are fetched again later under this context: it must not end.
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	scopes := append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...)
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.cfg.RedirectURL,
		Scopes: slices.Compact(scopes),
	}
}

// AuthURL is where the browser goes.
func (p *Provider) AuthURL(a Attempt) (string, error) {
	found, err := p.discover()
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Exchange turns the code that came back into claims: of an ID token that is
// signed by the provider, meant for us, not expired, and of this attempt. The
// caller has compared the state.
func (p *Provider) Exchange(ctx context.Context, a Attempt, code string) (Claims, error) {
	found, err := p.discover()
	if err != nil {
		return Claims{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 {
			return Claims{}, fmt.Errorf("%w: exchange the code: %s", ErrRefused, refused.ErrorCode)
		}
		return Claims{}, fmt.Errorf("%w: exchange the code: %w", ErrUnavailable, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Claims{}, fmt.Errorf("%w: there is no ID token", ErrRefused)
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 || a.Nonce == "" {
		return Claims{}, fmt.Errorf("%w: the nonce is another one", ErrRefused)
	}
	said, err := claimsOf(id)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{id.Issuer, id.Subject, said.Email, bool(said.EmailVerified), said.Name}
	if c.Subject == "" {
		return Claims{}, fmt.Errorf("%w: it names nobody", ErrRefused)
	}
	if c.Email == "" && found.UserInfoEndpoint() != "" {
		return p.ask(ctx, found, token, c)
	}
	return c, nil
}

// ask completes the claims where the ID token says little.
func (p *Provider) ask(ctx context.Context, found *oidc.Provider, token *oauth2.Token, c Claims) (Claims, error) {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return Claims{}, fmt.Errorf("%w: ask who it is: %w", ErrUnavailable, err)
	}
	if info.Subject != c.Subject {
		return Claims{}, fmt.Errorf("%w: it speaks of somebody else", ErrRefused)
	}
	said, err := claimsOf(info)
	if err != nil {
		return Claims{}, err
	}
	c.Email, c.EmailVerified = said.Email, bool(said.EmailVerified)
	if said.Name != "" {
		c.Name = said.Name
	}
	return c, nil
}

type said struct {
	Email         string `json:"email"`
	EmailVerified truth  `json:"email_verified"`
	Name          string `json:"name"`
}

func claimsOf(from interface{ Claims(any) error }) (s said, err error) {
	if err := from.Claims(&s); err != nil {
		return s, fmt.Errorf("%w: read the claims: %w", ErrRefused, err)
	}
	return s, nil
}

// truth is true, and as some providers write it, "true"; anything else is not.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(text []byte) error {
	*t = string(text) == "true" || string(text) == `"true"`
	return nil
}
