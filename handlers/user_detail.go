package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/admin"
	"albumen/views/layout"
)

func userID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, app.NotFound("user")
	}
	return id, nil
}

// show tells what there is to know about one account.
func (h userHandlers) show(c echo.Context) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	return h.showUser(c, http.StatusOK, id, admin.User{Give: true})
}

// showUser shows the account with what was typed into p.
func (h userHandlers) showUser(c echo.Context, status int, id uuid.UUID, p admin.User) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := h.app.UserDetail(ctx, actor, id)
	if err != nil {
		return err
	}
	path := userPath(id)
	p.Page, p.BackURL, p.Name, p.Email = h.page(c), usersPath, d.Name, d.Email
	p.IsAdmin, p.LastAdmin, p.Self = d.IsAdmin, d.LastAdmin, d.Self
	p.Facts = []admin.Total{
		{Label: i18n.T(ctx, "users.items"), Value: i18n.Number(ctx, d.Items)},
		{Label: i18n.T(ctx, "users.albums"), Value: i18n.Number(ctx, d.Albums)},
		{Label: i18n.T(ctx, "users.space"), Value: i18n.Bytes(ctx, d.UsedBytes)},
	}
	p.Used = d.UsedBytes
	if d.QuotaBytes != nil {
		p.Limit = *d.QuotaBytes
	}
	for _, g := range d.Groups {
		p.Groups = append(p.Groups, admin.Linked{Name: g.Name, Href: groupPath(g.ID)})
	}
	if d.Leaving {
		p.Note = i18n.T(ctx, "users.leaving_note")
		if d.Heir != "" {
			p.Note = i18n.T(ctx, "users.leaving_heir", "Heir", d.Heir)
		}
		return h.render(c, status, admin.UserPage(p))
	}
	if d.SuspendedAt != nil {
		p.Note = i18n.T(ctx, "users.suspended_note", "When", i18n.Moment(ctx, *d.SuspendedAt))
	}
	p.QuotaURL, p.PasswordURL = path+"/quota", path+"/password"
	if p.Quota == "" && p.Errors["quota"] == "" {
		p.Quota = sizeField(d.QuotaBytes)
	}
	p.ReactivateOK = d.SuspendedAt != nil
	if d.SecondFactor && !d.Self {
		p.FactorURL = path + "/factor"
	}
	if !d.LastAdmin {
		p.AdminURL, p.SuspendURL = path+"/admin", path+"/suspend"
	}
	if !d.Self && !d.LastAdmin {
		p.DeleteURL = path + "/delete"
		people, err := h.people(ctx, actor, d.Email)
		if err != nil {
			return err
		}
		p.People = people
	}
	return h.render(c, status, admin.UserPage(p))
}

// people are the accounts that a picker offers, but for one.
func (h userHandlers) people(ctx context.Context, actor app.Actor, but string) ([]admin.Person, error) {
	users, err := h.app.SuggestUsers(ctx, actor)
	if err != nil {
		return nil, err
	}
	var out []admin.Person
	for _, u := range users {
		if u.Email != but {
			out = append(out, admin.Person{Name: u.Name, Email: u.Email})
		}
	}
	return out, nil
}

// change runs what a form of the page does; what is wrong with its input is
// shown there, with what was typed.
func (h userHandlers) change(c echo.Context, typed func(url.Values) admin.User, do func(uuid.UUID, url.Values) (string, string, error)) error {
	id, err := userID(c)
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
	ctx := c.Request().Context()
	shown, status, known := fieldErrors(ctx, err)
	if app.CodeOf(err) == app.CodeTooLarge {
		p := h.problem(ctx, err)
		shown, status, known = map[string]string{"heir": p.Detail}, http.StatusUnprocessableEntity, true
	}
	if !known || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	p := typed(fields)
	p.Errors = shown
	return h.showUser(c, status, id, p)
}

func nothingTyped(url.Values) admin.User { return admin.User{Give: true} }

func (h userHandlers) suspend(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, nothingTyped, func(id uuid.UUID, fields url.Values) (string, string, error) {
		suspend := fields.Get("suspend") == "1"
		said := i18n.T(ctx, "users.reactivated")
		if suspend {
			said = i18n.T(ctx, "users.was_suspended")
		}
		return said, userPath(id), h.app.SuspendUser(ctx, h.actor(c), id, suspend)
	})
}

func (h userHandlers) admin(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, nothingTyped, func(id uuid.UUID, fields url.Values) (string, string, error) {
		make := fields.Get("admin") == "1"
		said, back := i18n.T(ctx, "users.demoted"), userPath(id)
		if make {
			said = i18n.T(ctx, "users.promoted")
		} else if id == h.actor(c).UserID() {
			back = "/" // the administration is no longer theirs
		}
		return said, back, h.app.SetUserAdmin(ctx, h.actor(c), id, make)
	})
}

func (h userHandlers) quota(c echo.Context) error {
	ctx := c.Request().Context()
	typed := func(fields url.Values) admin.User { return admin.User{Give: true, Quota: fields.Get("quota")} }
	return h.change(c, typed, func(id uuid.UUID, fields url.Values) (string, string, error) {
		quota, ok := parseSize(fields.Get("quota"))
		if !ok {
			return "", "", app.Invalid("quota", "error.quota_invalid")
		}
		return i18n.T(ctx, "users.quota_saved"), userPath(id), h.app.SetUserQuota(ctx, h.actor(c), id, quota)
	})
}

func (h userHandlers) password(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, nothingTyped, func(id uuid.UUID, fields url.Values) (string, string, error) {
		back := userPath(id)
		if id == h.actor(c).UserID() {
			back = "/login" // one's own session has ended, too
		}
		return i18n.T(ctx, "users.password_saved"), back, h.app.ResetPassword(ctx, h.actor(c), id, fields.Get("password"))
	})
}

// factor takes away a second factor that was lost.
func (h userHandlers) factor(c echo.Context) error {
	ctx := c.Request().Context()
	return h.change(c, nothingTyped, func(id uuid.UUID, _ url.Values) (string, string, error) {
		return i18n.T(ctx, "users.factor_removed"), userPath(id), h.app.RemoveSecondFactor(ctx, h.actor(c), id)
	})
}

// remove deletes the account; the form asks for its address once more.
func (h userHandlers) remove(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	typed := func(fields url.Values) admin.User {
		return admin.User{Give: fields.Get("what") == "give", Heir: fields.Get("heir"), DeleteOpen: true}
	}
	return h.change(c, typed, func(id uuid.UUID, fields url.Values) (string, string, error) {
		deletion := app.UserDeletion{Confirm: fields.Get("confirm")}
		switch fields.Get("what") {
		case "remove":
		case "give":
			heir, err := h.app.UserByEmail(ctx, actor, strings.TrimSpace(fields.Get("heir")))
			if app.CodeOf(err) == app.CodeNotFound && actor.IsAdmin() {
				return "", "", app.Invalid("heir", "error.heir_unknown")
			}
			if err != nil {
				return "", "", err
			}
			deletion.Heir = heir.ID
		default: // never by an accident of the form
			return "", "", app.Invalid("heir", "error.heir_unknown")
		}
		done, err := h.app.DeleteUser(ctx, actor, id, deletion)
		if err != nil {
			return "", "", err
		}
		if done.Left {
			return i18n.T(ctx, "users.deleting"), usersPath, nil
		}
		return i18n.T(ctx, "users.deleted"), usersPath, nil
	})
}
