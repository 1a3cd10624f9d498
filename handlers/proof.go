package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// proofApp is what proving oneself without a password needs.
type proofApp interface {
	MailProof(context.Context, app.Actor) error
}

type proofHandlers struct {
	*Server
	app proofApp
}

const proofPath = accountPath + "/proof"

// byCode makes the field that asks for the own password, in any form, one that
// asks for a mailed code where the account has no password, and returns where
// the code is to be had.
func (s *Server) byCode(c echo.Context, field *ui.Input) (ask account.Link) {
	user, ok := s.actor(c).User()
	if field.Name != currentField.name || !ok || user.PasswordHash != "" {
		return account.Link{}
	}
	ctx := c.Request().Context()
	field.Type, field.Autocomplete = "text", "one-time-code"
	field.Label, field.Hint = i18n.T(ctx, "proof.code"), i18n.T(ctx, "proof.hint")
	return account.Link{Title: i18n.T(ctx, "proof.ask"), Href: proofPath + "?next=" + url.QueryEscape(c.Request().URL.Path)}
}

func (h proofHandlers) view(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	next := orAccount(localPath(c.QueryParam("next")))
	user, _ := h.actor(c).User()
	return func(_ url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "proof.title"), Lead: i18n.T(ctx, "proof.lead", "Email", user.Email), ActionURL: proofPath + "?next=" + url.QueryEscape(next),
			Submit: i18n.T(ctx, "proof.ask"), Errors: errs, Links: []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: next}},
		}
	}
}

func orAccount(path string) string {
	if path == "" {
		return accountPath
	}
	return path
}

func (h proofHandlers) form(c echo.Context) error {
	user, ok := h.actor(c).User()
	if !ok {
		return app.Unauthenticated()
	}
	if user.PasswordHash != "" {
		return seeOther(c, orAccount(localPath(c.QueryParam("next"))))
	}
	return h.accountForm(c, http.StatusOK, h.view(c)(nil, nil), true)
}

func (h proofHandlers) submit(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.app.MailProof(ctx, h.actor(c)); err != nil {
		return h.refusedForm(c, err, nil, h.view(c), true)
	}
	user, _ := h.actor(c).User()
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "proof.sent", "Email", user.Email)}, orAccount(localPath(c.QueryParam("next"))))
}
