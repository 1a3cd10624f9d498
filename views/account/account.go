// Package account renders sign-in, the first run, a person's settings and their API tokens.
package account

import (
	"context"
	"time"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Login is the sign-in form, posted to /login with email, password, remember and next.
type Login struct {
	Page      layout.Page
	Email     string // as typed
	Remember  bool
	Next      string      // where to go afterwards, posted as "next"; "" for the timeline
	Notice    string      // such as "You have been signed out."; "" for none
	Errors    ui.Errors   // email, password, ""
	OtherURL  string      // where one signs in elsewhere; "" for nowhere
	OtherName string      // as people know that
	Passkey   *PasskeyUse // nil for none

	ResetURL  string // for those who forgot their password; "" for none
	SignUpURL string // "" where nobody may sign up
	VerifyURL string // where to ask for the mail again, after a sign-in without a confirmed address; "" for none
}

// FirstRun is the form that makes the first administrator, posted to ActionURL with code, name, email, password.
type FirstRun struct {
	Page      layout.Page
	ActionURL string
	Code      string
	Name      string
	Email     string
	Errors    ui.Errors
}

// Settings is a person's own settings, posted to ActionURL with name, language, time_zone, theme.
type Settings struct {
	Page      layout.Page
	ActionURL string
	Name      string
	Email     string
	Language  string   // chosen tag; one of i18n.Languages()
	Zones     []string // IANA names offered while typing
	Zone      string
	Theme     string // system, light, dark
	Avatar    Avatar
	Links     []Link
	Errors    ui.Errors
}

// Avatar is the picture of a person and the forms that change it: a file posted to UploadURL as "avatar".
type Avatar struct {
	URL       string // "" shows initials
	UploadURL string
	RemoveURL string // POST; "" when there is none to remove
	Error     string // what was wrong with the file; "" for nothing
}

// Form is a page that is one form, posted to ActionURL: signing up, resetting a password, and the like.
type Form struct {
	Page        layout.Page
	Title       string
	Lead        string // "" for none
	Notice      string // what was done before; "" for none
	ActionURL   string // "" where there is nothing to send
	Fields      []ui.Input
	Terms       string // a checkbox "terms" with this value, which must be ticked; "" for none
	TermsTicked bool
	Submit      string
	Links       []Link      // below the form; only Title and Href
	Passkey     *PasskeyUse // takes the place of the form; nil for none
	Errors      ui.Errors   // "", terms; those of fields stand in Fields
}

// Link leads to another page of the account.
type Link struct {
	Icon, Title, Lead, Href string
}

// Sessions is the list of browsers in which a person is signed in.
type Sessions struct {
	Page         layout.Page
	List         []Session
	EndOthersURL string // POST; "" when there are no others
}

// Session is one browser.
type Session struct {
	Device     string // in words
	Address    string
	Current    bool // the one that asks
	Remembered bool
	Way        string // in words, such as "with a passkey"; "" where that is not known
	SignedInAt time.Time
	LastSeenAt time.Time
	EndURL     string // POST; "" for the current one
}

// Tokens is the list of API tokens and the form that makes one, posted to ActionURL with name, scopes (several), expires.
type Tokens struct {
	Page      layout.Page
	ActionURL string
	List      []Token
	Created   string // the new token in clear, shown this once
	Name      string
	Scopes    []ui.Option
	Expiries  []ui.Option
	Errors    ui.Errors
	DocsURL   string // "" for none
}

// Token is one API token; its secret is not known any more.
type Token struct {
	Name      string
	Hint      string // its first characters
	Scopes    string // such as "media:read, media:write"
	CreatedAt time.Time
	LastUsed  time.Time // zero: never
	ExpiresAt time.Time // zero: never
	Expired   bool
	RevokeURL string // POST
}

func languages(chosen string) []ui.Option {
	var out []ui.Option
	for _, tag := range i18n.Languages() {
		out = append(out, ui.Option{Value: tag, Label: i18n.LanguageName(tag), Selected: tag == chosen})
	}
	return out
}

func themes(ctx context.Context, chosen string) []ui.Option {
	out := []ui.Option{
		{Value: "system", Label: i18n.T(ctx, "theme.system")},
		{Value: "light", Label: i18n.T(ctx, "theme.light")},
		{Value: "dark", Label: i18n.T(ctx, "theme.dark")},
	}
	for i := range out {
		out[i].Selected = out[i].Value == chosen || i == 0 && chosen == ""
	}
	return out
}
