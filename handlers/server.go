// Package handlers answers HTTP: the pages, the API and the bytes. It decodes
// requests, calls the use-cases in app, and picks a representation; it holds
// no rules of the product. routes.go lists every address.
package handlers

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/config"
	"albumen/live"
)

// Deps is what the web process needs; all fields are required.
type Deps struct {
	App      *app.App
	Sessions *app.Sessions
	Live     *live.Hub
	Config   *config.Config
	Log      *slog.Logger
	Queue    QueueState
	Version  string // of the program
	Parts    []Part // what /readyz asks
}

// Server is the web process' HTTP side. It is safe for concurrent use and
// keeps nothing that another web process would need.
type Server struct {
	cfg      *config.Config
	log      *slog.Logger
	echo     *echo.Echo
	sessions *scs.SessionManager
	users    sessionUsers
	origins  *http.CrossOriginProtection
	ready    *readiness
	closing  chan struct{} // closed when the process is about to end
	close    sync.Once
}

// New returns the server with every route.
func New(d Deps) *Server {
	s := &Server{
		cfg: d.Config, log: d.Log, echo: echo.New(), users: d.App,
		sessions: newSessionManager(d.Config, d.Sessions),
		origins:  http.NewCrossOriginProtection(),
		ready:    &readiness{parts: d.Parts, log: d.Log},
		closing:  make(chan struct{}),
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.IPExtractor = clientIP(d.Config.TrustedProxies)
	s.use()
	s.routes(d)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Close tells open streams (live updates) to end; requests that are being
// answered go on.
func (s *Server) Close() { s.close.Do(func() { close(s.closing) }) }

// HTTPServer wraps the handler with the limits of a server that faces the
// internet. There is no limit on the whole of a request or an answer: uploads,
// downloads and live updates take as long as they take. Forms have a limit of
// their own.
func (s *Server) HTTPServer() *http.Server {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(s.Close)
	return server
}

// Routes lists every address that is answered.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }
