package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// The cookies of a share link. Each link has its own: their path is the link's
// address, and what they hold is worth nothing elsewhere.
const (
	unlockCookie = "albumen_share" // proves that the password was given
	guestCookie  = "albumen_guest" // by which a guest sees what they have sent
)

// guestCookieLife is how long a guest is known again.
const guestCookieLife = 90 * 24 * time.Hour

func (h shareHandlers) shareCookieName(name string) string {
	if h.cfg.SecureCookies() {
		return "__Secure-" + name
	}
	return name
}

func (h shareHandlers) shareCookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(h.shareCookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (h shareHandlers) setShareCookie(c echo.Context, name, value string, until time.Time) {
	c.SetCookie(&http.Cookie{
		Name: h.shareCookieName(name), Value: value, Path: shareBase(c), MaxAge: int(time.Until(until).Seconds()),
		HttpOnly: true, Secure: h.cfg.SecureCookies(), SameSite: http.SameSiteLaxMode,
	})
}
