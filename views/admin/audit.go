package admin

import (
	"time"

	"albumen/views/layout"
	"albumen/views/ui"
)

// Audit is a page of the audit log, with the form that sifts it (GET): who,
// action, kind, from, to, ip, text.
type Audit struct {
	Page      layout.Page
	Who       string
	From, To  string // days, as 2026-11-24
	IP, Text  string
	Actions   []ui.Option
	Kinds     []ui.Option
	Errors    ui.Errors
	Filtered  bool
	Entries   []AuditEntry
	FilterURL string
	FirstURL  string // "" on the first page
	NextURL   string // "" at the end
	ExportURL string
}

// Activity is what a person did and what concerned them.
type Activity struct {
	Page     layout.Page
	Entries  []AuditEntry
	FirstURL string // "" on the first page
	NextURL  string // "" at the end
}

// AuditEntry is one entry of the audit log.
type AuditEntry struct {
	Text    string // what was done, such as "Made an album"
	Object  string // its name then; may be ""
	Href    string // of the object's page; "" where the reader cannot see it
	Who     string // a name or a phrase
	WhoHref string // a filter for that one; "" for none
	About   string // the person concerned; "" for none or where Object says it
	At      time.Time
	IP      string
	Erased  bool
	Changes []AuditChange
	Facts   []AuditFact
}

// AuditChange is one thing that was different afterwards.
type AuditChange struct{ Name, Before, After string }

// AuditFact is something else that an entry tells.
type AuditFact struct{ Name, Value string }
