package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// What the audit log calls messages of the contact form. It keeps no word of
// them.
const (
	auditMessageSend   AuditAction = "message.send"
	auditMessageAnswer AuditAction = "message.answer"
	auditMessageReopen AuditAction = "message.reopen"
	auditMessageDelete AuditAction = "message.delete"
)

const (
	maxContactText = 5000 // characters
	// Messages by one person or from one network, and by all visitors together.
	contactsPerHour = 5
	contactsOfAll   = 60
	contactWindow   = time.Hour
)

// NewContact is what somebody writes to the administrators. Of the signed-in,
// name and address are those of their account.
type NewContact struct {
	Name    string
	Email   string // where an answer may go
	Message string
	Guard
}

// ContactMessage is a message as administrators see it.
type ContactMessage struct {
	ID         uuid.UUID
	Name       string
	Email      string
	Message    string
	UserID     uuid.UUID // zero: a visitor
	IP         string
	At         time.Time
	AnsweredAt time.Time // zero: open
	AnsweredBy string    // a name; empty: nobody, or no longer known
}

// ContactQuery asks for messages, newest first.
type ContactQuery struct {
	Answered bool   // those that are done instead of those that are open
	Cursor   string // of ContactPage.Next
	Limit    int    // 0: 50; at most 200
}

// ContactPage is a page of messages.
type ContactPage struct {
	Items []ContactMessage
	Next  string // empty at the end
	Open  int    // how many are open
}

// SendContact brings a message to the administrators: into their list, and by
// mail to the address of the site's contact or, where none is set, to each of
// them. Nothing goes to the address that was typed. Everybody may. CodeInvalid
// names the fields name, email or message, or none for the guard.
func (a *App) SendContact(ctx context.Context, actor Actor, n NewContact) error {
	if user, ok := actor.User(); ok {
		n.Name, n.Email = user.Name, user.Email
	}
	if trapped, err := a.checkGuard(actor, n.Guard); trapped || err != nil {
		return err
	}
	if err := n.check(); err != nil {
		return err
	}
	if err := a.limitContact(ctx, actor); err != nil {
		return err
	}
	row := db.AddContactMessageParams{ID: newID(), Name: n.Name, Email: n.Email, Message: n.Message, UserID: refOf(actor.UserID()), Now: a.now()}
	if from := OriginOf(ctx); from.Addr.IsValid() {
		row.Ip = from.Addr.Unmap().String()
	}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.AddContactMessage(ctx, row); err != nil {
			return fmt.Errorf("store a message: %w", err)
		}
		if err := a.mailContact(ctx, q, n); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditMessageSend, Kind: "message", Object: row.ID})
	})
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

func (n *NewContact) check() error {
	fields := map[string]string{}
	n.Name = strings.TrimSpace(n.Name)
	checkName(n.Name, fields)
	n.Email = checkEmail(n.Email, fields)
	n.Message = strings.TrimSpace(strings.ReplaceAll(n.Message, "\r\n", "\n"))
	switch {
	case n.Message == "":
		fields["message"] = "error.contact_empty"
	case utf8.RuneCountInString(n.Message) > maxContactText || !storable(n.Message):
		fields["message"] = "error.report_text"
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return nil
}

// limitContact goes by the address of the connection, or what a trusted proxy
// says: nothing that a client can make up.
func (a *App) limitContact(ctx context.Context, actor Actor) error {
	if a.attempts == nil {
		return nil
	}
	limits := []Limit{{"contact " + actor.sender(OriginOf(ctx)), contactsPerHour, contactWindow}}
	if !actor.SignedIn() {
		limits = append(limits, Limit{"contact visitors", contactsOfAll, contactWindow})
	}
	return a.attempts.Take(ctx, limits...)
}

// mailContact tells those who answer.
func (a *App) mailContact(ctx context.Context, q *db.Queries, n NewContact) error {
	m := Mail{Template: "contact", Data: map[string]string{
		"Name": n.Name, "Email": n.Email, "Message": n.Message, "MessagesLink": a.link("admin", "messages"),
	}}
	if a.mail.Contact != "" {
		m.To = a.mail.Contact
		return a.queueMail(ctx, q, m)
	}
	admins, err := q.ActiveAdmins(ctx)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", err)
	}
	for _, admin := range admins {
		m.To, m.UserID = admin.Email, admin.ID
		if err := a.queueMail(ctx, q, m); err != nil {
			return err
		}
	}
	return nil
}

// ContactMessages lists what people have written. Only site admins may.
func (a *App) ContactMessages(ctx context.Context, actor Actor, query ContactQuery) (ContactPage, error) {
	if err := actor.allow(ManageSite); err != nil {
		return ContactPage{}, err
	}
	before, err := idCursor(query.Cursor)
	if err != nil {
		return ContactPage{}, err
	}
	limit := pageLimit(query.Limit)
	rows, err := a.db.ContactMessages(ctx, db.ContactMessagesParams{Answered: query.Answered, Before: before, N: int32(limit) + 1})
	if err != nil {
		return ContactPage{}, fmt.Errorf("list the messages: %w", err)
	}
	var page ContactPage
	for i, r := range rows {
		if i == limit {
			page.Next = rows[limit-1].ContactMessage.ID.String()
			break
		}
		m := ContactMessage{
			ID: r.ContactMessage.ID, Name: r.ContactMessage.Name, Email: r.ContactMessage.Email, Message: r.ContactMessage.Message,
			UserID: orNil(r.ContactMessage.UserID), IP: r.ContactMessage.Ip, At: r.ContactMessage.CreatedAt, AnsweredBy: r.AnsweredName,
		}
		if r.ContactMessage.AnsweredAt != nil {
			m.AnsweredAt = *r.ContactMessage.AnsweredAt
		}
		page.Items = append(page.Items, m)
	}
	open, err := a.db.CountOpenContactMessages(ctx)
	if err != nil {
		return ContactPage{}, fmt.Errorf("count the messages: %w", err)
	}
	page.Open = int(open)
	return page, nil
}

// AnswerContact notes that a message is done with, or (answered false) that it is
// not. Doing so twice changes nothing. Only site admins may.
func (a *App) AnswerContact(ctx context.Context, actor Actor, id uuid.UUID, answered bool) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	row, action := db.SetContactAnsweredParams{ID: id}, auditMessageReopen
	if answered {
		now := a.now()
		row.At, row.ByID, action = &now, refOf(actor.UserID()), auditMessageAnswer
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.SetContactAnswered(ctx, row)
		if err != nil {
			return fmt.Errorf("note that a message is answered: %w", err)
		}
		if n == 0 {
			there, err := q.ContactMessageExists(ctx, id)
			if err != nil {
				return fmt.Errorf("look for a message: %w", err)
			}
			if !there {
				return NotFound("message")
			}
			return nil
		}
		return a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "message", Object: id})
	})
}

// DeleteContact deletes a message. Only site admins may.
func (a *App) DeleteContact(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.DeleteContactMessage(ctx, id)
		if err != nil {
			return fmt.Errorf("delete a message: %w", err)
		}
		if n == 0 {
			return NotFound("message")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditMessageDelete, Kind: "message", Object: id})
	})
}

// SweepContactMessages forgets messages that are older than the site keeps them,
// and returns how many. Only the system may.
func (a *App) SweepContactMessages(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return 0, err
	}
	n, err := a.db.ForgetContactMessages(ctx, a.now().AddDate(0, 0, -site.MessageDays))
	return int(n), wrap(err, "forget old messages")
}
