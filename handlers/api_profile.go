package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiProfileApp is what the profile, sessions and settings in the API need.
type apiProfileApp interface {
	Me(context.Context, app.Actor) (db.User, error)
	UpdateSettings(context.Context, app.Actor, app.Settings) (db.User, error)
	OwnSessions(ctx context.Context, actor app.Actor, current string) ([]app.OwnSession, error)
	EndSession(context.Context, app.Actor, uuid.UUID) error
	EndOtherSessions(ctx context.Context, actor app.Actor, current string) (int, error)
	SiteSettings(context.Context, app.Actor) (app.SiteSettings, error)
	UpdateSiteSettings(context.Context, app.Actor, app.SiteSettings) (app.SiteSettings, error)
}

type apiProfile struct {
	*apiServer
	app apiProfileApp
}

type apiProfileChange struct {
	Body struct {
		Name     *string `json:"name,omitempty" maxLength:"100"`
		Language *string `json:"language,omitempty" maxLength:"35" doc:"BCP 47 tag"`
		TimeZone *string `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name"`
		Theme    *string `json:"theme,omitempty" doc:"system, light or dark"`
	}
}

type apiSession struct {
	ID         uuid.UUID `json:"id"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	Remembered bool      `json:"remembered"`
	SignedInAt time.Time `json:"signed_in_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
}

type apiEnded struct {
	Ended int `json:"ended" doc:"how many sessions were ended"`
}

func (h apiProfile) register() {
	register(h.apiServer, operation(http.MethodPatch, "/me", "change-me", "account", "Change one's own profile", 401, 403, 422), h.change)
	register(h.apiServer, operation(http.MethodGet, "/me/sessions", "list-sessions", "account", "The browsers in which one is signed in", 401, 403), h.sessions)
	register(h.apiServer, operation(http.MethodDelete, "/me/sessions", "end-sessions", "account", "Sign out all browsers", 401, 403), h.endAll)
	register(h.apiServer, operation(http.MethodDelete, "/me/sessions/{id}", "end-session", "account", "Sign out one browser", 401, 403, 404), h.end)
	register(h.apiServer, operation(http.MethodGet, "/settings", "get-settings", "settings", "The settings of the site (administrators)", 401, 403, 404), h.settings)
	register(h.apiServer, operation(http.MethodPatch, "/settings", "change-settings", "settings", "Change settings of the site (administrators)", 401, 403, 404, 422), h.setSettings)
}

func (h apiProfile) change(ctx context.Context, actor app.Actor, in *apiProfileChange) (*apiBody[apiMe], error) {
	u, err := h.app.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	s := app.Settings{Name: u.Name, Language: u.Language, TimeZone: u.TimeZone, Theme: u.Theme}
	for to, value := range map[*string]*string{&s.Name: in.Body.Name, &s.Language: in.Body.Language, &s.TimeZone: in.Body.TimeZone, &s.Theme: in.Body.Theme} {
		if value != nil {
			*to = *value
		}
	}
	if u, err = h.app.UpdateSettings(ctx, actor, s); err != nil {
		return nil, err
	}
	return &apiBody[apiMe]{meOf(actor, u)}, nil
}

func (h apiProfile) sessions(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiList[apiSession]], error) {
	list, err := h.app.OwnSessions(ctx, actor, "")
	if err != nil {
		return nil, err
	}
	out := apiList[apiSession]{Items: make([]apiSession, len(list))}
	for i, s := range list {
		out.Items[i] = apiSession{s.ID, s.Address, s.UserAgent, s.Remembered, s.SignedInAt.UTC(), s.LastSeenAt.UTC()}
	}
	return &apiBody[apiList[apiSession]]{out}, nil
}

func (h apiProfile) end(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
	return nil, h.app.EndSession(ctx, actor, in.ID)
}

func (h apiProfile) endAll(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiEnded], error) {
	n, err := h.app.EndOtherSessions(ctx, actor, "")
	if err != nil {
		return nil, err
	}
	return &apiBody[apiEnded]{apiEnded{n}}, nil
}

func (h apiProfile) settings(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[app.SiteSettings], error) {
	s, err := h.app.SiteSettings(ctx, actor)
	if err != nil {
		return nil, err
	}
	return &apiBody[app.SiteSettings]{s}, nil
}

// apiSettingsChange names the settings to change; huma's own checks would come
// before the question who asks.
type apiSettingsChange struct {
	Body map[string]any `doc:"any of the fields that GET gives"`
}

func (h apiProfile) setSettings(ctx context.Context, actor app.Actor, in *apiSettingsChange) (*apiBody[app.SiteSettings], error) {
	s, err := h.app.SiteSettings(ctx, actor)
	if err != nil {
		return nil, err
	}
	change, err := json.Marshal(in.Body)
	if err != nil {
		return nil, fmt.Errorf("read a change of settings: %w", err)
	}
	fields := json.NewDecoder(bytes.NewReader(change))
	fields.DisallowUnknownFields()
	if err := fields.Decode(&s); err != nil {
		return nil, &app.Error{Code: app.CodeInvalid, Key: "error.api_shape", Err: err}
	}
	if s, err = h.app.UpdateSiteSettings(ctx, actor, s); err != nil {
		return nil, err
	}
	return &apiBody[app.SiteSettings]{s}, nil
}
