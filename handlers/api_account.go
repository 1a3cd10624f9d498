package handlers

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiAccountApp is what the account part of the API needs.
type apiAccountApp interface {
	CreateToken(context.Context, app.Actor, app.NewToken) (string, db.ApiToken, error)
	CreateTokenWithPassword(ctx context.Context, email, password, code string, n app.NewToken, from netip.Addr) (string, db.ApiToken, error)
	Tokens(context.Context, app.Actor) ([]db.ApiToken, error)
	RevokeToken(context.Context, app.Actor, uuid.UUID) error
	Me(context.Context, app.Actor) (db.User, error)
}

type apiAccount struct {
	*apiServer
	app apiAccountApp
}

type apiToken struct {
	ID        uuid.UUID  `json:"id"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint" doc:"how the token begins"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	LastUsed  *time.Time `json:"last_used_at"`
}

func tokenOf(t db.ApiToken) apiToken {
	return apiToken{t.ID, t.Name, t.Hint, t.Scopes, t.CreatedAt.UTC(), t.ExpiresAt.UTC(), t.LastUsedAt}
}

type apiCreatedToken struct {
	Token string `json:"token" doc:"shown only now"`
	apiToken
}

type apiNewToken struct {
	// The address of the client, for the limit on attempts.
	from netip.Addr
	Body struct {
		Email     string   `json:"email" format:"email" maxLength:"320"`
		Password  string   `json:"password" maxLength:"1024"`
		Code      string   `json:"code,omitempty" maxLength:"100" doc:"of the authenticator app, or a recovery code; needed where the account asks for one"`
		Name      string   `json:"name,omitempty" maxLength:"100"`
		Scopes    []string `json:"scopes,omitempty" doc:"any of media.read, media.write, share, account, admin; absent: media.read, media.write and account"`
		ExpiresIn int64    `json:"expires_in,omitempty" minimum:"60" maximum:"31622400" doc:"seconds; absent: 90 days"`
	}
}

// Resolve implements huma.Resolver.
func (in *apiNewToken) Resolve(ctx huma.Context) []error {
	in.from = client(humaecho.Unwrap(ctx))
	return nil
}

type apiMe struct {
	ID         uuid.UUID `json:"id"`
	Email      string    `json:"email"`
	Name       string    `json:"name"`
	Admin      bool      `json:"admin"`
	Language   string    `json:"language"`
	TimeZone   string    `json:"time_zone"`
	Theme      string    `json:"theme"`
	QuotaBytes *int64    `json:"quota_bytes" doc:"null: no limit"`
	UsedBytes  int64     `json:"used_bytes"`
	Scopes     []string  `json:"scopes" doc:"of the token of this request"`
}

type apiID struct {
	ID uuid.UUID `path:"id"`
}

func (h apiAccount) register() {
	create := operation(http.MethodPost, "/tokens", "create-token", "account", "Make a token from e-mail and password", 401, 422, 429)
	create.Security, create.DefaultStatus = []map[string][]string{}, http.StatusCreated
	register(h.apiServer, create, h.createToken)
	register(h.apiServer, operation(http.MethodGet, "/tokens", "list-tokens", "account", "List one's tokens", 401, 403), h.tokens)
	register(h.apiServer, operation(http.MethodDelete, "/tokens/{id}", "revoke-token", "account", "Revoke a token", 401, 403, 404), h.revoke)
	register(h.apiServer, operation(http.MethodGet, "/me", "get-me", "account", "Who the token belongs to, and what it may do", 401), h.me)
}

func (h apiAccount) createToken(ctx context.Context, _ app.Actor, in *apiNewToken) (*apiBody[apiCreatedToken], error) {
	n := app.NewToken{Name: in.Body.Name, ExpiresIn: time.Duration(in.Body.ExpiresIn) * time.Second}
	for _, s := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, app.Scope(s))
	}
	secret, token, err := h.app.CreateTokenWithPassword(ctx, in.Body.Email, in.Body.Password, in.Body.Code, n, in.from)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiCreatedToken]{apiCreatedToken{secret, tokenOf(token)}}, nil
}

func (h apiAccount) tokens(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiList[apiToken]], error) {
	list, err := h.app.Tokens(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := apiList[apiToken]{Items: make([]apiToken, len(list))}
	for i, t := range list {
		out.Items[i] = tokenOf(t)
	}
	return &apiBody[apiList[apiToken]]{out}, nil
}

func (h apiAccount) revoke(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
	return nil, h.app.RevokeToken(ctx, actor, in.ID)
}

func (h apiAccount) me(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiMe], error) {
	u, err := h.app.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiMe]{meOf(actor, u)}, nil
}

func meOf(actor app.Actor, u db.User) apiMe {
	me := apiMe{
		ID: u.ID, Email: u.Email, Name: u.Name, Admin: u.IsAdmin, Language: u.Language, TimeZone: u.TimeZone, Theme: u.Theme,
		QuotaBytes: u.QuotaBytes, UsedBytes: u.UsedBytes,
	}
	for _, s := range app.AllScopes() {
		if actor.Has(s) {
			me.Scopes = append(me.Scopes, string(s))
		}
	}
	return me
}
