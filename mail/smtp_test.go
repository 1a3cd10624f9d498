package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"albumen/mail"
	"albumen/mail/smtptest"
)

func message() mail.Message {
	return mail.Message{
		ID: "0190-1@photos.example.org", Date: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		From: netmail.Address{Name: "Unser Fotoalbum – Größe", Address: "photos@example.org"}, To: "ann@example.org",
		Subject: "Grüße aus „Sommer“", Text: "Hallo\n", HTML: "<p>Hallo</p>",
	}
}

// config reaches the server by the name in its certificate.
func config(s *smtptest.Server, tls mail.TLS) mail.SMTPConfig {
	return mail.SMTPConfig{Host: smtptest.Host, Port: s.Port, TLS: tls, Roots: s.Roots, Dial: s.Dial, Helo: "photos.example.org", Timeout: 10 * time.Second}
}

func failure(t *testing.T, err error) *mail.Failure {
	t.Helper()
	var f *mail.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestSendOverEveryKindOfConnection(t *testing.T) {
	for name, c := range map[string]struct {
		options smtptest.Options
		tls     mail.TLS
		user    string
	}{
		"STARTTLS":                {smtptest.Options{StartTLS: true}, mail.TLSStart, ""},
		"STARTTLS with login":     {smtptest.Options{StartTLS: true, Username: "joe", Password: "p@ss"}, mail.TLSStart, "joe"},
		"implicit TLS with login": {smtptest.Options{Implicit: true, Username: "joe", Password: "p@ss"}, mail.TLSImplicit, "joe"},
		"no encryption":           {smtptest.Options{}, mail.TLSNone, ""},
	} {
		server := smtptest.New(t, c.options)
		cfg := config(server, c.tls)
		if c.user != "" {
			cfg.Username, cfg.Password = c.user, "p@ss"
		}
		if err := mail.NewSMTP(cfg).Send(t.Context(), message()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := server.Mails()
		if len(got) != 1 || got[0].From != "photos@example.org" || got[0].To != "ann@example.org" {
			t.Errorf("%s: the server has %+v", name, got)
		}
	}
}

func TestAServerOnThisMachineMayLackEncryption(t *testing.T) {
	for name, o := range map[string]smtptest.Options{
		"plain": {Username: "joe", Password: "p"}, "a certificate of another name": {StartTLS: true, Username: "joe", Password: "p"},
	} {
		server := smtptest.New(t, o)
		cfg := mail.SMTPConfig{Host: "127.0.0.1", Port: server.Port, TLS: mail.TLSStart, Username: "joe", Password: "p", Timeout: 10 * time.Second}
		if err := mail.NewSMTP(cfg).Send(t.Context(), message()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsSentUnencryptedElsewhere(t *testing.T) {
	server := smtptest.New(t, smtptest.Options{Username: "joe", Password: "secret"})
	cfg := config(server, mail.TLSStart)
	cfg.Username, cfg.Password = "joe", "secret"
	f := failure(t, mail.NewSMTP(cfg).Send(t.Context(), message()))
	if f.Code != mail.FailTLS || f.Permanent() || !f.Server() || len(server.Mails()) != 0 {
		t.Errorf("a server without STARTTLS: %v, %d mails", f, len(server.Mails()))
	}
}

func TestACertificateThatNobodyKnowsIsRefused(t *testing.T) {
	server := smtptest.New(t, smtptest.Options{StartTLS: true})
	cfg := config(server, mail.TLSStart)
	cfg.Roots = nil
	if f := failure(t, mail.NewSMTP(cfg).Send(t.Context(), message())); f.Code != mail.FailTLS || len(server.Mails()) != 0 {
		t.Errorf("an unknown certificate: %v", f)
	}
}

func TestWrongPassword(t *testing.T) {
	server := smtptest.New(t, smtptest.Options{StartTLS: true, Username: "joe", Password: "right"})
	cfg := config(server, mail.TLSStart)
	cfg.Username, cfg.Password = "joe", "wr0ng-secret"
	f := failure(t, mail.NewSMTP(cfg).Send(t.Context(), message()))
	if f.Code != mail.FailLogin || f.Permanent() || !f.Server() || !strings.HasPrefix(f.Reply, "535") {
		t.Errorf("a wrong password: %+v", f)
	}
	if strings.Contains(f.Error()+f.Reply, "wr0ng-secret") {
		t.Errorf("the password shows: %v", f)
	}
}

func TestAnswersOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		code      int
		rcpt      bool
		want      mail.FailureCode
		permanent bool
	}{
		"greylisted":        {451, false, mail.FailLater, false},
		"mailbox is full":   {452, true, mail.FailLater, false},
		"no such mailbox":   {550, true, mail.FailRejected, true},
		"looks like spam":   {554, false, mail.FailRejected, true},
		"recipient refused": {553, true, mail.FailRejected, true},
	} {
		server := smtptest.New(t, smtptest.Options{StartTLS: true})
		answer := &smtp.SMTPError{Code: c.code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "because " + name}
		if c.rcpt {
			server.OnRcpt(func(string) error { return answer })
		} else {
			server.OnData(func(smtptest.Mail) error { return answer })
		}
		f := failure(t, mail.NewSMTP(config(server, mail.TLSStart)).Send(t.Context(), message()))
		if f.Code != c.want || f.Permanent() != c.permanent || f.Server() || !strings.Contains(f.Reply, "because "+name) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAHangingServerIsLeft(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	cfg := mail.SMTPConfig{Host: "127.0.0.1", Port: silent.Addr().(*net.TCPAddr).Port, TLS: mail.TLSStart, Timeout: 200 * time.Millisecond}
	if f := failure(t, mail.NewSMTP(cfg).Send(t.Context(), message())); f.Code != mail.FailTimeout || !f.Server() {
		t.Errorf("a silent server: %v", f)
	}

	server := smtptest.New(t, smtptest.Options{StartTLS: true})
	release := make(chan struct{})
	server.OnData(func(smtptest.Mail) error { <-release; return nil })
	defer close(release)
	hanging := config(server, mail.TLSStart)
	hanging.Timeout = time.Second
	if f := failure(t, mail.NewSMTP(hanging).Send(t.Context(), message())); f.Code != mail.FailTimeout {
		t.Errorf("a server that hangs in the middle: %v", f)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cfg.Timeout = time.Hour
	go cancel()
	if f := failure(t, mail.NewSMTP(cfg).Send(ctx, message())); f.Permanent() {
		t.Errorf("stopped while sending: %v", f)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cfg := mail.SMTPConfig{Host: "127.0.0.1", Port: port, TLS: mail.TLSStart}
	if f := failure(t, mail.NewSMTP(cfg).Send(t.Context(), message())); f.Code != mail.FailConnect || !f.Server() {
		t.Errorf("nobody listens: %v", f)
	}
}

// parts are the bodies of a mail by their type.
func parts(t *testing.T, raw string) (netmail.Header, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var read func(header map[string][]string, body io.Reader)
	read = func(header map[string][]string, body io.Reader) {
		kind, params, err := mime.ParseMediaType(netmail.Header(header).Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(kind, "multipart/") {
			if netmail.Header(header).Get("Content-Transfer-Encoding") == "quoted-printable" {
				body = quotedprintable.NewReader(body)
			}
			text, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			out[kind] = string(text)
			return
		}
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			read(p.Header, p)
		}
	}
	read(m.Header, m.Body)
	return m.Header, out
}

func TestHeadersAndParts(t *testing.T) {
	m := message()
	m.Images = []mail.Image{{ID: "cover.jpg@albumen", Type: "image/jpeg", Data: []byte("\xff\xd8picture")}}
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	header, bodies := parts(t, string(raw))
	decoder := new(mime.WordDecoder)
	subject, err := decoder.DecodeHeader(header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	from, err := header.AddressList("From")
	if err != nil || len(from) != 1 || *from[0] != m.From {
		t.Errorf("from %v, %v", from, err)
	}
	if got := header.Get("Message-ID"); got != "<0190-1@photos.example.org>" {
		t.Errorf("message id %q", got)
	}
	if date, err := header.Date(); err != nil || !date.Equal(m.Date) {
		t.Errorf("date %v, %v", date, err)
	}
	if header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", header)
	}
	if bodies["text/plain"] != "Hallo\r\n" && bodies["text/plain"] != "Hallo\n" || !strings.Contains(bodies["text/html"], "<p>Hallo</p>") || bodies["image/jpeg"] == "" {
		t.Errorf("bodies %q", bodies)
	}
	if !strings.Contains(string(raw), "Content-Id: <cover.jpg@albumen>") {
		t.Errorf("the picture has no id:\n%s", raw)
	}
}

func TestNoHeaderCanBeInjected(t *testing.T) {
	for name, change := range map[string]func(*mail.Message){
		"subject":    func(m *mail.Message) { m.Subject = "Hello\r\nBcc: evil@example.org\r\n\r\nbody" },
		"subject LF": func(m *mail.Message) { m.Subject = "Hello\nBcc: evil@example.org" },
		"separator":  func(m *mail.Message) { m.Subject = "Hello\u2028Bcc: evil@example.org" },
		"name":       func(m *mail.Message) { m.From.Name = "Ann\r\nBcc: evil@example.org" },
		"quoted":     func(m *mail.Message) { m.From.Name = `Ann" <evil@example.org>, "` },
		"id":         func(m *mail.Message) { m.ID = "1@x>\r\nBcc: evil@example.org" },
	} {
		m := message()
		change(&m)
		raw, err := m.Bytes()
		if err != nil {
			continue // refused is as good
		}
		header, _ := parts(t, string(raw))
		from, err := header.AddressList("From")
		if header.Get("Bcc") != "" || err != nil || len(from) != 1 || from[0].Address != "photos@example.org" {
			t.Errorf("%s: headers %v", name, header)
		}
	}
	for _, to := range []string{"a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a@example.org b@example.org", "", "Ann <a@example.org>\r\n"} {
		m := message()
		m.To = to
		if f := failure(t, mail.NewOutbox(t.TempDir()).Send(t.Context(), m)); f.Code != mail.FailMessage || !f.Permanent() {
			t.Errorf("recipient %q: %v", to, f)
		}
	}
}
