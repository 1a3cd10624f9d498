package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/reports"
)

// reportQueueApp is what deciding about reports needs.
type reportQueueApp interface {
	Reports(context.Context, app.Actor, app.ReportsQuery) (app.ReportPage, error)
	ReportCase(context.Context, app.Actor, uuid.UUID) (app.ReportCase, error)
	HideReported(context.Context, app.Actor, uuid.UUID) error
	RestoreReported(context.Context, app.Actor, uuid.UUID) error
	DismissReport(context.Context, app.Actor, uuid.UUID) error
	DeleteReported(context.Context, app.Actor, uuid.UUID) error
	ReportedPreview(context.Context, app.Actor, uuid.UUID) (app.Object, error)
	ReportedOriginal(context.Context, app.Actor, uuid.UUID) (app.Object, error)
	SiteSettings(context.Context, app.Actor) (app.SiteSettings, error)
}

type reportQueueHandlers struct {
	*Server
	app reportQueueApp
}

// outcomes and reporters say in words what the columns of the same names hold.
var (
	outcomes = map[string]string{
		"dismissed": "reports.outcome.dismissed", "deleted": "reports.outcome.deleted", "gone": "reports.outcome.gone",
	}
	reporters = map[string]string{
		"user": "reports.by.account", "token": "reports.by.account", "link": "reports.by.link", "visitor": "reports.by.visitor",
	}
)

const reportsPath = "/admin/reports"

func reportPath(id uuid.UUID) string { return reportsPath + "/" + id.String() }

func (h reportQueueHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	closed := c.QueryParam("state") == "closed"
	page, err := h.app.Reports(ctx, h.actor(c), app.ReportsQuery{Closed: closed, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	p := reports.Queue{Page: h.page(c), State: "open", Tabs: []albums.Tab{
		{Name: "open", Label: i18n.T(ctx, "reports.open", "Count", i18n.Number(ctx, page.Open)), Href: reportsPath},
		{Name: "closed", Label: i18n.T(ctx, "reports.closed"), Href: reportsPath + "?state=closed"},
	}}
	q := url.Values{}
	if closed {
		p.State = "closed"
		q.Set("state", "closed")
	}
	for _, r := range page.Items {
		var why []string
		for _, reason := range r.Reasons {
			why = append(why, reasonText(ctx, reason))
		}
		row := reports.Row{
			Name: r.Evidence.Filename, Href: reportPath(r.ID), Owner: r.Evidence.Owner, Reasons: strings.Join(why, " · "),
			Facts: i18n.N(ctx, "reports.facts", r.Count, "When", i18n.Moment(ctx, r.ReportedAt)),
		}
		switch {
		case r.Outcome != "":
			row.State = i18n.T(ctx, outcomes[r.Outcome])
		case !r.There:
			row.State = i18n.T(ctx, "reports.gone")
		case r.Hidden:
			row.State, row.Warning = i18n.T(ctx, "reports.hidden"), true
		}
		p.Cases = append(p.Cases, row)
	}
	if page.Next != "" {
		q.Set("cursor", page.Next)
		p.MoreURL = reportsPath + "?" + q.Encode()
	}
	return h.render(c, http.StatusOK, reports.QueuePage(p))
}

func (h reportQueueHandlers) show(c echo.Context) error {
	id, err := reportID(c)
	if err != nil {
		return err
	}
	return h.showCase(c, http.StatusOK, id, nil)
}

func reportID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, app.NotFound("report")
	}
	return id, nil
}

func (h reportQueueHandlers) showCase(c echo.Context, status int, id uuid.UUID, refused error) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	r, err := h.app.ReportCase(ctx, actor, id)
	if err != nil {
		return err
	}
	settings, err := h.app.SiteSettings(ctx, actor)
	if err != nil {
		return err
	}
	path, e := reportPath(id), r.Evidence
	p := reports.Case{
		Page: h.page(c), Name: e.Filename, Open: r.Outcome == "", There: r.There, OriginalURL: path + "/original",
		Width: e.Width, Height: e.Height, DismissURL: path + "/dismiss", OwnerName: joined(e.Owner, e.OwnerEmail),
		EvidenceDays: settings.EvidenceDays, KeepUntil: r.KeepUntil, State: caseState(ctx, r),
	}
	p.Errors, _, _ = fieldErrors(ctx, refused)
	if r.There && p.Open {
		p.DeleteURL = path + "/delete"
		if r.Hidden {
			p.RestoreURL = path + "/restore"
		} else {
			p.HideURL = path + "/hide"
		}
	}
	if r.Pictured {
		p.PreviewURL = path + "/preview"
	}
	if r.OwnerID != uuid.Nil {
		p.OwnerURL = userPath(r.OwnerID)
	}
	p.Facts = evidenceFacts(ctx, r)
	for _, one := range r.Reports {
		v := reports.Report{Reason: reasonText(ctx, one.Reason), Message: one.Message, Email: one.Email, IP: one.IP, At: one.At, From: i18n.T(ctx, reporters[one.Kind])}
		if one.UserID != uuid.Nil {
			v.From, v.FromURL = one.Name, userPath(one.UserID)
		}
		p.Reports = append(p.Reports, v)
	}
	return h.render(c, status, reports.CasePage(p))
}

// caseState says what has become of the photo.
func caseState(ctx context.Context, r app.ReportCase) string {
	switch {
	case r.Outcome != "" && r.ClosedBy != "":
		return i18n.T(ctx, "reports.decided_by", "Outcome", i18n.T(ctx, outcomes[r.Outcome]), "When", i18n.Moment(ctx, r.ClosedAt), "Name", r.ClosedBy)
	case r.Outcome != "":
		return i18n.T(ctx, "reports.decided", "Outcome", i18n.T(ctx, outcomes[r.Outcome]), "When", i18n.Moment(ctx, r.ClosedAt))
	case !r.There:
		return i18n.T(ctx, "reports.is_gone")
	case r.Hidden:
		return i18n.T(ctx, "reports.is_hidden")
	}
	return i18n.T(ctx, "reports.is_shown")
}

// evidenceFacts are the parts of the record that say something.
func evidenceFacts(ctx context.Context, r app.ReportCase) []reports.Fact {
	e := r.Evidence
	var facts []reports.Fact
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, reports.Fact{Label: i18n.T(ctx, key), Value: value})
		}
	}
	add("reports.album", e.Album)
	add("reports.item_title", e.Title)
	add("reports.item_text", e.Description)
	add("info.file", e.Filename+" · "+e.MIME+" · "+i18n.Bytes(ctx, e.Bytes))
	if e.Width > 0 {
		add("reports.size", strconv.Itoa(e.Width)+" × "+strconv.Itoa(e.Height))
	}
	add("info.checksum", e.SHA256)
	add("info.taken", strings.Replace(e.TakenAt, "T", " ", 1))
	add("info.camera", e.Camera)
	add("info.place", e.Place)
	if e.Latitude != nil && e.Longitude != nil {
		add("reports.position", strconv.FormatFloat(*e.Latitude, 'f', 5, 64)+", "+strconv.FormatFloat(*e.Longitude, 'f', 5, 64))
	}
	add("info.uploaded", i18n.Moment(ctx, e.UploadedAt))
	add("reports.item_id", r.MediaID.String())
	return facts
}

func joined(name, email string) string {
	if name == "" || name == email {
		return email
	}
	return name + " (" + email + ")"
}

func (h reportQueueHandlers) hide(c echo.Context) error {
	return h.decide(c, "receipt_of.report_hidden", h.app.HideReported)
}

func (h reportQueueHandlers) restore(c echo.Context) error {
	return h.decide(c, "receipt_of.report_restored", h.app.RestoreReported)
}

func (h reportQueueHandlers) dismiss(c echo.Context) error {
	return h.decide(c, "receipt_of.report_dismissed", h.app.DismissReport)
}

func (h reportQueueHandlers) remove(c echo.Context) error {
	return h.decide(c, "receipt_of.report_deleted", h.app.DeleteReported)
}

// decide leads back to the case, which says what is so now.
func (h reportQueueHandlers) decide(c echo.Context, receipt string, do func(context.Context, app.Actor, uuid.UUID) error) error {
	id, err := reportID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = do(ctx, h.actor(c), id)
	if e, ok := errors.AsType[*app.Error](err); ok && e.Code == app.CodeConflict {
		return h.showCase(c, http.StatusConflict, id, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, receipt)}, reportPath(id))
}

// preview and original are never kept by the browser: each look is written down.
func (h reportQueueHandlers) preview(c echo.Context) error {
	return h.bytes(c, h.app.ReportedPreview)
}

func (h reportQueueHandlers) original(c echo.Context) error {
	return h.bytes(c, h.app.ReportedOriginal)
}

func (h reportQueueHandlers) bytes(c echo.Context, find func(context.Context, app.Actor, uuid.UUID) (app.Object, error)) error {
	id, err := reportID(c)
	if err != nil {
		return err
	}
	o, err := find(c.Request().Context(), h.actor(c), id)
	if err != nil {
		return err
	}
	if o.Filename != "" {
		c.Response().Header().Set(echo.HeaderContentDisposition, disposition("attachment", o.Filename))
	}
	return serveOnce(c, o)
}
