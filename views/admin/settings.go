package admin

import (
	"context"
	"net/url"
	"strings"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Settings is the form with the settings of the site, posted to ActionURL with
// the names of app.SiteSettings in JSON; a quota is in gigabytes.
type Settings struct {
	Page      layout.Page
	ActionURL string
	Values    url.Values // as typed
	NoMail    bool       // mails go to a folder only
	Errors    ui.Errors
}

// settingsGroup is some of the settings under one heading.
type settingsGroup struct {
	title  string // message
	fields []settingsField
}

type settingsField struct {
	label string // message settings.NAME
	kind  string // text, number, check, or inviters
	hint  string // message; "" for none
}

var settingsGroups = []settingsGroup{
	{"settings.group_site", []settingsField{{"settings.site_name", "text", ""}}},
	{"settings.group_people", []settingsField{
		{"settings.sign_up", "check", "settings.sign_up_hint"},
		{"settings.link_by_email", "check", "settings.link_by_email_hint"},
		{"settings.verify_email", "check", "settings.verify_email_hint"},
		{"settings.breached_check", "check", "settings.breached_check_hint"},
		{"settings.inviters", "inviters", ""},
		{"settings.default_quota", "number", "settings.default_quota_hint"},
	}},
	{"settings.group_sharing", []settingsField{
		{"settings.public_albums", "check", ""},
		{"settings.share_links", "check", "settings.share_links_hint"},
		{"settings.guest_uploads", "check", "settings.guest_uploads_hint"},
		{"settings.mail_on_change", "check", ""},
		{"settings.mail_on_report", "check", ""},
	}},
	{"settings.group_keeping", []settingsField{
		{"settings.trash_days", "number", ""},
		{"settings.audit_days", "number", "settings.audit_days_hint"},
		{"settings.mail_days", "number", ""},
		{"settings.evidence_days", "number", "settings.evidence_days_hint"},
		{"settings.message_days", "number", ""},
		{"settings.deletion_days", "number", "settings.deletion_days_hint"},
	}},
}

// name is the field in the form.
func (f settingsField) name() string { return strings.TrimPrefix(f.label, "settings.") }

func (f settingsField) help(ctx context.Context) string {
	if f.hint == "" {
		return ""
	}
	return i18n.T(ctx, f.hint)
}

func (g settingsGroup) id() string { return strings.ReplaceAll(g.title, ".", "-") }

func inviters(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{
		{Value: "members", Label: i18n.T(ctx, "settings.inviters_members")},
		{Value: "admins", Label: i18n.T(ctx, "settings.inviters_admins")},
	}
	for i := range out {
		out[i].Selected = out[i].Value == chosen
	}
	return out
}
