// Package invitations renders invitations: those of an album, those of the site, and the page that whoever is invited opens.
package invitations

import (
	"time"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Open is a list of open invitations with the form for more: the part of a page that [Section] shows.
type Open struct {
	Items     []Item
	MoreURL   string
	ActionURL string // POST target of the form
	Site      bool   // to the site; otherwise into an album
	List      string // what was typed as addresses
	Message   string
	Days      string
	Roles     []ui.Option // on the album
	Groups    []ui.Option // of the site
	Languages []ui.Option
	Strangers bool   // people without an account may be invited by this person
	Back      string // where the acts lead back to
	Errors    ui.Errors
	Results   []Result // of the list that was just sent; those that failed
	Sent      int      // how many of it were invited
}

// Item is an invitation that was neither accepted nor taken back.
type Item struct {
	Email, What          string // to what: the role and the album
	Inviter              string
	SentAt, ExpiresAt    time.Time
	Expired              bool
	ResendURL, RevokeURL string // POST
}

// Result is a line of a list that did not lead to an invitation.
type Result struct {
	Line          int
	Text, Problem string
}

// AlbumPage is the page of an album's invitations.
type AlbumPage struct {
	Head       albums.Head
	MembersURL string
	Open       Open
}

// SitePage is the page of all invitations.
type SitePage struct {
	Page layout.Page
	Open Open
}

// Offer is what whoever is invited sees.
type Offer struct {
	Page        layout.Page
	Title       string // "Ann invites you to Summer"
	Text        string // what one may do there, and until when
	Message     string
	Email       string // to which it is bound
	SignedInAs  string // another address; "" otherwise
	Mine        bool   // the button alone is missing
	ActionURL   string // POST
	LoginURL    string // "" unless there is an account to sign in to
	Name        string
	Languages   []ui.Option
	Terms       string // the version of the terms that is accepted with a new account
	TermsTicked bool
	Errors      ui.Errors
}
