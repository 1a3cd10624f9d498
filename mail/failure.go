package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// FailureCode says what kept a mail from being handed over.
type FailureCode string

// The codes of failures.
const (
	FailConnect  FailureCode = "connect"  // the server cannot be reached, or broke off
	FailTimeout  FailureCode = "timeout"  // it did not answer in time
	FailTLS      FailureCode = "tls"      // no encrypted connection came about
	FailLogin    FailureCode = "login"    // it does not accept our name and password
	FailLater    FailureCode = "later"    // it refused this mail for now
	FailRejected FailureCode = "rejected" // it refused this mail for good
	FailMessage  FailureCode = "message"  // the mail could not be written
)

// Failure is why a mail was not handed over.
type Failure struct {
	Code  FailureCode
	Reply string // what the server said, one line; empty where it said nothing
	Err   error
}

// Error implements error.
func (f *Failure) Error() string { return fmt.Sprintf("send a mail (%s): %v", f.Code, f.Err) }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Permanent reports that trying again is no use.
func (f *Failure) Permanent() bool { return f.Code == FailRejected || f.Code == FailMessage }

// Server reports that the failure is not about this one mail: no other would
// get through now either.
func (f *Failure) Server() bool {
	switch f.Code {
	case FailConnect, FailTimeout, FailTLS, FailLogin:
		return true
	}
	return false
}

// failed sorts an error of the connection or of the sending. greeted says that
// the server had let us in before.
func failed(ctx context.Context, err error, greeted bool) *Failure {
	f := &Failure{Code: FailConnect, Reply: reply(err), Err: err}
	var network net.Error
	code := replyCode(err)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		f.Code = FailTimeout
	case isTLS(err):
		f.Code = FailTLS
	case !greeted && (code == 530 || code == 534 || code == 535 || code == 538 || errors.Is(err, gomail.ErrNoSupportedAuthDiscovered)):
		f.Code = FailLogin
	case greeted && code >= 500:
		f.Code = FailRejected
	case greeted && code >= 400:
		f.Code = FailLater
	}
	return f
}

func isTLS(err error) bool {
	var (
		header   tls.RecordHeaderError
		verify   *tls.CertificateVerificationError
		alert    tls.AlertError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	return errors.As(err, &header) || errors.As(err, &verify) || errors.As(err, &alert) || errors.As(err, &unknown) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || strings.Contains(err.Error(), "STARTTLS")
}

// replyCode is the three-digit code with which the server answered, 0 for none.
func replyCode(err error) int {
	var said *textproto.Error
	if errors.As(err, &said) {
		return said.Code
	}
	var sending *gomail.SendError
	if errors.As(err, &sending) {
		return sending.ErrorCode()
	}
	return 0
}

// reply is what the server said, for an administrator to read.
func reply(err error) string {
	var said *textproto.Error
	if errors.As(err, &said) {
		return shorten(strconv.Itoa(said.Code) + " " + said.Msg)
	}
	return shorten(err.Error())
}

const maxReply = 300

func shorten(s string) string {
	runes := []rune(oneLine(s))
	if len(runes) > maxReply {
		return string(runes[:maxReply-1]) + "…"
	}
	return string(runes)
}
