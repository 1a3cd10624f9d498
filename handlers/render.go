package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"albumen/views/layout"
)

// minGzip is the size from which compressing pays.
const minGzip = 1 << 10

var gzips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// render answers with the page; or, where htmx asks to replace a part and there
// are fragments, with those, one after the other. Going back in history gets
// the page. Nothing is sent unless all of it could be made.
func (s *Server) render(c echo.Context, status int, page templ.Component, fragments ...templ.Component) error {
	h := c.Response().Header()
	h.Add("Vary", "HX-Request, HX-History-Restore-Request, HX-Boosted, Cookie, Accept-Language")
	parts := []templ.Component{page}
	if len(fragments) > 0 && wantsFragment(c.Request()) {
		parts = fragments
	}
	var body bytes.Buffer
	for _, p := range parts {
		if err := p.Render(c.Request().Context(), &body); err != nil {
			return fmt.Errorf("render a page: %w", err)
		}
	}
	return sendText(c, status, "text/html; charset=utf-8", body.Bytes())
}

func wantsFragment(r *http.Request) bool {
	is := func(name string) bool { return r.Header.Get(name) == "true" }
	return is("HX-Request") && !is("HX-History-Restore-Request") && !is("HX-Boosted")
}

// sendText sends a text, compressed where the client takes that, or 304 where
// it has the same already. Pages are revalidated each time but stay in the
// browser's back-forward cache, which no-store would forbid.
func sendText(c echo.Context, status int, contentType string, body []byte) error {
	h := c.Response().Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", contentType)
	if r := c.Request(); status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		sum := sha256.Sum256(body)
		tag := `W/"` + hex.EncodeToString(sum[:12]) + `"` // weak: of the text, however it is compressed
		h.Set("ETag", tag)
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			return c.NoContent(http.StatusNotModified)
		}
	}
	if len(body) >= minGzip && acceptsGzip(c.Request()) {
		var packed bytes.Buffer
		z, ok := gzips.Get().(*gzip.Writer)
		if !ok {
			return fmt.Errorf("compress a page: the pool holds a %T", z)
		}
		defer gzips.Put(z)
		z.Reset(&packed)
		if _, err := z.Write(body); err != nil {
			return fmt.Errorf("compress a page: %w", err)
		}
		if err := z.Close(); err != nil {
			return fmt.Errorf("compress a page: %w", err)
		}
		h.Set("Content-Encoding", "gzip")
		body = packed.Bytes()
	}
	return c.Blob(status, contentType, body)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.Trim(strings.ReplaceAll(weight, " ", ""), ".0") != "q="
		}
	}
	return false
}

// page is what every page shows around its content. It takes the receipt of
// the last act out of the session, so call it once per answer.
func (s *Server) page(c echo.Context) layout.Page {
	p := layout.Page{Path: ownPath(c.Request()), Theme: themeOf(c), Secret: c.Response().Header().Get("Referrer-Policy") == noReferrer}
	if site, err := s.users.PublicSite(c.Request().Context()); err != nil {
		s.log.WarnContext(c.Request().Context(), "could not read the name of the site", "error", err) // the page may be about that very failure
	} else {
		p.Site = site.Name
	}
	if user, ok := s.actor(c).User(); ok {
		p.User = &layout.User{Name: user.Name, Email: user.Email, Admin: user.IsAdmin, AvatarURL: avatarURL(user)}
		if !isAPI(c.Request()) {
			p.Receipt = s.takeReceipt(c) // where there is a session
		}
	}
	return p
}

// ownPath is where forms that only change the look come back to.
func ownPath(r *http.Request) string {
	if r.Method != http.MethodGet {
		return r.URL.EscapedPath()
	}
	return r.URL.RequestURI()
}

const receiptKey = "receipt"

// leaveReceipt keeps what an act did for the next page, for acts that answer
// with a redirect. The actor is signed in.
func (s *Server) leaveReceipt(c echo.Context, r layout.Receipt) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a receipt: %w", err)
	}
	s.sessions.Put(c.Request().Context(), receiptKey, string(text))
	return nil
}

func (s *Server) takeReceipt(c echo.Context) *layout.Receipt {
	text := s.sessions.PopString(c.Request().Context(), receiptKey)
	if text == "" {
		return nil
	}
	var r layout.Receipt
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		s.log.WarnContext(c.Request().Context(), "could not read a receipt", "error", err)
		return nil
	}
	return &r
}

// localPath returns path when it is a path of this site with an optional
// query, "" when it leads anywhere else.
func localPath(path string) string {
	const most = 2000
	if len(path) == 0 || len(path) > most || path[0] != '/' || strings.ContainsAny(path, "\\\t\r\n\x00") {
		return ""
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.HasPrefix(path, "//") {
		return ""
	}
	if strings.ContainsFunc(u.Path, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return ""
	}
	return u.RequestURI()
}

// seeOther sends the browser to a path of this site with a GET.
func seeOther(c echo.Context, path string) error {
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.Redirect(http.StatusSeeOther, path)
}
