package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/reports"
	"albumen/views/ui"
)

// reportApp is what reporting a photo needs.
type reportApp interface {
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	ReportMedia(context.Context, app.Actor, uuid.UUID, app.NewReport) error
	FormStamp() string
}

// reportHandlers serve the form below the photo, wherever that is: base is what
// stands before /media, and page the page around the form.
type reportHandlers struct {
	*Server
	app    reportApp
	base   func(echo.Context) string
	around func(echo.Context) layout.Page
}

// reportsOfPhotos is the form of the photos' own pages.
func reportsOfPhotos(s *Server, a reportApp) reportHandlers {
	return reportHandlers{s, a, func(echo.Context) string { return "" }, s.page}
}

// item is the photo, which only those may report who see it.
func (h reportHandlers) item(c echo.Context) (app.MediaDetail, error) {
	id, err := mediaID(c)
	if err != nil {
		return app.MediaDetail{}, err
	}
	m, err := h.app.Media(c.Request().Context(), h.actor(c), id)
	if _, byLink := h.actor(c).Link(); app.CodeOf(err) == app.CodeNotFound && !h.actor(c).SignedIn() && !byLink {
		return app.MediaDetail{}, app.Unauthenticated() // whether it exists or not
	}
	return m, err
}

func (h reportHandlers) form(c echo.Context) error {
	m, err := h.item(c)
	if err != nil {
		return err
	}
	p := h.view(c, m, app.NewReport{})
	p.Sent = c.QueryParams().Has("sent")
	return h.render(c, http.StatusOK, reports.FormPage(p))
}

func (h reportHandlers) view(c echo.Context, m app.MediaDetail, typed app.NewReport) reports.Form {
	ctx, path := c.Request().Context(), h.base(c)+"/media/"+m.ID.String()
	p := reports.Form{
		Page: h.around(c), ActionURL: path + "/report", BackURL: path, Alt: altText(ctx, m.Title, m.Description, m.TakenAtLocal),
		Message: typed.Message, Email: typed.Email, SignedIn: h.actor(c).SignedIn(), Stamp: h.app.FormStamp(),
		Reasons: []ui.Option{{Label: i18n.T(ctx, "report.choose")}},
	}
	if m.Thumb > 0 {
		p.ThumbURL = h.base(c) + derivativeURL(m.ID.String(), app.Thumb, m.Thumb)
	}
	for _, r := range app.ReportReasons() {
		p.Reasons = append(p.Reasons, ui.Option{Value: string(r), Label: reasonText(ctx, r), Selected: r == typed.Reason})
	}
	return p
}

func reasonText(ctx context.Context, r app.ReportReason) string {
	return i18n.T(ctx, r.Message())
}

func (h reportHandlers) submit(c echo.Context) error {
	m, err := h.item(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewReport{Reason: app.ReportReason(fields.Get("reason")), Message: fields.Get("message"), Email: fields.Get("email"), Guard: guardOf(fields)}
	if err := h.app.ReportMedia(ctx, h.actor(c), m.ID, n); err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		p := h.view(c, m, n)
		p.Errors = shown
		return h.render(c, status, reports.FormPage(p))
	}
	return seeOther(c, h.base(c)+"/media/"+m.ID.String()+"/report?sent")
}

// guardOf reads what ui.Guard has put into a form.
func guardOf(fields url.Values) app.Guard {
	return app.Guard{Trap: fields.Get("website"), Stamp: fields.Get("stamp")}
}
