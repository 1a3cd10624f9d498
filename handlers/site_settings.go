package handlers

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/admin"
	"albumen/views/layout"
)

// siteSettingsApp is what the settings of the site need.
type siteSettingsApp interface {
	SiteSettings(context.Context, app.Actor) (app.SiteSettings, error)
	UpdateSiteSettings(context.Context, app.Actor, app.SiteSettings) (app.SiteSettings, error)
}

type siteSettingsHandlers struct {
	*Server
	app siteSettingsApp
}

const siteSettingsPath = "/admin/settings"

func (h siteSettingsHandlers) form(c echo.Context) error {
	s, err := h.app.SiteSettings(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, admin.SettingsPage(h.view(c, settingsValues(s))))
}

func (h siteSettingsHandlers) view(c echo.Context, values url.Values) admin.Settings {
	return admin.Settings{Page: h.page(c), ActionURL: siteSettingsPath, Values: values, NoMail: h.cfg.SMTP == nil}
}

func (h siteSettingsHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := h.app.UpdateSiteSettings(ctx, h.actor(c), settingsOf(fields)); err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		p := h.view(c, fields)
		p.Errors = shown
		return h.render(c, status, admin.SettingsPage(p))
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "account.saved")}, siteSettingsPath)
}

// gigabyte is the unit in which the form gives quotas.
const gigabyte = 1e9

// unreadable is a number that no setting may have.
const unreadable = -1

func settingsOf(f url.Values) app.SiteSettings {
	return app.SiteSettings{
		SiteName: f.Get("site_name"), Inviters: app.Inviters(f.Get("inviters")),
		SignUp: f.Has("sign_up"), VerifyEmail: f.Has("verify_email"), PublicAlbums: f.Has("public_albums"),
		ShareLinks: f.Has("share_links"), GuestUploads: f.Has("guest_uploads"), MailOnChange: f.Has("mail_on_change"),
		BreachedCheck: f.Has("breached_check"), LinkByEmail: f.Has("link_by_email"),
		DefaultQuota: quotaOf(f.Get("default_quota")), AuditDays: dayCount(f.Get("audit_days"), 0), TrashDays: dayCount(f.Get("trash_days"), unreadable),
		MailDays: dayCount(f.Get("mail_days"), unreadable), DeletionDays: dayCount(f.Get("deletion_days"), unreadable),
		MailOnReport: f.Has("mail_on_report"), EvidenceDays: dayCount(f.Get("evidence_days"), unreadable), MessageDays: dayCount(f.Get("message_days"), unreadable),
	}
}

// dayCount reads a number of days; what is left empty is none.
func dayCount(text string, none int) int {
	text = strings.TrimSpace(text)
	if text == "" {
		return none
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return unreadable
	}
	return n
}

// quotaOf reads gigabytes; what is left empty is no limit, and so is 0.
func quotaOf(text string) int64 {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", ".")
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > math.MaxInt64/gigabyte/2 {
		return unreadable
	}
	return int64(math.Round(n * gigabyte))
}

// settingsValues is the form filled in.
func settingsValues(s app.SiteSettings) url.Values {
	v := url.Values{
		"site_name": {s.SiteName}, "inviters": {string(s.Inviters)}, "trash_days": {strconv.Itoa(s.TrashDays)},
		"mail_days": {strconv.Itoa(s.MailDays)}, "deletion_days": {strconv.Itoa(s.DeletionDays)},
		"evidence_days": {strconv.Itoa(s.EvidenceDays)}, "message_days": {strconv.Itoa(s.MessageDays)},
	}
	if s.AuditDays > 0 {
		v.Set("audit_days", strconv.Itoa(s.AuditDays))
	}
	if s.DefaultQuota > 0 {
		v.Set("default_quota", strconv.FormatFloat(float64(s.DefaultQuota)/gigabyte, 'f', -1, 64))
	}
	for name, on := range map[string]bool{
		"sign_up": s.SignUp, "verify_email": s.VerifyEmail, "public_albums": s.PublicAlbums, "share_links": s.ShareLinks,
		"guest_uploads": s.GuestUploads, "mail_on_change": s.MailOnChange, "breached_check": s.BreachedCheck, "link_by_email": s.LinkByEmail,
		"mail_on_report": s.MailOnReport,
	} {
		if on {
			v.Set(name, "on")
		}
	}
	return v
}
