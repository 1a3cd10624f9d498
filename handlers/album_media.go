package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/albums"
)

// homeApp is what giving a photo its album needs.
type homeApp interface {
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Albums(context.Context, app.Actor, app.AlbumsQuery) (app.AlbumPage, error)
	CreateAlbum(context.Context, app.Actor, app.NewAlbum) (app.Album, error)
	MoveMedia(context.Context, app.Actor, uuid.UUID, *uuid.UUID) (app.Receipt, error)
	RemoveFromAlbum(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
}

type homeHandlers struct {
	*Server
	app homeApp
}

// choose shows the albums into which a photo can be put.
func (h homeHandlers) choose(c echo.Context) error {
	p, err := h.choice(c, backOf(c.QueryParams(), ""))
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.ChoosePage(p))
}

func (h homeHandlers) choice(c echo.Context, back string) (albums.Choose, error) {
	ctx, actor := c.Request().Context(), h.actor(c)
	id, err := mediaID(c)
	if err != nil {
		return albums.Choose{}, err
	}
	if !actor.SignedIn() {
		return albums.Choose{}, app.Unauthenticated()
	}
	m, err := h.app.Media(ctx, actor, id)
	if err == nil && !m.CanMove && !m.CanRemove {
		err = app.NotFound("page")
	}
	if err != nil {
		return albums.Choose{}, err
	}
	path := "/media/" + id.String()
	if back == "" {
		back = path
	}
	p := albums.Choose{
		Page: h.page(c), Tile: tile(ctx, detailItem(m), fromTimeline), ActionURL: path + "/album", Back: back,
		CanMove: m.CanMove,
	}
	if m.CanRemove && m.AlbumID != nil {
		p.RemoveURL = path + "/album/remove"
	}
	if m.AlbumID != nil {
		home, err := h.app.Album(ctx, actor, *m.AlbumID)
		if err != nil && app.CodeOf(err) != app.CodeNotFound { // it may lie in somebody's trash
			return p, err
		}
		p.Now = home.Title
	}
	if !m.CanMove {
		return p, nil
	}
	page, err := h.app.Albums(ctx, actor, app.AlbumsQuery{Least: app.RoleContributor, Cursor: c.QueryParam("after"), Limit: app.MaxPageSize})
	if err != nil {
		return p, err
	}
	for _, a := range page.Albums {
		if m.AlbumID != nil && *m.AlbumID == a.ID {
			continue
		}
		choice := albums.Choice{ID: a.ID.String(), Title: a.Title, Note: i18n.N(ctx, "album.photos", a.Items)}
		if a.Role != app.RoleOwner {
			choice.Note += " · " + a.OwnerName
		}
		p.Choices = append(p.Choices, choice)
	}
	if page.Next != "" {
		p.MoreURL = path + "/album?" + url.Values{"after": {page.Next}, "back": {back}}.Encode()
	}
	return p, nil
}

// put moves the photo into the chosen album, or into a new one of that title.
func (h homeHandlers) put(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx, actor := c.Request().Context(), h.actor(c)
		m, err := h.app.Media(ctx, actor, id)
		if err == nil && !m.CanMove {
			err = app.NotFound("page")
		}
		if err != nil {
			return err // before an album is made for it
		}
		album, err := optionalID("album_id", fields.Get("album_id"))
		if err != nil {
			return err
		}
		if album == nil {
			made, err := h.app.CreateAlbum(ctx, actor, app.NewAlbum{Title: fields.Get("title")})
			if shown, status, ok := fieldErrors(ctx, err); ok && app.CodeOf(err) == app.CodeInvalid {
				p, err := h.choice(c, backOf(fields, ""))
				if err != nil {
					return err
				}
				p.Error, p.NewTitle = shown["title"], fields.Get("title")
				return h.render(c, status, albums.ChoosePage(p))
			}
			if err != nil {
				return err
			}
			album = &made.ID
		}
		receipt, err := h.app.MoveMedia(ctx, actor, id, album)
		if err != nil {
			return err
		}
		told := receiptOf(ctx, receipt)
		if d, err := h.app.Album(ctx, actor, *album); err == nil {
			told.Text = i18n.T(ctx, "receipt_of.moved_to", "Album", d.Title)
		}
		return h.done(c, told, backOf(fields, "/media/"+id.String()))
	})
}

// remove takes the photo out of its album. Who does not own it, does not see it
// any more, and comes back to the album.
func (h homeHandlers) remove(c echo.Context) error {
	return act(c, func(id uuid.UUID, fields url.Values) error {
		ctx, actor := c.Request().Context(), h.actor(c)
		m, err := h.app.Media(ctx, actor, id)
		if err != nil {
			return err
		}
		receipt, err := h.app.RemoveFromAlbum(ctx, actor, id)
		if err != nil {
			return err
		}
		back := backOf(fields, "/media/"+id.String())
		if m.OwnerID != actor.UserID() && m.AlbumID != nil {
			back = albumPath(*m.AlbumID)
		}
		told := receiptOf(ctx, receipt)
		told.Text = i18n.T(ctx, "receipt_of.remove")
		return h.done(c, told, back)
	})
}
