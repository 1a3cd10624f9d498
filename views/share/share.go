// Package share renders share links: what their holders see, and what those
// see of them who share an album.
package share

import (
	"context"
	"time"

	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/media"
	"albumen/views/ui"
)

// Frame is what every page of an open link shows around its content.
type Frame struct {
	Page    layout.Page
	HomeURL string // of the link
}

// Album is an album as the holder of a link sees it.
type Album struct {
	Frame
	Title, About       string
	Facts              []string // "12 photos"
	Above              []albums.Step
	Albums             []albums.Card
	MoreAlbums         string
	Days               []media.Day
	Tiles              []media.Tile // where it is ordered by hand
	Manual             bool
	OlderURL, NewerURL string
	FirstURL           string
	UploadURL          string // "" where the link takes no photos
	DownloadURL        string // of the album as an archive; "" where one may not
}

// Viewer is one photo as the holder of a link sees it.
type Viewer struct {
	Frame
	Item                media.Item
	TakenAt             time.Time // wall clock
	BackURL             string
	PrevURL, NextURL    string
	PrevPhoto           string // fetched ahead
	NextPhoto           string
	DownloadURL         string // "" where one may not
	ReportURL           string
	VideoURL, VideoMIME string // "" where there is none that browsers play
}

func (v Viewer) heading(ctx context.Context) string {
	if v.Item.Title != "" {
		return v.Item.Title
	}
	return i18n.Day(ctx, v.TakenAt)
}

// Password is the form that a link with a password begins with.
type Password struct {
	Page      layout.Page
	ActionURL string
	Next      string // where to go on
	Errors    ui.Errors
}

// Upload is the page on which guests send photos.
type Upload struct {
	Frame
	ActionURL string
	Accept    string
	Album     string
	Name      string // what the guest calls themselves
	MaxBytes  int64  // of one file
	Bytes     int64  // that the link still takes
	Files     int    // likewise
	Sent      []Sent
	Outcomes  []Outcome // of what was just sent
	Error     string
}

// Sent is a file that the guest sent before.
type Sent struct {
	Filename string
	At       time.Time
	Approved bool
}

// Outcome is what became of one file.
type Outcome struct {
	Filename, Reason string // Reason: why it was refused
}

func (u Upload) received() (n int) {
	for _, o := range u.Outcomes {
		if o.Reason == "" {
			n++
		}
	}
	return n
}

// Links is the page of an album's links.
type Links struct {
	albums.Head
	Links []Link
	Form  Form
	Off   bool // the site has links switched off
}

// Link is a link as those see it who may share the album.
type Link struct {
	ID, Name             string
	URL                  string // to be passed on; "" where it cannot be shown
	Lost                 bool   // it works, but its address cannot be shown
	State                string // good, expired, revoked
	Facts                []string
	QRURL, EditURL       string
	RotateURL, RevokeURL string // POST
	Created              time.Time
	Creator              string
	Views                int
	LastUsed             time.Time // zero: never
}

// Form makes or changes a link.
type Form struct {
	ActionURL, CancelURL string
	New                  bool
	Name                 string
	HasPassword          bool
	Expires              string // as the browser's field has it
	Zone                 string // in which Expires is
	Download, Strip      bool
	Upload, UploadShown  bool // UploadShown: the site lets guests upload
	UploadMB, Uploads    string
	Errors               ui.Errors
}

// Edit is the page of one link.
type Edit struct {
	albums.Head
	Name string
	Form Form
}

// Pending is the page of what waits to be approved.
type Pending struct {
	albums.Head
	Items     []PendingItem
	Total     int
	MoreURL   string
	ActionURL string
	Until     string
}

// PendingItem is one photo that waits.
type PendingItem struct {
	Tile   media.Tile
	Guest  string
	Link   string
	SentAt time.Time
}
