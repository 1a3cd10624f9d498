package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/ui"
	"albumen/views/upload"
)

// uploadApp is what the upload page needs.
type uploadApp interface {
	receiver
	UploadSpace(context.Context, app.Actor) (left int64, err error)
	Albums(context.Context, app.Actor, app.AlbumsQuery) (app.AlbumPage, error)
}

type uploadHandlers struct {
	*Server
	app uploadApp
}

// uploadAccept is what the file picker offers. Types are decided by content;
// the endings are for systems that do not know them.
const uploadAccept = "image/*,video/*,.heic,.heif,.avif,.dng,.cr2,.cr3,.nef,.arw,.raf,.orf,.rw2,.pef,.srw,.mts,.m2ts,.mkv"

func (h uploadHandlers) form(c echo.Context) error {
	ctx := c.Request().Context()
	left, err := h.app.UploadSpace(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := upload.Upload{ActionURL: "/upload", TusURL: tusPath, MaxBytes: h.cfg.MaxUploadBytes, Accept: uploadAccept, LeftBytes: left, SeeURL: "/timeline"}
	if p.Albums, err = h.albums(c, c.QueryParam("album")); err != nil {
		return err
	}
	for _, o := range p.Albums {
		if o.Selected && o.Value != "" {
			p.SeeURL = "/albums/" + o.Value
		}
	}
	p.Page = h.page(c)
	return h.render(c, http.StatusOK, upload.UploadPage(p))
}

// albums are those into which one can upload; nothing to choose where there
// are none. An asked one to which one may not add is not chosen.
func (h uploadHandlers) albums(c echo.Context, asked string) ([]ui.Option, error) {
	ctx := c.Request().Context()
	if !h.actor(c).Has(app.ScopeMediaRead) {
		return nil, nil
	}
	page, err := h.app.Albums(ctx, h.actor(c), app.AlbumsQuery{Least: app.RoleContributor, Limit: app.MaxPageSize})
	if err != nil || len(page.Albums) == 0 {
		return nil, err
	}
	options := []ui.Option{{Label: i18n.T(ctx, "upload.no_album")}}
	for _, a := range page.Albums {
		options = append(options, ui.Option{Value: a.ID.String(), Label: a.Title, Selected: a.ID.String() == asked})
	}
	return options, nil
}

// submit takes any number of files (fields "files" or "file") from a form
// without scripts. A refused file does not stop the others.
func (h uploadHandlers) submit(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return &app.Error{Code: app.CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	f, err := openForm(c)
	if err != nil {
		return err
	}
	outcomes, err := h.receiveAll(c, f)
	if err != nil && len(outcomes) == 0 {
		return err
	}
	if err != nil { // what came before is kept, and told
		outcomes = append(outcomes, h.refused(c, "", err))
	}
	if len(outcomes) == 0 {
		return &app.Error{Code: app.CodeInvalid, Key: "receive.no_file"}
	}
	if strings.Contains(c.Request().Header.Get("Accept"), "application/json") {
		body, err := json.Marshal(map[string]any{"outcomes": outcomes})
		if err != nil {
			return fmt.Errorf("write the outcomes: %w", err)
		}
		return sendText(c, http.StatusOK, "application/json", body)
	}
	return h.render(c, http.StatusOK, upload.ResultPage(upload.Result{Page: h.page(c), AgainURL: "/upload", Outcomes: shown(outcomes)}))
}

func (h uploadHandlers) receiveAll(c echo.Context, f *fileForm) (outcomes []outcome, err error) {
	ctx := c.Request().Context()
	album := ""
	for {
		part, err := f.next(map[string]*string{"album_id": &album}, "files", "file")
		if err != nil || part == nil {
			return outcomes, err
		}
		id, err := albumField(album)
		if err != nil {
			return outcomes, err
		}
		got, err := h.app.ReceiveMedia(ctx, h.actor(c), app.Incoming{Filename: part.FileName(), AlbumID: id, Size: -1, Body: part})
		if err != nil {
			outcomes = append(outcomes, h.refused(c, part.FileName(), err))
			if e, ok := errors.AsType[*app.Error](err); ok && e.Key == "receive.incomplete" {
				return outcomes, nil // the connection is broken
			}
			continue
		}
		outcomes = append(outcomes, outcomeOf(ctx, part.FileName(), got))
	}
}

// refused describes a failure as the outcome of one file.
func (s *Server) refused(c echo.Context, filename string, err error) outcome {
	p := s.problem(c.Request().Context(), err)
	if p.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(c.Request().Context(), "could not receive a file", "error", err)
	}
	return outcome{Filename: filename, Outcome: "refused", Code: p.Code, Message: p.Detail}
}

func shown(outcomes []outcome) []upload.Outcome {
	list := make([]upload.Outcome, len(outcomes))
	for i, o := range outcomes {
		list[i] = upload.Outcome{Filename: o.Filename, State: o.Outcome, Href: o.URL}
		switch o.Outcome {
		case string(app.OutcomeRestored):
			list[i].State, list[i].Reason = "duplicate", o.Message
		case "refused":
			list[i].Reason = o.Message
		}
	}
	return list
}

// sizeArg shows an app.ByteCount in the reader's way.
func sizeArg(ctx context.Context, value any) any {
	if n, ok := value.(app.ByteCount); ok {
		return i18n.Bytes(ctx, int64(n))
	}
	return value
}
