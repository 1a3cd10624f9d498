package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// tokenApp is what the page of API tokens needs.
type tokenApp interface {
	Tokens(context.Context, app.Actor) ([]db.ApiToken, error)
	CreateToken(context.Context, app.Actor, app.NewToken) (string, db.ApiToken, error)
	RevokeToken(context.Context, app.Actor, uuid.UUID) error
}

type tokenHandlers struct {
	*Server
	app tokenApp
}

// tokenDays are the lives offered.
var tokenDays = []int{7, 30, 90, maxTokenDays}

const maxTokenDays = int(app.MaxTokenLife / (24 * time.Hour))

func (h tokenHandlers) list(c echo.Context) error {
	return h.show(c, http.StatusOK, account.Tokens{}, []string{string(app.ScopeMediaRead), string(app.ScopeMediaWrite)}, "90")
}

func (h tokenHandlers) show(c echo.Context, status int, v account.Tokens, scopes []string, days string) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	tokens, err := h.app.Tokens(ctx, actor)
	if err != nil {
		return err
	}
	v.Page, v.ActionURL, v.DocsURL = h.page(c), "/account/tokens", "/api/docs"
	for _, t := range tokens {
		v.List = append(v.List, tokenRow(ctx, t))
	}
	for _, s := range app.AllScopes() {
		if s == app.ScopeAdmin && !actor.IsAdmin() {
			continue
		}
		v.Scopes = append(v.Scopes, ui.Option{
			Value: string(s), Label: scopeName(ctx, string(s)), Selected: slices.Contains(scopes, string(s)),
		})
	}
	for _, d := range tokenDays {
		value := strconv.Itoa(d)
		v.Expiries = append(v.Expiries, ui.Option{Value: value, Label: i18n.N(ctx, "tokens.days", d), Selected: value == days})
	}
	return h.render(c, status, account.TokensPage(v))
}

func tokenRow(ctx context.Context, t db.ApiToken) account.Token {
	names := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		names[i] = scopeName(ctx, s)
	}
	row := account.Token{
		Name: t.Name, Hint: t.Hint, Scopes: strings.Join(names, " · "), CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		Expired: !time.Now().Before(t.ExpiresAt), RevokeURL: "/account/tokens/" + t.ID.String() + "/revoke",
	}
	if t.LastUsedAt != nil {
		row.LastUsed = *t.LastUsedAt
	}
	return row
}

func scopeName(ctx context.Context, scope string) string {
	switch app.Scope(scope) {
	case app.ScopeMediaRead:
		return i18n.T(ctx, "scope.media_read")
	case app.ScopeMediaWrite:
		return i18n.T(ctx, "scope.media_write")
	case app.ScopeShare:
		return i18n.T(ctx, "scope.share")
	case app.ScopeAccount:
		return i18n.T(ctx, "scope.account")
	case app.ScopeAdmin:
		return i18n.T(ctx, "scope.admin")
	}
	return scope
}

// create answers with the page itself and not with a redirect: the secret is
// kept nowhere that a second request could find it, nor in the browser's cache.
func (h tokenHandlers) create(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewToken{Name: fields.Get("name")}
	for _, s := range fields["scopes"] {
		n.Scopes = append(n.Scopes, app.Scope(s))
	}
	days, err := strconv.Atoi(fields.Get("expires"))
	if err != nil || days < 1 || days > maxTokenDays {
		days = -1 // refused below, beside its field
	}
	n.ExpiresIn = time.Duration(days) * 24 * time.Hour
	if len(n.Scopes) == 0 {
		err = app.Invalid("scopes", "error.token_scopes") // a form with nothing ticked means nothing
	} else {
		var secret string
		if secret, _, err = h.app.CreateToken(ctx, h.actor(c), n); err == nil {
			c.Response().Header().Set("Cache-Control", "no-store")
			return h.show(c, http.StatusOK, account.Tokens{Created: secret}, fields["scopes"], fields.Get("expires"))
		}
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	return h.show(c, status, account.Tokens{Name: n.Name, Errors: shown}, fields["scopes"], fields.Get("expires"))
}

func (h tokenHandlers) revoke(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("token")
	}
	if err := h.app.RevokeToken(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	if err := h.leaveReceipt(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "tokens.revoked")}); err != nil {
		return err
	}
	return seeOther(c, "/account/tokens")
}
