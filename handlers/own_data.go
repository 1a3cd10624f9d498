package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// ownDataApp is what people need to take their data along, and to leave.
type ownDataApp interface {
	DeletionTerms(context.Context, app.Actor) (app.DeletionTerms, error)
	RequestDeletion(ctx context.Context, actor app.Actor, password string) (time.Time, error)
	OwnExport(context.Context, app.Actor) (app.DataExport, error)
	RequestExport(context.Context, app.Actor) error
	RemoveExport(context.Context, app.Actor) error
	OpenExport(ctx context.Context, actor app.Actor, token string) (app.Object, error)
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
	p := account.Data{
		Page: h.page(c), DeleteURL: ownDataPath + "/delete", AlbumsURL: "/albums", Errors: errs, Current: inputsOf(ctx, nil, errs, currentField)[0],
	}
	p.Current.Autofocus = errs["current"] != ""
	if p.Proof = h.byCode(c, &p.Current); p.Proof.Href != "" {
		p.Proof.Href = proofPath + "?next=" + url.QueryEscape(ownDataPath)
	}
	p.Goes = i18n.N(ctx, "own_data.items", int(terms.Items)) + ", " + i18n.N(ctx, "own_data.albums", int(terms.Albums))
	p.Grace = i18n.T(ctx, "own_data.grace_none")
	if terms.Days > 0 {
		p.Grace = i18n.N(ctx, "own_data.grace", terms.Days)
	}
	if err := h.addExport(c, &p.Export); err != nil {
		return err
	}
	return h.render(c, status, account.DataPage(p))
}

// addExport tells how far the copy of the person's data is. While one is made, the
// page comes again by itself.
func (h ownDataHandlers) addExport(c echo.Context, p *account.Export) error {
	ctx := c.Request().Context()
	p.ActionURL, p.RemoveURL = ownDataPath+"/export", ownDataPath+"/export/remove"
	export, err := h.app.OwnExport(ctx, h.actor(c))
	if app.CodeOf(err) == app.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	switch export.State {
	case db.ExportStateReady:
		p.DownloadURL = exportsPath + "/" + export.Token
		p.Text = i18n.T(ctx, "own_data.export_ready", "Size", i18n.Bytes(ctx, export.Bytes), "When", i18n.Moment(ctx, export.ExpiresAt))
	case db.ExportStateFailed:
		p.Problem = i18n.T(ctx, "own_data.export_failed")
	default:
		p.Running, p.Done, p.Total = true, export.Done, export.Total
		p.Text = i18n.T(ctx, "own_data.export_waiting")
		if export.Total > 0 {
			p.Text = i18n.T(ctx, "own_data.export_running", "Done", i18n.Number(ctx, export.Done), "Total", i18n.Number(ctx, export.Total))
		}
		c.Response().Header().Set("Refresh", "10")
	}
	return nil
}

func (h ownDataHandlers) export(c echo.Context) error {
	if err := h.app.RequestExport(c.Request().Context(), h.actor(c)); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "own_data.export_begun")}, ownDataPath)
}

func (h ownDataHandlers) removeExport(c echo.Context) error {
	if err := h.app.RemoveExport(c.Request().Context(), h.actor(c)); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "own_data.export_removed")}, ownDataPath)
}

// exportsPath is in front of the token: see secretPaths.
const exportsPath = "/exports"

// download sends the copy to the person whose data it holds. The address is in a
// mail: whoever is not signed in comes back to it afterwards.
func (h ownDataHandlers) download(c echo.Context) error {
	o, err := h.app.OpenExport(c.Request().Context(), h.actor(c), c.Param("token"))
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentDisposition, disposition("attachment", o.Filename))
	header.Set("Referrer-Policy", noReferrer)
	return serve(c, o, false)
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
