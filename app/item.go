package app

import (
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// Item is a photo or video as lists show it: light, for any number of rows.
type Item struct {
	ID           uuid.UUID
	OwnerID      uuid.UUID
	AlbumID      *uuid.UUID
	Kind         db.MediaKind
	Status       db.MediaStatus
	ErrorCode    string // why Status is failed
	Damaged      bool   // shown as far as the file goes
	Mime         string
	Width        int // as shown; 0 while unknown
	Height       int
	Duration     time.Duration // 0 for stills
	Thumbhash    []byte
	TakenAtLocal time.Time // the wall clock, as UTC
	TrashedAt    *time.Time
	Title        string
	Description  string
	Filename     string
	Favourite    bool // of the actor
	// Versions for the URLs of thumb and preview; 0: there is none (yet).
	ThumbVersion   int
	PreviewVersion int
}

// Name is what to call the item where it needs one: its title, else its file name.
func (i Item) Name() string {
	if i.Title != "" {
		return i.Title
	}
	return i.Filename
}

func itemOf(r db.ItemRow) Item {
	i := Item{
		ID: r.ID, OwnerID: r.OwnerID, AlbumID: r.AlbumID, Kind: r.Kind, Status: r.Status, ErrorCode: r.ErrorCode,
		Damaged: r.Damaged, Mime: r.Mime, Width: int(r.Width), Height: int(r.Height), Thumbhash: r.Thumbhash,
		TakenAtLocal: r.TakenAtLocal, TrashedAt: r.TrashedAt, Title: r.Title, Description: r.Description,
		Filename: r.Filename, Favourite: r.Favourite, ThumbVersion: int(r.ThumbVersion), PreviewVersion: int(r.PreviewVersion),
	}
	if r.DurationMs != nil {
		i.Duration = time.Duration(*r.DurationMs) * time.Millisecond
	}
	return i
}

func itemsOf(rows []db.ItemRow) []Item {
	items := make([]Item, len(rows))
	for i, r := range rows {
		items[i] = itemOf(r)
	}
	return items
}
