package views_test

import (
	"time"

	"github.com/a-h/templ"

	"albumen/views/albums"
	"albumen/views/invitations"
	"albumen/views/layout"
	"albumen/views/mails"
	"albumen/views/ui"
)

// mailPages are the pages of mails and invitations.
func mailPages() map[string]templ.Component {
	tabs := []albums.Tab{{Label: "All", Href: "#"}, {Name: "dead", Label: "Given up (1)", Href: "#d"}, {Name: "queued", Label: "Waiting (2)", Href: "#q"}, {Name: "sent", Label: "Sent (40)", Href: "#s"}}
	list := mails.List{
		Page: page("/admin/mail"), Tabs: tabs, MoreURL: "/more", Mails: []mails.Mail{
			{ID: "1", To: "maria@example.org", About: "An invitation into an album", Icon: "warning", State: "Given up after one attempt", Problem: "The mail server refuses this mail. Most often there is no such address.", Said: "550 5.1.1 <maria@example.org>: Recipient address rejected: User unknown in local recipient table", At: noon, RetryURL: "/r", ThrowURL: "/d"},
			{ID: "2", To: "somebody.with.a.very.long.address@department.university.example.org", About: "An invitation to the site", Icon: "clock", State: "Waiting to be sent", At: noon, ThrowURL: "/d"},
			{ID: "3", To: "tom@example.org", About: "A test, sent by an administrator", Icon: "check", State: "Sent 24 November 2026, 12:54", At: noon},
		},
		Outbox: []mails.File{{Name: "20261124T125427Z-01a20d9f-36fe-718b-a64e-6fcd05b1ac65.eml", Href: "/o", At: noon}},
	}
	letter := mails.Letter{Page: page("/admin/mail"), Subject: "Ann invites you to “Summer”", From: "Our photos <photos@example.org>", To: "maria@example.org", Date: noon, RawURL: "?raw", Lines: []mails.Line{
		{Text: "Ann invites you to the album “Summer”."}, {}, {Text: "> Come and look!"}, {}, {Text: "Open the album:"}, {Text: "http://localhost:8080/invitations/abcdefghijklmnopqrstuvwxyz234567", Href: "/invitations/x"},
	}}
	text := mails.Text{
		Page: page("/admin/mail"), About: "An invitation into an album", Language: "English", ActionURL: "/a", PreviewURL: "/p", Subject: "{{Inviter}} invites you to “{{Album}}”",
		Body: "{{Inviter}} invites you.\n\n> {{Message}}\n\n[Open the album]({{InvitationLink}})\n", Version: "2", Changed: true,
		Fields:  []mails.Field{{Code: "{{Inviter}}", Sample: "Maria Weber"}, {Code: "{{InvitationLink}}", Sample: "https://photos.example.org/invitations/…", Required: true}},
		Errors:  ui.Errors{"body": "Line 3, character 4: There is no placeholder {{Mesage}} in this mail."},
		Preview: &mails.Preview{Subject: "Maria Weber invites you to “Summer”", Text: "Maria Weber invites you.\n\n> Come and look!\n\nOpen the album:\nhttps://photos.example.org/invitations/…\n"},
		History: []mails.Version{{Name: "Version 2", By: "Ann", At: noon, Subject: "Come in", Body: "Earlier"}, {Name: "Version 1", By: "Ann", At: noon}},
	}
	rows := mails.Texts{Page: page("/admin/mail"), List: []mails.TextRow{
		{About: "An invitation into an album", Subject: "{{Inviter}} invites you to “{{Album}}”", Language: "English", Href: "/a", Changed: true},
		{About: "A test, sent by an administrator", Subject: "A test from {{Site}}", Language: "English", Href: "/b"},
	}}
	return map[string]templ.Component{
		"mails": mails.ListPage(list), "mails-letter": mails.LetterPage(letter), "mails-text": mails.TextPage(text), "mails-texts": mails.TextsPage(rows),
		"mails-empty":        mails.ListPage(mails.List{Page: page("/admin/mail"), Tabs: tabs, State: "dead", Server: true}),
		"invitations-site":   invitations.OnSitePage(invitations.SitePage{Page: page("/admin/invitations"), Open: openInvitations(true)}),
		"invitations-album":  invitations.InAlbumPage(invitations.AlbumPage{Head: albums.Head{Page: page("/albums/1"), Title: "Summer at the lake", Facts: []string{"12 photos", "private"}, Tabs: []albums.Tab{{Name: "photos", Label: "Photos", Href: "/albums/1"}, {Name: "members", Label: "Members", Href: "/albums/1/members"}}}, MembersURL: "/albums/1/members", Open: openInvitations(false)}),
		"invitation-new":     invitations.OfferPage(offered(invitations.Offer{ActionURL: "/i", Errors: ui.Errors{"password": "Use at least 10 characters.", "terms": "An account needs that you accept the terms."}, Name: "Maria", Terms: "3"})),
		"invitation-account": invitations.OfferPage(offered(invitations.Offer{LoginURL: "/login"})),
		"invitation-mine":    invitations.OfferPage(offered(invitations.Offer{Mine: true, ActionURL: "/i"})),
		"invitation-other":   invitations.OfferPage(offered(invitations.Offer{SignedInAs: "tom@example.org"})),
		"invitation-gone":    invitations.GonePage(layout.Page{Path: "/invitations/x"}),
	}
}

func offered(o invitations.Offer) invitations.Offer {
	o.Page, o.Title, o.Email = layout.Page{Path: "/invitations/x"}, "Ann invites you to “Summer at the lake”", "maria@example.org"
	o.Text, o.Message = "You will be able to look at the photos and add your own. The invitation is valid until 8 December 2026.", "Come and look!\nThe ones of the boat are yours."
	return o
}

func openInvitations(site bool) invitations.Open {
	p := invitations.Open{
		ActionURL: "/invite", Site: site, Days: "14", Back: "/back", MoreURL: "/more", Strangers: !site, Sent: 2,
		Results: []invitations.Result{{Line: 3, Text: "nonsense", Problem: "Enter an e-mail address such as name@example.org."}},
		Items: []invitations.Item{
			{Email: "maria@example.org", What: "“Summer at the lake”: look at the photos and add your own", Inviter: "Ann", SentAt: noon, ExpiresAt: noon.Add(14 * 24 * time.Hour), ResendURL: "/1", RevokeURL: "/2"},
			{Email: "old@example.org", What: "To the site", Inviter: "Ann", SentAt: noon, ExpiresAt: noon, Expired: true, ResendURL: "/3", RevokeURL: "/4"},
		},
	}
	if site {
		p.Groups = []ui.Option{{Value: "1", Label: "Family", Selected: true}, {Value: "2", Label: "Choir"}}
		p.Errors = ui.Errors{"list": "Enter at least one address."}
		return p
	}
	p.Roles = []ui.Option{{Value: "viewer", Label: "Look (viewer)", Selected: true}, {Value: "contributor", Label: "Look and add photos (contributor)"}}
	return p
}
