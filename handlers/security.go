package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/internal/qrcode"
	"albumen/views/account"
	"albumen/views/layout"
	"albumen/views/ui"
)

// securityApp is what the pages about signing in need.
type securityApp interface {
	Factors(context.Context, app.Actor) (app.Factors, error)
	BeginTOTP(ctx context.Context, actor app.Actor, password string) error
	PendingTOTP(context.Context, app.Actor) (app.TOTPSetup, error)
	ConfirmTOTP(ctx context.Context, actor app.Actor, code string) ([]string, error)
	TurnOffTOTP(ctx context.Context, actor app.Actor, password, code string) error
	Identities(context.Context, app.Actor) ([]db.Identity, error)
	IdentityProviderName() string
	NewRecoveryCodes(ctx context.Context, actor app.Actor, password, code string) ([]string, error)
}

type securityHandlers struct {
	*Server
	app securityApp
}

const (
	securityPath = "/account/security"
	totpPath     = securityPath + "/totp"
	recoveryPath = securityPath + "/recovery"
)

// newCodeField takes the first code of an app.
var newCodeField = formField{"code", "text", "totp.code", "totp.code_hint", "one-time-code"}

func (h securityHandlers) show(c echo.Context) error {
	ctx := c.Request().Context()
	factors, err := h.app.Factors(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := account.Security{Page: h.page(c)}
	password := account.Way{Icon: "key", Title: i18n.T(ctx, "account.password"), State: i18n.T(ctx, "security.password_none"),
		Acts: []account.Link{{Title: i18n.T(ctx, "security.password_set"), Href: "/reset"}}}
	if factors.Password {
		password.State = i18n.T(ctx, "security.password_on")
		password.Acts = []account.Link{{Title: i18n.T(ctx, "security.password_change"), Href: accountPath + "/password"}}
	}
	p.Rows = append(p.Rows, password)
	keys := account.Way{Icon: "passkey", Title: i18n.T(ctx, "passkey.title"), State: i18n.T(ctx, "passkey.none"),
		Acts: []account.Link{{Title: i18n.T(ctx, "passkey.add"), Href: passkeysPath}}}
	if factors.Passkeys > 0 {
		keys.State, keys.Acts[0].Title = i18n.N(ctx, "passkey.count", factors.Passkeys), i18n.T(ctx, "passkey.manage")
	}
	p.Rows = append(p.Rows, keys)
	totp := account.Way{Icon: "clock", Title: i18n.T(ctx, "totp.title"), State: i18n.T(ctx, "totp.off"),
		Acts: []account.Link{{Title: i18n.T(ctx, "totp.set_up"), Href: totpPath}}}
	if factors.TOTPAt != nil {
		totp.State = i18n.T(ctx, "totp.on", "When", i18n.Moment(ctx, *factors.TOTPAt))
		totp.Acts = []account.Link{{Title: i18n.T(ctx, "totp.turn_off"), Href: totpPath + "/off"}}
	}
	p.Rows = append(p.Rows, totp)
	if factors.SecondStep() {
		p.Rows = append(p.Rows, account.Way{Icon: "file", Title: i18n.T(ctx, "recovery.title"),
			State: i18n.N(ctx, "recovery.left", factors.RecoveryCodes),
			Acts:  []account.Link{{Title: i18n.T(ctx, "recovery.make"), Href: recoveryPath}}})
	}
	ways, err := h.identityWays(c)
	if err != nil {
		return err
	}
	p.Rows = append(p.Rows, ways...)
	return h.render(c, http.StatusOK, account.SecurityPage(p))
}

// identityWays are the links with accounts elsewhere.
func (h securityHandlers) identityWays(c echo.Context) ([]account.Way, error) {
	ctx, name := c.Request().Context(), h.app.IdentityProviderName()
	list, err := h.app.Identities(ctx, h.actor(c))
	if err != nil || name == "" && len(list) == 0 {
		return nil, err
	}
	var ways []account.Way
	for _, i := range list {
		title, as := name, i.Email
		if title == "" {
			title = i.Issuer
		}
		if as == "" {
			as = i.Subject
		}
		ways = append(ways, account.Way{Icon: "globe", Title: title, State: i18n.T(ctx, "identity.on", "Email", as),
			Acts: []account.Link{{Title: i18n.T(ctx, "identity.unlink"), Href: linkPath + "/" + i.ID.String()}}})
	}
	if len(ways) == 0 {
		ways = append(ways, account.Way{Icon: "globe", Title: name, State: i18n.T(ctx, "identity.off"),
			Acts: []account.Link{{Title: i18n.T(ctx, "identity.link_act"), Href: linkPath}}})
	}
	return ways, nil
}

// setUp asks for the password, or shows the secret that was made after it.
func (h securityHandlers) setUp(c echo.Context) error {
	if !h.actor(c).SignedIn() {
		return app.Unauthenticated()
	}
	_, err := h.app.PendingTOTP(c.Request().Context(), h.actor(c))
	switch app.CodeOf(err) {
	case app.CodeNotFound:
		return h.accountForm(c, http.StatusOK, h.begin(c)(nil, nil), true)
	default:
		if err != nil {
			return err
		}
	}
	return h.showSecret(c, http.StatusOK, nil)
}

func (h securityHandlers) begin(c echo.Context) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, "totp.title"), Lead: i18n.T(ctx, "totp.lead"), ActionURL: totpPath, Submit: i18n.T(ctx, "form.next"),
			Errors: errs, Fields: inputsOf(ctx, typed, errs, currentField),
		}
	}
}

func (h securityHandlers) beginTOTP(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	if err := h.app.BeginTOTP(c.Request().Context(), h.actor(c), fields.Get("current")); err != nil {
		return h.refusedForm(c, err, fields, h.begin(c), true)
	}
	return seeOther(c, totpPath)
}

// showSecret shows the secret to be taken over into an app. It stays out of the
// browser's cache.
func (h securityHandlers) showSecret(c echo.Context, status int, errs ui.Errors) error {
	ctx := c.Request().Context()
	setup, err := h.app.PendingTOTP(ctx, h.actor(c))
	if err != nil {
		return err
	}
	svg, err := qrcode.SVG(setup.URL)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	groups := strings.Builder{}
	for i, r := range setup.Secret {
		if i > 0 && i%4 == 0 {
			groups.WriteByte(' ')
		}
		groups.WriteRune(r)
	}
	return h.render(c, status, account.TOTPPage(account.TOTPSetup{QR: svg, Secret: groups.String(), Form: account.Form{
		Page: h.page(c), Title: i18n.T(ctx, "totp.title"), Lead: i18n.T(ctx, "totp.scan"), ActionURL: totpPath + "/confirm",
		Submit: i18n.T(ctx, "totp.confirm"), Errors: errs, Fields: inputsOf(ctx, nil, errs, newCodeField),
		Links: []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: securityPath}},
	}}))
}

func (h securityHandlers) confirmTOTP(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	codes, err := h.app.ConfirmTOTP(ctx, h.actor(c), fields.Get("code"))
	if err == nil {
		return h.showCodes(c, codes)
	}
	if app.CodeOf(err) == app.CodeNotFound {
		return seeOther(c, totpPath) // it has waited too long
	}
	shown, status, ok := fieldErrors(ctx, err)
	if !ok || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	setRetryAfter(c, err)
	return h.showSecret(c, status, shown)
}

// showCodes answers with the page itself, as that of a new token: the codes are
// kept nowhere.
func (h securityHandlers) showCodes(c echo.Context, codes []string) error {
	ctx := c.Request().Context()
	c.Response().Header().Set("Cache-Control", "no-store")
	user, _ := h.actor(c).User()
	page := h.page(c)
	return h.render(c, http.StatusOK, account.RecoveryPage(account.Recovery{
		Page: page, Codes: codes, DoneURL: securityPath, FileName: "recovery-codes.txt",
		FileHead: i18n.T(ctx, "recovery.file_head", "Site", h.cfg.BaseURL.Host, "Email", user.Email),
	}))
}

func (h securityHandlers) off(c echo.Context) func(url.Values, ui.Errors) account.Form {
	return h.proof(c, "totp.turn_off", "totp.off_lead", totpPath+"/off")
}

func (h securityHandlers) recovery(c echo.Context) func(url.Values, ui.Errors) account.Form {
	return h.proof(c, "recovery.make", "recovery.make_lead", recoveryPath)
}

// proof is a form that asks for password and code.
func (h securityHandlers) proof(c echo.Context, title, lead, action string) func(url.Values, ui.Errors) account.Form {
	ctx := c.Request().Context()
	return func(typed url.Values, errs ui.Errors) account.Form {
		return account.Form{
			Title: i18n.T(ctx, title), Lead: i18n.T(ctx, lead), ActionURL: action, Submit: i18n.T(ctx, title), Errors: errs,
			Fields: inputsOf(ctx, typed, errs, currentField, codeField),
			Links:  []account.Link{{Title: i18n.T(ctx, "form.cancel"), Href: securityPath}},
		}
	}
}

func (h securityHandlers) offForm(c echo.Context) error { return h.proofForm(c, h.off(c)) }

func (h securityHandlers) recoveryForm(c echo.Context) error { return h.proofForm(c, h.recovery(c)) }

func (h securityHandlers) proofForm(c echo.Context, make func(url.Values, ui.Errors) account.Form) error {
	factors, err := h.app.Factors(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	if !factors.SecondStep() {
		return seeOther(c, securityPath)
	}
	return h.accountForm(c, http.StatusOK, make(nil, nil), true)
}

func (h securityHandlers) turnOff(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.app.TurnOffTOTP(ctx, h.actor(c), fields.Get("current"), fields.Get("code")); err != nil {
		return h.refusedForm(c, err, fields, h.off(c), true)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, "totp.turned_off")}, securityPath)
}

func (h securityHandlers) makeCodes(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	codes, err := h.app.NewRecoveryCodes(c.Request().Context(), h.actor(c), fields.Get("current"), fields.Get("code"))
	if err != nil {
		return h.refusedForm(c, err, fields, h.recovery(c), true)
	}
	return h.showCodes(c, codes)
}
