package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
)

// Forms may be this large and take this long to arrive.
const (
	maxFormBytes = 1 << 20
	formDeadline = time.Minute
)

// use installs what every request passes, outermost first.
func (s *Server) use() {
	s.echo.Use(s.observe, s.recoverPanic, s.secure, s.localise, s.checkHost, s.checkOrigin, s.limitBody, s.authenticate)
}

// observe gives the request its id, turns errors into answers and writes the
// access log.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		id := newRequestID()
		ctx := withRequestID(c.Request().Context(), id)
		c.SetRequest(c.Request().WithContext(app.WithOrigin(ctx, app.Origin{Addr: client(c), RequestID: id})))
		c.Response().Header().Set("X-Request-Id", id)

		err := next(c)
		broken := err != nil && c.Response().Committed
		if err != nil {
			s.handleError(err, c)
		}
		level := slog.LevelInfo
		if isHealth(c.Request()) {
			level = slog.LevelDebug
		}
		attrs := []slog.Attr{
			slog.String("method", c.Request().Method),
			slog.String("path", loggedPath(c.Request().URL.Path)),
			slog.Int("status", c.Response().Status),
			slog.Int64("bytes", c.Response().Size),
			slog.Duration("took", time.Since(start)),
			slog.String("ip", c.RealIP()),
		}
		if actor := s.actor(c); actor.SignedIn() {
			attrs = append(attrs, slog.String("user", actor.UserID().String()))
		}
		s.log.LogAttrs(c.Request().Context(), level, "request", attrs...)
		if broken {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		return nil
	}
}

// recoverPanic turns a panic into an error, with its stack in the log only.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch r := recover(); r {
			case nil:
			case http.ErrAbortHandler:
				panic(r)
			default:
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// contentPolicy allows our own files and nothing inline.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

// secure sets the headers that every answer carries, errors included.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.cfg.SecureCookies() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if hasToken(c.Request()) {
			s.hideAddress(h)
		}
		if isShare(c.Request()) { // the address is a secret
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		}
		return next(c)
	}
}

// hideAddress sets the headers of pages whose address holds a mailed token. A
// page without a referrer sends forms without an origin; over plain http
// browsers say nothing else about where a form comes from, so that it would be
// refused: there the referrer stays within the site.
func (s *Server) hideAddress(h http.Header) {
	host := s.cfg.BaseURL.Hostname()
	ip := net.ParseIP(host)
	if s.cfg.BaseURL.Scheme == "https" || host == "localhost" || ip != nil && ip.IsLoopback() {
		h.Set("Referrer-Policy", noReferrer)
	}
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Cache-Control", "no-store")
}

const noReferrer = "no-referrer"

// checkHost refuses requests for another site's name, so that no page, link or
// cache entry is ever made from a forged Host.
func (s *Server) checkHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !isHealth(c.Request()) && !s.cfg.HostAllowed(c.Request().Host) {
			return &statusError{http.StatusMisdirectedRequest, "wrong_host", "error.wrong_host", errors.New("the Host is not in ALLOWED_HOSTS")}
		}
		return next(c)
	}
}

func isHealth(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

// checkOrigin refuses state changes that another site's page has sent. Programs
// that are no browsers send neither Origin nor Sec-Fetch-Site, and no cookies
// that they were not given.
func (s *Server) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origins.Check(c.Request()); err != nil && !formOfShare(c.Request()) {
			return &statusError{http.StatusForbidden, "cross_origin", "error.cross_origin", err}
		}
		return next(c)
	}
}

// formOfShare reports a form below a share link from a browser that says
// neither where it comes from nor that this is another site: over plain http,
// pages that send no referrer send no origin either. Nothing there goes by the
// session, and the cookies of a link are not sent from other sites.
func formOfShare(r *http.Request) bool {
	return isShare(r) && r.Header.Get("Origin") == "null" && r.Header.Get("Sec-Fetch-Site") == ""
}

// limitBody bounds forms and JSON in size and time.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Body == nil || r.Body == http.NoBody || streamed[r.Method+" "+c.Path()] {
			return next(c)
		}
		if r.ContentLength > maxFormBytes {
			return &http.MaxBytesError{Limit: maxFormBytes}
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxFormBytes)
		err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(formDeadline))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("limit the time of a form: %w", err)
		}
		return next(c)
	}
}

// localise picks the language by the browser's wish; authenticate replaces it
// by the user's own.
func (s *Server) localise(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s.setLocale(c, "", s.cfg.DefaultTimeZone)
		return next(c)
	}
}

func (s *Server) setLocale(c echo.Context, preferred string, zone *time.Location) {
	accept := strings.TrimPrefix(c.Request().Header.Get("Accept-Language")+","+s.cfg.DefaultLanguage.String()+";q=0.001", ",")
	ctx := i18n.With(c.Request().Context(), i18n.Match(preferred, accept, zone))
	c.SetRequest(c.Request().WithContext(ctx))
}
