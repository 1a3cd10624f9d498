package handlers

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/ui"
)

// signUpApp is what making one's own account needs.
type signUpApp interface {
	PublicSite(context.Context) (app.PublicSite, error)
	Policy(ctx context.Context, name string) (app.Policy, error)
	SignUp(ctx context.Context, n app.NewUser, consent app.Consent, from netip.Addr) error
	RequestLink(ctx context.Context, purpose app.LinkPurpose, email string, from netip.Addr) error
	CheckLink(ctx context.Context, purpose app.LinkPurpose, token string) (string, error)
	ConfirmSignUp(ctx context.Context, token, password string, from netip.Addr) (db.User, error)
}

type signUpHandlers struct {
	*Server
	app signUpApp
}

func (h signUpHandlers) form(c echo.Context) error {
	if h.actor(c).SignedIn() {
		return seeOther(c, home)
	}
	if site, err := h.app.PublicSite(c.Request().Context()); err != nil {
		return err
	} else if !site.SignUp {
		return app.NotFound("page")
	}
	terms, err := h.app.Policy(c.Request().Context(), "terms")
	if err != nil {
		return err
	}
	return h.accountForm(c, http.StatusOK, h.signUp(c, terms.Version)(nil, nil), false)
}

func (h signUpHandlers) signUp(c echo.Context, terms int) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Terms: strconv.Itoa(terms), TermsTicked: typed.Has("terms") && errs["terms"] == "", Title: i18n.T(ctx, "signup.title"), ActionURL: "/signup", Submit: i18n.T(ctx, "signup.submit"), Errors: errs,
			Fields: inputsOf(ctx, typed, errs, nameField, emailField, passwordField),
			Links:  []account.Link{{Title: i18n.T(ctx, "signup.login"), Href: "/login"}},
		}
	}
}

func (h signUpHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewUser{Email: fields.Get("email"), Name: fields.Get("name"), Password: fields.Get("password"), Language: i18n.Lang(ctx)}
	if err := h.app.SignUp(ctx, n, consentOf(fields), client(c)); err != nil {
		terms, readErr := h.app.Policy(ctx, "terms")
		if readErr != nil {
			return readErr
		}
		return h.refusedForm(c, err, fields, h.signUp(c, terms.Version), false)
	}
	site, err := h.app.PublicSite(ctx)
	if err != nil {
		return err
	}
	if !site.VerifyEmail {
		return seeOther(c, "/login?signed-up")
	}
	return seeOther(c, "/verify?sent")
}

// askForm lets those whose mail did not arrive ask for another one.
func (h signUpHandlers) askForm(c echo.Context) error {
	return h.accountForm(c, http.StatusOK, h.ask(c)(nil, nil), false)
}

func (h signUpHandlers) ask(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		f := account.Form{
			Title: i18n.T(ctx, "verify.ask_title"), Lead: i18n.T(ctx, "verify.ask_lead"), ActionURL: "/verify", Submit: i18n.T(ctx, "verify.ask_submit"),
			Errors: errs, Fields: inputsOf(ctx, typed, errs, emailField), Links: []account.Link{{Title: i18n.T(ctx, "login.title"), Href: "/login"}},
		}
		if c.QueryParams().Has("sent") {
			f.Lead, f.Notice = "", i18n.T(ctx, "verify.sent")
		}
		return f
	}
}

func (h signUpHandlers) askAgain(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	if err := h.app.RequestLink(c.Request().Context(), app.LinkVerify, fields.Get("email"), client(c)); err != nil {
		return h.refusedForm(c, err, fields, h.ask(c), false)
	}
	return seeOther(c, "/verify?sent")
}

// confirmForm asks for the password that was chosen: the link alone could be of
// an account that somebody else made with this address.
func (h signUpHandlers) confirmForm(c echo.Context) error {
	if _, err := h.app.CheckLink(c.Request().Context(), app.LinkVerify, c.Param("token")); err != nil {
		return h.confirmProblem(c, err, nil)
	}
	return h.accountForm(c, http.StatusOK, h.confirm(c)(nil, nil), false)
}

func (h signUpHandlers) confirm(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "verify.title"), Lead: i18n.T(ctx, "verify.lead"), ActionURL: "/verify/" + url.PathEscape(c.Param("token")),
			Submit: i18n.T(ctx, "verify.submit"), Errors: errs, Fields: inputsOf(ctx, typed, errs, knownField),
			Links: []account.Link{{Title: i18n.T(ctx, "login.forgot"), Href: "/reset"}},
		}
	}
}

func (h signUpHandlers) confirmProblem(c echo.Context, err error, fields url.Values) error {
	if app.CodeOf(err) == app.CodeNotFound {
		return h.staleLink(c, account.Link{Title: i18n.T(c.Request().Context(), "login.verify_again"), Href: "/verify"})
	}
	return h.refusedForm(c, err, fields, h.confirm(c), false)
}

func (h signUpHandlers) confirmed(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	user, err := h.app.ConfirmSignUp(c.Request().Context(), c.Param("token"), fields.Get("password"), client(c))
	if err != nil {
		return h.confirmProblem(c, err, fields)
	}
	return h.arrive(c, arrival{user: user, way: app.WayPassword})
}
