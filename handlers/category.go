package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/albums"
	"albumen/views/layout"
)

// categoryApp is what the site's list of categories needs.
type categoryApp interface {
	Categories(context.Context, app.Actor) ([]db.Category, error)
	CreateCategory(context.Context, app.Actor, string) (db.Category, error)
	RenameCategory(context.Context, app.Actor, uuid.UUID, string) error
	DeleteCategory(context.Context, app.Actor, uuid.UUID) error
}

type categoryHandlers struct {
	*Server
	app categoryApp
}

// list shows the categories; administrators can change them.
func (h categoryHandlers) list(c echo.Context) error {
	p, err := h.view(c)
	if err != nil {
		return err
	}
	return h.render(c, http.StatusOK, albums.CategoriesPage(p))
}

func (h categoryHandlers) view(c echo.Context) (albums.Categories, error) {
	list, err := h.app.Categories(c.Request().Context(), h.actor(c))
	if err != nil {
		return albums.Categories{}, err
	}
	p := albums.Categories{Page: h.page(c)}
	if h.actor(c).IsAdmin() {
		p.CreateURL = "/categories"
	}
	for _, one := range list {
		path := "/categories/" + one.ID.String()
		p.List = append(p.List, albums.Category{
			ID: one.ID.String(), Name: one.Name, Href: "/albums?category=" + one.ID.String(), RenameURL: path, DeleteURL: path + "/delete",
		})
	}
	return p, nil
}

func (h categoryHandlers) create(c echo.Context) error {
	return h.change(c, "receipt_of.category_added", func(ctx context.Context, fields url.Values) error {
		_, err := h.app.CreateCategory(ctx, h.actor(c), fields.Get("name"))
		return err
	})
}

func (h categoryHandlers) rename(c echo.Context) error {
	return h.change(c, "receipt_of.edit", func(ctx context.Context, fields url.Values) error {
		id, err := categoryID(c)
		if err != nil {
			return err
		}
		return h.app.RenameCategory(ctx, h.actor(c), id, fields.Get("name"))
	})
}

func (h categoryHandlers) remove(c echo.Context) error {
	return h.change(c, "receipt_of.category_removed", func(ctx context.Context, _ url.Values) error {
		id, err := categoryID(c)
		if err != nil {
			return err
		}
		return h.app.DeleteCategory(ctx, h.actor(c), id)
	})
}

// change runs do and comes back to the list, which shows what was wrong.
func (h categoryHandlers) change(c echo.Context, told string, do func(context.Context, url.Values) error) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err = do(ctx, fields); err == nil {
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, told)}, "/categories")
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok || app.CodeOf(err) != app.CodeInvalid {
		return err
	}
	p, err := h.view(c)
	if err != nil {
		return err
	}
	p.Error, p.Name, p.Changed = shown["name"], fields.Get("name"), c.Param("id")
	return h.render(c, status, albums.CategoriesPage(p))
}

func categoryID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, app.NotFound("category")
	}
	return id, nil
}
