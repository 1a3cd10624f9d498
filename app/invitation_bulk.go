package app

import (
	"context"
	"encoding/csv"
	"errors"
	"net/mail"
	"strings"
)

// MaxInvitationLines is how many addresses one list may hold.
const MaxInvitationLines = 500

// InviteLine is what became of one line of a list.
type InviteLine struct {
	Line  int    // from 1
	Text  string // as it was given, shortened
	Email string // empty: none was found in it
	Err   error  // nil: invited; an *Error that may be shown otherwise
}

// ManyInvitations is a list of addresses, invited to the same thing.
type ManyInvitations struct {
	Text string // a line each: an address, "Name <address>", or CSV with the address in any column
	NewInvitation
}

// InviteMany invites everybody on the list; Email of the NewInvitation is not
// used. One line that is wrong does not keep the others from being invited. An
// address that is there twice is invited once. Errors are those of Invite that
// are about all lines; CodeInvalid names the field list when it is empty or has
// more than MaxInvitationLines.
func (a *App) InviteMany(ctx context.Context, actor Actor, many ManyInvitations) ([]InviteLine, error) {
	if !actor.SignedIn() {
		return nil, Unauthenticated()
	}
	if _, _, err := a.mayInvite(ctx, a.db.Queries, actor, many.Album, many.Role); err != nil {
		return nil, err
	}
	lines := readInviteList(many.Text)
	switch {
	case len(lines) == 0:
		return nil, Invalid("list", "error.invite_list_empty")
	case len(lines) > MaxInvitationLines:
		return nil, Invalid("list", "error.invite_list_long")
	}
	invited, any := map[string]bool{}, false
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Email == "":
			l.Err = Invalid("email", "error.email_invalid")
			continue
		case invited[l.Email]:
			l.Err = Invalid("email", "error.invite_twice")
			continue
		}
		n := many.NewInvitation
		n.Email = l.Email
		_, err := a.invite(ctx, actor, n, true)
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || aboutAll(refused)) {
			if any {
				a.pushMail(ctx)
			}
			return lines[:i], err
		}
		invited[l.Email], any, l.Err = true, any || err == nil, err
	}
	if any {
		a.pushMail(ctx)
	}
	return lines, nil
}

// aboutAll reports an error that every further line would meet as well. A used
// up limit is told line by line: those before it are invited.
func aboutAll(e *Error) bool {
	if e.Code == CodeRateLimited || e.Code == CodeConflict {
		return false
	}
	_, email := e.Fields["email"]
	return !email
}

// readInviteList finds the address of each line. A first line of headings, and
// lines without anything, are left out.
func readInviteList(text string) []InviteLine {
	var out []InviteLine
	text = strings.TrimPrefix(text, "\ufeff")
	number := 0
	for raw := range strings.Lines(text) {
		number++
		line := strings.TrimSpace(raw)
		if line == "" {
			continue
		}
		l := InviteLine{Line: number, Text: shortText(line, 120), Email: addressIn(line)}
		if l.Email == "" && len(out) == 0 && isHeading(line) {
			continue
		}
		out = append(out, l)
		if len(out) > MaxInvitationLines {
			break
		}
	}
	return out
}

// addressIn returns the first address of a line, in lower case.
func addressIn(line string) string {
	for _, cell := range append([]string{line}, cells(line)...) {
		cell = strings.TrimSpace(cell)
		if parsed, err := mail.ParseAddress(cell); err == nil {
			fields := map[string]string{}
			if email := checkEmail(parsed.Address, fields); len(fields) == 0 {
				return email
			}
		}
	}
	return ""
}

// cells splits a line of CSV at each separator that programs use.
func cells(line string) []string {
	var out []string
	for _, comma := range []rune{',', ';', '\t'} {
		r := csv.NewReader(strings.NewReader(line))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
		if record, err := r.Read(); err == nil && len(record) > 1 {
			out = append(out, record...)
		}
	}
	return out
}

// isHeading recognises the first line of a spreadsheet: no address, and a word
// for it.
func isHeading(line string) bool {
	lower := strings.ToLower(line)
	return !strings.Contains(lower, "@") && strings.Contains(lower, "mail")
}

func shortText(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}
