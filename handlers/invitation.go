package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/invitations"
	"albumen/views/ui"
)

// offerApp is what whoever is invited needs.
type offerApp interface {
	Invitation(ctx context.Context, actor app.Actor, token string) (app.InvitationOffer, error)
	AcceptInvitation(ctx context.Context, actor app.Actor, token string) (uuid.UUID, error)
	Policy(ctx context.Context, name string) (app.Policy, error)
	AcceptInvitationAsNew(ctx context.Context, token string, n app.NewInvited, from netip.Addr) (db.User, uuid.UUID, error)
}

// offerHandlers answer the links in mails of invitation.
type offerHandlers struct {
	*Server
	app offerApp
}

func (h offerHandlers) show(c echo.Context) error {
	offer, err := h.app.Invitation(c.Request().Context(), h.actor(c), c.Param("token"))
	if err != nil {
		return h.refused(c, err)
	}
	if offer.Taken {
		return seeOther(c, invitedTo(offer.Album))
	}
	return h.offer(c, http.StatusOK, offer, func(*invitations.Offer) {})
}

// accept takes the invitation up: with the account that is signed in, or with a
// new one.
func (h offerHandlers) accept(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	if h.actor(c).SignedIn() {
		album, err := h.app.AcceptInvitation(ctx, h.actor(c), token)
		if err != nil {
			return h.refused(c, err)
		}
		return seeOther(c, invitedTo(album))
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	n := app.NewInvited{Name: strings.TrimSpace(fields.Get("name")), Password: fields.Get("password"), Language: fields.Get("language"), Consent: consentOf(fields)}
	if n.Language == "" {
		n.Language = i18n.Lang(ctx)
	}
	user, album, err := h.app.AcceptInvitationAsNew(ctx, token, n, client(c))
	if err == nil {
		if err := h.beginSession(c, user, app.WayPassword); err != nil {
			return err
		}
		return seeOther(c, invitedTo(album))
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok {
		return h.refused(c, err)
	}
	setRetryAfter(c, err)
	offer, gone := h.app.Invitation(ctx, h.actor(c), token)
	if gone != nil {
		return h.refused(c, gone)
	}
	return h.offer(c, status, offer, func(p *invitations.Offer) {
		p.Name, p.Errors, p.Languages, p.TermsTicked = n.Name, shown, languageOptions(n.Language), fields.Has("terms") && shown["terms"] == ""
	})
}

// refused tells whoever holds a token what is the matter with it.
func (h offerHandlers) refused(c echo.Context, err error) error {
	var e *app.Error
	switch {
	case app.CodeOf(err) == app.CodeNotFound:
		return h.render(c, http.StatusNotFound, invitations.GonePage(h.page(c)))
	case errors.As(err, &e) && e.Key == "error.invitation_address":
		offer, gone := h.app.Invitation(c.Request().Context(), h.actor(c), c.Param("token"))
		if gone != nil {
			return h.render(c, http.StatusNotFound, invitations.GonePage(h.page(c)))
		}
		return h.offer(c, http.StatusForbidden, offer, func(*invitations.Offer) {})
	}
	return err
}

func (h offerHandlers) offer(c echo.Context, status int, o app.InvitationOffer, change func(*invitations.Offer)) error {
	terms, err := h.app.Policy(c.Request().Context(), "terms")
	if err != nil {
		return err
	}
	p := h.view(c, o)
	p.Terms = strconv.Itoa(terms.Version)
	change(&p)
	return h.render(c, status, invitations.OfferPage(p))
}

func (h offerHandlers) view(c echo.Context, o app.InvitationOffer) invitations.Offer {
	ctx := c.Request().Context()
	path := "/invitations/" + url.PathEscape(c.Param("token"))
	p := invitations.Offer{Page: h.page(c), Message: o.Message, Email: o.Email, Mine: o.Mine, ActionURL: path, Languages: languageOptions(i18n.Lang(ctx))}
	until := i18n.Date(ctx, o.ExpiresAt)
	if o.Album == uuid.Nil {
		p.Title = i18n.T(ctx, "offer.to_site", "Inviter", o.Inviter, "Host", h.cfg.BaseURL.Host)
		p.Text = i18n.T(ctx, "offer.site_text", "Until", until)
	} else {
		p.Title = i18n.T(ctx, "offer.to_album", "Inviter", o.Inviter, "Album", o.AlbumTitle)
		p.Text = i18n.T(ctx, "offer.album_text", "Can", i18n.T(ctx, canKey(o.Role)), "Until", until)
	}
	user, signedIn := h.actor(c).User()
	switch {
	case o.Mine:
	case signedIn:
		p.SignedInAs = user.Email
	case o.HasAccount:
		p.LoginURL = "/login?next=" + url.QueryEscape(path)
	}
	p.Page.User = nil // a page of its own, whoever is signed in
	return p
}

// canKey is the message of what a role lets one do.
func canKey(role db.AlbumRole) string {
	switch role {
	case db.AlbumRoleContributor:
		return "invitation.can_contributor"
	case db.AlbumRoleAdmin:
		return "invitation.can_admin"
	}
	return "invitation.can_viewer"
}

func languageOptions(chosen string) []ui.Option {
	var out []ui.Option
	for _, tag := range i18n.Languages() {
		out = append(out, ui.Option{Value: tag, Label: i18n.LanguageName(tag), Selected: tag == chosen})
	}
	return out
}

// invitedTo is where one lands.
func invitedTo(album uuid.UUID) string {
	if album == uuid.Nil {
		return home
	}
	return albumPath(album)
}

func atoiOr(s string, wrong int) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return wrong
	}
	return n
}
