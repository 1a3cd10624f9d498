package handlers

import (
	"context"
	"io"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/account"
	"albumen/views/layout"
)

// profileApp is what the pictures of people need.
type profileApp interface {
	SetAvatar(context.Context, app.Actor, io.Reader) error
	RemoveAvatar(context.Context, app.Actor) error
	Avatar(context.Context, app.Actor, uuid.UUID) (app.Object, error)
}

type profileHandlers struct {
	*Server
	app profileApp
}

const avatarPath = "/account/avatar"

// avatarURL changes with the picture, so that browsers may keep it.
func avatarURL(u db.User) string {
	version := app.AvatarVersion(u)
	if version == "" {
		return ""
	}
	return "/users/" + u.ID.String() + "/avatar?v=" + url.QueryEscape(version)
}

func (h profileHandlers) avatar(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("picture")
	}
	o, err := h.app.Avatar(c.Request().Context(), h.actor(c), id)
	if err != nil {
		return err
	}
	return serve(c, o, c.QueryParam("v") == o.ETag)
}

func (h profileHandlers) setAvatar(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	f, err := openForm(c)
	if err != nil {
		return err
	}
	part, err := f.next(nil, "avatar")
	if err != nil {
		return err
	}
	err = app.Invalid("avatar", "error.avatar_missing")
	if part != nil {
		err = h.app.SetAvatar(c.Request().Context(), h.actor(c), part)
	}
	if err != nil {
		return h.avatarProblem(c, err)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "account.avatar_saved")}, accountPath)
}

func (h profileHandlers) avatarProblem(c echo.Context, err error) error {
	shown, status, ok := fieldErrors(c.Request().Context(), err)
	user, signedIn := h.actor(c).User()
	if !ok || !signedIn {
		return err
	}
	setRetryAfter(c, err)
	p := h.settingsView(c, settingsValuesOf(user))
	p.Avatar.Error, p.Errors = shown["avatar"], map[string]string{"": shown[""]}
	return h.render(c, status, account.SettingsPage(p))
}

func (h profileHandlers) removeAvatar(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.app.RemoveAvatar(ctx, h.actor(c)); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "account.avatar_removed")}, accountPath)
}
