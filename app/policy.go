package app

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"albumen/db"
)

// policyTexts are the texts as shipped, in Markdown with placeholders.
//
//go:embed policies/*.md
var policyTexts embed.FS

// terms is the policy that people accept; the others they may read.
const terms = "terms"

// Policy is a text that everybody may read.
type Policy struct {
	Name      string    // as in its address: /NAME
	Text      string    // Markdown, with the placeholders filled
	Version   int       // 0: as shipped, nobody has changed it
	ChangedAt time.Time // zero with version 0
}

// PolicyNames lists the policies in the order in which they are offered.
func PolicyNames() []string { return []string{"about", terms, "csam-policy", "privacy", "cookies"} }

// Policy returns a policy with what the settings of the site say filled in. It
// is for everybody. CodeNotFound when there is none of that name.
func (a *App) Policy(ctx context.Context, name string) (Policy, error) {
	shipped, err := shippedPolicy(name)
	if err != nil {
		return Policy{}, err
	}
	p := Policy{Name: name, Text: shipped}
	row, err := a.db.CurrentPolicy(ctx, name)
	if err != nil && !db.IsNotFound(err) {
		return Policy{}, fmt.Errorf("read the policy %s: %w", name, err)
	}
	if err == nil {
		p.Version, p.ChangedAt = int(row.Version), row.ChangedAt
		if row.Body != nil {
			p.Text = *row.Body
		}
	}
	p.Text, err = a.fillPolicy(ctx, p.Text)
	return p, err
}

// shippedPolicy is the text as it comes with Albumen.
func shippedPolicy(name string) (string, error) {
	if !slices.Contains(PolicyNames(), name) {
		return "", NotFound("page")
	}
	raw, err := policyTexts.ReadFile("policies/" + name + ".md")
	if err != nil {
		return "", fmt.Errorf("read the policy %s as shipped: %w", name, err)
	}
	return string(raw), nil
}

// PolicyFields are what a policy may say in double braces; the site fills it in.
func PolicyFields() []string {
	return []string{"Site", "Contact", "TrashDays", "AuditDays", "MailDays", "EvidenceDays", "MessageDays"}
}

// fillPolicy replaces the fields by what holds for this site.
func (a *App) fillPolicy(ctx context.Context, text string) (string, error) {
	site, err := a.siteSettings(ctx)
	if err != nil {
		return "", fmt.Errorf("fill a policy: %w", err)
	}
	audit := "For ever"
	if site.AuditDays > 0 {
		audit = strconv.Itoa(site.AuditDays) + " days"
	}
	fill := strings.NewReplacer(
		"{{Site}}", plainMarkdown(site.SiteName), "{{Contact}}", "Write to the administrators with the [contact form](/contact).",
		"{{TrashDays}}", strconv.Itoa(site.TrashDays), "{{AuditDays}}", audit, "{{MailDays}}", strconv.Itoa(site.MailDays),
		"{{EvidenceDays}}", strconv.Itoa(site.EvidenceDays), "{{MessageDays}}", strconv.Itoa(site.MessageDays),
	)
	return fill.Replace(text), nil
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
