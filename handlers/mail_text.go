package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/mail"
	"albumen/views/layout"
	"albumen/views/mails"
	"albumen/views/ui"
)

// mailTextApp is what changing the texts of mails needs.
type mailTextApp interface {
	MailTemplates(context.Context, app.Actor) ([]app.MailTemplate, error)
	MailTemplate(ctx context.Context, actor app.Actor, name, lang string) (app.MailTemplate, error)
	PreviewMailText(ctx context.Context, actor app.Actor, name, lang string, text mail.Text) (mail.Rendered, error)
	SetMailText(ctx context.Context, actor app.Actor, name, lang string, version int, text mail.Text) error
	ResetMailText(ctx context.Context, actor app.Actor, name, lang string, version int) error
}

type mailTextHandlers struct {
	*Server
	app mailTextApp
}

const mailTextsPath = mailPath + "/templates"

func mailTextPath(name, lang string) string { return mailTextsPath + "/" + name + "/" + lang }

func (h mailTextHandlers) list(c echo.Context) error {
	list, err := h.app.MailTemplates(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	p := mails.Texts{Page: h.page(c)}
	for _, t := range list {
		p.List = append(p.List, mails.TextRow{
			About: t.About, Subject: t.Current.Subject, Language: i18n.LanguageName(t.Language), Changed: t.Changed, Href: mailTextPath(t.Name, t.Language),
		})
	}
	return h.render(c, http.StatusOK, mails.TextsPage(p))
}

func (h mailTextHandlers) form(c echo.Context) error {
	t, err := h.app.MailTemplate(c.Request().Context(), h.actor(c), c.Param("name"), c.Param("lang"))
	if err != nil {
		return err
	}
	return h.show(c, http.StatusOK, t, t.Current, nil, nil)
}

// submit saves the text, shows what it would look like, or returns to the
// built-in one.
func (h mailTextHandlers) submit(c echo.Context) error {
	ctx, actor, name, lang := c.Request().Context(), h.actor(c), c.Param("name"), c.Param("lang")
	t, err := h.app.MailTemplate(ctx, actor, name, lang)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(fields.Get("version"))
	if err != nil {
		return app.Invalid("version", "error.field.version")
	}
	text := mail.Text{Subject: fields.Get("subject"), Body: fields.Get("body")}
	receipt := ""
	switch fields.Get("act") {
	case "preview":
		preview, err := h.app.PreviewMailText(ctx, actor, name, lang, text)
		if err != nil {
			return h.refused(c, t, text, err)
		}
		return h.show(c, http.StatusOK, t, text, &mails.Preview{Subject: preview.Subject, Text: preview.Text}, nil)
	case "reset":
		receipt, err = "receipt_of.mail_text_reset", h.app.ResetMailText(ctx, actor, name, lang, version)
	default:
		receipt, err = "receipt_of.mail_text", h.app.SetMailText(ctx, actor, name, lang, version, text)
	}
	if err != nil {
		return h.refused(c, t, text, err)
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, receipt)}, mailTextPath(name, lang))
}

// refused shows what was typed, and where in it something is wrong.
func (h mailTextHandlers) refused(c echo.Context, t app.MailTemplate, text mail.Text, err error) error {
	ctx := c.Request().Context()
	shown, status, ok := fieldErrors(ctx, err)
	if !ok {
		return err
	}
	var place *mail.TextError
	if errors.As(err, &place) {
		shown[place.Part] = placeText(ctx, place)
	}
	return h.show(c, status, t, text, nil, shown)
}

// placeText says what is wrong with a text, and where.
func placeText(ctx context.Context, e *mail.TextError) string {
	what := i18n.T(ctx, textProblems[e.Kind], "Name", "{{"+e.What+"}}")
	if e.Line == 0 {
		return what
	}
	return i18n.T(ctx, "mailtext.place", "Line", e.Line, "Column", e.Column, "What", what)
}

// textProblems say what the kinds of mail.TextError mean.
var textProblems = map[string]string{
	mail.TextEmpty: "mailtext.problem.empty", mail.TextTooLong: "mailtext.problem.too_long", mail.TextOpen: "mailtext.problem.open",
	mail.TextUnknown: "mailtext.problem.unknown", mail.TextMissing: "mailtext.problem.missing", mail.TextLines: "mailtext.problem.lines",
	mail.TextLink: "mailtext.problem.link",
}

func (h mailTextHandlers) show(c echo.Context, status int, t app.MailTemplate, text mail.Text, preview *mails.Preview, shown ui.Errors) error {
	ctx := c.Request().Context()
	p := mails.Text{
		Page: h.page(c), About: t.About, Language: i18n.LanguageName(t.Language), ActionURL: mailTextPath(t.Name, t.Language),
		PreviewURL: mailTextPath(t.Name, t.Language) + "/preview", Subject: text.Subject, Body: text.Body, Version: strconv.Itoa(t.Version),
		Changed: t.Changed, Errors: shown, Preview: preview,
	}
	for _, f := range t.Fields {
		p.Fields = append(p.Fields, mails.Field{Code: "{{" + f.Name + "}}", Sample: f.Sample, Required: f.Required})
	}
	for _, v := range t.History {
		shown := mails.Version{Name: i18n.T(ctx, "mailtext.version", "Number", v.Version), By: v.By, At: v.At}
		if v.Text != nil {
			shown.Subject, shown.Body = v.Text.Subject, v.Text.Body
		}
		p.History = append(p.History, shown)
	}
	return h.render(c, status, mails.TextPage(p))
}

// mailPolicy is for the preview of a mail's HTML: nothing but its own styles,
// and not as a page of this site.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// preview shows the HTML as a mail program would.
func (h mailTextHandlers) preview(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx, name, lang := c.Request().Context(), c.Param("name"), c.Param("lang")
	text := mail.Text{Subject: fields.Get("subject"), Body: fields.Get("body")}
	r, err := h.app.PreviewMailText(ctx, h.actor(c), name, lang, text)
	if err != nil {
		t, notFound := h.app.MailTemplate(ctx, h.actor(c), name, lang)
		if notFound != nil {
			return notFound
		}
		return h.refused(c, t, text, err)
	}
	c.Response().Header().Set("Content-Security-Policy", mailPolicy)
	return sendText(c, http.StatusOK, "text/html; charset=utf-8", []byte(r.HTML))
}
