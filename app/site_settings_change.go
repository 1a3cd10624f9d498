package app

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"albumen/db"
)

const (
	maxSiteName  = 60      // characters
	maxKeepDays  = 3650    // of the audit log
	maxListDays  = 365     // of trash and mails
	maxGraceDays = 90      // before an account is deleted
	maxQuota     = 1 << 50 // bytes
)

// PublicSite is what everybody may know of the site.
type PublicSite struct {
	Name        string
	SignUp      bool // anybody may make an account
	VerifyEmail bool // and must confirm the address first
}

// PublicSite returns what the pages of visitors go by.
func (a *App) PublicSite(ctx context.Context) (PublicSite, error) {
	s, err := a.siteSettings(ctx)
	return PublicSite{Name: s.SiteName, SignUp: s.SignUp, VerifyEmail: s.VerifyEmail}, err
}

// SiteSettings returns the settings as they are now; only site admins and the
// system may.
func (a *App) SiteSettings(ctx context.Context, actor Actor) (SiteSettings, error) {
	if err := actor.allow(ManageSite); err != nil {
		return SiteSettings{}, err
	}
	return readSiteSettings(ctx, a.db.Queries)
}

// UpdateSiteSettings stores the settings and returns them as stored; other
// processes follow within seconds. Only site admins and the system may.
// CodeInvalid names the fields as in JSON.
func (a *App) UpdateSiteSettings(ctx context.Context, actor Actor, s SiteSettings) (SiteSettings, error) {
	if err := actor.allow(ManageSite); err != nil {
		return SiteSettings{}, err
	}
	s.SiteName = strings.TrimSpace(s.SiteName)
	if fields := checkSiteSettings(s); len(fields) > 0 {
		return SiteSettings{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.LockSiteSettings(ctx); err != nil {
			return fmt.Errorf("lock the settings of the site: %w", err)
		}
		before, err := readSiteSettings(ctx, q)
		if err != nil {
			return err
		}
		was, is, err := changes(before, s)
		if err != nil || len(is) == 0 {
			return err
		}
		if err := storeSiteSettings(ctx, q, s, actor.UserID(), a.now()); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: "settings.update", Kind: "settings", Detail: map[string]any{"before": was, "after": is},
		})
	})
	if err != nil {
		return SiteSettings{}, err
	}
	a.site.forget()
	return s, nil
}

func checkSiteSettings(s SiteSettings) map[string]string {
	fields := map[string]string{}
	if s.SiteName == "" || utf8.RuneCountInString(s.SiteName) > maxSiteName || !utf8.ValidString(s.SiteName) ||
		strings.ContainsFunc(s.SiteName, unicode.IsControl) {
		fields["site_name"] = "error.site_name"
	}
	if s.Inviters != InvitersAdmins && s.Inviters != InvitersMembers {
		fields["inviters"] = "error.inviters"
	}
	if s.DefaultQuota < 0 || s.DefaultQuota > maxQuota {
		fields["default_quota"] = "error.quota"
	}
	for _, days := range []struct {
		field           string
		got, least, max int
		key             string
	}{
		{"audit_days", s.AuditDays, 0, maxKeepDays, "error.audit_days"}, {"trash_days", s.TrashDays, 1, maxListDays, "error.list_days"},
		{"mail_days", s.MailDays, 1, maxListDays, "error.list_days"}, {"evidence_days", s.EvidenceDays, 1, maxKeepDays, "error.evidence_days"}, {"message_days", s.MessageDays, 1, maxKeepDays, "error.evidence_days"}, {"deletion_days", s.DeletionDays, 0, maxGraceDays, "error.deletion_days"},
	} {
		if days.got < days.least || days.got > days.max {
			fields[days.field] = days.key
		}
	}
	return fields
}

// changes returns the JSON fields in which two values of a struct differ, as
// they were and as they are.
func changes[T any](before, after T) (was, is map[string]any, err error) {
	was, is = map[string]any{}, map[string]any{}
	var old, now map[string]any
	for _, v := range []struct {
		from T
		to   *map[string]any
	}{{before, &old}, {after, &now}} {
		text, err := json.Marshal(v.from)
		if err == nil {
			err = json.Unmarshal(text, v.to)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("compare settings: %w", err)
		}
	}
	for name, value := range now {
		if !reflect.DeepEqual(old[name], value) {
			was[name], is[name] = old[name], value
		}
	}
	return was, is, nil
}

// forget makes the next look a fresh one.
func (c *siteSettingsCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
}
