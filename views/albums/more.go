package albums

import (
	"albumen/views/layout"
	"albumen/views/media"
)

// TrashList is the page of albums in the trash.
type TrashList struct {
	Page  layout.Page
	Cards []Card
}

// Choose is the page on which a photo is put into an album.
type Choose struct {
	Page      layout.Page
	Tile      media.Tile
	Now       string // the title of the album in which it is
	CanMove   bool
	ActionURL string // POST album_id, or the title of a new one; back
	RemoveURL string // POST back; "" where it is in none, or one may not
	Back      string
	Choices   []Choice
	MoreURL   string
	NewTitle  string
	Error     string // of NewTitle
}

// Choice is an album into which the photo can go.
type Choice struct{ ID, Title, Note string }

// Arrange is the page on which an album is ordered by hand.
type Arrange struct {
	Head
	Tiles              []media.Tile
	ActionURL          string // POST item and step, or before
	DoneURL            string
	Picked             string // the id of the photo that looks for a new place
	Last               bool   // the page holds the end of the album
	OlderURL, NewerURL string
}

// Categories is the site's list of categories.
type Categories struct {
	Page      layout.Page
	List      []Category
	CreateURL string // POST name; "" for those who may not change the list
	// What was typed and is wrong: the name of the category Changed, or of a new one.
	Name, Error, Changed string
}

// Category is one of them.
type Category struct{ ID, Name, Href, RenameURL, DeleteURL string }

func (p Categories) problem(id string) string {
	if p.Changed != id {
		return ""
	}
	return p.Error
}

func (p Categories) typed(id string) string {
	if p.Changed != id {
		return ""
	}
	return p.Name
}

func (p Categories) typedOr(c Category) string {
	if p.Changed == c.ID && p.Error != "" {
		return p.Name
	}
	return c.Name
}
