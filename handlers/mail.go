package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/mail"
	"albumen/views/albums"
	"albumen/views/layout"
	"albumen/views/mails"
)

// mailApp is what looking after the mails needs.
type mailApp interface {
	Mails(context.Context, app.Actor, app.MailsQuery) (app.MailPage, error)
	RetryMail(context.Context, app.Actor, uuid.UUID) error
	DiscardMail(context.Context, app.Actor, uuid.UUID) error
	SendTestMail(context.Context, app.Actor) error
	OutboxMails(context.Context, app.Actor) ([]mail.OutboxFile, error)
	OutboxMail(ctx context.Context, actor app.Actor, name string) ([]byte, error)
}

type mailHandlers struct {
	*Server
	app mailApp
}

const mailPath = "/admin/mail"

// mailStates are the states in the order in which they matter, with the message
// of the tab.
var mailStates = []struct {
	state db.MailState
	key   string
}{
	{db.MailStateDead, "mails.state.dead"}, {db.MailStateQueued, "mails.state.queued"},
	{db.MailStateSending, "mails.state.sending"}, {db.MailStateSent, "mails.state.sent"},
}

func (h mailHandlers) list(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	state := db.MailState(c.QueryParam("state"))
	if !slices.ContainsFunc(mailStates, func(s struct {
		state db.MailState
		key   string
	}) bool {
		return s.state == state
	}) {
		state = ""
	}
	page, err := h.app.Mails(ctx, actor, app.MailsQuery{State: state, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	files, err := h.app.OutboxMails(ctx, actor)
	if err != nil {
		return err
	}
	p := mails.List{Page: h.page(c), State: string(state), Server: page.Server, Tabs: []albums.Tab{{Label: i18n.T(ctx, "mails.state.all"), Href: mailPath}}}
	for _, s := range mailStates {
		p.Tabs = append(p.Tabs, albums.Tab{
			Name: string(s.state), Label: i18n.T(ctx, s.key, "Count", i18n.Number(ctx, page.Counts[s.state])), Href: mailPath + "?state=" + string(s.state),
		})
	}
	for _, m := range page.Items {
		p.Mails = append(p.Mails, mailView(ctx, m))
	}
	if page.Next != "" {
		q := url.Values{"cursor": {page.Next}}
		if state != "" {
			q.Set("state", string(state))
		}
		p.MoreURL = mailPath + "?" + q.Encode()
	}
	for _, f := range files {
		p.Outbox = append(p.Outbox, mails.File{Name: f.Name, Href: mailPath + "/outbox/" + f.Name, At: f.At})
	}
	return h.render(c, http.StatusOK, mails.ListPage(p))
}

// mailView tells in words what became of a mail.
func mailView(ctx context.Context, m app.MailRow) mails.Mail {
	v := mails.Mail{ID: m.ID.String(), To: m.To, At: m.CreatedAt, Said: m.Error, Icon: "clock", ThrowURL: mailPath + "/" + m.ID.String() + "/discard"}
	if t, ok := mail.Find(m.Template, i18n.Lang(ctx)); ok {
		v.About = t.About
	}
	switch m.State {
	case db.MailStateSent:
		v.Icon, v.ThrowURL, v.State = "check", "", i18n.T(ctx, "mails.is_sent", "When", i18n.Moment(ctx, m.EndedAt))
	case db.MailStateDead:
		v.Icon, v.State = "warning", i18n.N(ctx, "mails.is_dead", m.Attempts)
	case db.MailStateSending:
		v.ThrowURL, v.State = "", i18n.T(ctx, "mails.is_sending")
	default:
		v.State = i18n.T(ctx, "mails.is_queued")
		if m.Attempts > 0 {
			v.State = i18n.N(ctx, "mails.is_waiting", m.Attempts, "When", i18n.Moment(ctx, m.NextAt))
		}
	}
	if m.CanRetry {
		v.RetryURL = mailPath + "/" + m.ID.String() + "/retry"
	}
	if key := mailProblems[m.ErrorCode]; key != "" {
		v.Problem = i18n.T(ctx, key)
	}
	return v
}

// mailProblems say what the codes of app.MailRow mean.
var mailProblems = map[string]string{
	"connect": "mails.problem.connect", "timeout": "mails.problem.timeout", "tls": "mails.problem.tls", "login": "mails.problem.login",
	"later": "mails.problem.later", "rejected": "mails.problem.rejected", "message": "mails.problem.message",
	"interrupted": "mails.problem.interrupted", "unreadable": "mails.problem.unreadable", "not_allowed": "mails.problem.not_allowed",
}

func (h mailHandlers) test(c echo.Context) error {
	if err := h.app.SendTestMail(c.Request().Context(), h.actor(c)); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "receipt_of.mail_test")}, mailPath)
}

func (h mailHandlers) retry(c echo.Context) error {
	return h.one(c, h.app.RetryMail, "receipt_of.mail_retry")
}

func (h mailHandlers) discard(c echo.Context) error {
	return h.one(c, h.app.DiscardMail, "receipt_of.mail_discard")
}

func (h mailHandlers) one(c echo.Context, do func(context.Context, app.Actor, uuid.UUID) error, receipt string) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("mail")
	}
	if err := do(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), receipt)}, mailPath)
}

// outbox shows a mail that was written into the folder, or with ?raw the file.
func (h mailHandlers) outbox(c echo.Context) error {
	raw, err := h.app.OutboxMail(c.Request().Context(), h.actor(c), c.Param("name"))
	if err != nil {
		return err
	}
	if c.QueryParams().Has("raw") {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+c.Param("name")+`"`)
		return sendText(c, http.StatusOK, "message/rfc822", raw)
	}
	l, err := mail.ReadLetter(raw)
	if err != nil {
		return err
	}
	p := mails.Letter{Page: h.page(c), Subject: l.Subject, From: l.From, To: l.To, Date: l.Date, RawURL: mailPath + "/outbox/" + c.Param("name") + "?raw"}
	base := h.cfg.BaseURL.String()
	for line := range strings.SplitSeq(strings.TrimRight(l.Text, "\n"), "\n") {
		v := mails.Line{Text: line}
		if path, ours := strings.CutPrefix(line, base); ours && path == "" {
			v.Href = "/"
		} else if ours {
			v.Href = localPath(path)
		}
		p.Lines = append(p.Lines, v)
	}
	return h.render(c, http.StatusOK, mails.LetterPage(p))
}
