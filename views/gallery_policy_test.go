package views_test

import (
	"github.com/a-h/templ"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/policies"
	"albumen/views/reports"
	"albumen/views/ui"
)

// prose is what a policy looks like.
const prose = `<p>This says which data are kept.</p><h2>What is kept</h2><div class="table-scroll" tabindex="0" role="region" aria-label="Table"><table><thead><tr><th>What</th><th>Why</th><th>How long</th></tr></thead>
<tbody><tr><td>Name, e-mail address, password (as a hash), language, time zone, picture</td><td>Your account</td><td>Until the account is deleted</td></tr></tbody></table></div><ul><li>One thing, with a <a href="/terms">link</a></li><li>Another</li></ul>`

// policyPages are the pages of reports, policies and the contact form.
func policyPages(thumb string) map[string]templ.Component {
	reasons := []ui.Option{{Label: "Choose a reason…"}, {Value: "consent", Label: "Shows somebody who has not agreed to it"}, {Value: "personal_data", Label: "Gives personal data away, such as a document or an address"}}
	visitor := layout.Page{Path: "/media/1/report"}
	form := reports.Form{Page: visitor, ActionURL: "/r", BackURL: "/media/1", ThumbURL: thumb, Alt: "On the ridge", Reasons: reasons, Stamp: "x"}
	mine := form
	mine.Page, mine.SignedIn, mine.Message, mine.Errors = page("/media/1/report"), true, "That is me.", ui.Errors{"reason": "Choose a reason."}
	sent := form
	sent.Sent = true
	queue := reports.Queue{Page: page("/admin/reports"), State: "open", MoreURL: "/more", Tabs: []albums.Tab{{Name: "open", Label: "Open (3)", Href: "#"}, {Name: "closed", Label: "Decided", Href: "#c"}}, Cases: []reports.Row{
		{Name: "IMG_1234.jpg", Href: "/1", Owner: "Ada", Reasons: "Shows somebody who has not agreed to it · Hate, threats or harassment", Facts: "reported 3 times, last 24 November 2026, 12:00", State: "hidden", Warning: true},
		{Name: "A photo with a very long name that somebody gave it on the phone 20261124.heic", Href: "/2", Owner: "Maria", Reasons: "Something else", Facts: "reported 24 November 2026, 11:30"},
		{Name: "DSC_0042.NEF", Href: "/3", Owner: "Tom", Reasons: "Violence or cruelty", Facts: "reported 23 November 2026, 9:10", State: "deleted by its owner"},
	}}
	open := reports.Case{
		Page: page("/admin/reports/1"), Name: "IMG_1234.jpg", State: "Undecided. Everybody whom it is shared with still sees it.", Open: true, There: true, PreviewURL: thumb, OriginalURL: "/o", Width: 400, Height: 300,
		HideURL: "/h", DismissURL: "/d", DeleteURL: "/x", OwnerURL: "/u", OwnerName: "Ada (ada@example.org)", EvidenceDays: 90,
		Facts: []reports.Fact{{Label: "Album", Value: "Summer"}, {Label: "File", Value: "IMG_1234.jpg · image/jpeg · 3.4 MB"}, {Label: "Checksum", Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, {Label: "Taken", Value: "2026-07-01 12:00:00"}},
		Reports: []reports.Report{
			{Reason: "Something else", Message: "Please look again.\nIt is still there.", From: "A visitor", Email: "vera@example.org", IP: "2001:db8:85a3:8d3:1319:8a2e:370:7348", At: noon},
			{Reason: "Shows somebody who has not agreed to it", Message: "That is me.", From: "Maria", FromURL: "/m", Email: "maria@example.org", IP: "192.0.2.7", At: noon},
		},
	}
	closed := open
	closed.Open, closed.There, closed.PreviewURL, closed.HideURL, closed.DeleteURL = false, false, "", "", ""
	closed.State, closed.KeepUntil = "Deleted, 24 November 2026, 12:30, by Ada", noon.AddDate(0, 0, 90)
	return map[string]templ.Component{
		"policy": policies.PolicyPage(policies.Read{Page: page("/privacy"), Title: "Privacy policy", HTML: prose, Version: 3, Changed: noon}), "policy-visitor": policies.PolicyPage(policies.Read{Page: layout.Page{Path: "/terms"}, Title: "Policy against child sexual abuse material", HTML: prose}),
		"report": reports.FormPage(form), "report-mine": reports.FormPage(mine), "report-sent": reports.FormPage(sent),
		"reports": reports.QueuePage(queue), "reports-none": reports.QueuePage(reports.Queue{Page: page("/admin/reports"), State: "open", Tabs: queue.Tabs}),
		"reports-case": reports.CasePage(open), "reports-closed": reports.CasePage(closed),
	}
}
