package admin

import (
	"albumen/views/layout"
	"albumen/views/ui"
)

// place is an entry of the menu of the administration.
type place struct{ id, href, key string }

var siteMenu = []place{
	{"status", "/admin", "admin.status"},
	{"users", "/admin/users", "users.title"},
	{"groups", "/admin/groups", "groups.title"},
	{"invitations", "/admin/invitations", "invitations.title"},
	{"settings", "/admin/settings", "admin.settings"},
	{"mail", "/admin/mail", "mails.title"},
	{"audit", "/admin/audit", "auditlog.title"},
	{"reports", "/admin/reports", "reports.title"},
	{"messages", "/admin/messages", "messages.title"},
	{"policies", "/admin/policies", "policies.title"},
}

// Users is a page of the accounts, with the form that searches them (GET).
type Users struct {
	Page      layout.Page
	Q         string
	Roles     []ui.Option // select "role"
	States    []ui.Option // select "state"
	Groups    []ui.Option // select "group"; none: there are no groups
	Filtered  bool        // something is asked for
	List      []UserRow
	NextURL   string // "" at the end
	PrevURL   string
	NewURL    string
	InviteURL string // "" where nobody can be invited
	FilterURL string // target of the search form
	ClearURL  string // without any filter
}

// UserRow is an account in a list.
type UserRow struct {
	Name, Email, Href string
	Admin             bool
	State             string // "" for an account in use
	Usage             string // such as "1.2 GB of 5 GB"
	RemoveURL         string // POST with user: out of a group; "" outside one
	ID                string
}

// NewUser is the form that makes an account, posted with email, name, password, quota, admin.
type NewUser struct {
	Page               layout.Page
	ActionURL, BackURL string
	Email, Name, Quota string
	QuotaHint          string
	Admin              bool
	Errors             ui.Errors
}

// User is one account and what can be done with it. A URL that is "" takes its part away.
type User struct {
	Page         layout.Page
	Name, Email  string
	BackURL      string
	Note         string   // what is going on with it: suspended, being deleted; "" for nothing
	Facts        []Total  // items, albums, space
	Groups       []Linked // to which it belongs
	Used, Limit  int64    // bytes; Limit 0: none
	Self         bool
	SuspendURL   string // POST
	ReactivateOK bool   // SuspendURL lets in again
	AdminURL     string // POST with admin=1 or admin=0
	IsAdmin      bool
	LastAdmin    bool
	QuotaURL     string // POST with quota
	Quota        string
	PasswordURL  string // POST with password
	FactorURL    string // POST; "" where the account has no second factor
	DeleteURL    string // POST with confirm, what (give, remove), heir
	DeleteOpen   bool
	Give         bool
	Heir         string
	People       []Person // to choose from
	Errors       ui.Errors
}

// Linked is a name that leads somewhere.
type Linked struct{ Name, Href string }

// Person is an entry of a picker.
type Person struct{ Name, Email string }

// Groups is the list of groups, with the form that makes one, posted with name.
type Groups struct {
	Page      layout.Page
	ActionURL string
	Name      string
	List      []GroupRow
	Errors    ui.Errors
}

// GroupRow is a group in the list.
type GroupRow struct{ Name, Href, Members, Albums string }

// Group is one group with its members.
type Group struct {
	Page      layout.Page
	Name      string
	Note      string // how many members and albums
	BackURL   string
	RenameURL string // POST with name
	NewName   string
	AddURL    string // POST with email
	AddEmail  string
	DeleteURL string // POST
	Members   []UserRow
	NextURL   string
	People    []Person // to choose from
	Errors    ui.Errors
}
