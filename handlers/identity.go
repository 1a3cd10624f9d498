package handlers

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// identityApp is what signing in with a provider needs.
type identityApp interface {
	IdentityProviderName() string
	BeginOIDC(ctx context.Context, remember bool, next string, from netip.Addr) (app.OIDCBegin, error)
	BeginLinking(ctx context.Context, actor app.Actor, password string) (app.OIDCBegin, error)
	FinishOIDC(context.Context, app.Actor, app.OIDCReturn) (app.OIDCArrival, error)
	Identities(context.Context, app.Actor) ([]db.Identity, error)
	Unlink(ctx context.Context, actor app.Actor, id uuid.UUID, password string) error
}

type identityHandlers struct {
	*Server
	app identityApp
}

const (
	oidcPath = "/login/oidc"
	linkPath = securityPath + "/link"
)

// OIDCBackPath is where the provider sends people back to; it is registered there.
const OIDCBackPath = oidcPath + "/callback"

// oidcCookie is the cookie that binds a way to the provider to this browser.
// Lax: the way back begins at another site.
func (s *Server) oidcCookie(value string, maxAge int) *http.Cookie {
	c := s.stepCookie(value, maxAge)
	c.Name = "albumen_oidc"
	if c.Secure {
		c.Name = "__Host-" + c.Name
	}
	return c
}

// begin leads to the provider.
func (h identityHandlers) begin(c echo.Context) error {
	next := localPath(c.QueryParam("next"))
	if h.actor(c).SignedIn() {
		return seeOther(c, orHome(next))
	}
	b, err := h.app.BeginOIDC(c.Request().Context(), c.QueryParams().Has("remember"), next, client(c))
	if err != nil {
		return h.failed(c, err)
	}
	return h.leave(c, b)
}

func (h identityHandlers) leave(c echo.Context, b app.OIDCBegin) error {
	c.SetCookie(h.oidcCookie(b.Token, int(app.OIDCLife.Seconds())))
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Redirect(http.StatusSeeOther, b.URL)
}

// back takes what the provider sends.
func (h identityHandlers) back(c echo.Context) error {
	r := app.OIDCReturn{State: c.QueryParam("state"), Code: c.QueryParam("code"), Denied: c.QueryParams().Has("error")}
	if cookie, err := c.Request().Cookie(h.oidcCookie("", 0).Name); err == nil {
		r.Token = cookie.Value
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	hideAddress(c.Response().Header())
	arrived, err := h.app.FinishOIDC(c.Request().Context(), h.actor(c), r)
	if app.CodeOf(err) == app.CodeNotFound {
		return err
	}
	c.SetCookie(h.oidcCookie("", -1))
	if err != nil {
		return h.failed(c, err)
	}
	if arrived.Linked {
		return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "identity.linked", "Name", h.app.IdentityProviderName())}, securityPath)
	}
	return h.arrive(c, arrival{arrived.User, arrived.Remember, arrived.Next, app.WayProvider})
}

// failed says what became of the way to the provider, and where to go on.
func (h identityHandlers) failed(c echo.Context, err error) error {
	ctx := c.Request().Context()
	shown, status, ok := fieldErrors(ctx, err)
	if app.CodeOf(err) == app.CodeUnavailable {
		h.log.WarnContext(ctx, "the identity provider is away", "error", err)
		shown, status, ok = ui.Errors{"": i18n.T(ctx, "error.oidc_away")}, http.StatusServiceUnavailable, true
	}
	if !ok {
		return err
	}
	setRetryAfter(c, err)
	h.log.InfoContext(ctx, "nobody came in by the identity provider", "error", err)
	on := account.Link{Title: i18n.T(ctx, "identity.password"), Href: "/login"}
	if h.actor(c).SignedIn() {
		on = account.Link{Title: i18n.T(ctx, "security.title"), Href: securityPath}
	}
	f := account.Form{Title: i18n.T(ctx, "identity.sign_in", "Name", h.app.IdentityProviderName()), Errors: shown, Links: []account.Link{on}}
	return h.accountForm(c, status, f, false)
}

func (h identityHandlers) linkView(c echo.Context) func(url.Values, ui.Errors) account.Form {
	return h.passwordForm(c, i18n.T(c.Request().Context(), "identity.link", "Name", h.app.IdentityProviderName()), "identity.link_lead", linkPath)
}

func (h identityHandlers) passwordForm(c echo.Context, title, lead, action string) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: title, Lead: i18n.T(ctx, lead, "Name", h.app.IdentityProviderName()), ActionURL: action, Submit: i18n.T(ctx, "form.next"),
			Errors: errs, Fields: inputsOf(ctx, typed, errs, currentField), Links: []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: securityPath}},
		}
	}
}

func (h identityHandlers) linkForm(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	if h.app.IdentityProviderName() == "" {
		return app.NotFound("page")
	}
	return h.accountForm(c, http.StatusOK, h.linkView(c)(nil, nil), true)
}

// link answers with a link and no redirect: the policy lets forms lead nowhere
// but to ourselves.
func (h identityHandlers) link(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	b, err := h.app.BeginLinking(ctx, h.actor(c), fields.Get("current"))
	if app.CodeOf(err) == app.CodeUnavailable {
		return h.failed(c, err)
	}
	if err != nil {
		return h.refusedForm(c, err, fields, h.linkView(c), true)
	}
	c.SetCookie(h.oidcCookie(b.Token, int(app.OIDCLife.Seconds())))
	c.Response().Header().Set("Cache-Control", "no-store")
	name := h.app.IdentityProviderName()
	return h.accountForm(c, http.StatusOK, account.Form{
		Title: i18n.T(ctx, "identity.link", "Name", name), Lead: i18n.T(ctx, "identity.go_lead", "Name", name),
		Links: []account.Link{{Title: i18n.T(ctx, "identity.go", "Name", name), Href: b.URL}, {Title: i18n.T(ctx, "form.cancel"), Href: securityPath}},
	}, true)
}

func (h identityHandlers) unlinkView(c echo.Context) func(url.Values, ui.Errors) account.Form {
	return h.passwordForm(c, i18n.T(c.Request().Context(), "identity.unlink"), "identity.unlink_lead", c.Request().URL.Path)
}

func (h identityHandlers) unlinkForm(c echo.Context) error {
	list, err := h.app.Identities(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.ID.String() == c.Param("id") {
			return h.accountForm(c, http.StatusOK, h.unlinkView(c)(nil, nil), true)
		}
	}
	return app.NotFound("identity")
}

func (h identityHandlers) unlink(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("identity")
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.app.Unlink(ctx, h.actor(c), id, fields.Get("current")); err != nil {
		return h.refusedForm(c, err, fields, h.unlinkView(c), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "identity.unlinked")}, securityPath)
}
