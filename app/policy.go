package app

import (
	"context"
	"embed"
	"fmt"
	"strconv"
	"strings"
)

// policyTexts are the texts as shipped, in Markdown with placeholders.
//
//go:embed policies/*.md
var policyTexts embed.FS

// Policy is a text that everybody may read.
type Policy struct {
	Name string // as in its address: /NAME
	Text string // Markdown, with the placeholders filled
}

// PolicyNames lists the policies in the order in which they are offered.
func PolicyNames() []string { return []string{"about", "terms", "csam-policy", "privacy", "cookies"} }

// Policy returns a policy with what the settings of the site say filled in. It
// is for everybody. CodeNotFound when there is none of that name.
func (a *App) Policy(ctx context.Context, name string) (Policy, error) {
	raw, err := policyTexts.ReadFile("policies/" + name + ".md")
	if err != nil {
		return Policy{}, NotFound("page")
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return Policy{}, fmt.Errorf("fill the policy %s: %w", name, err)
	}
	audit := "For ever"
	if site.AuditDays > 0 {
		audit = strconv.Itoa(site.AuditDays) + " days"
	}
	contact := "Write to the administrators of " + plainMarkdown(site.SiteName) + "."
	if a.mail.Contact != "" {
		contact = "Write to the administrators: [" + plainMarkdown(a.mail.Contact) + "](<mailto:" + a.mail.Contact + ">)."
	}
	fill := strings.NewReplacer(
		"{{Site}}", plainMarkdown(site.SiteName), "{{Contact}}", contact, "{{TrashDays}}", strconv.Itoa(site.TrashDays), "{{AuditDays}}", audit,
		"{{MailDays}}", strconv.Itoa(site.MailDays), "{{EvidenceDays}}", strconv.Itoa(site.EvidenceDays),
	)
	return Policy{Name: name, Text: fill.Replace(string(raw))}, nil
}

// plainMarkdown keeps a name from meaning anything in Markdown.
func plainMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]()#+-.!|<>&~\"'", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
