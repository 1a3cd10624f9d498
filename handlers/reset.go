package handlers

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/ui"
)

// resetApp is what a forgotten password needs.
type resetApp interface {
	RequestLink(ctx context.Context, purpose app.LinkPurpose, email string, from netip.Addr) error
	CheckLink(ctx context.Context, purpose app.LinkPurpose, token string) (string, error)
	ResetWithLink(ctx context.Context, token, password string, from netip.Addr) error
}

type resetHandlers struct {
	*Server
	app resetApp
}

func (h resetHandlers) askForm(c echo.Context) error {
	return h.accountForm(c, http.StatusOK, h.ask(c)(nil, nil), false)
}

func (h resetHandlers) ask(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		f := account.Form{
			Title: i18n.T(ctx, "reset.title"), Lead: i18n.T(ctx, "reset.lead"), ActionURL: "/reset", Submit: i18n.T(ctx, "reset.submit"),
			Errors: errs, Fields: inputsOf(ctx, typed, errs, emailField), Links: []account.Link{{Title: i18n.T(ctx, "login.title"), Href: "/login"}},
		}
		if c.QueryParams().Has("sent") {
			f.Lead, f.Notice = "", i18n.T(ctx, "reset.sent")
		}
		return f
	}
}

func (h resetHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	if err := h.app.RequestLink(c.Request().Context(), app.LinkReset, fields.Get("email"), client(c)); err != nil {
		return h.refusedForm(c, err, fields, h.ask(c), false)
	}
	return seeOther(c, "/reset?sent")
}

func (h resetHandlers) newForm(c echo.Context) error {
	if _, err := h.app.CheckLink(c.Request().Context(), app.LinkReset, c.Param("token")); err != nil {
		return h.problemOf(c, err, nil)
	}
	return h.accountForm(c, http.StatusOK, h.choose(c)(nil, nil), false)
}

func (h resetHandlers) choose(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "reset.new_title"), Lead: i18n.T(ctx, "reset.new_lead"), ActionURL: "/reset/" + url.PathEscape(c.Param("token")),
			Submit: i18n.T(ctx, "reset.new_submit"), Errors: errs, Fields: inputsOf(ctx, typed, errs, newPasswordField),
		}
	}
}

func (h resetHandlers) problemOf(c echo.Context, err error, fields url.Values) error {
	if app.CodeOf(err) == app.CodeNotFound {
		return h.staleLink(c, account.Link{Title: i18n.T(c.Request().Context(), "reset.again"), Href: "/reset"})
	}
	return h.refusedForm(c, err, fields, h.choose(c), false)
}

func (h resetHandlers) reset(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	if err := h.app.ResetWithLink(c.Request().Context(), c.Param("token"), fields.Get("password"), client(c)); err != nil {
		return h.problemOf(c, err, fields)
	}
	if err := h.endSession(c); err != nil { // of whoever is signed in here as somebody else, too
		return err
	}
	return seeOther(c, "/login?changed")
}
