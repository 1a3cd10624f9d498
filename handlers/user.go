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
	"albumen/views/ui"
)

// usersApp is what administrators need to look after accounts.
type usersApp interface {
	UserPage(context.Context, app.Actor, app.UserQuery) (app.UserPage, error)
	UserDetail(context.Context, app.Actor, uuid.UUID) (app.UserDetail, error)
	UserByEmail(context.Context, app.Actor, string) (db.User, error)
	SuggestUsers(context.Context, app.Actor) ([]db.SuggestUsersRow, error)
	Groups(context.Context, app.Actor) ([]app.GroupRow, error)
	CreateUser(context.Context, app.Actor, app.NewUser) (db.User, error)
	SuspendUser(context.Context, app.Actor, uuid.UUID, bool) error
	SetUserAdmin(context.Context, app.Actor, uuid.UUID, bool) error
	SetUserQuota(context.Context, app.Actor, uuid.UUID, *int64) error
	ResetPassword(context.Context, app.Actor, uuid.UUID, string) error
	RemoveSecondFactor(context.Context, app.Actor, uuid.UUID) error
	DeleteUser(context.Context, app.Actor, uuid.UUID, app.UserDeletion) (app.UserDeleted, error)
}

type userHandlers struct {
	*Server
	app usersApp
}

const usersPath = "/admin/users"

func userPath(id uuid.UUID) string { return usersPath + "/" + id.String() }

// list shows a page of the accounts.
func (h userHandlers) list(c echo.Context) error {
	ctx, actor, v := c.Request().Context(), h.actor(c), c.QueryParams()
	q := app.UserQuery{
		Q: strings.TrimSpace(v.Get("q")), Role: v.Get("role"), State: v.Get("state"), After: v.Get("after"), Before: v.Get("before"),
	}
	if text := v.Get("group"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			return app.NotFound("group")
		}
		q.Group = id
	}
	page, err := h.app.UserPage(ctx, actor, q)
	if err != nil {
		return err
	}
	groups, err := h.app.Groups(ctx, actor)
	if err != nil {
		return err
	}
	p := admin.Users{
		Page: h.page(c), Q: q.Q, FilterURL: usersPath, ClearURL: usersPath, NewURL: usersPath + "/new", InviteURL: invitationsPath,
		Filtered: q.Q != "" || q.Role != "" || q.State != "" || q.Group != uuid.Nil,
		Roles: options(q.Role, ui.Option{Value: "", Label: i18n.T(ctx, "users.any_role")},
			ui.Option{Value: app.UserRoleAdmin, Label: i18n.T(ctx, "users.role_admin")},
			ui.Option{Value: app.UserRoleMember, Label: i18n.T(ctx, "users.role_member")}),
		States: options(q.State, ui.Option{Value: "", Label: i18n.T(ctx, "users.any_state")},
			ui.Option{Value: app.UserActive, Label: i18n.T(ctx, "users.active")},
			ui.Option{Value: app.UserSuspended, Label: i18n.T(ctx, "users.suspended")},
			ui.Option{Value: app.UserLeaving, Label: i18n.T(ctx, "users.leaving")}),
	}
	if len(groups) > 0 {
		p.Groups = []ui.Option{{Label: i18n.T(ctx, "users.any_group"), Selected: q.Group == uuid.Nil}}
		for _, g := range groups {
			p.Groups = append(p.Groups, ui.Option{Value: g.ID.String(), Label: g.Name, Selected: g.ID == q.Group})
		}
	}
	for _, u := range page.Users {
		p.List = append(p.List, userRow(ctx, u))
	}
	p.NextURL, p.PrevURL = usersURL(v, "after", page.Next), usersURL(v, "before", page.Prev)
	return h.render(c, http.StatusOK, admin.UsersPage(p))
}

// options marks the chosen one.
func options(chosen string, list ...ui.Option) []ui.Option {
	for i := range list {
		list[i].Selected = list[i].Value == chosen
	}
	return list
}

// usersURL is another page of the same list.
func usersURL(v url.Values, side, cursor string) string {
	if cursor == "" {
		return ""
	}
	to := url.Values{side: {cursor}}
	for _, name := range []string{"q", "role", "state", "group"} {
		if s := v.Get(name); s != "" {
			to.Set(name, s)
		}
	}
	return usersPath + "?" + to.Encode()
}

func userRow(ctx context.Context, u app.UserRow) admin.UserRow {
	row := admin.UserRow{
		ID: u.ID.String(), Name: u.Name, Email: u.Email, Href: userPath(u.ID), Admin: u.IsAdmin, Usage: usageText(ctx, u.UsedBytes, u.QuotaBytes),
	}
	switch u.State() {
	case app.UserSuspended:
		row.State = i18n.T(ctx, "users.suspended")
	case app.UserLeaving:
		row.State = i18n.T(ctx, "users.leaving")
	}
	return row
}

// newForm shows the form that makes an account.
func (h userHandlers) newForm(c echo.Context) error {
	if _, err := h.app.Groups(c.Request().Context(), h.actor(c)); err != nil {
		return err // not for everybody
	}
	return h.showNew(c, http.StatusOK, admin.NewUser{})
}

func (h userHandlers) showNew(c echo.Context, status int, p admin.NewUser) error {
	p.Page, p.ActionURL, p.BackURL = h.page(c), usersPath, usersPath
	p.QuotaHint = i18n.T(c.Request().Context(), "users.new_quota_hint")
	return h.render(c, status, admin.NewUserPage(p))
}

// create makes the account and shows it.
func (h userHandlers) create(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	typed := admin.NewUser{Email: fields.Get("email"), Name: fields.Get("name"), Quota: fields.Get("quota"), Admin: fields.Get("admin") == "1"}
	quota, ok := parseSize(typed.Quota)
	var user db.User
	if ok {
		user, err = h.app.CreateUser(ctx, h.actor(c), app.NewUser{
			Email: typed.Email, Name: typed.Name, Password: fields.Get("password"), Admin: typed.Admin, Quota: quota,
		})
	} else {
		err = app.Invalid("quota", "error.quota_invalid")
	}
	if err != nil {
		shown, status, known := fieldErrors(ctx, err)
		if !known || app.CodeOf(err) == app.CodeUnauthenticated {
			return err
		}
		typed.Errors = shown
		return h.showNew(c, status, typed)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "users.created", "Name", user.Name)}, userPath(user.ID))
}
