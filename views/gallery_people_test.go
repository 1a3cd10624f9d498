package views_test

import (
	"albumen/views/admin"
	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/members"
	"albumen/views/ui"

	"github.com/a-h/templ"
)

// people are the pages of accounts, groups and members.
func people() map[string]templ.Component {
	return map[string]templ.Component{
		"users": admin.UsersPage(users()),
		"users-none": admin.UsersPage(admin.Users{
			Page: page("/admin/users?q=zebra"), Q: "zebra", Roles: roles(""), States: roles(""), Filtered: true, NewURL: "/new", FilterURL: "/x", ClearURL: "/x",
		}),
		"users-new": admin.NewUserPage(admin.NewUser{
			Page: page("/admin/users/new"), ActionURL: "/x", BackURL: "/x", Email: "ada", QuotaHint: "Such as 50 GB.",
			Errors: ui.Errors{"email": "Enter an e-mail address such as name@example.org.", "password": "Use at least 10 characters."},
		}),
		"user":         admin.UserPage(anAccount(false)),
		"user-delete":  admin.UserPage(anAccount(true)),
		"user-leaving": admin.UserPage(admin.User{Page: page("/x"), Name: "Grace", Email: "grace@example.org", BackURL: "/x", Note: "This account is being deleted. Albums and photos go to ada@example.org.", Facts: facts()}),
		"groups":       admin.GroupsPage(admin.Groups{Page: page("/admin/groups"), ActionURL: "/x", List: []admin.GroupRow{{Name: "Family", Href: "/x", Members: "7 people", Albums: "in 3 albums"}, {Name: "The choir of St. Mary's, with everybody who came along on the journey to Norway", Href: "/x", Members: "41 people", Albums: "in 1 album"}}}),
		"groups-none":  admin.GroupsPage(admin.Groups{Page: page("/admin/groups"), ActionURL: "/x", Name: "family", Errors: ui.Errors{"name": "There is a group with this name already."}}),
		"group": admin.GroupPage(admin.Group{
			Page: page("/admin/groups/1"), Name: "Family", Note: "2 people", BackURL: "/x", RenameURL: "/x", NewName: "Family", AddURL: "/x", DeleteURL: "/x",
			Members: []admin.UserRow{{Name: "Ada", Email: "ada@example.org", Href: "/x", RemoveURL: "/x", ID: "1"}, {Name: "Grace", Email: "grace@example.org", Href: "/x", RemoveURL: "/x", ID: "2", State: "Suspended"}},
			NextURL: "/x", People: []admin.Person{{Name: "Linus", Email: "linus@example.org"}},
		}),
		"group-empty":     admin.GroupPage(admin.Group{Page: page("/admin/groups/1"), Name: "Family", Note: "0 people", BackURL: "/x", RenameURL: "/x", NewName: "Family", AddURL: "/x", DeleteURL: "/x", AddEmail: "x@example.org", Errors: ui.Errors{"email": "There is no account with this address."}}),
		"members":         members.MembersPage(albumMembers()),
		"members-alone":   members.MembersPage(aloneInAlbum()),
		"members-viewer":  members.MembersPage(seenByViewer()),
		"members-problem": members.MembersPage(withProblem()),
	}
}

func roles(chosen string) []ui.Option {
	return []ui.Option{{Value: "viewer", Label: "Viewer", Selected: chosen == "viewer"}, {Value: "contributor", Label: "Contributor", Selected: chosen == "contributor"}, {Value: "admin", Label: "Admin", Selected: chosen == "admin"}}
}

func users() admin.Users {
	return admin.Users{
		Page: page("/admin/users"), Roles: roles(""), States: roles(""), Groups: []ui.Option{{Label: "Any"}, {Value: "1", Label: "Family"}},
		NewURL: "/new", FilterURL: "/x", ClearURL: "/x", NextURL: "/x", PrevURL: "/x", InviteURL: "/x",
		List: []admin.UserRow{
			{Name: "Ada", Email: "ada@example.org", Href: "/x", Admin: true, Usage: "48 GB used"},
			{Name: "Bartholomew Featherstonehaugh-Cholmondeley", Email: "bartholomew.featherstonehaugh@a-rather-long-host-name.example.org", Href: "/x", Usage: "1.2 GB of 5 GB used"},
			{Name: "Grace", Email: "grace@example.org", Href: "/x", State: "Suspended", Usage: "0 B used"},
		},
	}
}

func facts() []admin.Total {
	return []admin.Total{{Label: "Photos and videos", Value: "12,480"}, {Label: "Albums", Value: "31"}, {Label: "Space used", Value: "48 GB"}}
}

func anAccount(deleting bool) admin.User {
	u := admin.User{
		Page: page("/admin/users/1"), Name: "Grace", Email: "grace@example.org", BackURL: "/x", Facts: facts(), Groups: []admin.Linked{{Name: "Family", Href: "/x"}, {Name: "Choir", Href: "/x"}},
		Used: 48_000_000_000, Limit: 50_000_000_000, SuspendURL: "/x", AdminURL: "/x", QuotaURL: "/x", Quota: "50 GB", PasswordURL: "/x",
		DeleteURL: "/x", Give: true, People: []admin.Person{{Name: "Ada", Email: "ada@example.org"}},
	}
	if deleting {
		u.DeleteOpen, u.Heir = true, "nobody@example.org"
		u.Errors = ui.Errors{"heir": "Choose another account, one that is not suspended, or nobody.", "confirm": "Type the e-mail address of the account exactly."}
	}
	return u
}

func albumMembers() members.Members {
	return members.Members{
		Head: albums.Head{
			Page: page("/albums/1/members"), Title: "Summer at the lake", Facts: []string{"128 photos", "Members only"},
			Tabs: []albums.Tab{{Name: "photos", Label: "Photos", Href: "/x"}, {Name: "members", Label: "Members", Href: "/x"}, {Name: "edit", Label: "Edit", Href: "/x"}},
		},
		Open: "Everybody else who has an account may look at it, too.", Count: "4 people", AddURL: "/x", Roles: roles("viewer"), NextURL: "/x",
		Groups: []ui.Option{{Value: "1", Label: "Family"}},
		Grants: []members.Grant{
			{ID: "1", Name: "Family", Note: "7 people · added by Ada", Group: true, RoleURL: "/x", RemoveURL: "/x", Roles: roles("contributor")},
			{ID: "2", Name: "Bartholomew Featherstonehaugh-Cholmondeley", Note: "bartholomew.featherstonehaugh@a-rather-long-host-name.example.org", RoleURL: "/x", RemoveURL: "/x", Roles: roles("admin"), Links: "3 links"},
		},
		People: []members.Person{
			{Name: "Ada", Email: "ada@example.org", Role: "Owner", Sources: []string{"Owns this album"}},
			{Name: "Bartholomew Featherstonehaugh-Cholmondeley", Email: "bartholomew.featherstonehaugh@a-rather-long-host-name.example.org", Role: "Admin", Sources: []string{"Admin, added in person", "Contributor, through the group Family"}},
			{Name: "Grace", Email: "grace@example.org", Role: "Viewer", Suspended: true, Sources: []string{"Viewer, added in person, on the album above: Summers"}},
		},
		Transfer: &members.Transfer{URL: "/x", Owners: []ui.Option{{Value: "1", Label: "Grace (grace@example.org)"}}, Open: true},
	}
}

func aloneInAlbum() members.Members {
	m := albumMembers()
	m.Open, m.Count, m.Groups, m.Grants, m.NextURL, m.People = "", "1 person", nil, nil, "", m.People[:1]
	m.Transfer = &members.Transfer{URL: "/x"}
	return m
}

func seenByViewer() members.Members {
	m := members.Members{Head: albumMembers().Head, Count: "3 people", Leave: &members.Leave{URL: "/x", Text: "You will no longer see this album, unless it is open to you in another way."}}
	for _, p := range albumMembers().People {
		m.People = append(m.People, members.Person{Name: p.Name, Role: p.Role})
	}
	m.Head.Page.User = &layout.User{Name: "Grace", Email: "grace@example.org"}
	return m
}

func withProblem() members.Members {
	m := albumMembers()
	m.Email, m.Errors = "ada", ui.Errors{"": "That person or group is a member already. Change the role in the list instead.", "email": "Enter an e-mail address such as name@example.org.", "owner": "Choose one of the album's admins."}
	return m
}
