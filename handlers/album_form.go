package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/ui"
)

// albumFormApp is what making and changing albums needs.
type albumFormApp interface {
	albumApp
	CreateAlbum(context.Context, app.Actor, app.NewAlbum) (app.Album, error)
	EditAlbum(context.Context, app.Actor, uuid.UUID, app.AlbumEdit) error
}

type albumFormHandlers struct {
	*Server
	app albumFormApp
}

// coversOffered is how many photos of an album one may choose the cover from.
const coversOffered = 48

// newForm asks for a new album, at the top or below another.
func (h albumFormHandlers) newForm(c echo.Context) error {
	p, err := h.fresh(c, c.QueryParam("below"), app.NewAlbum{})
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.NewPage(p))
}

// fresh is the form of a new album, with what was typed.
func (h albumFormHandlers) fresh(c echo.Context, below string, n app.NewAlbum) (albums.Form, error) {
	ctx, actor := c.Request().Context(), h.actor(c)
	list, err := h.app.Categories(ctx, actor) // asks to sign in as well
	if err != nil {
		return albums.Form{}, err
	}
	p := albums.Form{
		Page: h.page(c), ActionURL: "/albums/new", CancelURL: "/albums", Title: n.Title, About: n.Description,
		Categories: categoryOptions(list, n.CategoryID, i18n.T(ctx, "album.no_category")),
		Sorts:      sortOptions(ctx, n.Sort), Visibilities: visibilityOptions(ctx, n.Visibility),
	}
	if below == "" {
		return p, nil
	}
	id, err := optionalID("parent_id", below)
	if err != nil {
		return p, err
	}
	d, err := h.app.Album(ctx, actor, *id)
	if err == nil && !d.CanEdit {
		err = app.NotFound("page")
	}
	p.Below, p.BelowTitle, p.CancelURL = id.String(), d.Title, albumPath(*id)
	return p, err
}

func (h albumFormHandlers) create(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewAlbum{
		Title: fields.Get("title"), Description: fields.Get("description"),
		Visibility: db.AlbumVisibility(fields.Get("visibility")), Sort: db.AlbumSort(fields.Get("sort")),
	}
	n.CategoryID, err = optionalID("category_id", fields.Get("category_id"))
	if err == nil {
		n.ParentID, err = optionalID("parent_id", fields.Get("parent_id"))
	}
	var made app.Album
	if err == nil {
		made, err = h.app.CreateAlbum(ctx, h.actor(c), n)
	}
	if err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		p, err := h.fresh(c, fields.Get("parent_id"), n)
		if err != nil {
			return err
		}
		if p.Errors = shown; shown["parent_id"] != "" {
			shown[""] = shown["parent_id"] // the form does not show that field
		}
		return h.render(c, status, albums.NewPage(p))
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.album_created", "Album", made.Title)}, albumPath(made.ID))
}

// editForm shows the album's tab for changing it.
func (h albumFormHandlers) editForm(c echo.Context) error {
	d, err := h.editable(c)
	if err != nil {
		return err
	}
	p, err := h.filled(c, d)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.EditPage(p))
}

func (h albumFormHandlers) editable(c echo.Context) (app.AlbumDetail, error) {
	d, err := albumOf(c, h.Server, h.app.Album)
	if err == nil && !d.CanEdit {
		err = app.NotFound("page")
	}
	return d, err
}

// filled is the form of an album as it is.
func (h albumFormHandlers) filled(c echo.Context, d app.AlbumDetail) (albums.Form, error) {
	ctx, actor, path := c.Request().Context(), h.actor(c), albumPath(d.ID)
	list, err := h.app.Categories(ctx, actor)
	if err != nil {
		return albums.Form{}, err
	}
	head := h.albumHead(c, d)
	p := albums.Form{
		Page: head.Page, Head: &head, ActionURL: path + "/edit", CancelURL: path, Title: d.Title, About: d.Description,
		Version: int64(d.RowVersion), Categories: categoryOptions(list, d.CategoryID, i18n.T(ctx, "album.no_category")),
		Sorts: sortOptions(ctx, d.Sort), AlbumsBelow: d.Albums,
	}
	if d.CanShare {
		p.Visibilities = visibilityOptions(ctx, d.Visibility)
	}
	if d.CanTrash {
		p.TrashURL = path + "/trash"
	}
	if d.CanMove {
		p.MoveURL = path + "/move"
		if p.Places, err = h.places(ctx, actor, d); err != nil {
			return p, err
		}
	}
	items, err := h.app.AlbumItems(ctx, actor, d.ID, app.AlbumItemsQuery{Limit: coversOffered})
	if err != nil {
		return p, err
	}
	for _, item := range items.Items {
		if item.ThumbVersion > 0 {
			p.Covers = append(p.Covers, albums.Cover{
				ID: item.ID.String(), ThumbURL: derivativeURL(item.ID.String(), app.Thumb, item.ThumbVersion),
				Alt: altText(ctx, item.Title, item.Description, item.TakenAtLocal), Chosen: d.CoverID != nil && *d.CoverID == item.ID,
			})
		}
	}
	return p, nil
}

// places are the albums below which the album can come. That a choice would
// make a circle is told when it is made.
func (h albumFormHandlers) places(ctx context.Context, actor app.Actor, d app.AlbumDetail) ([]ui.Option, error) {
	options := []ui.Option{{Label: i18n.T(ctx, "album.move.top"), Selected: d.ParentID == nil}}
	page, err := h.app.Albums(ctx, actor, app.AlbumsQuery{Least: app.RoleAdmin, Limit: app.MaxPageSize})
	if err != nil {
		return nil, err
	}
	for _, a := range page.Albums {
		if a.ID != d.ID {
			options = append(options, ui.Option{Value: a.ID.String(), Label: a.Title, Selected: d.ParentID != nil && *d.ParentID == a.ID})
		}
	}
	return options, nil
}

func (h albumFormHandlers) edit(c echo.Context) error {
	d, err := h.editable(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	e, err := albumEdit(fields)
	if err == nil {
		err = h.app.EditAlbum(ctx, h.actor(c), d.ID, e)
	}
	if err == nil {
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, "receipt_of.edit")}, albumPath(d.ID))
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	if app.CodeOf(err) == app.CodeConflict { // the form now carries the version that is there
		shown = ui.Errors{"": i18n.T(ctx, "album.conflict")}
		if d, err = h.editable(c); err != nil {
			return err
		}
	}
	p, err := h.filled(c, d)
	if err != nil {
		return err
	}
	p.Errors, p.Title, p.About = shown, fields.Get("title"), fields.Get("description")
	return h.render(c, status, albums.EditPage(p))
}

// albumEdit reads what a form changes: the fields that it has.
func albumEdit(fields url.Values) (app.AlbumEdit, error) {
	version, err := strconv.Atoi(fields.Get("row_version"))
	if err != nil || version < 1 {
		return app.AlbumEdit{}, app.Invalid("row_version", "error.field.version")
	}
	e := app.AlbumEdit{Version: version}
	if fields.Has("title") {
		title := fields.Get("title")
		e.Title = &title
	}
	if fields.Has("description") {
		description := fields.Get("description")
		e.Description = &description
	}
	if fields.Has("sort") {
		sort := db.AlbumSort(fields.Get("sort"))
		e.Sort = &sort
	}
	if fields.Has("visibility") {
		visibility := db.AlbumVisibility(fields.Get("visibility"))
		e.Visibility = &visibility
	}
	for field, to := range map[string]**uuid.UUID{"category_id": &e.CategoryID, "cover_id": &e.CoverID} {
		if !fields.Has(field) {
			continue
		}
		id, err := optionalID(field, fields.Get(field))
		if err != nil {
			return e, err
		}
		if id == nil {
			id = &uuid.Nil
		}
		*to = id
	}
	return e, nil
}

func sortOptions(ctx context.Context, chosen db.AlbumSort) []ui.Option {
	return []ui.Option{
		{Value: "newest", Label: i18n.T(ctx, "album.sorts.newest"), Selected: chosen == db.AlbumSortNewest},
		{Value: "oldest", Label: i18n.T(ctx, "album.sorts.oldest"), Selected: chosen == db.AlbumSortOldest},
		{Value: "manual", Label: i18n.T(ctx, "album.sorts.manual"), Selected: chosen == db.AlbumSortManual},
	}
}

func visibilityOptions(ctx context.Context, chosen db.AlbumVisibility) []ui.Option {
	return []ui.Option{
		{Value: "private", Label: i18n.T(ctx, "album.visible.private"), Hint: i18n.T(ctx, "album.visible.private_hint"),
			Selected: chosen == "" || chosen == db.AlbumVisibilityPrivate},
		{Value: "members", Label: i18n.T(ctx, "album.visible.members"), Hint: i18n.T(ctx, "album.visible.members_hint"),
			Selected: chosen == db.AlbumVisibilityMembers},
		{Value: "public", Label: i18n.T(ctx, "album.visible.public"), Hint: i18n.T(ctx, "album.visible.public_hint"),
			Selected: chosen == db.AlbumVisibilityPublic},
	}
}
