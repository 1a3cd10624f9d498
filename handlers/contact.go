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
	"albumen/views/layout"
	"albumen/views/policies"
)

// contactApp is what writing to the administrators needs.
type contactApp interface {
	SendContact(context.Context, app.Actor, app.NewContact) error
	FormStamp() string
}

type contactHandlers struct {
	*Server
	app contactApp
}

const contactPath = "/contact"

func (h contactHandlers) form(c echo.Context) error {
	p := h.view(c, app.NewContact{})
	p.Sent = c.QueryParams().Has("sent")
	return h.render(c, http.StatusOK, policies.ContactPage(p))
}

func (h contactHandlers) view(c echo.Context, typed app.NewContact) policies.Contact {
	p := policies.Contact{Page: h.page(c), ActionURL: contactPath, Name: typed.Name, Email: typed.Email, Message: typed.Message, Stamp: h.app.FormStamp()}
	if user, ok := h.actor(c).User(); ok {
		p.SignedIn = joined(user.Name, user.Email)
	}
	return p
}

func (h contactHandlers) submit(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	n := app.NewContact{Name: fields.Get("name"), Email: fields.Get("email"), Message: fields.Get("message"), Guard: guardOf(fields)}
	if err := h.app.SendContact(ctx, h.actor(c), n); err != nil {
		shown, status, ok := fieldErrors(ctx, err)
		if !ok {
			return err
		}
		setRetryAfter(c, err)
		p := h.view(c, n)
		p.Errors = shown
		return h.render(c, status, policies.ContactPage(p))
	}
	return seeOther(c, contactPath+"?sent")
}

// messageApp is what reading and deciding about messages needs.
type messageApp interface {
	ContactMessages(context.Context, app.Actor, app.ContactQuery) (app.ContactPage, error)
	AnswerContact(ctx context.Context, actor app.Actor, id uuid.UUID, answered bool) error
	DeleteContact(context.Context, app.Actor, uuid.UUID) error
	SiteSettings(context.Context, app.Actor) (app.SiteSettings, error)
}

type messageHandlers struct {
	*Server
	app messageApp
}

const messagesPath = "/admin/messages"

func (h messageHandlers) list(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	answered := c.QueryParam("state") == "answered"
	page, err := h.app.ContactMessages(ctx, actor, app.ContactQuery{Answered: answered, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	settings, err := h.app.SiteSettings(ctx, actor)
	if err != nil {
		return err
	}
	p := policies.Messages{Page: h.page(c), State: "open", Days: settings.MessageDays, Tabs: []albums.Tab{
		{Name: "open", Label: i18n.T(ctx, "messages.open", "Count", i18n.Number(ctx, page.Open)), Href: messagesPath},
		{Name: "answered", Label: i18n.T(ctx, "messages.answered"), Href: messagesPath + "?state=answered"},
	}}
	q := url.Values{}
	if answered {
		p.State = "answered"
		q.Set("state", "answered")
	}
	for _, m := range page.Items {
		p.List = append(p.List, messageView(ctx, m))
	}
	if page.Next != "" {
		q.Set("cursor", page.Next)
		p.MoreURL = messagesPath + "?" + q.Encode()
	}
	return h.render(c, http.StatusOK, policies.MessagesPage(p))
}

func messageView(ctx context.Context, m app.ContactMessage) policies.Message {
	path := messagesPath + "/" + m.ID.String()
	v := policies.Message{Name: m.Name, Email: m.Email, Text: m.Message, IP: m.IP, At: m.At, DeleteURL: path + "/delete"}
	if m.UserID != uuid.Nil {
		v.NameURL = userPath(m.UserID)
	}
	switch {
	case m.AnsweredAt.IsZero():
		v.DoneURL = path + "/answered"
		return v
	case m.AnsweredBy != "":
		v.Done = i18n.T(ctx, "messages.done_by", "When", i18n.Moment(ctx, m.AnsweredAt), "Name", m.AnsweredBy)
	default:
		v.Done = i18n.T(ctx, "messages.done", "When", i18n.Moment(ctx, m.AnsweredAt))
	}
	v.OpenURL = path + "/open"
	return v
}

func (h messageHandlers) answered(c echo.Context) error {
	return h.act(c, "receipt_of.message_answered", messagesPath, func(ctx context.Context, actor app.Actor, id uuid.UUID) error {
		return h.app.AnswerContact(ctx, actor, id, true)
	})
}

func (h messageHandlers) reopen(c echo.Context) error {
	return h.act(c, "receipt_of.message_reopened", messagesPath+"?state=answered", func(ctx context.Context, actor app.Actor, id uuid.UUID) error {
		return h.app.AnswerContact(ctx, actor, id, false)
	})
}

func (h messageHandlers) remove(c echo.Context) error {
	return h.act(c, "receipt_of.message_deleted", messagesPath, h.app.DeleteContact)
}

func (h messageHandlers) act(c echo.Context, receipt, back string, do func(context.Context, app.Actor, uuid.UUID) error) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("message")
	}
	ctx := c.Request().Context()
	if err := do(ctx, h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, receipt)}, back)
}
