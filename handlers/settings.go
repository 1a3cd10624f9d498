package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
)

// settingsApp is what a person's own settings need.
type settingsApp interface {
	UpdateSettings(context.Context, app.Actor, app.Settings) (db.User, error)
	SetTheme(ctx context.Context, actor app.Actor, theme string) error
}

type settingsHandlers struct {
	*Server
	app settingsApp
}

// zonesOffered are suggestions while typing; every IANA name is taken.
var zonesOffered = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires",
	"America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Santiago", "America/Sao_Paulo", "America/Toronto", "America/Vancouver", "Asia/Bangkok",
	"Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata",
	"Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo", "Atlantic/Reykjavik",
	"Australia/Adelaide", "Australia/Brisbane", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens",
	"Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul",
	"Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Oslo", "Europe/Paris",
	"Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
	"Pacific/Auckland", "Pacific/Honolulu",
}

func (h settingsHandlers) form(c echo.Context) error {
	user, ok := h.actor(c).User()
	if !ok {
		return app.Unauthenticated()
	}
	return h.render(c, http.StatusOK, account.SettingsPage(h.settingsView(c, settingsValuesOf(user))))
}

const accountPath = "/account"

func settingsValuesOf(u db.User) account.Settings {
	return account.Settings{Name: u.Name, Language: u.Language, Zone: u.TimeZone, Theme: u.Theme}
}

// settingsView adds to the form what stands around it.
func (s *Server) settingsView(c echo.Context, v account.Settings) account.Settings {
	user, _ := s.actor(c).User()
	v.Page, v.ActionURL, v.Links = s.page(c), accountPath, accountLinks(c.Request().Context())
	v.Email, v.Zones = user.Email, zonesOffered
	v.Avatar.URL, v.Avatar.UploadURL = avatarURL(user), avatarPath
	if v.Avatar.URL != "" {
		v.Avatar.RemoveURL = avatarPath + "/remove"
	}
	return v
}

// accountLinks are the other pages about one's account.
func accountLinks(ctx context.Context) []account.Link {
	link := func(icon, title, lead, href string) account.Link {
		return account.Link{Icon: icon, Title: i18n.T(ctx, title), Lead: i18n.T(ctx, lead), Href: href}
	}
	return []account.Link{
		link("key", "account.password_change", "account.password_change_lead", accountPath+"/password"),
		link("person", "account.email_change", "account.email_change_lead", accountPath+"/email"),
		link("shield", "security.title", "security.short", securityPath),
		link("screen", "sessions.title", "sessions.short", sessionsPath),
		link("sliders", "tokens.title", "tokens.lead", accountPath+"/tokens"),
		link("clock", "auditlog.own", "auditlog.own_short", activityPath),
		link("download", "own_data.title", "own_data.short", ownDataPath),
	}
}

func (h settingsHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	wanted := app.Settings{
		Name: fields.Get("name"), Language: fields.Get("language"), TimeZone: fields.Get("time_zone"), Theme: fields.Get("theme"),
	}
	user, err := h.app.UpdateSettings(ctx, h.actor(c), wanted)
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		return h.render(c, status, account.SettingsPage(h.settingsView(c, account.Settings{
			Name: wanted.Name, Language: wanted.Language, Zone: wanted.TimeZone, Theme: wanted.Theme, Errors: shown,
		})))
	}
	h.setLocale(c, user.Language, zoneOf(user, h.cfg.DefaultTimeZone)) // the receipt is in the new language
	if err := h.leaveReceipt(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "account.saved")}); err != nil {
		return err
	}
	return seeOther(c, "/account")
}

const (
	themeCookie     = "theme"
	themeCookieLife = 365 * 24 * time.Hour
)

// theme changes the look from any page: in the account of a user, in a cookie
// for a visitor.
func (h settingsHandlers) theme(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	theme := fields.Get("theme")
	if h.actor(c).SignedIn() {
		if err := h.app.SetTheme(c.Request().Context(), h.actor(c), theme); err != nil {
			return err
		}
	} else {
		c.SetCookie(&http.Cookie{
			Name: themeCookie, Value: shownTheme(theme), Path: "/", MaxAge: int(themeCookieLife.Seconds()),
			Secure: h.cfg.SecureCookies(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	back := localPath(fields.Get("back"))
	if back == "" {
		back = "/"
	}
	return seeOther(c, back)
}

// themeOf is what the page shell takes: "" for the system's.
func themeOf(c echo.Context) string {
	if a, ok := c.Get(actorKey).(app.Actor); ok {
		if user, ok := a.User(); ok {
			return shownTheme(user.Theme)
		}
	}
	if cookie, err := c.Cookie(themeCookie); err == nil {
		return shownTheme(cookie.Value)
	}
	return ""
}

func shownTheme(theme string) string {
	if theme == "light" || theme == "dark" {
		return theme
	}
	return ""
}
