package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/mail"
)

// MailTemplate is a kind of mail as an administrator edits it.
type MailTemplate struct {
	mail.Template
	Current mail.Text
	Version int  // of Current; 0: never changed
	Changed bool // Current is not the built-in text
	History []MailTextVersion
}

// MailTextVersion is what a template said once.
type MailTextVersion struct {
	Version int
	At      time.Time
	By      string     // the name of who changed it; empty: no longer known
	Text    *mail.Text // nil: a return to the built-in text
}

// mailText is the text that counts for a template: an administrator's, or the
// built-in one, also where the other one no longer fits the template.
func (a *App) mailText(ctx context.Context, t mail.Template) (mail.Text, error) {
	row, err := a.db.MailText(ctx, db.MailTextParams{Template: t.Name, Language: t.Language})
	if db.IsNotFound(err) {
		return t.Text, nil
	}
	if err != nil {
		return mail.Text{}, fmt.Errorf("read the text of the mail %s: %w", t.Name, err)
	}
	if row.Subject == nil || row.Body == nil {
		return t.Text, nil
	}
	text := mail.Text{Subject: *row.Subject, Body: *row.Body}
	if err := t.Check(text); err != nil {
		a.log.WarnContext(ctx, "the changed text of a mail does not fit this version; the built-in one is used", "template", t.Name, "error", err)
		return t.Text, nil
	}
	return text, nil
}

// MailTemplates lists every template in every language, without their history.
// Only site admins may.
func (a *App) MailTemplates(ctx context.Context, actor Actor) ([]MailTemplate, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	rows, err := a.db.ChangedMailTexts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the changed texts of mails: %w", err)
	}
	var out []MailTemplate
	for _, name := range mail.Names() {
		for _, lang := range mail.Languages() {
			t, ok := mail.Find(name, lang)
			if !ok || t.Language != lang {
				continue
			}
			one := MailTemplate{Template: t, Current: t.Text}
			for _, r := range rows {
				if r.Template == name && r.Language == lang {
					one.take(r)
				}
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func (t *MailTemplate) take(r db.MailText) {
	t.Version = int(r.Version)
	if r.Subject != nil && r.Body != nil {
		t.Changed, t.Current = true, mail.Text{Subject: *r.Subject, Body: *r.Body}
	}
}

// MailTemplate returns one template with its history, newest first. Only site
// admins may.
func (a *App) MailTemplate(ctx context.Context, actor Actor, name, lang string) (MailTemplate, error) {
	if err := actor.allow(ManageSite); err != nil {
		return MailTemplate{}, err
	}
	t, err := findTemplate(name, lang)
	if err != nil {
		return MailTemplate{}, err
	}
	rows, err := a.db.MailTexts(ctx, db.MailTextsParams{Template: name, Language: lang})
	if err != nil {
		return MailTemplate{}, fmt.Errorf("list the versions of the mail %s: %w", name, err)
	}
	out := MailTemplate{Template: t, Current: t.Text}
	for i, r := range rows {
		if i == 0 {
			out.take(r.MailText)
		}
		v := MailTextVersion{Version: int(r.MailText.Version), At: r.MailText.ChangedAt, By: r.Name}
		if r.MailText.Subject != nil && r.MailText.Body != nil {
			v.Text = &mail.Text{Subject: *r.MailText.Subject, Body: *r.MailText.Body}
		}
		out.History = append(out.History, v)
	}
	return out, nil
}

func findTemplate(name, lang string) (mail.Template, error) {
	t, ok := mail.Find(name, lang)
	if !ok || t.Language != lang {
		return mail.Template{}, NotFound("mail_template")
	}
	return t, nil
}

// PreviewMailText shows what a text would look like, filled with samples. Only
// site admins may. Errors as of SetMailText.
func (a *App) PreviewMailText(ctx context.Context, actor Actor, name, lang string, text mail.Text) (mail.Rendered, error) {
	if err := actor.allow(ManageSite); err != nil {
		return mail.Rendered{}, err
	}
	t, err := findTemplate(name, lang)
	if err != nil {
		return mail.Rendered{}, err
	}
	if err := t.Check(text); err != nil {
		return mail.Rendered{}, refusedText(err)
	}
	values := t.Samples()
	site, err := a.siteSettings(ctx)
	if err != nil {
		return mail.Rendered{}, err
	}
	values["Site"], values["Home"] = site.SiteName, a.link()
	return t.Render(text, values, "")
}

// SetMailText makes text the one of the template. version is the one that the
// administrator had before them: CodeConflict when there is a newer one by now.
// CodeInvalid names the field subject or body when the text cannot be used, and
// wraps the *mail.TextError that says where. Only site admins may.
func (a *App) SetMailText(ctx context.Context, actor Actor, name, lang string, version int, text mail.Text) error {
	t, err := findTemplate(name, lang)
	if denied := actor.allow(ManageSite); denied != nil {
		return denied
	}
	if err != nil {
		return err
	}
	if err := t.Check(text); err != nil {
		return refusedText(err)
	}
	return a.addMailText(ctx, actor, t, version, &text)
}

// ResetMailText returns to the built-in text. Only site admins may. CodeConflict
// as of SetMailText.
func (a *App) ResetMailText(ctx context.Context, actor Actor, name, lang string, version int) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	t, err := findTemplate(name, lang)
	if err != nil {
		return err
	}
	return a.addMailText(ctx, actor, t, version, nil)
}

func (a *App) addMailText(ctx context.Context, actor Actor, t mail.Template, version int, text *mail.Text) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		current, err := q.MailText(ctx, db.MailTextParams{Template: t.Name, Language: t.Language})
		if err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("read the text of the mail %s: %w", t.Name, err)
		}
		if int(current.Version) != version {
			return mailTextConflict()
		}
		row := db.AddMailTextParams{Template: t.Name, Language: t.Language, Version: current.Version + 1, ChangedBy: refOf(actor.UserID()), Now: a.now()}
		event := auditEvent{Action: "mail_text.reset", Kind: "settings", Detail: map[string]any{"template": t.Name, "language": t.Language}}
		if text != nil {
			row.Subject, row.Body = &text.Subject, &text.Body
			event.Action = "mail_text.change"
		}
		if current.Subject != nil && current.Body != nil {
			event.Detail["before"] = map[string]any{"subject": *current.Subject, "body": *current.Body}
		}
		if text != nil {
			event.Detail["after"] = map[string]any{"subject": text.Subject, "body": text.Body}
		}
		if err := q.AddMailText(ctx, row); db.UniqueViolation(err) != "" {
			return mailTextConflict()
		} else if err != nil {
			return fmt.Errorf("store the text of the mail %s: %w", t.Name, err)
		}
		return a.audit(ctx, q, actor, event)
	})
}

func mailTextConflict() *Error { return &Error{Code: CodeConflict, Key: "error.changed_meanwhile"} }

// refusedText tells which field is wrong; the page says where in it.
func refusedText(err error) error {
	var place *mail.TextError
	if !errors.As(err, &place) {
		return err
	}
	return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: map[string]string{place.Part: "error.mail_text"}, Err: err}
}
