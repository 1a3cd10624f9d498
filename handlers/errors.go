package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/ui"
)

// statuses is what each code of app becomes.
var statuses = map[app.Code]int{
	app.CodeInvalid:         http.StatusUnprocessableEntity,
	app.CodeUnauthenticated: http.StatusUnauthorized,
	app.CodeForbidden:       http.StatusForbidden,
	app.CodeNotFound:        http.StatusNotFound,
	app.CodeConflict:        http.StatusConflict,
	app.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	app.CodeUnsupported:     http.StatusUnsupportedMediaType,
	app.CodeRateLimited:     http.StatusTooManyRequests,
	app.CodeUnavailable:     http.StatusServiceUnavailable,
	app.CodeInternal:        http.StatusInternalServerError,
}

// statusError is a failure of HTTP itself rather than of a use-case.
type statusError struct {
	status int
	code   string
	key    string // of the message
	err    error
}

func (e *statusError) Error() string { return fmt.Sprintf("%s (%d): %v", e.code, e.status, e.err) }
func (e *statusError) Unwrap() error { return e.err }

// statusGone is for the log alone: the client left before the answer.
const statusGone = 499

// Problem is the body of an error for programs (RFC 9457). It is itself an
// error, in the shape that huma sends as it is.
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Code      string         `json:"code"`
	Reference string         `json:"reference,omitempty"`
	Errors    []FieldProblem `json:"errors,omitempty"`

	retryAfter int // seconds
}

// FieldProblem says what is wrong with one field of the input.
type FieldProblem struct {
	Location string `json:"location"` // such as body.email or query.from
	Message  string `json:"message"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems, whatever was asked for.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problem describes err in the reader's language. Of an error that is not
// meant for people it says no more than that there was one: the log has the
// rest, under the same reference.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	p := &Problem{Type: "about:blank", Status: http.StatusInternalServerError, Code: string(app.CodeInternal), Reference: requestID(ctx)}
	key := "error.internal"
	var args map[string]any
	if known, ok := errors.AsType[*Problem](err); ok {
		return known
	} else if e, ok := errors.AsType[*app.Error](err); ok && e.Code != app.CodeInternal {
		p.Status, p.Code, key, args = statuses[e.Code], string(e.Code), e.Key, e.Args
		for field, k := range e.Fields {
			p.Errors = append(p.Errors, FieldProblem{"body." + field, text(ctx, k, args)})
		}
		slices.SortFunc(p.Errors, func(a, b FieldProblem) int { return strings.Compare(a.Location, b.Location) })
		if seconds, ok := args["Seconds"].(int); ok {
			p.retryAfter = seconds
		}
	} else if e, ok := errors.AsType[*statusError](err); ok {
		p.Status, p.Code, key = e.status, e.code, e.key
	} else if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p.Status, p.Code, key = http.StatusRequestEntityTooLarge, string(app.CodeTooLarge), "error.body_too_large"
		args = map[string]any{"Limit": i18n.Bytes(ctx, e.Limit)}
	} else if e, ok := errors.AsType[*echo.HTTPError](err); ok && e.Code < 500 {
		p.Status, p.Code, key = e.Code, codeOfStatus(e.Code), "error.request"
		if e.Code == http.StatusNotFound {
			key = "error.no_page"
		}
	} else if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		p.Status, p.Code, key = statusGone, "gone", "error.request"
	}
	p.Title = http.StatusText(p.Status)
	p.Detail = text(ctx, key, args)
	return p
}

func codeOfStatus(status int) string {
	for code, s := range statuses {
		if s == status {
			return string(code)
		}
	}
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}

// text is i18n.T with the arguments as app keeps them.
func text(ctx context.Context, key string, args map[string]any) string {
	pairs := make([]any, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, name, sizeArg(ctx, value))
	}
	return i18n.T(ctx, key, pairs...)
}

// fieldErrors returns what a form shows beside its fields, under "" what
// concerns it as a whole, when err is one that the form can show: broken
// rules, a wrong password, too many attempts.
func fieldErrors(ctx context.Context, err error) (ui.Errors, int, bool) {
	e, ok := errors.AsType[*app.Error](err)
	if !ok {
		return nil, 0, false
	}
	list := ui.Errors{}
	switch e.Code {
	case app.CodeInvalid, app.CodeRateLimited, app.CodeUnauthenticated, app.CodeConflict:
	default:
		return nil, 0, false
	}
	for field, key := range e.Fields {
		list[field] = text(ctx, key, e.Args)
	}
	if len(list) == 0 {
		list[""] = text(ctx, e.Key, e.Args)
	}
	status := statuses[e.Code]
	if e.Code == app.CodeUnauthenticated {
		status = http.StatusUnprocessableEntity // 401 would make the browser's form a dead end
	}
	return list, status, true
}

// handleError is the only place where an error becomes an answer.
func (s *Server) handleError(err error, c echo.Context) {
	ctx := c.Request().Context()
	p := s.problem(ctx, err)
	if p.Status >= 500 {
		s.log.ErrorContext(ctx, "request failed", "status", p.Status, "error", err)
	} else {
		s.log.DebugContext(ctx, "request refused", "status", p.Status, "error", err)
	}
	if c.Response().Committed {
		return
	}
	if err := s.sendProblem(c, p); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "could not send an error", "error", err)
	}
}

func (s *Server) sendProblem(c echo.Context, p *Problem) error {
	h := c.Response().Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Content-Encoding", "Content-Length", "Accept-Ranges"} {
		h.Del(name) // of the answer that did not come about
	}
	h.Set("Cache-Control", "private, no-cache")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Status == statusGone {
		return c.NoContent(http.StatusBadRequest) // nobody reads it
	}
	if !wantsPage(c.Request()) {
		if p.Status == http.StatusUnauthorized && isAPI(c.Request()) {
			h.Set("WWW-Authenticate", `Bearer realm="albumen"`)
		}
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("write a problem: %w", err)
		}
		return sendText(c, p.Status, p.ContentType(""), append(body, '\n'))
	}
	if !isShare(c.Request()) && (p.Status == http.StatusUnauthorized || p.Status == http.StatusNotFound && s.lostSession(c)) {
		return s.toLogin(c)
	}
	return s.renderProblem(c, p)
}

func (s *Server) renderProblem(c echo.Context, p *Problem) error {
	view := layout.Problem{Page: s.page(c), Status: p.Status, Detail: p.Detail, Reference: p.Reference}
	if isShare(c.Request()) {
		view.Page.Home, view.Page.Secret = shareBase(c), true
	}
	if p.Status == http.StatusNotFound || p.Status == http.StatusInternalServerError {
		view.Detail = "" // the page's own text says it better
	}
	if (p.Status >= 500 || p.Status == http.StatusTooManyRequests) && c.Request().Method == http.MethodGet {
		view.RetryURL = c.Request().URL.RequestURI()
	}
	return s.render(c, p.Status, layout.ProblemPage(view))
}

// lostSession reports that a form came from somebody who is not signed in: most
// likely the session ended while the page was open. What is there, and what is
// not, answers alike.
func (s *Server) lostSession(c echo.Context) bool {
	return c.Request().Method == http.MethodPost && !s.actor(c).SignedIn()
}

// toLogin sends a visitor to the sign-in page, and back afterwards where that
// is possible.
func (s *Server) toLogin(c echo.Context) error {
	r := c.Request()
	next := ""
	switch {
	case r.Header.Get("HX-Request") == "true":
		if current, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil {
			next = localPath(current.RequestURI())
		}
	case r.Method == http.MethodGet:
		next = localPath(r.URL.RequestURI())
	default: // the page with the form, where it is one of ours
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			next = localPath(from.RequestURI())
		}
	}
	target := "/login"
	if next != "" && next != "/" {
		target += "?next=" + url.QueryEscape(next)
	}
	if r.Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Redirect", target)
		return c.NoContent(http.StatusUnauthorized)
	}
	return seeOther(c, target)
}

func isAPI(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, apiPrefix+"/") || r.URL.Path == apiPrefix
}

// wantsPage reports who would show a page: a browser that goes somewhere,
// htmx, or whoever does not ask for JSON.
func wantsPage(r *http.Request) bool {
	if isAPI(r) || strings.HasPrefix(r.URL.Path, tusPath) {
		return false
	}
	if r.Header.Get("HX-Request") == "true" {
		return true
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate" // pictures and scripts' requests want the status, not a page
	}
	accept := r.Header.Get("Accept")
	return !strings.Contains(accept, "json") || strings.Contains(accept, "text/html")
}
