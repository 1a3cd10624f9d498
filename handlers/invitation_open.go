package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/invitations"
	"albumen/views/layout"
	"albumen/views/ui"
)

// invitationApp is what inviting people needs.
type invitationApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Invitations(context.Context, app.Actor, app.InvitationsQuery) (app.InvitationPage, error)
	InviteMany(context.Context, app.Actor, app.ManyInvitations) ([]app.InviteLine, error)
	ResendInvitation(context.Context, app.Actor, uuid.UUID) (app.Invitation, error)
	RevokeInvitation(context.Context, app.Actor, uuid.UUID) error
	InvitesStrangers(context.Context, app.Actor) (bool, error)
	InvitationGroups(context.Context, app.Actor) ([]app.InvitationGroup, error)
}

type invitationHandlers struct {
	*Server
	app invitationApp
}

const invitationsPath = "/admin/invitations"

func albumInvitationsPath(id uuid.UUID) string { return albumPath(id) + "/invitations" }

// ofSite lists every open invitation.
func (h invitationHandlers) ofSite(c echo.Context) error {
	open, err := h.open(c, uuid.Nil, app.RoleNone, app.ManyInvitations{})
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, invitations.OnSitePage(invitations.SitePage{Page: h.page(c), Open: open}))
}

// ofAlbum lists those into one album.
func (h invitationHandlers) ofAlbum(c echo.Context) error {
	d, err := albumOf(c, h.Server, h.app.Album)
	if err != nil {
		return err
	}
	open, err := h.open(c, d.ID, d.Role, app.ManyInvitations{})
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, invitations.InAlbumPage(invitations.AlbumPage{Head: h.albumHead(c, d), MembersURL: membersPath(d.ID), Open: open}))
}

// open is the part of a page that shows and makes invitations, with what was
// typed already. Another page of an album may show it too.
func (h invitationHandlers) open(c echo.Context, album uuid.UUID, own app.Role, typed app.ManyInvitations) (invitations.Open, error) {
	ctx, actor := c.Request().Context(), h.actor(c)
	page, err := h.app.Invitations(ctx, actor, app.InvitationsQuery{Album: album, Everywhere: true, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return invitations.Open{}, err
	}
	base := invitationsPath
	if album != uuid.Nil {
		base = albumInvitationsPath(album)
	}
	p := invitations.Open{
		ActionURL: base, Site: album == uuid.Nil, Back: base, List: typed.Text, Message: typed.Message, Days: strconv.Itoa(app.InvitationDays),
		Languages: languageOptions(typed.Language),
	}
	if typed.Days != 0 {
		p.Days = strconv.Itoa(typed.Days)
	}
	if page.Next != "" {
		p.MoreURL = base + "?cursor=" + url.QueryEscape(page.Next)
	}
	for _, i := range page.Items {
		p.Items = append(p.Items, invitations.Item{
			Email: i.Email, What: invitedToText(ctx, i), Inviter: i.InviterName, SentAt: i.SentAt, ExpiresAt: i.ExpiresAt, Expired: i.Expired,
			ResendURL: base + "/" + i.ID.String() + "/resend", RevokeURL: base + "/" + i.ID.String() + "/revoke",
		})
	}
	if p.Strangers, err = h.app.InvitesStrangers(ctx, actor); err != nil {
		return invitations.Open{}, err
	}
	if album != uuid.Nil {
		p.Roles = invitableRoles(ctx, own, typed.Role)
		return p, nil
	}
	groups, err := h.app.InvitationGroups(ctx, actor)
	if err != nil {
		return invitations.Open{}, err
	}
	for _, g := range groups {
		option := ui.Option{Value: g.ID.String(), Label: g.Name}
		for _, id := range typed.Groups {
			option.Selected = option.Selected || id == g.ID
		}
		p.Groups = append(p.Groups, option)
	}
	return p, nil
}

func invitableRoles(ctx context.Context, own app.Role, chosen db.AlbumRole) []ui.Option {
	options := []ui.Option{
		{Value: string(db.AlbumRoleViewer), Label: i18n.T(ctx, "invitations.viewer"), Selected: chosen == db.AlbumRoleViewer},
		{Value: string(db.AlbumRoleContributor), Label: i18n.T(ctx, "invitations.contributor"), Selected: chosen == db.AlbumRoleContributor},
	}
	if own >= app.RoleAdmin {
		options = append(options, ui.Option{Value: string(db.AlbumRoleAdmin), Label: i18n.T(ctx, "invitations.admin"), Selected: chosen == db.AlbumRoleAdmin})
	}
	return options
}

// invitedToText says to what somebody is invited.
func invitedToText(ctx context.Context, i app.Invitation) string {
	switch {
	case i.Album == uuid.Nil && len(i.Groups) > 0:
		return i18n.T(ctx, "invitations.to_groups", "Groups", strings.Join(i.Groups, ", "))
	case i.Album == uuid.Nil:
		return i18n.T(ctx, "invitations.to_site")
	}
	return i18n.T(ctx, "invitations.to_album", "Album", i.AlbumTitle, "Can", i18n.T(ctx, canKey(i.Role)))
}

// invite sends invitations to the addresses of the form, into the album of the
// address or to the site.
func (h invitationHandlers) invite(c echo.Context) error {
	ctx := c.Request().Context()
	var album app.AlbumDetail
	if c.Param("id") != "" {
		var err error
		if album, err = albumOf(c, h.Server, h.app.Album); err != nil {
			return err
		}
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	many := app.ManyInvitations{Text: fields.Get("list"), NewInvitation: app.NewInvitation{
		Album: album.ID, Message: fields.Get("message"), Language: fields.Get("language"), Days: atoiOr(fields.Get("days"), -1),
	}}
	if album.ID != uuid.Nil {
		many.Role = db.AlbumRole(fields.Get("role"))
	}
	for _, text := range fields["groups"] {
		id, err := uuid.Parse(text)
		if err != nil {
			return app.Invalid("groups", "error.group_unknown")
		}
		many.Groups = append(many.Groups, id)
	}
	lines, err := h.app.InviteMany(ctx, h.actor(c), many)
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		return h.again(c, status, album, many, func(p *invitations.Open) { p.Errors = shown })
	}
	var failed []invitations.Result
	for _, l := range lines {
		if l.Err != nil {
			failed = append(failed, invitations.Result{Line: l.Line, Text: l.Text, Problem: lineProblem(ctx, l.Err)})
		}
	}
	sent := len(lines) - len(failed)
	if len(failed) == 0 {
		back := invitationsPath
		if album.ID != uuid.Nil {
			back = albumInvitationsPath(album.ID)
		}
		return h.done(c, layout.Receipt{Text: i18n.N(ctx, "receipt_of.invited", sent)}, backOf(fields, back))
	}
	many.Text = ""
	return h.again(c, http.StatusUnprocessableEntity, album, many, func(p *invitations.Open) { p.Sent, p.Results = sent, failed })
}

// again shows the page once more, with what was typed.
func (h invitationHandlers) again(c echo.Context, status int, album app.AlbumDetail, typed app.ManyInvitations, change func(*invitations.Open)) error {
	open, err := h.open(c, album.ID, album.Role, typed)
	if err != nil {
		return err
	}
	change(&open)
	if album.ID == uuid.Nil {
		return h.render(c, status, invitations.OnSitePage(invitations.SitePage{Page: h.page(c), Open: open}))
	}
	return h.render(c, status, invitations.InAlbumPage(invitations.AlbumPage{Head: h.albumHead(c, album), MembersURL: membersPath(album.ID), Open: open}))
}

// lineProblem says in one sentence why a line led to no invitation.
func lineProblem(ctx context.Context, err error) string {
	var e *app.Error
	if !errors.As(err, &e) {
		return i18n.T(ctx, "error.internal")
	}
	for _, key := range e.Fields {
		return text(ctx, key, e.Args)
	}
	return text(ctx, e.Key, e.Args)
}

func (h invitationHandlers) resend(c echo.Context) error {
	return h.one(c, "receipt_of.invitation_resent", func(ctx context.Context, actor app.Actor, id uuid.UUID) error {
		_, err := h.app.ResendInvitation(ctx, actor, id)
		return err
	})
}

func (h invitationHandlers) revoke(c echo.Context) error {
	return h.one(c, "receipt_of.invitation_revoked", h.app.RevokeInvitation)
}

func (h invitationHandlers) one(c echo.Context, receipt string, do func(context.Context, app.Actor, uuid.UUID) error) error {
	id, err := uuid.Parse(c.Param("invitation"))
	if err != nil {
		return app.NotFound("invitation")
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	back := invitationsPath
	if album, err := uuid.Parse(c.Param("id")); err == nil {
		back = albumInvitationsPath(album)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), receipt)}, backOf(fields, back))
}
