package views_test

import (
	"github.com/a-h/templ"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/policies"
	"albumen/views/ui"
)

// termsPages are the pages that change policies and ask for their acceptance,
// and those of the contact form.
func termsPages() map[string]templ.Component {
	long := "Somebody with a rather long name who has changed this"
	history := []policies.Version{
		{Name: "Version 2", Href: "/2", At: noon, By: "Ada", Note: "What administrators may look at is said more clearly, and where reports go.", Current: true, Asked: true, Accepted: "accepted by 12 people"},
		{Name: "Version 1", Href: "/1", At: noon, By: long, Note: "Spelling.", Accepted: "accepted by one person"},
		{Name: "Version 0", Href: "/0"},
	}
	edit := policies.Edit{
		Page: page("/admin/policies/terms"), Title: "Terms of conduct", ReadURL: "/terms", ActionURL: "/p", Version: 2, From: -1, CanAsk: true, History: history,
		Text: "These rules hold for everybody who uses {{Site}}.\n\n# What you may put here\n\nPhotos and videos that you made.\n", Fields: []string{"{{Site}}", "{{Contact}}", "{{TrashDays}}", "{{AuditDays}}"},
		Counts: "3 of 15 people have yet to accept the version that counts, and are asked on their next page.",
	}
	wrong := edit
	wrong.Preview, wrong.Note, wrong.Ask, wrong.NewerURL = prose, "A new rule.", true, "/2"
	wrong.Errors = ui.Errors{"": "Somebody else has published a newer version meanwhile. Your text is below; put into it what you need of theirs and publish it again.", "text": "Write a text.", "note": "Say in one sentence what has changed."}
	again := edit
	again.From, again.Note = 1, "The text of version 1 again."
	old := policies.Old{Page: page("/admin/policies/terms/1"), Title: "Terms of conduct", Version: history[1], HTML: prose, EditURL: "/p", RestoreURL: "/r", Diff: []policies.DiffLine{
		{Text: "# What you may put here"}, {Text: ""}, {Kind: "del", Text: "Photos and videos that you made."}, {Kind: "ins", Text: "Photos and videos that you made, or that you may show. Think of the people in them: ask before you share a picture of somebody, and take it down when they ask you to."},
		{Kind: "gap"}, {Text: "# What may not be here"}, {Kind: "ins", Text: "* Anything that is against the law where this site or you are."},
	}}
	question := policies.Question{Page: page("/terms/accept"), Title: "Terms of conduct", HTML: prose, ActionURL: "/a", Version: 2, Next: "/albums", DataURL: "/d", Newer: true, Notes: []string{"What administrators may look at is said more clearly.", "Spelling."}}
	first := question
	first.First, first.Newer, first.Notes = true, false, nil
	contact := policies.Contact{Page: layout.Page{Path: "/contact"}, ActionURL: "/c", Stamp: "x"}
	mine := contact
	mine.Page, mine.SignedIn, mine.Message, mine.Errors = page("/contact"), "Ada (ada@example.org)", "", ui.Errors{"message": "Write a message."}
	sent := contact
	sent.Sent = true
	messages := policies.Messages{Page: page("/admin/messages"), State: "open", Days: 180, MoreURL: "/more", Tabs: []albums.Tab{{Name: "open", Label: "Open (2)", Href: "#"}, {Name: "answered", Label: "Answered", Href: "#c"}}, List: []policies.Message{
		{Name: "Vera Visitor", Email: "vera@example.org", Text: "How do I get an account?\n\nI am Tom's sister.", IP: "2001:db8:85a3:8d3:1319:8a2e:370:7348", At: noon, DoneURL: "/1", DeleteURL: "/x"},
		{Name: "Maria", NameURL: "/m", Email: "maria@example.org", Text: "The album of the choir has disappeared.", IP: "192.0.2.7", At: noon, Done: "Answered, 24 November 2026, 12:30, by Ada", OpenURL: "/o", DeleteURL: "/x"},
	}}
	return map[string]templ.Component{
		"policies":      policies.ListPage(policies.List{Page: page("/admin/policies"), Rows: []policies.Row{{Title: "About this site", Facts: "As shipped with Albumen", Href: "/1"}, {Title: "Terms of conduct", Facts: "Version 2 · 24 November 2026 · " + long, Href: "/2"}}}),
		"policies-edit": policies.EditPage(edit), "policies-wrong": policies.EditPage(wrong), "policies-again": policies.EditPage(again), "policies-old": policies.OldPage(old),
		"terms-again": policies.QuestionPage(question), "terms-first": policies.QuestionPage(first),
		"contact": policies.ContactPage(contact), "contact-mine": policies.ContactPage(mine), "contact-sent": policies.ContactPage(sent),
		"messages": policies.MessagesPage(messages), "messages-none": policies.MessagesPage(policies.Messages{Page: page("/admin/messages"), State: "open", Days: 1, Tabs: messages.Tabs}),
	}
}
