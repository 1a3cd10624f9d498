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

// accountChangeApp is what changing password and address needs.
type accountChangeApp interface {
	ChangePassword(ctx context.Context, actor app.Actor, old, password, current string) error
	RequestEmailChange(ctx context.Context, actor app.Actor, password, email string) error
	CheckLink(ctx context.Context, purpose app.LinkPurpose, token string) (string, error)
	ConfirmEmail(ctx context.Context, token string) error
	RevertEmail(ctx context.Context, token string) (reset string, err error)
}

type accountChangeHandlers struct {
	*Server
	app accountChangeApp
}

func (h accountChangeHandlers) passwordForm(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	return h.accountForm(c, http.StatusOK, h.password(c)(nil, nil), true)
}

func (h accountChangeHandlers) password(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "password.title"), Lead: i18n.T(ctx, "password.lead"), ActionURL: accountPath + "/password",
			Submit: i18n.T(ctx, "password.submit"), Errors: errs, Fields: inputsOf(ctx, typed, errs, currentField, newPasswordField),
		}
	}
}

func (h accountChangeHandlers) changePassword(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.app.ChangePassword(ctx, h.actor(c), fields.Get("current"), fields.Get("password"), h.sessions.Token(ctx)); err != nil {
		return h.refusedForm(c, err, fields, h.password(c), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "password.changed")}, accountPath)
}

func (h accountChangeHandlers) emailForm(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	return h.accountForm(c, http.StatusOK, h.email(c)(nil, nil), true)
}

func (h accountChangeHandlers) email(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	user, _ := h.actor(c).User()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "email.title"), Lead: i18n.T(ctx, "email.lead", "Email", user.Email), ActionURL: accountPath + "/email",
			Submit: i18n.T(ctx, "email.submit"), Errors: errs, Fields: inputsOf(ctx, typed, errs, newEmailField, currentField),
		}
	}
}

func (h accountChangeHandlers) changeEmail(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.app.RequestEmailChange(ctx, h.actor(c), fields.Get("current"), fields.Get("email")); err != nil {
		return h.refusedForm(c, err, fields, h.email(c), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "email.sent")}, accountPath)
}

// linkForm is a page with one button: mail programs open links by themselves,
// which must change nothing.
func (h accountChangeHandlers) linkForm(purpose app.LinkPurpose) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		email, err := h.app.CheckLink(ctx, purpose, c.Param("token"))
		if err != nil {
			return h.linkProblem(c, err)
		}
		f := account.Form{
			Title: i18n.T(ctx, "email.confirm_title"), Lead: i18n.T(ctx, "email.confirm_lead", "Email", email),
			ActionURL: c.Request().URL.EscapedPath(), Submit: i18n.T(ctx, "email.confirm_submit"),
		}
		if purpose == app.LinkRevert {
			f.Title, f.Lead = i18n.T(ctx, "email.back_title"), i18n.T(ctx, "email.back_lead", "Email", email)
			f.Submit = i18n.T(ctx, "email.back_submit")
		}
		return h.accountForm(c, http.StatusOK, f, false)
	}
}

func (h accountChangeHandlers) linkProblem(c echo.Context, err error) error {
	if app.CodeOf(err) == app.CodeNotFound {
		return h.staleLink(c, account.Link{Title: i18n.T(c.Request().Context(), "account.title"), Href: accountPath})
	}
	return err
}

func (h accountChangeHandlers) confirmEmail(c echo.Context) error {
	if err := h.app.ConfirmEmail(c.Request().Context(), c.Param("token")); err != nil {
		return h.linkProblem(c, err)
	}
	return h.accountForm(c, http.StatusOK, account.Form{
		Title: i18n.T(c.Request().Context(), "email.confirmed"), Links: []account.Link{{Title: i18n.T(c.Request().Context(), "account.title"), Href: accountPath}},
	}, false)
}

func (h accountChangeHandlers) revertEmail(c echo.Context) error {
	reset, err := h.app.RevertEmail(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.linkProblem(c, err)
	}
	return seeOther(c, "/reset/"+reset)
}
