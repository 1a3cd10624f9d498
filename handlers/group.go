package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/admin"
	"albumen/views/layout"
)

// groupsApp is what administrators need to look after groups.
type groupsApp interface {
	Groups(context.Context, app.Actor) ([]app.GroupRow, error)
	Group(ctx context.Context, actor app.Actor, id uuid.UUID, after string, limit int) (app.GroupDetail, error)
	CreateGroup(context.Context, app.Actor, string) (db.Group, error)
	RenameGroup(context.Context, app.Actor, uuid.UUID, string) error
	DeleteGroup(context.Context, app.Actor, uuid.UUID) error
	AddGroupMember(ctx context.Context, actor app.Actor, group, user uuid.UUID) error
	RemoveGroupMember(ctx context.Context, actor app.Actor, group, user uuid.UUID) error
	UserByEmail(context.Context, app.Actor, string) (db.User, error)
	SuggestUsers(context.Context, app.Actor) ([]db.SuggestUsersRow, error)
}

type groupHandlers struct {
	*Server
	app groupsApp
}

const groupsPath = "/admin/groups"

func groupPath(id uuid.UUID) string { return groupsPath + "/" + id.String() }

func groupID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, app.NotFound("group")
	}
	return id, nil
}

func (h groupHandlers) list(c echo.Context) error {
	return h.showList(c, http.StatusOK, admin.Groups{})
}

func (h groupHandlers) showList(c echo.Context, status int, p admin.Groups) error {
	ctx := c.Request().Context()
	groups, err := h.app.Groups(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p.Page, p.ActionURL = h.page(c), groupsPath
	for _, g := range groups {
		p.List = append(p.List, admin.GroupRow{
			Name: g.Name, Href: groupPath(g.ID), Members: i18n.N(ctx, "groups.members", g.Members), Albums: i18n.N(ctx, "groups.albums", g.Albums),
		})
	}
	return h.render(c, status, admin.GroupsPage(p))
}

func (h groupHandlers) create(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	group, err := h.app.CreateGroup(ctx, h.actor(c), fields.Get("name"))
	if err == nil {
		return h.done(c, layout.Receipt{Text: i18n.T(ctx, "groups.created", "Name", group.Name)}, groupPath(group.ID))
	}
	shown, status, known := fieldErrors(ctx, err)
	if !known || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	return h.showList(c, status, admin.Groups{Name: fields.Get("name"), Errors: shown})
}

func (h groupHandlers) show(c echo.Context) error {
	id, err := groupID(c)
	if err != nil {
		return err
	}
	return h.showGroup(c, http.StatusOK, id, admin.Group{})
}

func (h groupHandlers) showGroup(c echo.Context, status int, id uuid.UUID, p admin.Group) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	g, err := h.app.Group(ctx, actor, id, c.QueryParam("after"), 0)
	if err != nil {
		return err
	}
	path := groupPath(id)
	p.Page, p.Name, p.BackURL, p.Note = h.page(c), g.Name, groupsPath, i18n.N(ctx, "groups.members", g.Total)
	p.RenameURL, p.AddURL, p.DeleteURL = path+"/name", path+"/members", path+"/delete"
	if p.NewName == "" {
		p.NewName = g.Name
	}
	if g.Next != "" {
		p.NextURL = path + "?after=" + url.QueryEscape(g.Next)
	}
	for _, u := range g.Members {
		row := userRow(ctx, app.UserRow{User: u})
		row.Usage, row.RemoveURL = "", path+"/members/remove"
		p.Members = append(p.Members, row)
	}
	users, err := h.app.SuggestUsers(ctx, actor)
	if err != nil {
		return err
	}
	for _, u := range users {
		p.People = append(p.People, admin.Person{Name: u.Name, Email: u.Email})
	}
	return h.render(c, status, admin.GroupPage(p))
}

// change runs what a form of a group's page does.
func (h groupHandlers) change(c echo.Context, typed func(url.Values) admin.Group, do func(uuid.UUID, url.Values) (string, string, error)) error {
	id, err := groupID(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	said, back, err := do(id, fields)
	if err == nil {
		return h.done(c, layout.Receipt{Text: said}, back)
	}
	shown, status, known := fieldErrors(c.Request().Context(), err)
	if !known || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	p := typed(fields)
	p.Errors = shown
	return h.showGroup(c, status, id, p)
}

func (h groupHandlers) rename(c echo.Context) error {
	ctx := c.Request().Context()
	typed := func(fields url.Values) admin.Group { return admin.Group{NewName: fields.Get("name")} }
	return h.change(c, typed, func(id uuid.UUID, fields url.Values) (string, string, error) {
		return i18n.T(ctx, "groups.renamed"), groupPath(id), h.app.RenameGroup(ctx, h.actor(c), id, fields.Get("name"))
	})
}

func (h groupHandlers) remove(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, func(url.Values) admin.Group { return admin.Group{} }, func(id uuid.UUID, _ url.Values) (string, string, error) {
		return i18n.T(ctx, "groups.deleted"), groupsPath, h.app.DeleteGroup(ctx, h.actor(c), id)
	})
}

func (h groupHandlers) addMember(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	typed := func(fields url.Values) admin.Group { return admin.Group{AddEmail: fields.Get("email")} }
	return h.change(c, typed, func(id uuid.UUID, fields url.Values) (string, string, error) {
		user, err := h.app.UserByEmail(ctx, actor, strings.TrimSpace(fields.Get("email")))
		if app.CodeOf(err) == app.CodeNotFound && actor.IsAdmin() {
			return "", "", app.Invalid("email", "groups.unknown")
		}
		if err != nil {
			return "", "", err
		}
		return i18n.T(ctx, "groups.added", "Name", user.Name), groupPath(id), h.app.AddGroupMember(ctx, actor, id, user.ID)
	})
}

func (h groupHandlers) removeMember(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, func(url.Values) admin.Group { return admin.Group{} }, func(id uuid.UUID, fields url.Values) (string, string, error) {
		user, err := uuid.Parse(fields.Get("user"))
		if err != nil {
			return "", "", app.NotFound("user")
		}
		return i18n.T(ctx, "groups.removed"), groupPath(id), h.app.RemoveGroupMember(ctx, h.actor(c), id, user)
	})
}
