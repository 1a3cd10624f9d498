// Package policies renders what everybody may read about the site, how
// administrators change it, how people accept it, and the contact form.
package policies

import (
	"time"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Read is one policy; its HTML is made by the package markdown, which lets
// nothing harmful through.
type Read struct {
	Page        layout.Page
	Title, HTML string
	Changed     time.Time // zero: it is as it was shipped
	Version     int
}

// List is every policy, for administrators.
type List struct {
	Page layout.Page
	Rows []Row
}

// Row is a policy in the list.
type Row struct{ Title, Facts, Href string }

// Edit is the form of one policy, posted to ActionURL with version, text, note,
// ask and act (publish or preview).
type Edit struct {
	Page      layout.Page
	Title     string
	ReadURL   string // what everybody reads now
	ActionURL string
	Version   int // that the form began with
	Text      string
	Note      string
	CanAsk    bool // people accept this one
	Ask       bool
	From      int      // an older version whose text the form began with; -1: none
	Preview   string   // HTML; "" for none
	Fields    []string // in double braces
	Counts    string   // a sentence about who has accepted; "" where nobody has to
	History   []Version
	Errors    ui.Errors // text, note, ask, version, ""
	NewerURL  string    // the version that somebody else published meanwhile; "" for none
}

// Version is what a policy was once.
type Version struct {
	Name, Href string
	At         time.Time // zero: as shipped
	By         string
	Note       string
	Current    bool
	Asked      bool
	Accepted   string // a phrase; "" for nothing to say
}

// Old is one version, with what it changed.
type Old struct {
	Page       layout.Page
	Title      string // of the policy
	Version    Version
	HTML       string
	Diff       []DiffLine // against the version before; none for the first
	EditURL    string     // of the form with the text that counts
	RestoreURL string     // of the form with this text; "" for the version that counts
}

// DiffLine is a line of a comparison.
type DiffLine struct {
	Kind string // "", "del" or "ins"; "gap": lines are left out
	Text string
}

// Question asks a person to accept the terms, posted to ActionURL with version
// and next.
type Question struct {
	Page      layout.Page
	Title     string
	First     bool // they have never accepted any
	Newer     bool // the terms changed while they read
	Notes     []string
	HTML      string
	ActionURL string
	Version   int
	Next      string
	DataURL   string // of the person's own data
}

// Contact is the form to the administrators, posted to ActionURL with name,
// email and message.
type Contact struct {
	Page      layout.Page
	ActionURL string
	SignedIn  string // as whom; "" for visitors
	Name      string
	Email     string
	Message   string
	Stamp     string
	Sent      bool
	Errors    ui.Errors
}

// Messages are what came by the contact form.
type Messages struct {
	Page    layout.Page
	Tabs    []albums.Tab
	State   string // the tab that is shown
	List    []Message
	MoreURL string // "" at the end
	Days    int    // how long they are kept
}

// Message is one message.
type Message struct {
	Name, Email, Text string
	NameURL           string // of the account; "" for visitors
	IP                string
	At                time.Time
	Done              string // by whom and when it was answered; "" while it is open
	DoneURL           string // POST: answered; "" when it is
	OpenURL           string // POST: not answered; "" when it is not
	DeleteURL         string // POST
}
