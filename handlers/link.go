package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/internal/qrcode"
	"albumen/views/layout"
	"albumen/views/share"
)

// linkApp is what the pages of an album's links need.
type linkApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Links(ctx context.Context, actor app.Actor, album uuid.UUID) ([]app.AlbumLink, error)
	Link(ctx context.Context, actor app.Actor, album, id uuid.UUID) (app.AlbumLink, error)
	LinkRules(context.Context, app.Actor) (app.LinkRules, error)
	CreateLink(ctx context.Context, actor app.Actor, album uuid.UUID, e app.LinkEdit) (app.AlbumLink, error)
	EditLink(ctx context.Context, actor app.Actor, album, id uuid.UUID, e app.LinkEdit) (app.AlbumLink, error)
	RotateLink(ctx context.Context, actor app.Actor, album, id uuid.UUID) (app.AlbumLink, error)
	RevokeLink(ctx context.Context, actor app.Actor, album, id uuid.UUID) error
}

type linkHandlers struct {
	*Server
	app linkApp
}

// list shows the links of an album, and a form for a new one.
func (h linkHandlers) list(c echo.Context) error {
	f := share.Form{Strip: true, Uploads: strconv.Itoa(int(app.DefaultLinkUploads)), UploadMB: megabytes(app.DefaultLinkUploadBytes)}
	return h.showList(c, http.StatusOK, f)
}

func (h linkHandlers) showList(c echo.Context, status int, f share.Form) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := albumOf(c, h.Server, h.app.Album)
	if err != nil {
		return err
	}
	links, err := h.app.Links(ctx, actor, d.ID)
	if err != nil {
		return err
	}
	rules, err := h.app.LinkRules(ctx, actor)
	if err != nil {
		return err
	}
	path := albumPath(d.ID) + "/links"
	f.New, f.ActionURL, f.UploadShown, f.Zone = true, path, rules.Uploads, i18n.Zone(ctx).String()
	v := share.Links{Head: h.albumHead(c, d), Form: f, Off: !rules.Links}
	for _, l := range links {
		v.Links = append(v.Links, h.linkRow(ctx, path, l))
	}
	return h.render(c, status, share.LinksPage(v))
}

// linkRow is a link as the list shows it.
func (h linkHandlers) linkRow(ctx context.Context, path string, l app.AlbumLink) share.Link {
	path += "/" + l.ID.String()
	row := share.Link{
		ID: l.ID.String(), Name: linkName(ctx, l), State: string(l.State), Facts: linkFacts(ctx, l), URL: h.linkURL(l),
		EditURL: path, RotateURL: path + "/rotate", RevokeURL: path + "/revoke", Created: l.CreatedAt, Creator: l.Creator, Views: int(l.Views),
	}
	row.Lost = row.URL == "" && l.State != app.LinkRevoked
	if row.URL != "" {
		row.QRURL = path + "/qr"
	}
	if l.LastUsedAt != nil {
		row.LastUsed = *l.LastUsedAt
	}
	return row
}

// linkURL is what is passed on; "" where it cannot be shown.
func (s *Server) linkURL(l app.AlbumLink) string {
	if l.Token == "" {
		return ""
	}
	return strings.TrimSuffix(s.cfg.BaseURL.String(), "/") + sharePrefix + l.Token
}

func linkName(ctx context.Context, l app.AlbumLink) string {
	if l.Name != "" {
		return l.Name
	}
	return i18n.T(ctx, "links.nameless", "When", i18n.Date(ctx, l.CreatedAt.In(i18n.Zone(ctx))))
}

// linkFacts says in a few words what the link lets its holder do.
func linkFacts(ctx context.Context, l app.AlbumLink) []string {
	var facts []string
	add := func(key string, pairs ...any) { facts = append(facts, i18n.T(ctx, key, pairs...)) }
	if l.HasPassword() {
		add("links.fact.password")
	}
	switch {
	case l.State == app.LinkRevoked:
		add("links.fact.revoked", "When", i18n.Moment(ctx, *l.RevokedAt))
	case l.ExpiresAt == nil:
		add("links.fact.forever")
	case l.State == app.LinkExpired:
		add("links.fact.expired", "When", i18n.Moment(ctx, *l.ExpiresAt))
	default:
		add("links.fact.until", "When", i18n.Moment(ctx, *l.ExpiresAt))
	}
	switch {
	case l.AllowDownload && l.StripMetadata:
		add("links.fact.download_stripped")
	case l.AllowDownload:
		add("links.fact.download")
	default:
		add("links.fact.look")
	}
	if l.AllowUpload {
		facts = append(facts, i18n.T(ctx, "links.fact.upload", "Sent", l.Uploads, "Most", l.MaxUploads,
			"Size", i18n.Bytes(ctx, l.UploadedBytes), "Limit", i18n.Bytes(ctx, l.MaxUploadBytes)))
	}
	return facts
}

func (h linkHandlers) create(c echo.Context) error {
	return h.save(c, func(e app.LinkEdit) error {
		id, err := albumID(c)
		if err != nil {
			return err
		}
		_, err = h.app.CreateLink(c.Request().Context(), h.actor(c), id, e)
		return err
	}, "links.created", h.showList)
}

// form shows the form of one link.
func (h linkHandlers) form(c echo.Context) error {
	if _, err := albumOf(c, h.Server, h.app.Album); err != nil {
		return err
	}
	album, id, err := linkIDs(c)
	if err != nil {
		return err
	}
	l, err := h.app.Link(c.Request().Context(), h.actor(c), album, id)
	if err != nil {
		return err
	}
	f := share.Form{
		Name: l.Name, Download: l.AllowDownload, Strip: l.StripMetadata, Upload: l.AllowUpload,
		Uploads: strconv.Itoa(int(l.MaxUploads)), UploadMB: megabytes(l.MaxUploadBytes),
	}
	if l.ExpiresAt != nil {
		f.Expires = l.ExpiresAt.In(i18n.Zone(c.Request().Context())).Format(localTime)
	}
	return h.showForm(c, http.StatusOK, f)
}

func (h linkHandlers) showForm(c echo.Context, status int, f share.Form) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	album, id, err := linkIDs(c)
	if err != nil {
		return err
	}
	d, err := h.app.Album(ctx, actor, album)
	if err != nil {
		return err
	}
	l, err := h.app.Link(ctx, actor, album, id)
	if err != nil {
		return err
	}
	rules, err := h.app.LinkRules(ctx, actor)
	if err != nil {
		return err
	}
	path := albumPath(d.ID) + "/links"
	f.ActionURL, f.CancelURL, f.HasPassword = path+"/"+id.String(), path, l.HasPassword()
	f.UploadShown, f.Zone = rules.Uploads || l.AllowUpload, i18n.Zone(ctx).String()
	return h.render(c, status, share.EditPage(share.Edit{Head: h.albumHead(c, d), Name: linkName(ctx, l), Form: f}))
}

func (h linkHandlers) edit(c echo.Context) error {
	return h.save(c, func(e app.LinkEdit) error {
		album, id, err := linkIDs(c)
		if err != nil {
			return err
		}
		_, err = h.app.EditLink(c.Request().Context(), h.actor(c), album, id, e)
		return err
	}, "links.saved", h.showForm)
}

// save reads the form, and shows it again with what is wrong with it.
func (h linkHandlers) save(c echo.Context, do func(app.LinkEdit) error, done string, again func(echo.Context, int, share.Form) error) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	edit, err := linkEdit(fields, i18n.Zone(ctx))
	if err == nil {
		err = do(edit)
	}
	if err == nil {
		return h.back(c, done)
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	f := share.Form{
		Name: fields.Get("name"), Expires: fields.Get("expires_at"), Download: fields.Has("download"), Strip: fields.Has("strip"),
		Upload: fields.Has("upload"), Uploads: fields.Get("upload_count"), UploadMB: fields.Get("upload_mb"), Errors: shown,
	}
	if shown["password"] == "" && fields.Get("password") != "" {
		f.Errors["password"] = i18n.T(ctx, "links.password_again") // it is never sent back
	}
	return again(c, status, f)
}

// localTime is how browsers write a datetime-local field.
const localTime = "2006-01-02T15:04"

// linkEdit reads the form; times are those of the zone.
func linkEdit(fields url.Values, zone *time.Location) (app.LinkEdit, error) {
	wrong := map[string]string{}
	e := app.LinkEdit{
		Name: new(fields.Get("name")), Download: new(fields.Has("download")), Strip: new(fields.Has("strip")), ExpiresAt: new(*time.Time),
	}
	if text := fields.Get("expires_at"); text != "" {
		at, err := time.ParseInLocation(localTime, text, zone)
		if err != nil {
			wrong["expires_at"] = "error.link_expires"
		}
		*e.ExpiresAt = &at
	}
	if password := fields.Get("password"); password != "" || fields.Has("no_password") {
		e.Password = &password
	}
	if fields.Has("upload_count") { // the site lets guests upload
		e.Upload = new(fields.Has("upload"))
		count, err := strconv.ParseInt(fields.Get("upload_count"), 10, 32)
		if err != nil {
			wrong["upload_count"] = "error.link_upload_count"
		}
		mb, err := strconv.ParseInt(fields.Get("upload_mb"), 10, 32)
		if err != nil {
			wrong["upload_bytes"] = "error.link_upload_bytes"
		}
		e.UploadCount, e.UploadBytes = new(int32(count)), new(mb*1_000_000)
	}
	if len(wrong) > 0 {
		return e, &app.Error{Code: app.CodeInvalid, Key: "error.invalid", Fields: wrong}
	}
	return e, nil
}

func megabytes(n int64) string { return strconv.FormatInt(n/1_000_000, 10) }

func (h linkHandlers) rotate(c echo.Context) error {
	album, id, err := linkIDs(c)
	if err != nil {
		return err
	}
	if _, err := h.app.RotateLink(c.Request().Context(), h.actor(c), album, id); err != nil {
		return err
	}
	return h.back(c, "links.rotated")
}

func (h linkHandlers) revoke(c echo.Context) error {
	album, id, err := linkIDs(c)
	if err != nil {
		return err
	}
	if err := h.app.RevokeLink(c.Request().Context(), h.actor(c), album, id); err != nil {
		return err
	}
	return h.back(c, "links.done_revoked")
}

// back leads to the list, with a receipt.
func (h linkHandlers) back(c echo.Context, done string) error {
	id, err := albumID(c)
	if err != nil {
		return err
	}
	if err := h.leaveReceipt(c, layout.Receipt{Text: i18n.T(c.Request().Context(), done)}); err != nil {
		return err
	}
	return seeOther(c, albumPath(id)+"/links")
}

// qr draws the address of a link, for a table card or a screen.
func (h linkHandlers) qr(c echo.Context) error {
	album, id, err := linkIDs(c)
	if err != nil {
		return err
	}
	l, err := h.app.Link(c.Request().Context(), h.actor(c), album, id)
	if err != nil {
		return err
	}
	if l.Token == "" {
		return app.NotFound("link")
	}
	svg, err := qrcode.SVG(h.linkURL(l))
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, bytesPolicy)
	return sendText(c, http.StatusOK, "image/svg+xml", svg)
}

// albumID reads the album's id from the path.
func albumID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return uuid.Nil, app.NotFound("album")
	}
	return id, nil
}

func linkIDs(c echo.Context) (album, id uuid.UUID, err error) {
	if album, err = albumID(c); err != nil {
		return album, id, err
	}
	if id, err = uuid.Parse(c.Param("link")); err != nil {
		err = app.NotFound("link")
	}
	return album, id, err
}
