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

// show answers with the policy, to visitors as well.
func (h policyHandlers) show(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		p, err := h.app.Policy(ctx, name)
		if err != nil {
			return err
		}
		html, err := markdown.HTML(p.Text)
		if err != nil {
			return err
		}
		// What is wider than a phone scrolls by itself, and can be reached by keyboard.
		html = strings.ReplaceAll(html, "<table>", `<div class="table-scroll" tabindex="0" role="region" aria-label="`+i18n.T(ctx, "policy.table")+`"><table>`)
		html = strings.ReplaceAll(html, "</table>", "</table></div>")
		return h.render(c, http.StatusOK, policies.PolicyPage(h.page(c), i18n.T(ctx, policyTitles[name]), html))
	}
}
