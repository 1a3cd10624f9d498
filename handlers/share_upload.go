package handlers

import (
	"errors"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/views/share"
)

// uploadForm is where guests send photos.
func (h shareHandlers) uploadForm(c echo.Context) error {
	return h.showUpload(c, http.StatusOK, share.Upload{}, h.shareCookie(c, guestCookie))
}

func (h shareHandlers) showUpload(c echo.Context, status int, v share.Upload, browser string) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	sent, space, err := h.app.GuestUploads(ctx, actor, browser)
	if err != nil {
		return err
	}
	d, err := h.app.Album(ctx, actor, opened(c).AlbumID)
	if err != nil {
		return err
	}
	v.Frame, v.ActionURL, v.Accept, v.Album = h.frame(c), shareBase(c)+"/upload", uploadAccept, d.Title
	v.MaxBytes, v.Bytes, v.Files = h.cfg.MaxUploadBytes, space.Bytes, space.Files
	for _, s := range sent {
		v.Sent = append(v.Sent, share.Sent{Filename: s.Filename, At: s.SentAt, Approved: s.Approved})
	}
	return h.render(c, status, share.UploadPage(v))
}

// upload takes any number of files of a guest (fields "files"), after the name
// that the guest goes by (field "name"). A refused file does not stop the others.
func (h shareHandlers) upload(c echo.Context) error {
	if !opened(c).Upload {
		return &app.Error{Code: app.CodeForbidden, Key: "error.link_upload"}
	}
	f, err := openForm(c)
	if err != nil {
		return err
	}
	browser := h.shareCookie(c, guestCookie)
	if browser == "" {
		browser = app.NewGuestBrowser()
	}
	guest := app.Guest{Browser: browser}
	v, status := share.Upload{}, http.StatusOK
	for {
		part, err := f.next(map[string]*string{"name": &guest.Name}, "files", "file")
		if err == nil && part == nil {
			break
		}
		if err == nil {
			err = h.takeFromGuest(c, guest, part)
		}
		o := share.Outcome{}
		if part != nil {
			o.Filename = part.FileName()
		}
		if err != nil {
			o.Reason = h.refused(c, o.Filename, err).Message
		}
		v.Outcomes = append(v.Outcomes, o)
		if stopsUpload(err) || part == nil {
			break
		}
	}
	if len(v.Outcomes) == 0 {
		v.Outcomes, status = []share.Outcome{{Reason: text(c.Request().Context(), "receive.no_file", nil)}}, http.StatusUnprocessableEntity
	}
	h.setShareCookie(c, guestCookie, browser, time.Now().Add(guestCookieLife))
	v.Name = guest.Name
	return h.showUpload(c, status, v, browser)
}

func (h shareHandlers) takeFromGuest(c echo.Context, guest app.Guest, part *multipart.Part) error {
	_, err := h.app.ReceiveGuestMedia(c.Request().Context(), h.actor(c), guest, app.Incoming{Filename: part.FileName(), Size: -1, Body: part})
	return err
}

// stopsUpload reports that further files of the form would fare no better.
func stopsUpload(err error) bool {
	e, ok := errors.AsType[*app.Error](err)
	if !ok {
		return err != nil
	}
	switch e.Key {
	case "receive.incomplete", "receive.link_full", "not_found.link":
		return true
	}
	return e.Code == app.CodeRateLimited
}
