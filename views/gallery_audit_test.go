package views_test

import (
	"time"

	"github.com/a-h/templ"

	"albumen/views/admin"
	"albumen/views/ui"
)

// auditLog are the pages of the audit log.
func auditLog() map[string]templ.Component {
	log := admin.Audit{
		Page: page("/admin/audit"), FilterURL: "/x", ExportURL: "/x", NextURL: "/x", Entries: auditEntries(),
		Actions: []ui.Option{{Label: "Anything", Selected: true}, {Value: "album", Label: "Albums"}, {Value: "album.create", Label: "— Made an album"}},
		Kinds:   []ui.Option{{Label: "Anything", Selected: true}, {Value: "album", Label: "Albums"}},
	}
	none := log
	none.Entries, none.NextURL, none.FirstURL, none.Filtered, none.Who = nil, "", "/x", true, "ada"
	none.Errors = ui.Errors{"from": "Enter a day such as 2026-11-24."}
	return map[string]templ.Component{
		"audit":          admin.AuditPage(log),
		"audit-none":     admin.AuditPage(none),
		"audit-activity": admin.ActivityPage(admin.Activity{Page: page("/account/activity"), Entries: auditEntries()[:3], FirstURL: "/x", NextURL: "/x"}),
	}
}

func auditEntries() []admin.AuditEntry {
	at := time.Date(2026, 11, 24, 12, 40, 0, 0, time.UTC)
	facts := []admin.AuditFact{{Name: "Request", Value: "9bee747a8ccf1c3b"}, {Name: "Entry", Value: "1234"}}
	return []admin.AuditEntry{
		{
			Text: "Changed an album", Object: "Summer in Norway, with everybody who came along", Href: "/x", Who: "Ada Lovelace", WhoHref: "/x", At: at, IP: "2001:db8:85a3::8a2e:370:7334",
			Changes: []admin.AuditChange{{Name: "Title", Before: "Summer", After: "Summer in Norway, with everybody who came along"}, {Name: "Who may see it", Before: "private", After: "members"}}, Facts: facts,
		},
		{Text: "Changed the role of a member", Object: "Family", About: "Grace Hopper", Who: "Ada Lovelace, by an API token", WhoHref: "/x", At: at, IP: "192.0.2.1", Changes: []admin.AuditChange{{Name: "What", Before: "viewer", After: "contributor"}}, Facts: facts},
		{Text: "Failed to sign in: wrong e-mail address or password", Who: "A visitor", At: at, IP: "198.51.100.7"},
		{Text: "Let a suspended person in again", Who: "A deleted account", At: at, Erased: true},
		{Text: "Deleted what had lain in the trash for long", Who: "Albumen itself", At: at, Facts: []admin.AuditFact{{Name: "Photos", Value: "412"}}},
	}
}
