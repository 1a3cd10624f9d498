// Package app holds the rules and use-cases of Albumen. Every exported
// use-case takes an Actor and answers only what that actor may know; pages,
// API, command line and jobs all call these same methods. It knows no HTTP
// and no HTML.
package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/jobs"
	"albumen/ml"
	"albumen/storage"
)

// Publisher tells open pages that something of a user's has changed. Events
// carry ids only; whoever receives one reads the database again.
type Publisher interface {
	Publish(ctx context.Context, event Event) error
}

// Event says that an item has changed.
type Event struct {
	UserID  uuid.UUID `json:"user_id"` // whose pages are concerned: the owner
	MediaID uuid.UUID `json:"media_id"`
	Kind    EventKind `json:"kind"`
}

// ML is what the ml processes can be asked; *ml.Client is the real one.
type ML interface {
	// Statuses is what the living processes say about themselves.
	Statuses(ctx context.Context) ([]ml.Status, error)
	// EmbedText returns the unit vector of a text by a model, or ml.ErrNoModel
	// or ml.ErrUnavailable.
	EmbedText(ctx context.Context, modelID, text string) ([]float32, error)
	// Begun tells of each request whether a process has begun and not ended it.
	Begun(ctx context.Context, requests []ml.EmbedImage) ([]bool, error)
}

// EventKind says what happened to the item.
type EventKind string

// The kinds of events.
const (
	EventReady   EventKind = "ready"   // processing ended well: it can be shown
	EventFailed  EventKind = "failed"  // processing ended with a reason
	EventChanged EventKind = "changed" // edited, favourited, trashed or restored
	// EventEmbedded says that the state of its embedding changed, and nothing
	// that a list of items shows.
	EventEmbedded EventKind = "embedded"
)

// Limits bound what a person may send.
type Limits struct {
	MaxUploadBytes int64 // of one file
}

// Deps is what an App needs; all fields are required unless they say otherwise.
type Deps struct {
	DB          *db.Pool
	Storage     storage.Store
	Jobs        jobs.Enqueuer
	Live        Publisher
	Log         *slog.Logger
	Limits      Limits
	SecretKey   []byte         // keys for HMACs are derived from it
	DefaultZone *time.Location // assumed where a file does not say
	Now         func() time.Time

	Mail MailDeps // only where mails are written or sent

	Identity IdentityDeps // only where people sign in: the web process

	Strip        Stripper     // only where originals are downloaded: the web process
	ML           ML           // only where embeddings are dispatched, shown or searched
	Pictures     Pictures     // only where people set avatars: the web process
	Attempts     *RateLimiter // only where people sign in: the web process
	PasswordCost int          // bcrypt's; 0 means DefaultPasswordCost
	// BreachedPasswords is the file with hashes of passwords that have leaked;
	// it need not be there.
	BreachedPasswords string
}

// App is the use-cases. It holds no state but short-lived caches, and is safe
// for concurrent use.
type App struct {
	db          *db.Pool
	storage     storage.Store
	jobs        jobs.Enqueuer
	live        Publisher
	log         *slog.Logger
	limits      Limits
	secret      []byte
	defaultZone *time.Location
	now         func() time.Time
	attempts    *RateLimiter
	passwords   *passwords
	ml          ML
	active      *activeModelCache
	progress    *progressCache
	site        *siteSettingsCache
	shared      *sharedMonths
	rounds      *roundsCache
	identity    IdentityDeps
	mail        MailDeps
	breached    breachedPasswords
	pictures    Pictures
	strip       stripping
	archives    archiveSlots
}

// New returns the use-cases over d.
func New(d Deps) *App {
	return &App{
		db: d.DB, storage: d.Storage, jobs: d.Jobs, live: d.Live, log: d.Log, limits: d.Limits,
		secret: d.SecretKey, defaultZone: d.DefaultZone, now: d.Now,
		attempts: d.Attempts, passwords: newPasswords(d.PasswordCost), ml: d.ML, active: &activeModelCache{}, progress: &progressCache{of: map[int32]counted{}},
		site: &siteSettingsCache{}, rounds: &roundsCache{}, shared: newSharedMonths(), mail: d.Mail, identity: d.Identity, breached: breachedPasswords{d.BreachedPasswords}, pictures: d.Pictures, strip: stripping{stripper: d.Strip},
	}
}

// publish tells open pages; losing an event only delays what they show.
func (a *App) publish(ctx context.Context, e Event) {
	if err := a.live.Publish(ctx, e); err != nil {
		a.log.WarnContext(ctx, "could not publish an event", "media", e.MediaID, "kind", e.Kind, "error", err)
	}
}

// newID returns a UUIDv7: ids sort by the time they were made.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
