package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/config"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/layout"
)

// sessionUsers is what recognising a client needs.
type sessionUsers interface {
	ActorOfToken(ctx context.Context, secret string) (app.Actor, error)
	NoteSignIn(context.Context, app.Actor, app.Way) error
	CancelDeletion(context.Context, app.Actor) (bool, error)
	BeginSignInStep(context.Context, app.HalfSignIn) (string, error)
	PublicSite(context.Context) (app.PublicSite, error)
	OwesTerms(context.Context, app.Actor) (bool, error)
}

// sessionKeeper is where sessions are kept.
type sessionKeeper interface {
	Find(ctx context.Context, token string, v app.Visitor) (app.Session, bool, error)
	Create(ctx context.Context, token string, data []byte, expires time.Time, v app.Visitor) error
	Update(ctx context.Context, token string, data []byte) error
	Delete(ctx context.Context, token string) error
}

func newSessionManager(cfg *config.Config, keeper sessionKeeper) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{keeper}
	m.Lifetime = app.SessionLife // being idle for too long is decided where sessions are kept
	m.Cookie.Persist = false     // until the browser is closed, unless it is to be remembered
	m.Cookie.Name = "albumen_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	if cfg.SecureCookies() {
		m.Cookie.Secure = true
		m.Cookie.Name = "__Host-albumen_session"
	}
	return m
}

// visit is this request's part of a session: who the browser is, and whether
// the session is stored already.
type visit struct {
	app.Visitor
	actor  app.Actor // whose session was found
	stored string    // the token under which it was found
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// sessionStore lets scs keep its sessions with ours.
type sessionStore struct{ keeper sessionKeeper }

var _ scs.CtxStore = sessionStore{}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	v := visitOf(ctx)
	session, found, err := s.keeper.Find(ctx, token, v.Visitor)
	if found {
		v.stored, v.actor, v.UserID = token, session.Actor, session.Actor.UserID()
	}
	return session.Data, found, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	v := visitOf(ctx)
	if v.stored == token {
		return s.keeper.Update(ctx, token, data)
	}
	if err := s.keeper.Create(ctx, token, data, expires, v.Visitor); err != nil {
		return err
	}
	v.stored = token
	return nil
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.keeper.Delete(ctx, token)
}

// The rest of the interface, which scs does not call where there is the above.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

const actorKey = "actor"

// actor is who asks; the zero Actor before authenticate has run.
func (s *Server) actor(c echo.Context) app.Actor {
	a, _ := c.Get(actorKey).(app.Actor)
	return a
}

// authenticate finds out who asks. The API takes bearer tokens only and never
// a cookie; everything else takes the session's cookie only.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		switch {
		case isHealth(r) || strings.HasPrefix(r.URL.Path, "/static/"):
			return next(c)
		case isShare(r): // the link is the actor, and nobody else (share.go)
			return next(c)
		case isAPI(r):
			if err := s.authenticateToken(c); err != nil {
				return err
			}
		default:
			if err := s.openSession(c); err != nil {
				return err
			}
		}
		if user, ok := s.actor(c).User(); ok {
			s.setLocale(c, user.Language, zoneOf(user, s.cfg.DefaultTimeZone))
		}
		return next(c)
	}
}

func zoneOf(user db.User, fallback *time.Location) *time.Location {
	if zone, err := time.LoadLocation(user.TimeZone); err == nil {
		return zone
	}
	return fallback
}

func (s *Server) authenticateToken(c echo.Context) error {
	header := c.Request().Header.Get("Authorization")
	if header == "" {
		return nil
	}
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		secret = ""
	}
	actor, err := s.users.ActorOfToken(c.Request().Context(), strings.TrimSpace(secret))
	if err != nil {
		return err
	}
	c.Set(actorKey, actor)
	return nil
}

// openSession loads the session that the cookie names, if any, and stores it
// when the answer is about to be sent, if it has changed.
func (s *Server) openSession(c echo.Context) error {
	r := c.Request()
	v := &visit{Visitor: app.Visitor{IP: c.RealIP(), UserAgent: r.UserAgent()}}
	ctx := context.WithValue(r.Context(), visitKey{}, v)
	token := ""
	if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := s.sessions.Load(ctx, token)
	if err != nil {
		return err
	}
	c.SetRequest(r.WithContext(ctx))
	c.Set(actorKey, v.actor)
	c.Response().Before(func() { s.storeSession(c, ctx) })
	return nil
}

// actorOfSession is who a long request's session belongs to by now; nobody when
// it has ended meanwhile.
func (s *Server) actorOfSession(ctx context.Context) (app.Actor, error) {
	was := visitOf(ctx)
	store, ok := s.sessions.Store.(sessionStore)
	if !ok || was.stored == "" {
		return app.Actor{}, nil
	}
	session, _, err := store.keeper.Find(ctx, was.stored, was.Visitor)
	return session.Actor, err
}

func (s *Server) storeSession(c echo.Context, ctx context.Context) {
	w := c.Response()
	switch s.sessions.Status(ctx) {
	case scs.Destroyed:
		s.sessions.WriteSessionCookie(ctx, w, "", time.Time{})
	case scs.Modified:
		token, expires, err := s.sessions.Commit(ctx)
		if err != nil {
			// Too late for an error page, not too late to say that it failed.
			s.log.ErrorContext(ctx, "could not store a session", "error", err)
			w.Header().Del("Location")
			w.Status = http.StatusInternalServerError
			return
		}
		s.sessions.WriteSessionCookie(ctx, w, token, expires)
	}
}

// arrival is somebody who has shown the right password and wants to come in.
type arrival struct {
	user     db.User
	remember bool   // the browser is the person's own
	next     string // a path of this site, "" for the timeline
	way      app.Way
}

// arrive signs in whoever has shown the right password, and leads to where they
// wanted to go. It is the one way from a password to a session: a second step,
// where an account has one, stands in it.
func (s *Server) arrive(c echo.Context, a arrival) error {
	if owes, err := s.owesStep(c, a); err != nil || owes {
		return err
	}
	return s.admit(c, a)
}

// admit begins the session of somebody who owes nothing more.
func (s *Server) admit(c echo.Context, a arrival) error {
	if err := s.enter(c, a); err != nil {
		return err
	}
	return seeOther(c, orHome(a.next))
}

// enter is admit without an answer.
func (s *Server) enter(c echo.Context, a arrival) error {
	if a.remember {
		s.remember(c)
	}
	return s.beginSession(c, a.user, a.way)
}

// remember lets the session that is about to begin outlast the browser.
func (s *Server) remember(c echo.Context) {
	ctx := c.Request().Context()
	visitOf(ctx).Remember = true
	s.sessions.RememberMe(ctx, true)
}

// beginSession signs the user in under a new token: one that was there before
// is worth nothing afterwards.
func (s *Server) beginSession(c echo.Context, user db.User, way app.Way) error {
	ctx := c.Request().Context()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	visitOf(ctx).UserID, visitOf(ctx).Way = user.ID, way
	c.Set(actorKey, app.UserActor(user))
	if err := s.users.NoteSignIn(ctx, s.actor(c), way); err != nil {
		return err
	}
	kept, err := s.users.CancelDeletion(ctx, s.actor(c))
	if err != nil || !kept {
		return err
	}
	return s.leaveReceipt(c, layout.Receipt{Text: i18n.T(ctx, "own_data.kept")})
}

// endSession signs out. The zero Actor is left.
func (s *Server) endSession(c echo.Context) error {
	c.Set(actorKey, app.Actor{})
	return s.sessions.Destroy(c.Request().Context())
}
