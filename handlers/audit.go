package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/admin"
	"albumen/views/ui"
)

// auditApp is what the pages of the audit log need.
type auditApp interface {
	Audit(context.Context, app.Actor, app.AuditQuery) (app.AuditPage, error)
	AuditActions(context.Context, app.Actor) ([]string, error)
	OwnActivity(context.Context, app.Actor, app.AuditQuery) (app.AuditPage, error)
	ExportAudit(context.Context, app.Actor, app.AuditQuery, func(app.AuditEntry) error) error
}

type auditHandlers struct {
	*Server
	app auditApp
}

const (
	auditPath    = "/admin/audit"
	activityPath = "/account/activity"
)

// auditFilters are the fields of the form, and of every address of the page.
var auditFilters = []string{"who", "action", "kind", "object", "from", "to", "ip", "text"}

// query reads the filters. Days are those of the reader's time zone.
func (h auditHandlers) query(c echo.Context) (app.AuditQuery, error) {
	v, zone := c.QueryParams(), i18n.Zone(c.Request().Context())
	q := app.AuditQuery{
		Who: v.Get("who"), Action: v.Get("action"), Kind: v.Get("kind"), IP: v.Get("ip"), Text: v.Get("text"), Cursor: v.Get("after"),
	}
	wrong := map[string]string{}
	day := func(field string) time.Time {
		if v.Get(field) == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, v.Get(field), zone)
		if err != nil || t.Year() < 1 {
			wrong[field] = "error.audit_day"
		}
		return t
	}
	q.Since, q.Until = day("from"), day("to")
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1)
	}
	if len(wrong) > 0 {
		return q, &app.Error{Code: app.CodeInvalid, Key: "error.invalid", Fields: wrong}
	}
	var err error
	q.Object, err = optionalID("object", v.Get("object"))
	return q, err
}

// list shows the log as the filters in the address say.
func (h auditHandlers) list(c echo.Context) error {
	ctx, actor, v := c.Request().Context(), h.actor(c), c.QueryParams()
	actions, err := h.app.AuditActions(ctx, actor)
	if err != nil {
		return err
	}
	q, err := h.query(c)
	var page app.AuditPage
	if err == nil {
		page, err = h.app.Audit(ctx, actor, q)
	}
	status, shown := http.StatusOK, ui.Errors(nil)
	if err != nil {
		var ok bool
		if shown, status, ok = fieldErrors(ctx, err); !ok || app.CodeOf(err) != app.CodeInvalid || v.Has("after") {
			return err
		}
	}
	filters := auditURLValues(v)
	p := admin.Audit{
		Page: h.page(c), Who: q.Who, From: v.Get("from"), To: v.Get("to"), IP: q.IP, Text: q.Text, Errors: shown,
		Actions: actionOptions(ctx, actions, q.Action), Kinds: kindOptions(ctx, q.Kind), Filtered: len(filters) > 0,
		FilterURL: auditPath, ExportURL: withQuery(auditPath+"/export", filters),
	}
	for _, e := range page.Entries {
		shown := auditEntry(ctx, e)
		if e.ActorID != nil {
			shown.WhoHref = withQuery(auditPath, url.Values{"who": {e.ActorID.String()}})
		}
		p.Entries = append(p.Entries, shown)
	}
	if q.Cursor != "" {
		p.FirstURL = withQuery(auditPath, filters)
	}
	if page.Next != "" {
		filters.Set("after", page.Next)
		p.NextURL = withQuery(auditPath, filters)
	}
	return h.render(c, status, admin.AuditPage(p))
}

// activity shows a person what they did and what concerned them.
func (h auditHandlers) activity(c echo.Context) error {
	ctx, after := c.Request().Context(), c.QueryParam("after")
	page, err := h.app.OwnActivity(ctx, h.actor(c), app.AuditQuery{Cursor: after})
	if err != nil {
		return err
	}
	p := admin.Activity{Page: h.page(c)}
	for _, e := range page.Entries {
		p.Entries = append(p.Entries, auditEntry(ctx, e))
	}
	if after != "" {
		p.FirstURL = activityPath
	}
	if page.Next != "" {
		p.NextURL = withQuery(activityPath, url.Values{"after": {page.Next}})
	}
	return h.render(c, http.StatusOK, admin.ActivityPage(p))
}

// auditURLValues are the filters that are set.
func auditURLValues(v url.Values) url.Values {
	set := url.Values{}
	for _, field := range auditFilters {
		if value := strings.TrimSpace(v.Get(field)); value != "" {
			set.Set(field, value)
		}
	}
	return set
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// actionOptions offers each group of actions, and each action in it.
func actionOptions(ctx context.Context, actions []string, chosen string) []ui.Option {
	options := []ui.Option{{Label: i18n.T(ctx, "auditlog.any_action"), Selected: chosen == ""}}
	found := chosen == ""
	add := func(value, label string) {
		found = found || value == chosen
		options = append(options, ui.Option{Value: value, Label: label, Selected: value == chosen})
	}
	group := ""
	for _, action := range actions {
		noun, _, _ := strings.Cut(action, ".")
		if noun != group {
			group = noun
			add(noun, kindName(ctx, noun))
		}
		add(action, "— "+actionText(ctx, action))
	}
	if !found {
		add(chosen, chosen)
	}
	return options
}

func kindOptions(ctx context.Context, chosen string) []ui.Option {
	options := []ui.Option{{Label: i18n.T(ctx, "auditlog.any_kind"), Selected: chosen == ""}}
	found := chosen == ""
	for _, kind := range auditKinds {
		found = found || kind.name == chosen
		options = append(options, ui.Option{Value: kind.name, Label: i18n.T(ctx, kind.key), Selected: kind.name == chosen})
	}
	if !found {
		options = append(options, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return options
}

// objectHref is the page of an object that the reader may see.
func objectHref(kind string, id uuid.UUID) string {
	switch kind {
	case "album":
		return albumPath(id)
	case "media":
		return fromTimeline.viewer(id)
	case "user":
		return userPath(id)
	case "group":
		return groupPath(id)
	}
	return ""
}
