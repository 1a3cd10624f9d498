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
)

// entryApp is what coming in needs.
type entryApp interface {
	FirstRun(context.Context) (bool, error)
	PublicSite(context.Context) (app.PublicSite, error)
	NoteSignOut(context.Context, app.Actor) error
	IdentityProviderName() string
	PasskeysPossible() bool
	SignIn(ctx context.Context, email, password string, from netip.Addr) (db.User, error)
}

type entryHandlers struct {
	*Server
	app entryApp
}

const home = "/timeline"

// root leads to where a person can go on.
func (h entryHandlers) root(c echo.Context) error {
	if h.actor(c).SignedIn() {
		return seeOther(c, home)
	}
	first, err := h.app.FirstRun(c.Request().Context())
	if err != nil {
		return err
	}
	if first {
		return seeOther(c, "/setup")
	}
	return seeOther(c, "/login")
}

func (h entryHandlers) form(c echo.Context) error {
	next := localPath(c.QueryParam("next"))
	if h.actor(c).SignedIn() {
		return seeOther(c, orHome(next))
	}
	if first, err := h.app.FirstRun(c.Request().Context()); err != nil {
		return err
	} else if first {
		return seeOther(c, "/setup")
	}
	view, err := h.view(c, account.Login{Next: next})
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	for _, notice := range loginNotices {
		if c.QueryParams().Has(notice.param) {
			view.Notice = i18n.T(ctx, notice.key)
		}
	}
	return h.render(c, http.StatusOK, account.LoginPage(view))
}

// loginNotices say what was done before one came to the sign-in page.
var loginNotices = []struct{ param, key string }{
	{"signed-out", "login.signed_out"}, {"signed-up", "login.signed_up"}, {"changed", "login.password_changed"}, {"leaving", "own_data.asked"},
	{"again", "not_found.sign_in_step"},
}

// view adds the ways to the pages of those who cannot sign in.
func (h entryHandlers) view(c echo.Context, v account.Login) (account.Login, error) {
	site, err := h.app.PublicSite(c.Request().Context())
	v.Page, v.ResetURL = h.page(c), "/reset"
	if site.SignUp {
		v.SignUpURL = "/signup"
	}
	if h.app.PasskeysPossible() {
		v.Page.Scripts, v.Passkey = []string{passkeyScript}, &account.PasskeyUse{BeginURL: passkeyEnterPath + "/begin", FinishURL: passkeyEnterPath}
	}
	if v.OtherName = h.app.IdentityProviderName(); v.OtherName != "" {
		v.OtherURL = oidcPath
		if v.Next != "" {
			v.OtherURL += "?next=" + url.QueryEscape(v.Next)
		}
	}
	return v, err
}

func (h entryHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	next, remember := localPath(fields.Get("next")), fields.Has("remember")
	user, err := h.app.SignIn(ctx, fields.Get("email"), fields.Get("password"), client(c))
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		typed := account.Login{Email: fields.Get("email"), Next: next, Remember: remember, Errors: shown}
		if app.IsUnverified(err) {
			typed.VerifyURL = "/verify"
		}
		view, err := h.view(c, typed)
		if err != nil {
			return err
		}
		return h.render(c, status, account.LoginPage(view))
	}
	return h.arrive(c, arrival{user, remember, next, app.WayPassword})
}

// logout forgets the session on both sides. Cookies are not named: the browser
// would clear those of the other sites under the same domain too.
func (h entryHandlers) logout(c echo.Context) error {
	if actor := h.actor(c); actor.SignedIn() {
		if err := h.app.NoteSignOut(c.Request().Context(), actor); err != nil {
			return err
		}
	}
	if err := h.endSession(c); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return seeOther(c, "/login?signed-out")
}

func orHome(path string) string {
	if path == "" || path == "/" {
		return home
	}
	return path
}

func setRetryAfter(c echo.Context, err error) {
	if seconds, ok := app.RetryAfter(err); ok {
		c.Response().Header().Set("Retry-After", strconv.Itoa(seconds))
	}
}
