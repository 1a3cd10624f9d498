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
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// passkeyApp is what the pages about one's passkeys need.
type passkeyApp interface {
	PasskeysPossible() bool
	Factors(context.Context, app.Actor) (app.Factors, error)
	Passkeys(context.Context, app.Actor) ([]db.Passkey, error)
	BeginPasskey(ctx context.Context, actor app.Actor, n app.NewPasskey, token string) (app.PasskeyBegin, error)
	AddPasskey(ctx context.Context, actor app.Actor, token string, answer []byte) (string, error)
	RenamePasskey(ctx context.Context, actor app.Actor, id uuid.UUID, name string) error
	RemovePasskey(ctx context.Context, actor app.Actor, id uuid.UUID, password string) error
}

type passkeyHandlers struct {
	*Server
	app passkeyApp
}

const passkeysPath = securityPath + "/passkeys"

var (
	keyNameField = formField{"name", "text", "passkey.name", "passkey.name_hint", "off"}
	keyPassword  = formField{"current", "password", "passkey.current", "", "current-password"}
	keyCode      = formField{"code", "text", "passkey.code", "passkey.code_hint", "one-time-code"}
)

func (h passkeyHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	keys, err := h.app.Passkeys(ctx, h.actor(c))
	if err != nil {
		return err
	}
	factors, err := h.app.Factors(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := account.Passkeys{Page: h.page(c), Add: account.PasskeyUse{BeginURL: passkeysPath + "/begin", FinishURL: passkeysPath}}
	for _, k := range keys {
		shown := account.Passkey{
			Name: k.Name, CreatedAt: k.CreatedAt, Suspected: k.SuspectedAt != nil,
			RenameURL: keyPath(k.ID), RemoveURL: keyPath(k.ID) + "/remove",
		}
		if k.LastUsedAt != nil {
			shown.LastUsed = *k.LastUsedAt
		}
		p.List = append(p.List, shown)
	}
	switch {
	case !h.app.PasskeysPossible():
		p.Why = i18n.T(ctx, "passkey.impossible")
	case !factors.Password:
		p.Why = i18n.T(ctx, "passkey.no_password")
	case len(keys) >= app.MaxPasskeys:
		p.Why = i18n.T(ctx, "passkey.full")
	default:
		fields := []formField{keyNameField, keyPassword}
		if factors.SecondStep() {
			fields = append(fields, keyCode)
		}
		typed := url.Values{"name": {agentText(ctx, c.Request().UserAgent())}}
		p.Page.Scripts, p.Fields = []string{passkeyScript}, inputsOf(ctx, typed, nil, fields...)
		for i := range p.Fields {
			p.Fields[i].Autofocus = false // the list comes first
		}
	}
	return h.render(c, http.StatusOK, account.PasskeysPage(p))
}

func keyPath(id uuid.UUID) string { return passkeysPath + "/" + id.String() }

// begin takes the proof and asks for a new key.
func (h passkeyHandlers) begin(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	var sent struct {
		Name     string `json:"name"`
		Password string `json:"current"`
		Code     string `json:"code"`
	}
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	b, err := h.app.BeginPasskey(c.Request().Context(), h.actor(c), app.NewPasskey{Name: sent.Name, Password: sent.Password, Code: sent.Code}, h.passkeyToken(c))
	if err != nil {
		return err
	}
	return h.askKey(c, b)
}

// add takes the key. The page that follows tells of it.
func (h passkeyHandlers) add(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	var sent passkeyAnswer
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	ctx := c.Request().Context()
	name, err := h.app.AddPasskey(ctx, h.actor(c), h.passkeyToken(c), sent.Credential)
	if err != nil {
		return err
	}
	c.SetCookie(h.passkeyCookie("", -1))
	if err := h.leaveReceipt(c, layout.Receipt{Text: i18n.T(ctx, "passkey.added", "Name", name)}); err != nil {
		return err
	}
	return goOn(c, passkeysPath)
}

// key is the passkey of the address.
func (h passkeyHandlers) key(c echo.Context) (db.Passkey, error) {
	list, err := h.app.Passkeys(c.Request().Context(), h.actor(c))
	if err != nil {
		return db.Passkey{}, err
	}
	for _, k := range list {
		if k.ID.String() == c.Param("id") {
			return k, nil
		}
	}
	return db.Passkey{}, app.NotFound("passkey")
}

func (h passkeyHandlers) renameView(c echo.Context, k db.Passkey) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "passkey.rename_title"), ActionURL: keyPath(k.ID), Submit: i18n.T(ctx, "passkey.rename"), Errors: errs,
			Fields: inputsOf(ctx, typed, errs, keyNameField), Links: []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: passkeysPath}},
		}
	}
}

func (h passkeyHandlers) renameForm(c echo.Context) error {
	k, err := h.key(c)
	if err != nil {
		return err
	}
	return h.accountForm(c, http.StatusOK, h.renameView(c, k)(url.Values{"name": {k.Name}}, nil), true)
}

func (h passkeyHandlers) rename(c echo.Context) error {
	k, err := h.key(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx, name := c.Request().Context(), fields.Get("name")
	if err := h.app.RenamePasskey(ctx, h.actor(c), k.ID, name); err != nil {
		return h.refusedForm(c, err, fields, h.renameView(c, k), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "passkey.renamed", "Name", name)}, passkeysPath)
}

func (h passkeyHandlers) removeView(c echo.Context, k db.Passkey) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "passkey.remove_title", "Name", k.Name), Lead: i18n.T(ctx, "passkey.remove_lead"), ActionURL: keyPath(k.ID) + "/remove",
			Submit: i18n.T(ctx, "passkey.remove"), Errors: errs, Fields: inputsOf(ctx, typed, errs, currentField),
			Links: []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: passkeysPath}},
		}
	}
}

func (h passkeyHandlers) removeForm(c echo.Context) error {
	k, err := h.key(c)
	if err != nil {
		return err
	}
	return h.accountForm(c, http.StatusOK, h.removeView(c, k)(nil, nil), true)
}

func (h passkeyHandlers) remove(c echo.Context) error {
	k, err := h.key(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.app.RemovePasskey(ctx, h.actor(c), k.ID, fields.Get("current")); err != nil {
		return h.refusedForm(c, err, fields, h.removeView(c, k), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "passkey.removed")}, passkeysPath)
}
