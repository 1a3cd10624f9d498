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

// stepApp is what the second step of signing in needs.
type stepApp interface {
	SignInStep(ctx context.Context, token string) (app.HalfSignIn, error)
	FinishSignInStep(ctx context.Context, token, code string, from netip.Addr) (app.HalfSignIn, error)
}

type stepHandlers struct {
	*Server
	app stepApp
}

const stepPath = "/login/code"

// codeField takes the code of an app or a recovery code.
var codeField = formField{"code", "text", "code.label", "code.hint", "one-time-code"}

// stepCookie is the cookie of a half sign-in: it stands for one user who has
// shown the right password, and for nothing else.
func (s *Server) stepCookie(value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: "albumen_step", Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if s.cfg.SecureCookies() {
		c.Secure, c.Name = true, "__Host-"+c.Name
	}
	return c
}

func (s *Server) stepToken(c echo.Context) string {
	cookie, err := c.Request().Cookie(s.stepCookie("", 0).Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// owesStep leads whoever owes a second factor to where it is asked for.
func (s *Server) owesStep(c echo.Context, a arrival) (bool, error) {
	token, err := s.users.BeginSignInStep(c.Request().Context(), app.HalfSignIn{User: a.user, Remember: a.remember, Next: a.next})
	if err != nil || token == "" {
		return false, err
	}
	c.SetCookie(s.stepCookie(token, int(app.SignInStepLife.Seconds())))
	return true, seeOther(c, stepPath)
}

func (h stepHandlers) view(c echo.Context, passkey bool) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(_ url.Values, errs ui.Errors) account.Form {
		var use *account.PasskeyUse
		if passkey {
			use = &account.PasskeyUse{BeginURL: passkeyStepPath + "/begin", FinishURL: passkeyStepPath}
		}
		return account.Form{
			Passkey: use,
			Title:   i18n.T(ctx, "step.title"), Lead: i18n.T(ctx, "step.lead"), ActionURL: stepPath, Submit: i18n.T(ctx, "login.submit"),
			Fields: inputsOf(ctx, nil, errs, codeField), Errors: errs, Links: []account.Link{{Title: i18n.T(ctx, "step.again"), Href: "/login"}},
		}
	}
}

func (h stepHandlers) form(c echo.Context) error {
	half, err := h.app.SignInStep(c.Request().Context(), h.stepToken(c))
	if err != nil {
		return h.tooLate(c, err)
	}
	return h.accountForm(c, http.StatusOK, h.view(c, half.Passkey)(nil, nil), false)
}

func (h stepHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	half, err := h.app.FinishSignInStep(c.Request().Context(), h.stepToken(c), fields.Get("code"), client(c))
	if app.CodeOf(err) == app.CodeNotFound {
		return h.tooLate(c, err)
	}
	if err != nil {
		return h.refusedForm(c, err, nil, h.view(c, half.Passkey), false)
	}
	c.SetCookie(h.stepCookie("", -1))
	return h.admit(c, arrival{half.User, half.Remember, half.Next, app.WayCode})
}

// tooLate leads back to the password when there is no half sign-in.
func (h stepHandlers) tooLate(c echo.Context, err error) error {
	if app.CodeOf(err) != app.CodeNotFound {
		return err
	}
	c.SetCookie(h.stepCookie("", -1))
	return seeOther(c, "/login?again")
}
