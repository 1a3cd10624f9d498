package hub

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// newClient returns one that follows redirects, within https if it began there.
// There is no limit on the whole request: large files take their time.
func newClient(base *url.URL, roots *x509.CertPool) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = 15 * time.Second
	transport.ResponseHeaderTimeout = time.Minute
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		switch {
		case r.URL.Scheme != "https" && (base.Scheme != "http" || r.URL.Scheme != "http"):
			return &Error{Kind: KindRedirect}
		case len(via) >= 10:
			return &Error{Kind: KindServer, Err: fmt.Errorf("%d redirects in a row", len(via))}
		}
		return nil
	}}
}

// remote is what a server says about a file.
type remote struct {
	size    int64  // -1: not said
	sha256  string // of the content; empty: not said
	gitSHA1 string // of the content as git's blob; empty: not said
}

var (
	isSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)
	isSHA1   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// describe reads the headers of an answer and of the redirects that led to it. The
// hub names large files' SHA-256 and size in X-Linked-ETag and X-Linked-Size of its
// redirect, and small files' git hash in ETag.
func describe(answer *http.Response) remote {
	r := remote{size: -1}
	if answer.StatusCode == http.StatusOK {
		r.size = answer.ContentLength
	}
	// From the last answer back to the first, whose word counts.
	for a := answer; a != nil; a = a.Request.Response {
		if n, err := strconv.ParseInt(a.Header.Get("X-Linked-Size"), 10, 64); err == nil && n >= 0 {
			r.size = n
		}
		for _, name := range []string{"ETag", "X-Linked-Etag"} {
			tag := strings.Trim(strings.TrimPrefix(a.Header.Get(name), "W/"), `"`)
			switch {
			case name == "ETag" && a.Header.Get("X-Repo-Commit") == "": // anybody's ETag
			case isSHA256.MatchString(tag):
				r.sha256 = tag
			case isSHA1.MatchString(tag):
				r.gitSHA1 = tag
			}
		}
	}
	return r
}

func newRequest(ctx context.Context, method, address string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, &Error{Kind: KindAddress}
	}
	r.Header.Set("User-Agent", "albumen-ml")
	r.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	return r, nil
}

// refusal makes an error of an answer that is no success. The hub says 401 of models
// that do not exist as well as of those that need an account; a header tells them apart.
func refusal(name string, answer *http.Response) *Error {
	e := &Error{Kind: KindServer, File: name, Err: fmt.Errorf("status %d", answer.StatusCode)}
	code := answer.Header.Get("X-Error-Code")
	switch {
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusGone, strings.HasSuffix(code, "NotFound"):
		e.Kind = KindNotFound
		if name == weightsFile && code != "RepoNotFound" {
			e.Kind = KindNoWeights
		}
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		e.Kind = KindGated
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests, answer.StatusCode == http.StatusRequestTimeout:
		return e
	}
	e.final = true
	return e
}

// retryAfter is how long a server asks to be left alone, at most a minute.
func retryAfter(answer *http.Response) time.Duration {
	n, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, time.Minute)
}
