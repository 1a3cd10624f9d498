package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// An administrator changes the terms, and everybody is asked before they go on;
// somebody new accepts them with their account; a visitor writes to the
// administrators, who find the message in the mail and in their list.
func TestPoliciesAndContact(t *testing.T) {
	i := start(t)
	admin := i.open(true)
	admin.signIn()
	admin.visit("/admin/settings")
	admin.click("[name=sign_up]")
	admin.click(`form[action="/admin/settings"] button[type=submit]`)
	admin.wait(".receipt-card")
	t.Run("with scripts", func(t *testing.T) { policyStory(t, i, true, "bob") })
	t.Run("without scripts", func(t *testing.T) { policyStory(t, i, false, "carl") })
}

func policyStory(t *testing.T, i *instance, scripts bool, name string) {
	if out, err := i.command(adminPassword+"\n", "albumen", "user", "create", "--email", name+"@example.org", "--name", name, "--password-stdin"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	member := i.open(scripts)
	member.visit("/login?next=/albums")
	member.fill("input[name=email]", name+"@example.org")
	member.fill("input[name=password]", adminPassword)
	member.click("form[action='/login'] button[type=submit]")
	if !scripts { // the story with scripts has asked everybody
		member.click(`form[action="/terms/accept"] button[type=submit]`)
	}
	member.wait(`a[href="/albums/new"]`)

	admin := i.open(scripts)
	admin.signIn()
	inspect := admin.inspector(t, scripts)
	admin.visit("/admin/policies")
	inspect("policies")
	admin.click(`a[href="/admin/policies/terms"]`)
	admin.wait("#f-text")
	admin.do(chromedp.SetValue(chromedp.CSS("#f-text"), "# Rules of "+name+"\n\nBe **kind** on {{Site}}."))
	admin.fill("#f-note", "Kindness, says "+name+".")
	admin.click("[name=ask]")
	admin.click(`button[value=preview]`)
	admin.wait(".preview .prose strong")
	inspect("policies-preview")
	admin.click(`button[value=publish]`)
	admin.wait(".receipt-card")
	if page := admin.page(); !strings.Contains(page, "Kindness, says "+name) || !strings.Contains(page, "yet to accept") {
		t.Errorf("the administrator sees:\n%s", page)
	}
	inspect("policies-published")
	admin.click(".rows a")
	admin.wait(".diff ins")
	inspect("policies-version")

	time.Sleep(2100 * time.Millisecond) // as long as a process may go by what it knew
	member.visit("/albums?sort=title")
	member.wait(".accept")
	if page := member.page(); !strings.Contains(page, "Rules of "+name) || !strings.Contains(page, "Kindness, says "+name) {
		t.Errorf("the member is asked:\n%s", page)
	}
	member.inspector(t, scripts)("terms-again")
	member.visit("/timeline")
	member.wait(".accept") // there is no way around
	member.visit("/albums?sort=title")
	member.click(`form[action="/terms/accept"] button[type=submit]`)
	member.wait(`a[href="/albums/new"]`)
	if at := member.address(); at != "/albums?sort=title" {
		t.Errorf("the member goes on at %s", at)
	}
	accepted := "SELECT count(*)::text FROM policy_acceptances a JOIN users u ON u.id = a.user_id WHERE u.email = $1 AND a.ip <> '' AND a.version = (SELECT max(version) FROM policy_versions)"
	if n := i.row(t, accepted, name+"@example.org"); n != "1" {
		t.Errorf("%s acceptances are recorded", n)
	}

	visitor := i.open(scripts)
	visitor.visit("/signup")
	visitor.fill("#f-name", "New "+name)
	visitor.fill("#f-email", "new-"+name+"@example.org")
	visitor.fill("#f-password", firstPassword)
	visitor.click(`form[action="/signup"] button[type=submit]`)
	visitor.wait("[name=terms]:invalid") // the browser itself asks for the tick
	visitor.click("[name=terms]")
	visitor.click(`form[action="/signup"] button[type=submit]`)
	visitor.wait(`form[action="/verify"]`)
	if n := i.row(t, accepted, "new-"+name+"@example.org"); n != "1" {
		t.Errorf("%s acceptances are recorded with the account", n)
	}

	visitor.click(`.policy-links a[href="/contact"]`)
	visitor.wait("#f-message")
	visitor.inspector(t, scripts)("contact")
	visitor.fill("#f-name", "Vera")
	visitor.fill("#f-email", "vera-"+name+"@example.org")
	visitor.fill("#f-message", "How does "+name+" get in?")
	time.Sleep(2100 * time.Millisecond) // people are slower than machines
	visitor.click(`form[action="/contact"] button[type=submit]`)
	visitor.wait(".report-lead + .actions")
	if page := visitor.page(); !strings.Contains(page, "Thank you") {
		t.Errorf("the visitor sees:\n%s", page)
	}
	i.mailedLink(t, "vera-"+name+"@example.org", "/admin/messages")
	admin.visit("/admin/messages")
	if page := admin.page(); !strings.Contains(page, "How does "+name+" get in?") || !strings.Contains(page, "vera-"+name+"@example.org") {
		t.Errorf("the list of messages:\n%s", page)
	}
	inspect("messages")
	admin.click(`form[action$="/answered"] button`)
	admin.wait(".receipt-card")
	if page := admin.page(); strings.Contains(page, "How does "+name+" get in?") {
		t.Errorf("an answered message is still open:\n%s", page)
	}
}
