package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"albumen/app"
	"albumen/db"
)

func TestInvitingIsLimited(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	album := p.album(ann)
	var list strings.Builder
	for n := range 130 {
		fmt.Fprintf(&list, "person%d@example.org\n", n)
	}
	lines, err := p.InviteMany(t.Context(), app.UserActor(ann), app.ManyInvitations{Text: list.String(), NewInvitation: app.NewInvitation{Album: album, Role: db.AlbumRoleViewer}})
	if err != nil || len(lines) != 130 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	refused := 0
	for _, l := range lines {
		if app.CodeOf(l.Err) == app.CodeRateLimited {
			refused++
		} else if l.Err != nil {
			t.Errorf("%+v", l)
		}
	}
	if refused != 30 {
		t.Errorf("%d of 130 were refused", refused)
	}
}

func TestInviteManyReadsListsAndCSV(t *testing.T) {
	p := newPost(t)
	admin := p.user("admin", true)
	text := "\ufeffName;E-Mail;Phone\r\n\"Weber, Maria\";maria@example.org;1\n\nbob@example.org\nAnn Lee <ann@example.org>\nMARIA@example.org\nnonsense\n" +
		"Tom,tom@example.org,\"a, b\"\nadmin@example.org\n=cmd|'/c calc'!A1,eve@example.org\n"
	lines, err := p.InviteMany(t.Context(), app.UserActor(admin), app.ManyInvitations{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, l := range lines {
		got += fmt.Sprintf("%d %s %s\n", l.Line, l.Email, letterOrOK(l.Err))
	}
	want := "2 maria@example.org ok\n4 bob@example.org ok\n5 ann@example.org ok\n6 maria@example.org error.invite_twice\n7  error.email_invalid\n" +
		"8 tom@example.org ok\n9 admin@example.org error.invite_self\n10 eve@example.org ok\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for name, text := range map[string]string{"empty": " \n\n", "too long": strings.Repeat("a@example.org\n", 501)} {
		if _, err := p.InviteMany(t.Context(), app.UserActor(admin), app.ManyInvitations{Text: text}); app.CodeOf(err) != app.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, err := p.Invitations(t.Context(), app.UserActor(admin), app.InvitationsQuery{Limit: 2}); err != nil || len(page.Items) != 2 || page.Next == "" {
		t.Errorf("%+v, %v", page, err)
	} else if rest, err := p.Invitations(t.Context(), app.UserActor(admin), app.InvitationsQuery{Cursor: page.Next}); err != nil || len(rest.Items) != 3 || rest.Next != "" {
		t.Errorf("%+v, %v", rest, err)
	}
}

func letterOrOK(err error) string {
	var e *app.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return e.Fields["email"]
	}
	return err.Error()
}
