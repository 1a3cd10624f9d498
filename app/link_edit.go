package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"albumen/db"
)

// What guests may send through a link unless it says otherwise, and at most.
const (
	DefaultLinkUploadBytes int64 = 2_000_000_000
	DefaultLinkUploads     int32 = 200

	maxLinkUploadBytes int64 = 1 << 40
	maxLinkUploads     int32 = 10_000
)

// MinLinkPasswordChars is the least length of a link's password. It may be
// shorter than an account's: it is passed on by word of mouth, and guessing is
// limited per link whatever address it comes from.
const MinLinkPasswordChars = 6

const (
	maxLinkName = 100                       // characters
	maxLinkLife = 10 * 366 * 24 * time.Hour // how far away an expiry may be
)

// LinkEdit says what a link is to be like; nil fields stay as they are.
type LinkEdit struct {
	Name      *string
	Password  *string     // "": none
	ExpiresAt **time.Time // an instant in the future; points to nil: never
	Download  *bool
	Strip     *bool
	Upload    *bool
	// What guests may send through the link in all, what was sent before included.
	UploadBytes *int64
	UploadCount *int32
}

// applyLinkEdit checks the edit and makes the link as it says.
func (a *App) applyLinkEdit(ctx context.Context, actor Actor, l *db.ShareLink, e LinkEdit) error {
	settings, err := a.siteSettings(ctx)
	if err != nil {
		return err
	}
	if !settings.ShareLinks {
		return &Error{Code: CodeForbidden, Key: "error.links_off"}
	}
	fields := map[string]string{}
	if e.Name != nil {
		l.Name = strings.TrimSpace(*e.Name)
		if utf8.RuneCountInString(l.Name) > maxLinkName || !utf8.ValidString(l.Name) || strings.ContainsFunc(l.Name, unicode.IsControl) {
			fields["name"] = "error.link_name"
		}
	}
	if e.ExpiresAt != nil {
		l.ExpiresAt = *e.ExpiresAt
		if at := l.ExpiresAt; at != nil && (!at.After(a.now()) || at.Sub(a.now()) > maxLinkLife) {
			fields["expires_at"] = "error.link_expires"
		}
	}
	set(&l.AllowDownload, e.Download)
	set(&l.StripMetadata, e.Strip)
	set(&l.MaxUploadBytes, e.UploadBytes)
	set(&l.MaxUploads, e.UploadCount)
	if l.MaxUploadBytes < 1 || l.MaxUploadBytes > maxLinkUploadBytes {
		fields["upload_bytes"] = "error.link_upload_bytes"
	}
	if l.MaxUploads < 1 || l.MaxUploads > maxLinkUploads {
		fields["upload_count"] = "error.link_upload_count"
	}
	if err := mayLetUpload(actor, settings, l.AllowUpload, e.Upload); err != nil {
		return err
	}
	set(&l.AllowUpload, e.Upload)
	if e.Password != nil {
		checkLinkPassword(*e.Password, fields)
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return a.setLinkPassword(ctx, l, e.Password)
}

// mayLetUpload decides whether uploads of guests may be switched on. A token
// that may not add photos itself cannot let others do so.
func mayLetUpload(actor Actor, settings SiteSettings, was bool, want *bool) error {
	switch {
	case want == nil, !*want, was:
		return nil
	case !settings.GuestUploads:
		return &Error{Code: CodeForbidden, Key: "error.guest_uploads_off"}
	case !actor.Has(ScopeMediaWrite):
		return &Error{Code: CodeForbidden, Key: "error.scope", Args: map[string]any{"Scope": string(ScopeMediaWrite)}}
	}
	return nil
}

func checkLinkPassword(password string, fields map[string]string) {
	switch plain := normalPassword(password); {
	case password == "":
	case utf8.RuneCount(plain) < MinLinkPasswordChars, strings.TrimSpace(password) == "":
		fields["password"] = "error.link_password_short"
	case len(plain) > MaxPasswordBytes:
		fields["password"] = "error.password_long"
	}
}

// setLinkPassword gives the link another password, or none, under a new
// version: cookies of the one before unlock nothing any more.
func (a *App) setLinkPassword(ctx context.Context, l *db.ShareLink, password *string) error {
	if password == nil || *password == "" && l.PasswordHash == "" {
		return nil
	}
	l.Version++
	l.PasswordHash = ""
	if *password == "" {
		return nil
	}
	if err := a.passwords.enter(ctx); err != nil {
		return err
	}
	defer a.passwords.leave()
	hash, err := bcrypt.GenerateFromPassword(normalPassword(*password), a.passwords.cost)
	if err != nil {
		return fmt.Errorf("hash the password of a link: %w", err)
	}
	l.PasswordHash = string(hash)
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// LinkRules are what the site lets links do.
type LinkRules struct {
	Links   bool // they may be made, and work
	Uploads bool // they may let guests upload
}

// LinkRules returns what the site lets links do, for the forms of those who are
// signed in.
func (a *App) LinkRules(ctx context.Context, actor Actor) (LinkRules, error) {
	if err := actor.allow(ListOwn); err != nil {
		return LinkRules{}, err
	}
	s, err := a.siteSettings(ctx)
	return LinkRules{Links: s.ShareLinks, Uploads: s.GuestUploads}, err
}
