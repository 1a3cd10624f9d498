package db

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Scope says whose items a list holds.
type Scope string

// The scopes. Shared items are those of other people in albums that one may
// see, whoever granted it (a person, a group, the public, a share link).
const (
	ScopeOwn    Scope = "own"
	ScopeShared Scope = "shared"
	ScopeAll    Scope = "all" // own and shared
)

// State says where in its life an item is. States other than StateListed are
// for the owner only, whatever the scope.
type State string

// The states. The zero value is StateListed.
const (
	StateListed   State = ""
	StateArchived State = "archived"
	StateTrashed  State = "trashed"
	StateKept     State = "kept" // all outside the trash, also before they are processed; ordered by upload
)

// Filter is every condition that a list of items can have; all that are set
// must hold. It is the one place where they become SQL: fixed fragments, values
// only ever as parameters. The zero Filter belongs to nobody and finds nothing.
type Filter struct {
	UserID   uuid.UUID   // the actor; the zero UUID for one who is not signed in
	Subjects []uuid.UUID // under which the access relation knows the actor
	Scope    Scope       // empty: ScopeOwn
	State    State
	Order    Order // other than OrderNewest only with Album

	From, To    time.Time   // wall clock, From ≤ taken_at_local < To; zero: open
	Kind        MediaKind   // empty: both
	Status      MediaStatus // empty: any
	MIMEs       []string
	CameraMake  string
	CameraModel string
	Lens        string
	Favourite   bool      // only the actor's favourites
	Uploader    uuid.UUID // zero: anybody
	Album       uuid.UUID // zero: anywhere
	Located     *bool     // has (true) or lacks (false) a position
	MinRating   int       // 0: any
	AIStatus    string    // see AIStates; empty: any
	Text        TSQuery   // empty: any
	Without     TSQuery   // a second condition on the text, which excludes; empty: none
}

// builder collects parameters while fragments are put together.
type builder struct{ args []any }

// arg adds a parameter and returns its placeholder.
func (b *builder) arg(v any, cast string) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d::%s", len(b.args), cast)
}

// accessible are the albums that the actor may see.
func (f Filter) accessible(b *builder) string {
	return "SELECT x.album_id FROM album_access x WHERE x.subject_id = ANY (" + b.arg(f.Subjects, "uuid[]") + ")"
}

// visible is the access rule as a condition on m. It suits queries that
// another condition has made small; ordered lists merge instead (filter_list.go).
func (f Filter) visible(b *builder) string {
	mine := "m.owner_id = " + b.arg(f.UserID, "uuid")
	if f.State != StateListed {
		return mine
	}
	switch f.Scope {
	case ScopeShared:
		return "(NOT " + mine + " AND m.album_id IN (" + f.accessible(b) + "))"
	case ScopeAll:
		return "(" + mine + " OR m.album_id IN (" + f.accessible(b) + "))"
	}
	return mine
}

// where is every condition on m but access.
func (f Filter) where(b *builder) string {
	conds := append([]string{f.stateCondition()}, f.dates(b)...)
	add := func(fragment string) { conds = append(conds, fragment) }
	if f.Kind != "" {
		add("m.kind = " + b.arg(f.Kind, "media_kind"))
	}
	if f.Status != "" {
		add("m.status = " + b.arg(f.Status, "media_status"))
	}
	if len(f.MIMEs) > 0 {
		add("m.mime = ANY (" + b.arg(f.MIMEs, "text[]") + ")")
	}
	if f.CameraMake != "" {
		add("m.camera_make = " + b.arg(f.CameraMake, "text"))
	}
	if f.CameraModel != "" {
		add("m.camera_model = " + b.arg(f.CameraModel, "text"))
	}
	if f.Lens != "" {
		add("m.lens = " + b.arg(f.Lens, "text"))
	}
	if f.Favourite {
		add("EXISTS (SELECT 1 FROM favourites f WHERE f.media_id = m.id AND f.user_id = " + b.arg(f.UserID, "uuid") + ")")
	}
	if f.Uploader != (uuid.UUID{}) {
		add("m.owner_id = " + b.arg(f.Uploader, "uuid"))
	}
	if f.Album != (uuid.UUID{}) {
		add("m.album_id = " + b.arg(f.Album, "uuid"))
	}
	if f.Located != nil {
		add(map[bool]string{true: "m.latitude IS NOT NULL", false: "m.latitude IS NULL"}[*f.Located])
	}
	if f.MinRating > 0 {
		add("m.rating >= " + b.arg(f.MinRating, "smallint"))
	}
	if f.AIStatus != "" {
		add(aiCondition(b, f.AIStatus))
	}
	if f.Text != "" {
		add("m.search @@ " + b.arg(string(f.Text), "tsquery"))
	}
	if f.Without != "" {
		add("m.search @@ " + b.arg(string(f.Without), "tsquery"))
	}
	return strings.Join(conds, " AND ")
}

func (f Filter) dates(b *builder) []string {
	var conds []string
	if !f.From.IsZero() {
		conds = append(conds, "m.taken_at_local >= "+b.arg(f.From, "timestamp"))
	}
	if !f.To.IsZero() {
		conds = append(conds, "m.taken_at_local < "+b.arg(f.To, "timestamp"))
	}
	return conds
}

// stateCondition repeats the predicates of the partial indexes literally, so
// that the planner can use them.
func (f Filter) stateCondition() string {
	switch f.State {
	case StateArchived:
		return "m.archived_at IS NOT NULL AND m.trashed_at IS NULL AND m.withheld IS NULL"
	case StateTrashed:
		return "m.trashed_at IS NOT NULL"
	case StateKept:
		return "m.trashed_at IS NULL"
	}
	return "m.listed AND m.withheld IS NULL"
}
