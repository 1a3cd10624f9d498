package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/views/share"
)

// media shows one photo of a link, between those beside it in its album.
func (h shareHandlers) media(c echo.Context) error {
	ctx, actor, base := c.Request().Context(), h.actor(c), shareBase(c)
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	m, err := h.app.Media(ctx, actor, id)
	if err != nil {
		return err
	}
	if m.AlbumID == nil {
		return app.NotFound("photo") // taken out of the album in between
	}
	v := share.Viewer{
		Frame: h.frame(c), Item: itemOf(ctx, m), TakenAt: m.TakenAtLocal,
		BackURL: shareAlbumPath(c, *m.AlbumID) + "?at=" + id.String() + "#m-" + id.String(),
	}
	if m.CanReport {
		v.ReportURL = base + "/media/" + id.String() + "/report"
	}
	if v.Item.PreviewURL != "" {
		v.Item.PreviewURL = base + v.Item.PreviewURL
	}
	path := base + "/media/" + id.String()
	if m.CanDownload {
		v.DownloadURL = path + "/original"
		if m.Kind == db.MediaKindVideo && playedInline[m.Mime] {
			v.VideoURL, v.VideoMIME = path+"/video", m.Mime
		}
	}
	beside, err := h.app.Neighbours(ctx, actor, app.Set{Kind: app.SetAlbum, Album: *m.AlbumID}, id)
	if err != nil {
		return err
	}
	if p := beside.Previous; p != nil {
		v.PrevURL = base + "/media/" + p.String()
		if beside.PreviousPreview > 0 {
			v.PrevPhoto = base + derivativeURL(p.String(), app.Preview, beside.PreviousPreview)
		}
	}
	if n := beside.Next; n != nil {
		v.NextURL = base + "/media/" + n.String()
		if beside.NextPreview > 0 {
			v.NextPhoto = base + derivativeURL(n.String(), app.Preview, beside.NextPreview)
		}
	}
	return h.render(c, http.StatusOK, share.ViewerPage(v))
}
