// Package albums renders albums: the list, one album with its tabs, its forms, categories, and the choice of an album for
// a photo.
package albums

import (
	"context"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/media"
	"albumen/views/ui"
)

// Head is what every page of one album shows above its content: see [Shell].
type Head struct {
	Page    layout.Page
	Title   string
	About   string   // its description
	Facts   []string // "12 photos", "of Ann", "Trips": ready to show
	Above   []Step   // the way to it
	Tabs    []Tab
	Trashed *Trashed
}

// Step is an album on the way to another.
type Step struct{ Title, Href string }

// Tab is one of the pages of an album. Name is photos, members, links or edit.
type Tab struct{ Name, Label, Href string }

// Trashed are the ways out of the trash; "" where the actor may not go.
type Trashed struct {
	DaysLeft              int
	RestoreURL, DeleteURL string // POST
}

// Card is an album in a list.
type Card struct {
	Title, Href    string
	Note           string // what it holds, whose it is
	Badge          string // an icon that says who may see it; "" for private
	BadgeText      string
	ThumbURL       string // "" while there is no picture
	PlaceholderURI string
	Width, Height  int
}

// Album is the page of one album. Days are set where it is ordered by time,
// Tiles where it is ordered by hand.
type Album struct {
	Head
	Days                         []media.Day
	Tiles                        []media.Tile
	Manual                       bool
	Months                       []media.Month
	Albums                       []Card
	MoreAlbums                   string // further albums below it; "" for none
	OlderURL, NewerURL, FirstURL string
	UploadURL                    string // "" where one may not add
	DownloadURL                  string // all of it as one archive; "" where one may not
	BelowURL                     string // a new album below it; "" where one may not
	SearchURL                    string // "" for visitors
	ArrangeURL                   string // ordering by hand; "" where one may not or it is ordered by time
	ItemsURL                     string
}

// List is the page of albums.
type List struct {
	Page     layout.Page
	Scopes   []Tab
	Scope    string
	Cards    []Card
	NewURL   string // "" for visitors
	MoreURL  string
	Category []ui.Option // to filter by; empty without categories
	Trash    string      // the albums in the trash; "" for visitors
	// The site's list of categories; "" for visitors.
	CategoriesURL string
}

// Form is a new album, or the changes to one.
type Form struct {
	Page                 layout.Page
	Head                 *Head // of the album that is changed; nil for a new one
	ActionURL, CancelURL string
	Title, About         string
	Version              int64
	Below                string // id of the album that a new one comes below
	BelowTitle           string
	Categories, Sorts    []ui.Option
	Visibilities         []ui.Option // empty where one may not choose
	Covers               []Cover
	Errors               ui.Errors
	MoveURL, TrashURL    string // POST; "" where one may not
	Places               []ui.Option
	AlbumsBelow          int
}

// Cover is a photo that may become the cover.
type Cover struct {
	ID, ThumbURL, Alt string
	Chosen            bool
}

func noCover(covers []Cover) bool {
	for _, c := range covers {
		if c.Chosen {
			return false
		}
	}
	return true
}

func saveKey(p Form) string {
	if p.Head == nil {
		return "album.create"
	}
	return "form.save"
}

func trashText(ctx context.Context, p Form) string {
	if p.AlbumsBelow > 0 {
		return i18n.T(ctx, "album.trash.all")
	}
	return i18n.T(ctx, "album.trash.only")
}
