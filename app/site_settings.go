package app

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"albumen/db"
)

// Inviters say who may invite people who have no account yet.
type Inviters string

// The values of SiteSettings.Inviters.
const (
	InvitersAdmins  Inviters = "admins"  // site administrators only
	InvitersMembers Inviters = "members" // whoever may share an album, into that album
)

// SiteSettings are what administrators set while the site runs. The zero value
// is not the default: see DefaultSiteSettings.
type SiteSettings struct {
	SiteName      string   `json:"site_name"`
	SignUp        bool     `json:"sign_up"`        // anybody may make an account
	VerifyEmail   bool     `json:"verify_email"`   // those who sign up must confirm their address first
	Inviters      Inviters `json:"inviters"`       // who may invite people without an account
	PublicAlbums  bool     `json:"public_albums"`  // albums may be made public
	ShareLinks    bool     `json:"share_links"`    // share links may be made, and work
	GuestUploads  bool     `json:"guest_uploads"`  // links may let guests send photos
	MailOnChange  bool     `json:"mail_on_change"` // people hear by mail when their role on an album changes
	DefaultQuota  int64    `json:"default_quota"`  // bytes for new accounts; 0: no limit
	AuditDays     int      `json:"audit_days"`     // how long the audit log is kept; 0: for ever
	TrashDays     int      `json:"trash_days"`     // how long the trash keeps
	MailDays      int      `json:"mail_days"`      // how long sent mails are listed
	DeletionDays  int      `json:"deletion_days"`  // between asking to delete an account and its deletion
	BreachedCheck bool     `json:"breached_check"` // refuse passwords that are in the list of breached ones, where one is installed
	LinkByEmail   bool     `json:"link_by_email"`  // who signs in elsewhere is linked by an address that both sides have verified
	MailOnReport  bool     `json:"mail_on_report"` // owners hear by mail what becomes of a reported photo of theirs
	EvidenceDays  int      `json:"evidence_days"`  // how long the evidence of a closed report is kept
	MessageDays   int      `json:"message_days"`   // how long messages of the contact form are kept
}

// DefaultSiteSettings are what holds until an administrator changes it.
func DefaultSiteSettings() SiteSettings {
	return SiteSettings{
		SiteName: "Albumen", VerifyEmail: true, Inviters: InvitersMembers, PublicAlbums: true, ShareLinks: true,
		GuestUploads: true, MailOnChange: true, AuditDays: 365, TrashDays: 30, MailDays: 30, DeletionDays: 14,
		MailOnReport: true, EvidenceDays: 90, MessageDays: 180,
	}
}

// settingsFor is how old the settings may be that a process goes by.
const settingsFor = 2 * time.Second

// siteSettingsCache keeps the settings for a moment: every page asks for them.
type siteSettingsCache struct {
	mu   sync.Mutex
	at   time.Time
	last SiteSettings
}

// siteSettings returns the settings, at most settingsFor old.
func (a *App) siteSettings(ctx context.Context) (SiteSettings, error) {
	c := a.site
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := a.now(); c.at.IsZero() || now.Sub(c.at) >= settingsFor || now.Before(c.at) {
		s, err := readSiteSettings(ctx, a.db.Queries)
		if err != nil {
			return SiteSettings{}, err
		}
		c.at, c.last = now, s
	}
	return c.last, nil
}

// readSiteSettings reads what is stored; what it does not name has its default.
func readSiteSettings(ctx context.Context, q *db.Queries) (SiteSettings, error) {
	s := DefaultSiteSettings()
	row, err := q.SiteSettings(ctx)
	if db.IsNotFound(err) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the settings of the site: %w", err)
	}
	if err := json.Unmarshal(row.Settings, &s); err != nil {
		return s, fmt.Errorf("read the settings of the site: %w", err)
	}
	return s, nil
}

// storeSiteSettings stores the settings; other processes follow within
// settingsFor. by may be zero.
func storeSiteSettings(ctx context.Context, q *db.Queries, s SiteSettings, by uuid.UUID, now time.Time) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the settings of the site: %w", err)
	}
	params := db.SetSiteSettingsParams{Settings: text, Now: now}
	if by != uuid.Nil {
		params.UpdatedBy = &by
	}
	if err := q.SetSiteSettings(ctx, params); err != nil {
		return fmt.Errorf("store the settings of the site: %w", err)
	}
	return nil
}
