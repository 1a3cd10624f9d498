package app_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"albumen/app"
)

func TestSiteSettings(t *testing.T) {
	w := newAccounts(t)
	admin := app.UserActor(w.user("admin@example.org", true))
	s, err := w.SiteSettings(t.Context(), admin)
	if err != nil || s != app.DefaultSiteSettings() {
		t.Fatalf("%+v, %v", s, err)
	}
	if site, err := w.PublicSite(t.Context()); err != nil || site != (app.PublicSite{Name: "Albumen", VerifyEmail: true}) {
		t.Fatalf("%+v, %v", site, err)
	}
	s.SiteName, s.SignUp, s.DefaultQuota = "  Our photos ", true, 5e9
	if s, err = w.UpdateSiteSettings(t.Context(), admin, s); err != nil || s.SiteName != "Our photos" {
		t.Fatalf("%+v, %v", s, err)
	}
	// The process that changed them goes by them at once.
	if site, err := w.PublicSite(t.Context()); err != nil || site != (app.PublicSite{Name: "Our photos", SignUp: true, VerifyEmail: true}) {
		t.Errorf("%+v, %v", site, err)
	}
	if u := w.user("new@example.org", false); u.QuotaBytes == nil || *u.QuotaBytes != 5e9 {
		t.Errorf("the quota of a new account is %v", u.QuotaBytes)
	}
	var detail []byte
	err = w.db.QueryRow(t.Context(), "SELECT detail FROM audit_log WHERE action = 'settings.update' AND actor_id = $1", admin.UserID()).Scan(&detail)
	if err != nil {
		t.Fatal(err)
	}
	var told struct{ Before, After map[string]any }
	if err := json.Unmarshal(detail, &told); err != nil || len(told.After) != 3 || told.Before["site_name"] != "Albumen" || told.After["sign_up"] != true {
		t.Errorf("the audit log tells %s, %v", detail, err)
	}
	// Nothing changed, nothing to tell.
	if _, err := w.UpdateSiteSettings(t.Context(), admin, s); err != nil || w.audited("settings.update") != 1 {
		t.Errorf("%d rows, %v", w.audited("settings.update"), err)
	}
}

func TestSiteSettingsAreChecked(t *testing.T) {
	w := newAccounts(t)
	for field, breaks := range map[string]func(*app.SiteSettings){
		"site_name":     func(s *app.SiteSettings) { s.SiteName = strings.Repeat("ö", 61) },
		"inviters":      func(s *app.SiteSettings) { s.Inviters = "everybody" },
		"default_quota": func(s *app.SiteSettings) { s.DefaultQuota = -1 },
		"audit_days":    func(s *app.SiteSettings) { s.AuditDays = 3651 },
		"trash_days":    func(s *app.SiteSettings) { s.TrashDays = 0 },
		"mail_days":     func(s *app.SiteSettings) { s.MailDays = 366 },
		"deletion_days": func(s *app.SiteSettings) { s.DeletionDays = -1 },
	} {
		s := app.DefaultSiteSettings()
		breaks(&s)
		_, err := w.UpdateSiteSettings(t.Context(), app.SystemActor(), s)
		if e := wantCode(t, err, app.CodeInvalid); len(e.Fields) != 1 || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, e.Fields)
		}
	}
}

func TestTrashKeepsAsLongAsTheSiteSays(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	s := app.DefaultSiteSettings()
	s.TrashDays = 3
	if _, err := w.UpdateSiteSettings(t.Context(), app.SystemActor(), s); err != nil {
		t.Fatal(err)
	}
	w.trashed(u, 2, w.now.AddDate(0, 0, -3).Add(-time.Minute))
	w.trashed(u, 1, w.now.AddDate(0, 0, -2))
	if n, err := w.PurgeTrash(t.Context(), app.SystemActor()); err != nil || n != 2 {
		t.Errorf("purged %d, %v", n, err)
	}
}
