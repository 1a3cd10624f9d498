// Package reports renders the form that reports content, and the queue in which administrators decide about it.
package reports

import (
	"time"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Form reports one photo.
type Form struct {
	Page      layout.Page
	ActionURL string
	BackURL   string // of the photo
	ThumbURL  string // "" where there is none
	Alt       string
	Reasons   []ui.Option
	Message   string
	Email     string
	SignedIn  bool // an answer goes to the account's address
	Stamp     string
	Errors    ui.Errors
	Sent      bool // thanks, instead of the form
}

// Queue is the list of cases.
type Queue struct {
	Page    layout.Page
	Tabs    []albums.Tab // open, closed
	State   string
	Cases   []Row
	MoreURL string
}

// Row is one case in the list.
type Row struct {
	Name, Href, Owner string
	Reasons           string
	Facts             string // how many reports, and when the last one came
	State             string // a pill; "" while it is open and shown
	Warning           bool   // the pill is about something that others still see not
}

// Case is one case with its reports.
type Case struct {
	Page          layout.Page
	Name          string
	State         string // a sentence: what has become of it
	Open          bool
	There         bool   // the photo still exists
	PreviewURL    string // "" where there is no picture (any more)
	OriginalURL   string
	Width, Height int
	HideURL       string // POST; "" where it cannot be
	RestoreURL    string
	DismissURL    string
	DeleteURL     string
	OwnerURL      string // the account; "" when it is gone
	OwnerName     string
	Facts         []Fact
	Reports       []Report
	Errors        ui.Errors
	EvidenceDays  int
	KeepUntil     time.Time // zero while open
}

// Fact is one thing that the evidence says.
type Fact struct{ Label, Value string }

// Report is one of the reports.
type Report struct {
	Reason, Message string
	From            string // who, in words
	FromURL         string // the account; "" for others
	Email           string // where an answer may go
	IP              string
	At              time.Time
}
