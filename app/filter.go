package app

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// Limits of a page of items.
const (
	DefaultPageSize = 100
	MaxPageSize     = 500
)

// Filter narrows a list of items; all that is set must hold. The zero value
// lets everything through.
type Filter struct {
	From, To    time.Time // wall clock as UTC: From ≤ taken < To; zero: open
	Kind        db.MediaKind
	Type        string // a key of itemTypes, such as "jpeg"
	CameraMake  string
	CameraModel string
	Lens        string
	Favourite   bool
	Uploader    uuid.UUID // zero: anybody
	Album       uuid.UUID // zero: anywhere
	Located     *bool
	MinRating   int      // 1 to 5; 0: any
	AIStatus    AIStatus // with the model that is searched; empty: any
}

// itemTypes are the names by which a filter knows families of media types:
// together all that media.Sniff accepts.
var itemTypes = map[string][]string{
	"jpeg": {"image/jpeg"},
	"png":  {"image/png"},
	"webp": {"image/webp"},
	"gif":  {"image/gif"},
	"avif": {"image/avif", "image/avif-sequence"},
	"heic": {"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"},
	"tiff": {"image/tiff"},
	"jxl":  {"image/jxl"},
	"raw": {"image/x-adobe-dng", "image/x-canon-cr2", "image/x-canon-cr3", "image/x-canon-crw", "image/x-epson-erf", "image/x-fuji-raf",
		"image/x-hasselblad-3fr", "image/x-kodak-dcr", "image/x-nikon-nef", "image/x-olympus-orf", "image/x-panasonic-rw2",
		"image/x-pentax-pef", "image/x-samsung-srw", "image/x-sigma-x3f", "image/x-sony-arw"},
	"mp4":  {"video/mp4"},
	"mov":  {"video/quicktime"},
	"3gp":  {"video/3gpp"},
	"webm": {"video/webm"},
	"mkv":  {"video/x-matroska"},
	"avi":  {"video/x-msvideo"},
	"mpeg": {"video/mpeg"},
	"mts":  {"video/mp2t"},
	"wmv":  {"video/x-ms-wmv"},
	"flv":  {"video/x-flv"},
	"ogv":  {"video/ogg"},
}

// sql turns the filter into the database's, for the actor and scope. It fails
// with CodeInvalid when a field holds what it cannot hold.
func (f Filter) sql(actor Actor, scope db.Scope) (db.Filter, error) {
	d := db.Filter{
		UserID: actor.UserID(), Subjects: actor.Subjects(), Scope: scope,
		From: f.From, To: f.To, Kind: f.Kind, CameraMake: f.CameraMake, CameraModel: f.CameraModel, Lens: f.Lens,
		Favourite: f.Favourite, Uploader: f.Uploader, Album: f.Album, Located: f.Located, MinRating: f.MinRating,
		AIStatus: string(f.AIStatus),
	}
	switch scope {
	case "", db.ScopeOwn, db.ScopeShared, db.ScopeAll:
	default:
		return d, Invalid("scope", "filter.scope_unknown")
	}
	if f.Kind != "" && f.Kind != db.MediaKindPhoto && f.Kind != db.MediaKindVideo {
		return d, Invalid("kind", "filter.kind_unknown")
	}
	if f.Type != "" {
		mimes, ok := itemTypes[f.Type]
		if !ok {
			return d, Invalid("type", "filter.type_unknown")
		}
		d.MIMEs = mimes
	}
	if f.AIStatus != "" && !slices.Contains(AllAIStatuses(), f.AIStatus) {
		return d, Invalid("ai_status", "filter.ai_status_unknown")
	}
	if f.MinRating < 0 || f.MinRating > 5 {
		return d, Invalid("rating", "filter.rating_range")
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return d, Invalid("to", "filter.range_empty")
	}
	for field, t := range map[string]time.Time{"from": f.From, "to": f.To} {
		if !t.IsZero() && (t.Year() < 1 || t.Year() > 9999) {
			return d, Invalid(field, "filter.date_range")
		}
	}
	for field, s := range map[string]string{"camera": f.CameraMake + f.CameraModel, "lens": f.Lens} {
		if !storable(s) {
			return d, Invalid(field, "filter.bad_text")
		}
	}
	return d, nil
}

// pageSize applies the default and refuses what is out of range.
func pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultPageSize, nil
	case limit < 1 || limit > MaxPageSize:
		return 0, Invalid("limit", "page.limit_range")
	}
	return limit, nil
}
