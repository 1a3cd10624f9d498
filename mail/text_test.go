package mail_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"albumen/mail"
)

func find(t *testing.T, name string) mail.Template {
	t.Helper()
	template, ok := mail.Find(name, "en")
	if !ok {
		t.Fatalf("there is no template %s", name)
	}
	return template
}

// Every built-in text parses, and fills with its samples without leaving anything open.
func TestBuiltInTexts(t *testing.T) {
	for _, name := range mail.Names() {
		for _, lang := range mail.Languages() {
			template, ok := mail.Find(name, lang)
			if !ok || template.Language != lang {
				t.Errorf("%s is not there in %s", name, lang)
				continue
			}
			r, err := template.Render(template.Text, template.Samples(), "")
			if err != nil {
				t.Errorf("%s.%s: %v", name, lang, err)
			}
			if template.About == "" || r.Subject == "" || strings.Contains(r.Text+r.HTML+r.Subject, "{{") {
				t.Errorf("%s.%s: %+v", name, lang, r)
			}
			english, _ := mail.Find(name, "en")
			if len(english.Fields) != len(template.Fields) {
				t.Errorf("%s has other placeholders in %s", name, lang)
			}
		}
	}
	if lang := mail.Match("en-GB"); lang != "en" {
		t.Errorf("en-GB reads %s", lang)
	}
	if lang := mail.Match("nonsense!"); lang != "en" {
		t.Errorf("who reads nonsense gets %s", lang)
	}
}

func TestRender(t *testing.T) {
	template := find(t, "invitation_album")
	values := template.Samples()
	values["Album"], values["Inviter"] = `<b>Sommer</b> & "See"`, `[click](https://evil.example.org) {{Message}}`
	values["Message"] = "First <i>line</i>\r\nsecond line\n\nthird"
	r, err := template.Render(template.Text, values, "cover.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"&lt;b&gt;Sommer&lt;/b&gt; &amp; &#34;See&#34;", `src="cid:cover.jpg"`, "First &lt;i&gt;line&lt;/i&gt;<br>second line<br><br>third",
		`href="https://photos.example.org/invitations/%e2%80%a6"`, "prefers-color-scheme: dark", "color-scheme",
	} {
		if !strings.Contains(r.HTML, want) {
			t.Errorf("the HTML lacks %s:\n%s", want, r.HTML)
		}
	}
	for _, bad := range []string{"<b>", "<i>", `href="https://evil`, "http-equiv", "<script", "src=\"http", "url("} {
		if strings.Contains(r.HTML, bad) {
			t.Errorf("the HTML has %s", bad)
		}
	}
	for _, want := range []string{`<b>Sommer</b> & "See"`, "> First <i>line</i>\n> second line\n>\n> third\n", "Open the album:\nhttps://photos.example.org/invitations/…\n", "\n-- \nThis mail was sent by Albumen"} {
		if !strings.Contains(r.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, r.Text)
		}
	}

	values["Message"] = "" // what nobody wrote leaves no trace
	r, err = template.Render(template.Text, values, "")
	if err != nil || strings.Contains(r.Text, ">") && strings.Contains(r.Text, "\n>") || strings.Contains(r.HTML, `class="quote"`) || strings.Contains(r.HTML, "<img") {
		t.Errorf("without a message: %v\n%s", err, r.Text)
	}
	values["InvitationLink"] = "javascript:alert(1)"
	if r, err = template.Render(template.Text, values, ""); err != nil || strings.Contains(r.HTML, "javascript:") {
		t.Errorf("a script as address: %v", err)
	}
}

func TestRefusedTexts(t *testing.T) {
	template := find(t, "invitation_album")
	link := "[Open]({{InvitationLink}})"
	for name, c := range map[string]struct {
		text mail.Text
		want mail.TextError
	}{
		"no subject":            {mail.Text{Subject: " ", Body: link}, mail.TextError{Part: "subject", Kind: mail.TextEmpty}},
		"no body":               {mail.Text{Subject: "s", Body: "\n"}, mail.TextError{Part: "body", Kind: mail.TextEmpty}},
		"two lines of subject":  {mail.Text{Subject: "a\nb", Body: link}, mail.TextError{Part: "subject", Kind: mail.TextLines}},
		"long subject":          {mail.Text{Subject: strings.Repeat("a", 201), Body: link}, mail.TextError{Part: "subject", Kind: mail.TextTooLong}},
		"long body":             {mail.Text{Subject: "s", Body: strings.Repeat("a", 10001)}, mail.TextError{Part: "body", Kind: mail.TextTooLong}},
		"never closed":          {mail.Text{Subject: "s", Body: link + "\nHello {{Inviter"}, mail.TextError{Part: "body", Line: 2, Column: 7, Kind: mail.TextOpen}},
		"nothing inside":        {mail.Text{Subject: "s", Body: "{{}}\n" + link}, mail.TextError{Part: "body", Line: 1, Column: 1, Kind: mail.TextOpen}},
		"code inside":           {mail.Text{Subject: "s", Body: "{{range .}}\n" + link}, mail.TextError{Part: "body", Line: 1, Column: 1, Kind: mail.TextOpen}},
		"unknown":               {mail.Text{Subject: "Größe {{Password}}", Body: link}, mail.TextError{Part: "subject", Line: 1, Column: 7, Kind: mail.TextUnknown, What: "Password"}},
		"unknown further down":  {mail.Text{Subject: "s", Body: link + "\n\n{{Inviter}} and {{Nobody}}"}, mail.TextError{Part: "body", Line: 3, Column: 17, Kind: mail.TextUnknown, What: "Nobody"}},
		"without the link":      {mail.Text{Subject: "{{InvitationLink}}", Body: "Hello"}, mail.TextError{Part: "body", Kind: mail.TextMissing, What: "InvitationLink"}},
		"script as address":     {mail.Text{Subject: "s", Body: "[Open](javascript:alert)\n" + link}, mail.TextError{Part: "body", Line: 1, Column: 8, Kind: mail.TextLink}},
		"words as address":      {mail.Text{Subject: "s", Body: "[Open]({{Inviter}})\n" + link}, mail.TextError{Part: "body", Line: 1, Column: 8, Kind: mail.TextLink}},
		"address and something": {mail.Text{Subject: "s", Body: "[Open](x{{InvitationLink}})\n" + link}, mail.TextError{Part: "body", Line: 1, Column: 8, Kind: mail.TextLink}},
	} {
		var got *mail.TextError
		if err := template.Check(c.text); !errors.As(err, &got) || *got != c.want {
			t.Errorf("%s: %v, want %v", name, err, &c.want)
		}
	}
	for _, good := range []mail.Text{
		{Subject: "{{ .Inviter }} · {{Site}}", Body: "Look: {{InvitationLink}}\r\n\r\n> {{Message}}\n[Elsewhere](https://example.org/x)"},
	} {
		if err := template.Check(good); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	if err := template.CheckValues(map[string]string{"Inviter": "x", "Nobody": "y"}); err == nil {
		t.Error("a value without a placeholder was taken")
	}
}

func TestOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	box := mail.NewOutbox(dir)
	if list, err := box.List(10); err != nil || len(list) != 0 {
		t.Fatalf("before the first mail: %v, %v", list, err)
	}
	m := message()
	for range 2 { // the same mail again is the same file
		if err := box.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	m.ID = "../../etc/0190-2@photos.example.org"
	if err := box.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	list, err := box.List(10)
	if err != nil || len(list) != 2 {
		t.Fatalf("the outbox has %v, %v", list, err)
	}
	if short, err := box.List(1); err != nil || len(short) != 1 || short[0] != list[0] {
		t.Errorf("the newest: %v, %v", short, err)
	}
	info, err := os.Stat(filepath.Join(dir, list[0].Name))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if folder, err := os.Stat(dir); err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder %v, %v", folder.Mode(), err)
	}
	if raw, err := box.Read(list[0].Name); err != nil || !strings.Contains(string(raw), "Auto-Submitted: auto-generated") {
		t.Errorf("%s, %v", raw, err)
	}
	for _, name := range []string{"", ".", "..", "../outbox/" + list[0].Name, "/etc/passwd", list[0].Name + "/", "x.eml", "20261124T120000Z-none.eml"} {
		if _, err := box.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
