// Package mails renders the mails of the site for its administrators: what is on its way, the outbox of development, and
// the texts.
package mails

import (
	"time"

	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/ui"
)

// List is the page of mails.
type List struct {
	Page    layout.Page
	Tabs    []albums.Tab // by state; Name is the state
	State   string
	Mails   []Mail
	MoreURL string
	Server  bool // mails leave by SMTP
	Outbox  []File
}

// Mail is one on its way, sent or given up.
type Mail struct {
	ID, To, About      string
	Icon               string
	State              string // a sentence: what became of it
	Problem            string // a sentence: why not; "" while all is well
	Said               string // by the server
	At                 time.Time
	RetryURL, ThrowURL string // POST; "" where it cannot be
}

// File is a mail in the outbox.
type File struct {
	Name, Href string
	At         time.Time
}

// Letter is one mail of the outbox.
type Letter struct {
	Page              layout.Page
	Subject, From, To string
	Date              time.Time
	Lines             []Line
	RawURL            string
}

// Line is a line of a mail's text; Href where it is an address of this site.
type Line struct{ Text, Href string }

// Texts is the list of templates.
type Texts struct {
	Page layout.Page
	List []TextRow
}

// TextRow is a template in a language.
type TextRow struct {
	About, Subject, Language, Href string
	Changed                        bool
}

// Text is the form of one template.
type Text struct {
	Page                  layout.Page
	About, Language       string
	ActionURL, PreviewURL string
	Subject, Body         string
	Version               string
	Changed               bool
	Fields                []Field
	Errors                ui.Errors
	Preview               *Preview
	History               []Version
}

// Field is a placeholder that the text may use.
type Field struct {
	Code, Sample string
	Required     bool
}

// Preview is the text filled with samples.
type Preview struct{ Subject, Text string }

// Version is what the text was once.
type Version struct {
	Name, By string
	At       time.Time
	Subject  string // "" for the built-in text
	Body     string
}
