// Package mail makes the mails of Albumen from their texts and hands them to
// an SMTP server, or writes them into a folder. It decides nothing and keeps
// nothing: which mail is due, and what becomes of one that failed, is said by
// rows in the database (app/mail.go).
package mail

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Image is a picture that lies in the mail itself: nothing is fetched from
// anywhere when it is read.
type Image struct {
	ID   string // NAME@HOST, by which the HTML names it: cid:ID
	Type string // such as image/jpeg
	Data []byte
}

// Message is a mail with everything that it needs to be sent.
type Message struct {
	ID      string // the Message-ID without its brackets; the same whenever this mail is sent again
	Date    time.Time
	From    mail.Address
	To      string // one bare address
	Subject string
	Text    string // plain text, lines end with \n
	HTML    string
	Images  []Image
}

// Transport hands a mail over. The error is a *Failure.
type Transport interface {
	Send(ctx context.Context, m Message) error
}

// build writes the headers. Whatever could end a header line becomes a space,
// so that no name and no title can add headers of its own.
func (m Message) build() (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(oneLine(m.From.Name), m.From.Address); err != nil {
		return nil, fmt.Errorf("the sender %q: %w", m.From.Address, err)
	}
	if strings.ContainsFunc(m.To, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return nil, fmt.Errorf("the recipient %q: has spaces or control characters", m.To)
	}
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("the recipient %q: %w", m.To, err)
	}
	msg.SetMessageIDWithValue(oneLine(m.ID))
	msg.SetDateWithValue(m.Date)
	msg.Subject(oneLine(m.Subject))
	// No answer from a machine is wanted, neither from ours nor from others.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	for _, i := range m.Images {
		name, _, _ := strings.Cut(i.ID, "@")
		err := msg.EmbedReader(name, bytes.NewReader(i.Data), gomail.WithFileContentID("<"+i.ID+">"), gomail.WithFileContentType(gomail.ContentType(i.Type)))
		if err != nil {
			return nil, fmt.Errorf("the image %s: %w", i.ID, err)
		}
	}
	return msg, nil
}

// Bytes is the mail as it travels (RFC 5322).
func (m Message) Bytes() ([]byte, error) {
	msg, err := m.build()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	return b.Bytes(), nil
}

// oneLine replaces control characters, line breaks among them, by spaces.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}
