package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/ui"
)

// ownDataApp is what people need to take their data along, and to leave.
type ownDataApp interface {
	DeletionTerms(context.Context, app.Actor) (app.DeletionTerms, error)
	RequestDeletion(ctx context.Context, actor app.Actor, password string) (time.Time, error)
}

type ownDataHandlers struct {
	*Server
	app ownDataApp
}

const ownDataPath = "/account/data"

func (h ownDataHandlers) show(c echo.Context) error { return h.showData(c, http.StatusOK, nil) }

// showData shows all there is about one's data, with what is wrong with the form of
// the deletion.
func (h ownDataHandlers) showData(c echo.Context, status int, errs ui.Errors) error {
	ctx := c.Request().Context()
	terms, err := h.app.DeletionTerms(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := account.Data{Page: h.page(c), DeleteURL: ownDataPath + "/delete", AlbumsURL: "/albums", Errors: errs}
	p.Goes = i18n.N(ctx, "own_data.items", int(terms.Items)) + ", " + i18n.N(ctx, "own_data.albums", int(terms.Albums))
	p.Grace = i18n.T(ctx, "own_data.grace_none")
	if terms.Days > 0 {
		p.Grace = i18n.N(ctx, "own_data.grace", terms.Days)
	}
	return h.render(c, status, account.DataPage(p))
}

// remove asks for the end of the account. Nobody is signed in afterwards.
func (h ownDataHandlers) remove(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	if _, err := h.app.RequestDeletion(c.Request().Context(), h.actor(c), fields.Get("current")); err != nil {
		shown, status, ok := fieldErrors(c.Request().Context(), err)
		if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		setRetryAfter(c, err)
		return h.showData(c, status, shown)
	}
	if err := h.endSession(c); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return seeOther(c, "/login?leaving")
}
