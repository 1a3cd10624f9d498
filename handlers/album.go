package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/media"
	"albumen/views/albums"
	mediaviews "albumen/views/media"
	"albumen/views/ui"
)

// albumApp is what showing albums needs.
type albumApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Albums(context.Context, app.Actor, app.AlbumsQuery) (app.AlbumPage, error)
	AlbumItems(context.Context, app.Actor, uuid.UUID, app.AlbumItemsQuery) (app.ItemPage, error)
	AlbumMonths(context.Context, app.Actor, uuid.UUID) ([]app.Month, error)
	Categories(context.Context, app.Actor) ([]db.Category, error)
}

type albumHandlers struct {
	*Server
	app albumApp
}

// albumsShown is how many albums a page lists at once.
const albumsShown = 60

// list shows the albums that one may see: all, one's own, those shared with
// one, those open to all.
func (h albumHandlers) list(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	scope := c.QueryParam("scope")
	q := app.AlbumsQuery{Scope: app.AlbumScope(scope), Tops: true, Cursor: c.QueryParam("after"), Limit: albumsShown}
	category, err := optionalID("category", c.QueryParam("category"))
	if err != nil {
		return err
	}
	if category != nil {
		q.Category, q.Tops = category, false
	}
	page, err := h.app.Albums(ctx, actor, q)
	if err != nil {
		return err
	}
	p := albums.List{Page: h.page(c), Scope: scope, Cards: albumCards(ctx, actor, page.Albums)}
	if page.Next != "" {
		next := url.Values{"after": {page.Next}}
		for _, field := range []string{"scope", "category"} {
			if v := c.QueryParam(field); v != "" {
				next.Set(field, v)
			}
		}
		p.MoreURL = "/albums?" + next.Encode()
	}
	if actor.SignedIn() {
		p.NewURL, p.Trash, p.CategoriesURL = "/albums/new", "/albums/trash", "/categories"
		p.Scopes = []albums.Tab{
			{Name: "", Label: i18n.T(ctx, "album.scope.all"), Href: "/albums"},
			{Name: "mine", Label: i18n.T(ctx, "album.scope.mine"), Href: "/albums?scope=mine"},
			{Name: "shared", Label: i18n.T(ctx, "album.scope.shared"), Href: "/albums?scope=shared"},
			{Name: "open", Label: i18n.T(ctx, "album.scope.open"), Href: "/albums?scope=open"},
		}
		list, err := h.app.Categories(ctx, actor)
		if err != nil {
			return err
		}
		p.Category = categoryOptions(list, category, i18n.T(ctx, "album.any_category"))
	}
	return h.render(c, http.StatusOK, albums.ListPage(p))
}

// show shows one album: what lies below it, and its photos in its order.
func (h albumHandlers) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := h.album(c)
	if err != nil {
		return err
	}
	list, err := listQuery(c)
	if err != nil {
		return err
	}
	q := app.AlbumItemsQuery{Month: c.QueryParam("month"), Before: list.Before, After: list.After, At: list.At}
	page, err := h.app.AlbumItems(ctx, actor, d.ID, q)
	if err != nil {
		return err
	}
	path, from := albumPath(d.ID), fromAlbum(d.ID)
	older, manual := olderURL(path, page), d.Sort == db.AlbumSortManual
	var days []mediaviews.Day
	if !manual {
		days = daysOf(ctx, page, from)
		older = olderDaysURL(path, page, days)
		if len(days) > 0 {
			days[0].Continued = days[0].Date.Format(time.DateOnly) == c.QueryParam("day") && wantsFragment(c.Request())
		}
	}
	if wantsFragment(c.Request()) {
		if manual {
			return h.render(c, http.StatusOK, mediaviews.TilesPage(tiles(ctx, page.Items, from), older))
		}
		return h.render(c, http.StatusOK, mediaviews.DaysPage(days, older))
	}
	p := albums.Album{
		Head: h.albumHead(c, d), Days: days, Manual: manual, OlderURL: older, NewerURL: newerURL(path, page), FirstURL: path,
	}
	if manual {
		p.Tiles = tiles(ctx, page.Items, from)
	}
	if err := h.around(c, d, &p, q.Month); err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.AlbumPage(p))
}

// around adds what stands beside the photos of an album: albums below it,
// months, and the acts that the actor may do.
func (h albumHandlers) around(c echo.Context, d app.AlbumDetail, p *albums.Album, month string) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	if d.Albums > 0 && d.TrashedAt == nil {
		below, err := h.app.Albums(ctx, actor, app.AlbumsQuery{Parent: &d.ID, Cursor: c.QueryParam("albums"), Limit: albumsShown})
		if err != nil {
			return err
		}
		p.Albums = albumCards(ctx, actor, below.Albums)
		if below.Next != "" {
			p.MoreAlbums = albumPath(d.ID) + "?albums=" + url.QueryEscape(below.Next)
		}
	}
	if d.Sort == db.AlbumSortNewest {
		months, err := h.app.AlbumMonths(ctx, actor, d.ID)
		if err != nil {
			return err
		}
		p.Months = monthsOf(albumPath(d.ID), months, shownMonth(month, p.Days))
	}
	if d.CanDownload && (d.Items > 0 || d.Albums > 0) {
		p.DownloadURL = albumPath(d.ID) + "/download"
	}
	if d.CanAdd {
		p.UploadURL = "/upload?album=" + d.ID.String()
	}
	if d.CanEdit {
		p.BelowURL = "/albums/new?below=" + d.ID.String()
		if p.Manual && len(p.Tiles) > 1 {
			p.ArrangeURL = albumPath(d.ID) + "/arrange"
		}
	}
	if actor.SignedIn() && d.Items > 0 && d.TrashedAt == nil {
		p.SearchURL = "/search?album=" + d.ID.String()
	}
	return nil
}

// album loads the album of the address. Whether one exists that the visitor may
// not see is not told: both lead to the sign-in page.
func (h albumHandlers) album(c echo.Context) (app.AlbumDetail, error) {
	return albumOf(c, h.Server, h.app.Album)
}

func albumOf(c echo.Context, s *Server, load func(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)) (app.AlbumDetail, error) {
	actor := s.actor(c)
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		err = app.NotFound("album")
	} else {
		var d app.AlbumDetail
		if d, err = load(c.Request().Context(), actor, id); err == nil {
			return d, nil
		}
	}
	if app.CodeOf(err) == app.CodeNotFound && !actor.SignedIn() {
		err = app.Unauthenticated()
	}
	return app.AlbumDetail{}, err
}

func albumPath(id uuid.UUID) string { return "/albums/" + id.String() }

// albumHead is what every page of one album shows above its content. Call it
// once per answer, like page.
func (s *Server) albumHead(c echo.Context, d app.AlbumDetail) albums.Head {
	ctx, path := c.Request().Context(), albumPath(d.ID)
	h := albums.Head{Page: s.page(c), Title: d.Title, About: d.Description}
	h.Facts = append(h.Facts, i18n.N(ctx, "album.photos", d.Items))
	if d.Albums > 0 {
		h.Facts = append(h.Facts, i18n.N(ctx, "album.albums", d.Albums))
	}
	if d.Role != app.RoleOwner && d.OwnerName != "" && s.actor(c).SignedIn() {
		h.Facts = append(h.Facts, i18n.T(ctx, "album.of", "Owner", d.OwnerName))
	}
	if d.Category != "" {
		h.Facts = append(h.Facts, d.Category)
	}
	h.Facts = append(h.Facts, visibilityText(ctx, d.Visibility))
	if d.TrashedAt != nil {
		t := albums.Trashed{DaysLeft: daysLeft(*d.TrashedAt, time.Now())}
		if d.CanRestore {
			t.RestoreURL = path + "/restore"
		}
		if d.CanDelete {
			t.DeleteURL = path + "/delete"
		}
		h.Trashed = &t
	}
	for _, above := range d.Above {
		h.Above = append(h.Above, albums.Step{Title: above.Title, Href: albumPath(above.ID)})
	}
	h.Tabs = []albums.Tab{{Name: "photos", Label: i18n.T(ctx, "album.tab.photos"), Href: path}}
	if d.CanListMembers {
		h.Tabs = append(h.Tabs, albums.Tab{Name: "members", Label: i18n.T(ctx, "album.tab.members"), Href: path + "/members"})
	}
	if d.CanShare {
		h.Tabs = append(h.Tabs, albums.Tab{Name: "links", Label: i18n.T(ctx, "links.tab"), Href: path + "/links"})
	}
	if d.Pending > 0 {
		h.Tabs = append(h.Tabs, albums.Tab{Name: "pending", Label: i18n.N(ctx, "pending.tab", d.Pending), Href: path + "/pending"})
	}
	if d.CanEdit {
		h.Tabs = append(h.Tabs, albums.Tab{Name: "edit", Label: i18n.T(ctx, "album.tab.edit"), Href: path + "/edit"})
	}
	return h
}

// visibilityText says who may see the album beside its members.
func visibilityText(ctx context.Context, v db.AlbumVisibility) string {
	switch v {
	case db.AlbumVisibilityMembers:
		return i18n.T(ctx, "album.visible.members")
	case db.AlbumVisibilityPublic:
		return i18n.T(ctx, "album.visible.public")
	}
	return i18n.T(ctx, "album.visible.private")
}

func albumCards(ctx context.Context, actor app.Actor, list []app.Album) []albums.Card {
	cards := make([]albums.Card, len(list))
	for n, a := range list {
		card := albums.Card{Title: a.Title, Href: albumPath(a.ID), Note: i18n.N(ctx, "album.photos", a.Items)}
		if a.Albums > 0 {
			card.Note += " · " + i18n.N(ctx, "album.albums", a.Albums)
		}
		if a.Role != app.RoleOwner && a.OwnerName != "" && actor.SignedIn() {
			card.Note += " · " + a.OwnerName
		}
		switch a.Visibility {
		case db.AlbumVisibilityMembers:
			card.Badge, card.BadgeText = "person", i18n.T(ctx, "album.badge.members")
		case db.AlbumVisibilityPublic:
			card.Badge, card.BadgeText = "globe", i18n.T(ctx, "album.badge.public")
		}
		if c := a.Cover; c != nil {
			card.PlaceholderURI, card.Width, card.Height = media.ThumbhashDataURI(c.Thumbhash), c.Width, c.Height
			if c.ThumbVersion > 0 {
				card.ThumbURL = derivativeURL(c.ID.String(), app.Thumb, c.ThumbVersion)
			}
		}
		cards[n] = card
	}
	return cards
}

// categoryOptions are the choices of a select: none first.
func categoryOptions(list []db.Category, chosen *uuid.UUID, none string) []ui.Option {
	options := []ui.Option{{Label: none, Selected: chosen == nil}}
	for _, c := range list {
		options = append(options, ui.Option{Value: c.ID.String(), Label: c.Name, Selected: chosen != nil && *chosen == c.ID})
	}
	return options
}

// optionalID reads an id that may be left away.
func optionalID(field, s string) (*uuid.UUID, error) {
	if s == "" {
		return nil, nil
	}
	id, err := uuid.Parse(s)
	if err != nil {
		return nil, app.Invalid(field, "error.field.choice")
	}
	return &id, nil
}
