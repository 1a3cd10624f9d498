package handlers

import (
	"errors"
	"fmt"
	"log/slog"
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
	s.echo.Use(s.observe, s.recoverPanic, s.secure, s.localise, s.checkHost, s.checkOrigin, s.limitBody, s.authenticate, s.askTerms)
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
		if isSecret(c.Request()) {
			hideAddress(h)
		}
		if hasToken(c.Request()) {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// hideAddress sets the headers of pages whose address is a secret.
func hideAddress(h http.Header) {
	h.Set("Referrer-Policy", noReferrer)
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
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
		if err := s.origins.Check(c.Request()); err != nil && !fromSecret(c.Request()) {
			return &statusError{http.StatusForbidden, "cross_origin", "error.cross_origin", err}
		}
		return next(c)
	}
}

// fromSecret reports a form of a page whose address is a secret, from a browser
// that says neither where it comes from nor that this is another site: pages
// that send no referrer send forms with the origin "null", and over plain http
// browsers say nothing else. Whoever makes up such a form elsewhere must know
// the secret, and no cookie comes with it from another site: sessions, links and
// steps have SameSite=Lax.
func fromSecret(r *http.Request) bool {
	return isSecret(r) && r.Header.Get("Origin") == "null" && r.Header.Get("Sec-Fetch-Site") == ""
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
