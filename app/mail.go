package app

import (
	"context"
	"encoding/json"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/jobs"
	"albumen/mail"
)

// MailDeps is what mails need.
type MailDeps struct {
	BaseURL   *url.URL         // scheme and host; every link in a mail begins with it
	From      *netmail.Address // the sender of every mail
	Transport mail.Transport   // only where mails are sent: the worker
	Outbox    *mail.Outbox     // where they end up when no server is set; nil otherwise
	Contact   string           // the address at which the operator can be reached; empty: none given
	Language  string           // of people without an account; empty: English
}

// Mail is a mail to be sent. Template is a file of mail/texts, which lists the
// placeholders that Data may fill; Site and Home are filled by queueMail.
type Mail struct {
	To         string    // one bare address
	UserID     uuid.UUID // whose account that is; zero: nobody's
	By         uuid.UUID // in whose name it is; zero: Albumen's
	Album      uuid.UUID // whose cover is shown, where By may see it; zero: none
	Invitation uuid.UUID // with which it is taken back; zero: none
	Template   string
	Language   string // empty: that of the account, or of the site
	Data       map[string]string
	Bulk       bool // one of many: mails that somebody waits for go first
}

// queueMail stores the mail within the caller's transaction, so that it is sent
// exactly when that is committed. Call pushMail after the commit.
func (a *App) queueMail(ctx context.Context, q *db.Queries, m Mail) error {
	site, err := readSiteSettings(ctx, q)
	if err != nil {
		return err
	}
	lang, err := a.mailLanguage(ctx, q, m)
	if err != nil {
		return err
	}
	template, ok := mail.Find(m.Template, lang)
	if !ok {
		return fmt.Errorf("queue a mail: there is no template %q", m.Template)
	}
	if err := template.CheckValues(m.Data); err != nil {
		return fmt.Errorf("queue a mail: %w", err)
	}
	data := map[string]string{"Site": site.SiteName, "Home": a.link()}
	for k, v := range m.Data {
		data[k] = v
	}
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("queue a mail: %w", err)
	}
	id := newID()
	row := db.AddMailParams{
		ID: id, Recipient: m.To, UserID: refOf(m.UserID), ByID: refOf(m.By), AlbumID: refOf(m.Album), InvitationID: refOf(m.Invitation),
		Template: m.Template, Language: template.Language, Data: a.sealMail(id, text), Now: a.now(),
	}
	if m.Bulk {
		row.Priority = 1
	}
	if err := q.AddMail(ctx, row); err != nil {
		return fmt.Errorf("queue a mail: %w", err)
	}
	return nil
}

// mailLanguage is the language that the recipient reads.
func (a *App) mailLanguage(ctx context.Context, q *db.Queries, m Mail) (string, error) {
	lang := m.Language
	if lang == "" && m.UserID != uuid.Nil {
		user, err := q.UserByID(ctx, m.UserID)
		if err != nil {
			return "", fmt.Errorf("load the recipient of a mail: %w", err)
		}
		lang = user.Language
	}
	if lang == "" {
		lang = a.mail.Language
	}
	return mail.Match(lang), nil
}

// pushMail wakes a worker after mails were queued. Nothing is lost when that
// fails: workers look by themselves, a little later.
func (a *App) pushMail(ctx context.Context) {
	if err := a.jobs.Enqueue(context.WithoutCancel(ctx), jobs.SendMail{}); err != nil {
		a.log.WarnContext(ctx, "could not wake a worker for a mail", "error", err)
	}
}

// link returns the address of a page as it stands in mails: BASE_URL and the
// escaped segments, never what a request said about its host.
func (a *App) link(segments ...string) string {
	base := "http://localhost"
	if a.mail.BaseURL != nil {
		base = strings.TrimSuffix(a.mail.BaseURL.String(), "/")
	}
	for _, s := range segments {
		base += "/" + url.PathEscape(s)
	}
	return base
}

// refOf is how a column that may be null takes the id.
func refOf(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
