package mail

import (
	"bytes"
	"fmt"
	"mime"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Letter is what a person reads of a mail.
type Letter struct {
	Subject, From, To string
	Date              time.Time // zero: it says none
	Text              string    // lines end with \n
}

// ReadLetter reads a mail as Message.Bytes writes it.
func ReadLetter(raw []byte) (Letter, error) {
	msg, err := gomail.EMLToMsgFromReader(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, fmt.Errorf("read a mail: %w", err)
	}
	var l Letter
	if s := msg.GetGenHeader(gomail.HeaderSubject); len(s) > 0 {
		l.Subject = decodeWords(s[0])
	}
	if s := msg.GetFromString(); len(s) > 0 {
		l.From = decodeWords(s[0])
	}
	if s := msg.GetToString(); len(s) > 0 {
		l.To = s[0]
	}
	if s := msg.GetGenHeader(gomail.HeaderDate); len(s) > 0 {
		if at, err := time.Parse(time.RFC1123Z, s[0]); err == nil {
			l.Date = at
		}
	}
	for _, p := range msg.GetParts() {
		if p.GetContentType() != gomail.TypeTextPlain {
			continue
		}
		text, err := p.GetContent()
		if err != nil {
			return Letter{}, fmt.Errorf("read the text of a mail: %w", err)
		}
		l.Text = string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	}
	return l, nil
}

// decodeWords reads what a header could not say in ASCII.
func decodeWords(s string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		return s
	}
	return text
}
