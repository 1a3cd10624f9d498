package handlers

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
)

// sessionListApp is what the list of one's browsers needs.
type sessionListApp interface {
	OwnSessions(ctx context.Context, actor app.Actor, current string) ([]app.OwnSession, error)
	EndSession(context.Context, app.Actor, uuid.UUID) error
	EndOtherSessions(ctx context.Context, actor app.Actor, current string) (int, error)
}

type sessionListHandlers struct {
	*Server
	app sessionListApp
}

const sessionsPath = "/account/sessions"

func (h sessionListHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	sessions, err := h.app.OwnSessions(ctx, h.actor(c), h.sessions.Token(ctx))
	if err != nil {
		return err
	}
	p := account.Sessions{Page: h.page(c)}
	for _, s := range sessions {
		shown := account.Session{
			Device: agentText(ctx, s.UserAgent), Address: s.Address, Current: s.Current, Remembered: s.Remembered, Way: wayText(ctx, s.Way),
			SignedInAt: s.SignedInAt, LastSeenAt: s.LastSeenAt,
		}
		if s.Current {
			p.List = append([]account.Session{shown}, p.List...)
			continue
		}
		shown.EndURL = sessionsPath + "/" + s.ID.String() + "/end"
		p.List = append(p.List, shown)
		p.EndOthersURL = sessionsPath + "/end-others"
	}
	return h.render(c, http.StatusOK, account.SessionsPage(p))
}

// wayText says what somebody came in with; "" where that is not known.
func wayText(ctx context.Context, way app.Way) string {
	key := map[app.Way]string{
		app.WayPassword: "sessions.way.password", app.WayCode: "sessions.way.code", app.WayProvider: "sessions.way.provider",
		app.WayPasskey: "sessions.way.passkey", app.WayKeyStep: "sessions.way.key_step",
	}[way]
	if key == "" {
		return ""
	}
	return i18n.T(ctx, key)
}

func (h sessionListHandlers) end(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("session")
	}
	ctx := c.Request().Context()
	if err := h.app.EndSession(ctx, h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "sessions.ended")}, sessionsPath)
}

func (h sessionListHandlers) endOthers(c echo.Context) error {
	ctx := c.Request().Context()
	n, err := h.app.EndOtherSessions(ctx, h.actor(c), h.sessions.Token(ctx))
	if err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.N(ctx, "sessions.others_ended", n)}, sessionsPath)
}
