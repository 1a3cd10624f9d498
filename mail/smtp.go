package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// TLS says how the connection to the server is encrypted.
type TLS string

// The ways of encryption.
const (
	TLSImplicit TLS = "implicit" // from the first byte on
	TLSStart    TLS = "starttls" // by STARTTLS, without which nothing is sent; a server on this machine may lack it
	TLSNone     TLS = "none"
)

// SMTPConfig is the server that takes our mails.
type SMTPConfig struct {
	Host               string
	Port               int
	Username, Password string // empty: it asks for none
	TLS                TLS
	Helo               string         // by which name we introduce ourselves; empty: this machine's
	Roots              *x509.CertPool // nil: those of the system
	Timeout            time.Duration  // for a whole mail; 0: DefaultTimeout
	// Dial connects to the server; nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// DefaultTimeout is how long handing over one mail may take.
const DefaultTimeout = 45 * time.Second

// SMTP hands mails to a server, each over a connection of its own. It is safe
// for concurrent use.
type SMTP struct{ cfg SMTPConfig }

// NewSMTP returns the transport to a server; it does not connect yet.
func NewSMTP(cfg SMTPConfig) *SMTP {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	return &SMTP{cfg}
}

// Send implements Transport.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := m.build()
	if err != nil {
		return &Failure{Code: FailMessage, Reply: shorten(err.Error()), Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	var conn net.Conn
	client, err := gomail.NewClient(s.cfg.Host, s.options(ctx, &conn)...)
	if err != nil {
		return failed(ctx, fmt.Errorf("set up the connection: %w", err), false)
	}
	smtp, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return failed(ctx, fmt.Errorf("connect to %s: %w", s.cfg.Host, err), false)
	}
	defer conn.Close()
	if err := client.SendWithSMTPClient(smtp, msg); err != nil {
		return failed(ctx, fmt.Errorf("hand over a mail: %w", err), true)
	}
	// It has the mail; how it takes the farewell does not matter.
	_ = client.CloseWithSMTPClient(smtp)
	return nil
}

// options tells the library; the connection that it uses is left in conn, and
// ends with sending, whatever the server is doing.
func (s *SMTP) options(sending context.Context, conn *net.Conn) []gomail.Option {
	loopback := isLoopback(s.cfg.Host)
	secure := &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{gomail.WithPort(s.cfg.Port), gomail.WithTimeout(s.cfg.Timeout), gomail.WithoutNoop()}
	mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	switch {
	case s.cfg.TLS == TLSImplicit:
		options = append(options, gomail.WithSSL())
	case s.cfg.TLS == TLSNone:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case loopback:
		// Nobody is between; certificates of such servers name another host.
		secure.InsecureSkipVerify = true
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if loopback && s.cfg.TLS != TLSImplicit {
		mechanisms[2], mechanisms[3] = gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc
	}
	if s.cfg.Helo != "" {
		options = append(options, gomail.WithHELO(s.cfg.Helo))
	}
	if s.cfg.Username != "" {
		options = append(options, gomail.WithUsername(s.cfg.Username), gomail.WithPassword(s.cfg.Password),
			gomail.WithOpportunisticSMTPAuth(mechanisms...))
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := s.cfg.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		*conn = c
		context.AfterFunc(sending, func() { _ = c.Close() })
		if s.cfg.TLS != TLSImplicit {
			return c, nil
		}
		encrypted := tls.Client(c, secure)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("begin TLS: %w", err)
		}
		return encrypted, nil
	}
	return append(options, gomail.WithTLSConfig(secure), gomail.WithDialContextFunc(dial))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
