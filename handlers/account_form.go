package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/ui"
)

// formField is a field of an account form in terms of messages.
type formField struct {
	name, kind, label, hint, autocomplete string
}

var (
	nameField        = formField{"name", "text", "account.name", "", "name"}
	emailField       = formField{"email", "email", "account.email", "", "username"}
	newEmailField    = formField{"email", "email", "email.new", "", "email"}
	passwordField    = formField{"password", "password", "account.password", "account.password_hint", "new-password"}
	knownField       = formField{"password", "password", "account.password", "", "current-password"}
	newPasswordField = formField{"password", "password", "password.new", "account.password_hint", "new-password"}
	currentField     = formField{"current", "password", "password.current", "", "current-password"}
)

// inputsOf fills the fields in with what was typed, passwords aside.
func inputsOf(ctx context.Context, typed url.Values, errs ui.Errors, fields ...formField) []ui.Input {
	out := make([]ui.Input, len(fields))
	focused := false
	for i, f := range fields {
		out[i] = ui.Input{
			Name: f.name, Type: f.kind, Label: i18n.T(ctx, f.label), Autocomplete: f.autocomplete, Error: errs[f.name], Required: true,
		}
		if f.hint != "" {
			out[i].Hint = i18n.T(ctx, f.hint)
		}
		if f.kind != "password" {
			out[i].Value = typed.Get(f.name)
		}
		if !focused && (errs[f.name] != "" || len(errs) == 0 && out[i].Value == "") {
			out[i].Autofocus, focused = true, true
		}
	}
	return out
}

// refusedForm answers with the form and what is wrong with it, where err is
// something that a form can show.
func (s *Server) refusedForm(c echo.Context, err error, typed url.Values, make func(url.Values, ui.Errors) account.Form, inside bool) error {
	shown, status, ok := fieldErrors(c.Request().Context(), err)
	if !ok || inside && app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	setRetryAfter(c, err)
	return s.accountForm(c, status, make(typed, shown), inside)
}

// accountForm renders the form, inside the shell of the signed-in or as a card.
func (s *Server) accountForm(c echo.Context, status int, f account.Form, inside bool) error {
	f.Page = s.page(c)
	if f.Passkey != nil {
		f.Page.Scripts = []string{passkeyScript}
	}
	if inside {
		for i := range f.Fields {
			if link := s.byCode(c, &f.Fields[i]); link.Href != "" {
				f.Links = append([]account.Link{link}, f.Links...)
			}
		}
		return s.render(c, status, account.FormPage(f))
	}
	return s.render(c, status, account.CardPage(f))
}

// staleLink says that a mailed link is not good (any more), and where to get
// another one.
func (s *Server) staleLink(c echo.Context, again account.Link) error {
	ctx := c.Request().Context()
	f := account.Form{Title: i18n.T(ctx, "mailed_link.stale"), Lead: i18n.T(ctx, "not_found.mailed_link"), Links: []account.Link{again}}
	return s.accountForm(c, http.StatusNotFound, f, false)
}
