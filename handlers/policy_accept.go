package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/views/policies"
)

// acceptApp is what accepting the terms needs.
type acceptApp interface {
	TermsQuestion(context.Context, app.Actor) (app.TermsQuestion, error)
	AcceptTerms(ctx context.Context, actor app.Actor, version int) error
}

type acceptHandlers struct {
	*Server
	app acceptApp
}

const acceptPath = "/terms/accept"

// askTerms leads whoever has yet to accept the terms to where they can, before
// any other page. What a page that is open already sends goes through, so that
// nothing typed is lost: its answer is a page, which asks. Programs are told.
func (s *Server) askTerms(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !s.actor(c).SignedIn() || withoutTerms(r) || !isAPI(r) && !isVisit(r) {
			return next(c)
		}
		owes, err := s.users.OwesTerms(r.Context(), s.actor(c))
		if err != nil {
			return err
		}
		switch {
		case !owes:
			return next(c)
		case isAPI(r):
			return &statusError{http.StatusForbidden, "terms_due", "error.terms_due", errors.New("the terms are not accepted")}
		}
		return seeOther(c, acceptPath+"?next="+url.QueryEscape(localPath(r.URL.RequestURI())))
	}
}

// isVisit reports a browser that goes to a page, rather than a page that loads
// its parts or sends something.
func isVisit(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path != "/events" && r.Header.Get("HX-Request") != "true" && wantsPage(r)
}

// withoutTerms are the addresses that nobody has to accept anything for: reading
// the policies, writing to the administrators, signing in and out, links of mails,
// and one's own data.
func withoutTerms(r *http.Request) bool {
	path := r.URL.Path
	if isAPI(r) {
		path = strings.TrimPrefix(path, apiPrefix)
		return path == "/me" || strings.HasPrefix(path, "/me/") || strings.HasPrefix(path, "/openapi") || strings.HasPrefix(path, "/tokens")
	}
	if slices.Contains(app.PolicyNames(), strings.TrimPrefix(path, "/")) || hasToken(r) {
		return true
	}
	switch path {
	case "/", acceptPath, contactPath, ownDataPath, "/login", stepPath, oidcPath, OIDCBackPath, "/favicon.ico", "/robots.txt", "/help/keys":
		return true
	}
	return false
}

func (h acceptHandlers) form(c echo.Context) error {
	return h.ask(c, http.StatusOK, c.QueryParam("next"), false)
}

// ask shows the terms as they are now; whoever owes nothing goes on.
func (h acceptHandlers) ask(c echo.Context, status int, next string, newer bool) error {
	ctx := c.Request().Context()
	next = localPath(next)
	q, err := h.app.TermsQuestion(ctx, h.actor(c))
	if app.CodeOf(err) == app.CodeNotFound {
		return seeOther(c, orHome(next))
	}
	if err != nil {
		return err
	}
	html, err := policyHTML(ctx, q.Text)
	if err != nil {
		return err
	}
	return h.render(c, status, policies.QuestionPage(policies.Question{
		Page: h.page(c), Title: policyTitle(ctx, q.Name), First: q.First, Newer: newer, Notes: q.Notes, HTML: html,
		ActionURL: acceptPath, Version: q.Version, Next: next, DataURL: ownDataPath,
	}))
}

func (h acceptHandlers) accept(c echo.Context) error {
	fields, err := form(c)
	if err != nil {
		return err
	}
	next := localPath(fields.Get("next"))
	err = h.app.AcceptTerms(c.Request().Context(), h.actor(c), atoiOr(fields.Get("version"), -1))
	if app.CodeOf(err) == app.CodeConflict {
		return h.ask(c, http.StatusConflict, next, true)
	}
	if err != nil {
		return err
	}
	return seeOther(c, orHome(next))
}

// consentOf reads the tick below a form that makes an account. Its value is the
// version that the person had before them.
func consentOf(fields url.Values) app.Consent {
	if !fields.Has("terms") {
		return app.Consent{}
	}
	if version := atoiOr(fields.Get("terms"), -1); version >= 0 {
		return app.ConsentTo(version)
	}
	return app.ConsentToCurrent()
}
