package handlers

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
)

// setupApp is what the first run needs.
type setupApp interface {
	FirstRun(context.Context) (bool, error)
	FinishFirstRun(ctx context.Context, code string, n app.NewUser, from netip.Addr) (db.User, error)
}

type setupHandlers struct {
	*Server
	app setupApp
}

func (h setupHandlers) form(c echo.Context) error {
	first, err := h.app.FirstRun(c.Request().Context())
	if err != nil {
		return err
	}
	if !first {
		return seeOther(c, "/")
	}
	return h.render(c, http.StatusOK, account.FirstRunPage(account.FirstRun{Page: h.page(c), ActionURL: "/setup"}))
}

func (h setupHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewUser{
		Email: fields.Get("email"), Name: fields.Get("name"), Password: fields.Get("password"), Language: i18n.Lang(ctx),
	}
	user, err := h.app.FinishFirstRun(ctx, fields.Get("code"), n, client(c))
	if app.CodeOf(err) == app.CodeConflict {
		return err
	}
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		return h.render(c, status, account.FirstRunPage(account.FirstRun{
			Page: h.page(c), ActionURL: "/setup", Code: fields.Get("code"), Name: n.Name, Email: n.Email, Errors: shown,
		}))
	}
	if err := h.beginSession(c, user, app.WayPassword); err != nil {
		return err
	}
	return seeOther(c, home)
}
