// Package media renders photographs: timeline, grids, the viewer, the trash.
package media

import (
	"context"
	"strconv"
	"time"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/ui"
)

// Tile is one photo in a grid. Texts are in the reader's language, URLs are ready to use.
type Tile struct {
	ID             string
	Href           string // of the viewer, carrying the list it was opened from
	ThumbURL       string // "" while there is none
	PlaceholderURI string // data: URI of the thumbhash; "" while there is none
	Alt            string
	Width, Height  int       // the right way up; 0 when unknown
	TakenAt        time.Time // wall clock where it was taken; orders tiles inserted live
	Kind           string    // photo, video, raw
	Status         string    // pending, processing, ready, failed
	Reason         string    // why it failed: a sentence
	Filename       string    // shown when there is no picture to show
	Duration       string    // of a video, such as "1:05"
	Favourite      bool
}

// Day is the photos of one day, newest first, by the wall clock where they were taken.
type Day struct {
	Date      time.Time
	Tiles     []Tile
	Continued bool // its heading is already on the page (further part of an infinite scroll)
	Partial   bool // more of its photos may be on the neighbouring page: they are not counted
}

// Month is one entry of the scrubber.
type Month struct {
	Year    int
	Month   time.Month
	Count   int
	Href    string
	Current bool
}

// Timeline is the page of days. The fragment for infinite scroll is [DaysPage].
type Timeline struct {
	Page      layout.Page
	Days      []Day
	Months    []Month // newest first
	OlderURL  string  // next page by keyset; "" at the end
	NewerURL  string  // previous page; "" on the newest
	NewestURL string  // the timeline's beginning, offered where NewerURL is set
	EventsURL string  // server-sent events; "" for none
	// One's own photos, and those with what others share; "" where nobody shares anything.
	OwnURL, SharedURL string
	WithShared        bool
	ItemsURL          string // answers ?ids=a,b,c with a [DaysPage] of just these; used with EventsURL
}

// Grid is a page of one set without days: favourites, for example.
type Grid struct {
	Page     layout.Page
	Tiles    []Tile
	OlderURL string
	NewerURL string
}

// Trash is the page of what was thrown away.
type Trash struct {
	Page     layout.Page
	Items    []TrashItem
	OlderURL string
	NewerURL string
	KeptDays int    // days until the purge
	EmptyURL string // POST; "" when empty or being emptied
	Emptying int    // items that still wait while the trash is being emptied
}

// TrashItem is one trashed photo with its own ways out.
type TrashItem struct {
	Tile       Tile
	DaysLeft   int
	RestoreURL string // POST
	DeleteURL  string // POST, for ever
}

// Viewer is the page of one photo.
type Viewer struct {
	Page           layout.Page
	Item           Item
	PrevURL        string // "" at the beginning
	NextURL        string // "" at the end
	PrevPreviewURL string // fetched ahead
	NextPreviewURL string
	BackURL        string // the list it was opened from
	InfoOpen       bool
	InfoURL        string // this page with the panel toggled
	Info           Info
	CanFavourite   bool
	CanTrash       bool
	CanRestore     bool
	CanEdit        bool
	CanDownload    bool
	FavouriteURL   string // POST on=1 or on=0, back=
	TrashURL       string // POST back=
	RestoreURL     string // POST back=
	EditURL        string
	AlbumURL       string // where to choose an album for it; "" where one may not
	OriginalURL    string
	ReportURL      string // as something that should not be here; "" of one's own
	AfterTrashURL  string // where trashing leads: the next photo, or the list
}

// Item is the photo of a [Viewer].
type Item struct {
	ID             string
	Title          string // "" when it has none
	Description    string
	Filename       string
	PreviewURL     string // "" when there is no picture to show
	PlaceholderURI string
	Alt            string
	Width, Height  int
	Kind           string
	Status         string
	Reason         string
	Damaged        bool // shown as far as it goes
	Hidden         bool // from everybody but its owner, after a report
	Favourite      bool
	TrashedDays    int // days until the purge; 0 when it is not in the trash
}

// Info is what is known about a photo. Empty fields are left out.
type Info struct {
	TakenAt       time.Time // wall clock
	Offset        string    // "+02:00"
	OffsetSource  string    // where the zone is from: a phrase
	Camera        string
	Lens          string
	Exposure      string // "1/250 s · ƒ/2.8 · ISO 200 · 35 mm"
	Place         string
	Album         string // the title of the album that it is in; "" for none
	AlbumURL      string
	Coordinates   string // "48.8583, 2.2945"
	Mime          string
	Bytes         int64
	Checksum      string // SHA-256, hex
	UploadedAt    time.Time
	Uploader      string
	Description   string
	Why           []string // what matched, when it was opened from a search
	Tags          []string
	MeaningStatus string // whether search by meaning knows it yet: a phrase
	SimilarURL    string // the search for its like; "" while there is none
	MeaningURL    string // where to look whether that has changed; "" when it will not
}

// Edit is the form of title and description.
type Edit struct {
	Page        layout.Page
	Tile        Tile
	ActionURL   string // POST title, description, row_version
	CancelURL   string
	Title       string
	Description string
	RowVersion  int64
	Errors      ui.Errors
	Conflict    *Conflict // someone else changed it meanwhile
}

// Conflict is what the other one wrote; saving again with the new row version overwrites it.
type Conflict struct {
	Title, Description string
}

func sum(tiles []Tile) float64 {
	s := 0.0
	for _, t := range tiles {
		s += ui.Ratio(t.Width, t.Height)
	}
	return s
}

func dayID(d Day) string { return "day-" + d.Date.Format(time.DateOnly) }

func (t Tile) at() string { return t.TakenAt.Format("2006-01-02T15:04:05") + t.ID }

// picture tells whether there is something to show.
func (t Tile) picture() bool { return t.ThumbURL != "" }

func (t Tile) icon() string {
	switch {
	case t.Status == "failed":
		return "warning"
	case t.Kind == "video":
		return "play"
	case t.Kind == "raw":
		return "camera"
	case t.Status == "ready":
		return "file"
	}
	return "clock"
}

// caption says what stands in the place of a picture.
func (t Tile) caption(ctx context.Context) string {
	switch {
	case t.Status == "failed":
		return t.Reason
	case t.Status == "ready":
		return i18n.T(ctx, "tile.nopicture")
	}
	return i18n.T(ctx, "tile.processing")
}

func (v Viewer) heading(ctx context.Context) string {
	switch {
	case v.Item.Title != "":
		return v.Item.Title
	case !v.Info.TakenAt.IsZero():
		return i18n.Day(ctx, v.Info.TakenAt)
	}
	return v.Item.Filename
}

// years groups the scrubber's months, keeping their order.
func years(months []Month) [][]Month {
	var out [][]Month
	for i, m := range months {
		if i == 0 || months[i-1].Year != m.Year {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], m)
	}
	return out
}

func current(months []Month) (Month, bool) {
	for _, m := range months {
		if m.Current {
			return m, true
		}
	}
	if len(months) > 0 {
		return months[0], true
	}
	return Month{}, false
}

func itoa(n int) string { return strconv.Itoa(n) }
