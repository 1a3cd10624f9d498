// Package smtptest runs a real SMTP server inside a test.
package smtptest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Host is the name in the server's certificate.
const Host = "mail.example.org"

// Options are what the server offers.
type Options struct {
	Implicit bool // TLS from the first byte on
	StartTLS bool
	Username string // empty: it asks for no login
	Password string
}

// Mail is one that the server has taken.
type Mail struct {
	From, To string
	Data     string // as it came
}

// Server takes mails and keeps them.
type Server struct {
	Port  int
	Roots *x509.CertPool // who signed its certificate

	address string
	options Options
	mu      sync.Mutex
	mails   []Mail
	onData  func(Mail) error
	onRcpt  func(to string) error
}

// New starts a server on this machine; it stops with the test.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o}
	certificate := s.certificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	_, port, _ := net.SplitHostPort(s.address)
	s.Port, _ = strconv.Atoi(port)
	server := smtp.NewServer(s)
	server.Domain, server.AllowInsecureAuth, server.ErrorLog = Host, true, log.New(io.Discard, "", 0)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if o.StartTLS {
		server.TLSConfig = secure
	}
	if o.Implicit {
		listener = tls.NewListener(listener, secure)
	}
	go func() { _ = server.Serve(listener) }() // ends when the test closes it
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// Dial connects to the server whatever the address: so a test reaches it by Host.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
}

// Mails are those taken so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// OnData decides about each mail once it has come in whole; a *smtp.SMTPError is
// the answer, and keeps it from being taken.
func (s *Server) OnData(f func(Mail) error) { s.mu.Lock(); defer s.mu.Unlock(); s.onData = f }

// OnRcpt decides about each recipient.
func (s *Server) OnRcpt(f func(to string) error) { s.mu.Lock(); defer s.mu.Unlock(); s.onRcpt = f }

func (s *Server) certificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: Host}, DNSNames: []string{Host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// NewSession implements smtp.Backend.
func (s *Server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

type session struct {
	server *Server
	in     bool
	mail   Mail
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != s.server.options.Username || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.Username != "" && !s.in {
		return smtp.ErrAuthRequired
	}
	s.mail = Mail{From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	s.server.mu.Lock()
	decide := s.server.onRcpt
	s.server.mu.Unlock()
	if decide != nil {
		return decide(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = string(text)
	s.server.mu.Lock()
	decide := s.server.onData
	s.server.mu.Unlock()
	if decide != nil {
		if err := decide(s.mail); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	s.server.mails = append(s.server.mails, s.mail)
	s.server.mu.Unlock()
	return nil
}

func (s *session) Reset() { s.mail = Mail{} }

func (s *session) Logout() error { return nil }
