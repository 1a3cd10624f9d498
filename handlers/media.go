package handlers

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/media"
	"albumen/views/layout"
	mediaviews "albumen/views/media"
)

// mediaApp is what showing one item needs.
type mediaApp interface {
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Neighbours(context.Context, app.Actor, app.Set, uuid.UUID) (app.Neighbours, error)
	Records(context.Context, app.Actor, []uuid.UUID) ([]app.Record, error)
	Cameras(context.Context, app.Actor) ([]app.Camera, error)
}

type mediaHandlers struct {
	*Server
	app mediaApp
}

// show shows one item within the list that its address names.
func (h mediaHandlers) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	m, err := h.app.Media(ctx, actor, id)
	if app.CodeOf(err) == app.CodeNotFound && !actor.SignedIn() {
		return app.Unauthenticated() // whether it exists or not
	}
	if err != nil {
		return err
	}
	list := originOf(c)
	if m.TrashedAt != nil {
		list = fromTrash
	}
	v := h.view(c, m, list)
	if err := h.nameAlbum(ctx, actor, &v, m); err != nil {
		return err
	}
	if err := h.linkNeighbours(ctx, actor, &v, list, id); err != nil {
		return err
	}
	parts := []templ.Component{mediaviews.ViewerBody(v)}
	if v.Page.Receipt != nil { // otherwise the one on the page stays
		parts = append(parts, layout.ReceiptRegion(v.Page.Receipt, true))
	}
	return h.render(c, http.StatusOK, mediaviews.ViewerPage(v), parts...)
}

func (h mediaHandlers) view(c echo.Context, m app.MediaDetail, list origin) mediaviews.Viewer {
	ctx := c.Request().Context()
	trashed, path := m.TrashedAt != nil, "/media/"+m.ID.String()
	v := mediaviews.Viewer{
		Page: h.page(c), Item: itemOf(ctx, m), BackURL: list.place(m.ID), InfoOpen: c.QueryParam("info") == "1",
		InfoURL: list.withInfo(m.ID), Info: infoOf(ctx, m),
		CanFavourite: m.CanFavourite && !trashed, CanTrash: m.CanTrash && !trashed, CanRestore: m.CanTrash && trashed,
		CanEdit: m.CanEdit && !trashed, CanDownload: m.CanDownload,
		FavouriteURL: path + "/favourite", TrashURL: path + "/trash", RestoreURL: path + "/restore",
		EditURL: list.at(path + "/edit"), OriginalURL: path + "/original",
	}
	if m.CanReport && !trashed {
		v.ReportURL = path + "/report"
	}
	if m.CanMove || m.CanRemove {
		v.AlbumURL = path + "/album?back=" + url.QueryEscape(list.viewer(m.ID))
	}
	if m.AIStatus == app.AIPending || m.AIStatus == app.AIProcessing {
		v.Info.MeaningURL = list.withInfo(m.ID)
	}
	if v.InfoOpen {
		v.InfoURL = list.viewer(m.ID)
	}
	return v
}

// nameAlbum tells in the panel in which album the item is, where the actor may
// know that one.
func (h mediaHandlers) nameAlbum(ctx context.Context, actor app.Actor, v *mediaviews.Viewer, m app.MediaDetail) error {
	if !v.InfoOpen || m.AlbumID == nil {
		return nil
	}
	album, err := h.app.Album(ctx, actor, *m.AlbumID)
	if app.CodeOf(err) == app.CodeNotFound {
		return nil
	}
	v.Info.Album, v.Info.AlbumURL = album.Title, albumPath(*m.AlbumID)
	return err
}

// itemOf is the picture of a viewer.
func itemOf(ctx context.Context, m app.MediaDetail) mediaviews.Item {
	item := mediaviews.Item{
		ID: m.ID.String(), Title: m.Title, Description: m.Description, Filename: m.Filename,
		PlaceholderURI: media.ThumbhashDataURI(m.Thumbhash), Alt: altText(ctx, m.Title, m.Description, m.TakenAtLocal),
		Width: int(m.Width), Height: int(m.Height), Kind: shownKind(m.Kind, m.Mime), Status: string(m.Status),
		Damaged: m.Damaged, Favourite: m.Favourite, Hidden: m.Withheld != nil && *m.Withheld == "report",
	}
	if m.Preview > 0 {
		item.PreviewURL = derivativeURL(item.ID, app.Preview, m.Preview)
	}
	if m.Status == db.MediaStatusFailed {
		item.Reason = failureText(ctx, m.ErrorCode)
	}
	if m.TrashedAt != nil {
		item.TrashedDays = daysLeft(m.PurgeAt, time.Now())
	}
	return item
}

// daysLeft is how many days, begun ones included, the trash keeps what it lets
// go of then; at least one, for the purge only comes by now and then.
func daysLeft(purge, now time.Time) int {
	return max(1, int(math.Ceil(purge.Sub(now).Hours()/24)))
}

// sets are the lists through which the viewer moves.
var sets = map[string]app.SetKind{"timeline": app.SetTimeline, "favourites": app.SetFavourites, "trash": app.SetTrash, "album": app.SetAlbum}

// linkNeighbours leads to what stands before and after the item in its list,
// with the panel open if it is.
func (h mediaHandlers) linkNeighbours(ctx context.Context, actor app.Actor, v *mediaviews.Viewer, list origin, id uuid.UUID) error {
	v.AfterTrashURL = list.list()
	if !actor.SignedIn() && list.kind != "album" {
		return nil
	}
	beside, err := h.beside(ctx, actor, v, list, id)
	if err != nil {
		return err
	}
	to, previews := list.viewer, map[uuid.UUID]string{}
	if v.InfoOpen {
		to = list.withInfo
	}
	if p := beside.Previous; p != nil && beside.PreviousPreview > 0 {
		previews[*p] = derivativeURL(p.String(), app.Preview, beside.PreviousPreview)
	}
	if n := beside.Next; n != nil && beside.NextPreview > 0 {
		previews[*n] = derivativeURL(n.String(), app.Preview, beside.NextPreview)
	}
	if err := h.describe(ctx, actor, v, id, beside, previews); err != nil {
		return err
	}
	if p := beside.Previous; p != nil {
		v.PrevURL, v.PrevPreviewURL, v.AfterTrashURL = to(*p), previews[*p], list.viewer(*p)
	}
	if n := beside.Next; n != nil {
		v.NextURL, v.NextPreviewURL, v.AfterTrashURL = to(*n), previews[*n], list.viewer(*n)
	}
	return nil
}

// describe adds what only those are told who are signed in: who uploaded the
// item, and the previews of hits beside it.
func (h mediaHandlers) describe(ctx context.Context, actor app.Actor, v *mediaviews.Viewer, id uuid.UUID, beside app.Neighbours, previews map[uuid.UUID]string) error {
	if !actor.SignedIn() {
		return nil
	}
	records, err := h.app.Records(ctx, actor, present(&id, beside.Previous, beside.Next))
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.ID == id {
			v.Info.Uploader = r.OwnerName
		} else if r.PreviewVersion > 0 {
			previews[r.ID] = derivativeURL(r.ID.String(), app.Preview, r.PreviewVersion)
		}
	}
	return nil
}

// beside finds the neighbours, and why a search has found the item.
func (h mediaHandlers) beside(ctx context.Context, actor app.Actor, v *mediaviews.Viewer, list origin, id uuid.UUID) (app.Neighbours, error) {
	set := app.Set{Kind: app.SetSearch, Album: list.album(), Scope: list.scope()}
	if kind, ok := sets[list.kind]; ok {
		set.Kind = kind
	} else {
		var err error
		set.Search, err = searchQuery(list.fields, func() ([]app.Camera, error) { return h.app.Cameras(ctx, actor) })
		if code := app.CodeOf(err); code == app.CodeInvalid || code == app.CodeNotFound {
			return app.Neighbours{}, nil // a search that finds nothing
		} else if err != nil {
			return app.Neighbours{}, err
		}
	}
	n, err := h.app.Neighbours(ctx, actor, set, id)
	if code := app.CodeOf(err); set.Kind == app.SetSearch && (code == app.CodeInvalid || code == app.CodeUnavailable) {
		return app.Neighbours{}, nil // likewise, or one that takes too long
	}
	if set.Kind == app.SetAlbum && app.CodeOf(err) == app.CodeNotFound {
		return app.Neighbours{}, nil // the item may be seen, that album not
	}
	v.Info.Why = whyText(ctx, n.Explain)
	return n, err
}

func present(ids ...*uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for _, id := range ids {
		if id != nil {
			out = append(out, *id)
		}
	}
	return out
}
