package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/markdown"
	"albumen/views/policies"
)

// policyApp is what reading policies needs.
type policyApp interface {
	Policy(ctx context.Context, name string) (app.Policy, error)
}

type policyHandlers struct {
	*Server
	app policyApp
}

// policyTitles are the messages of the headings.
var policyTitles = map[string]string{
	"about": "policy.about_title", "terms": "policy.terms", "csam-policy": "policy.csam_title", "privacy": "policy.privacy_title", "cookies": "policy.cookies_title",
}

func policyTitle(ctx context.Context, name string) string { return i18n.T(ctx, policyTitles[name]) }

// show answers with the policy, to visitors as well.
func (h policyHandlers) show(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		p, err := h.app.Policy(ctx, name)
		if err != nil {
			return err
		}
		html, err := policyHTML(ctx, p.Text)
		if err != nil {
			return err
		}
		return h.render(c, http.StatusOK, policies.PolicyPage(policies.Read{
			Page: h.page(c), Title: policyTitle(ctx, name), HTML: html, Changed: p.ChangedAt, Version: p.Version,
		}))
	}
}

// policyHTML renders a policy. What is wider than a phone scrolls by itself, and
// can be reached by keyboard.
func policyHTML(ctx context.Context, text string) (string, error) {
	html, err := markdown.HTML(text)
	if err != nil {
		return "", err
	}
	html = strings.ReplaceAll(html, "<table>", `<div class="table-scroll" tabindex="0" role="region" aria-label="`+i18n.T(ctx, "policy.table")+`"><table>`)
	return strings.ReplaceAll(html, "</table>", "</table></div>"), nil
}
