package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// An administrator makes an account and a group, shares an album with the new
// person, changes and takes that back, and deletes the account.
func TestPeopleGroupsAndMembers(t *testing.T) {
	i := start(t)
	t.Run("with scripts", func(t *testing.T) { peopleStory(t, i, true, "bob@example.org", "Family") })
	t.Run("without scripts", func(t *testing.T) { peopleStory(t, i, false, "carl@example.org", "Choir") })
}

func peopleStory(t *testing.T, i *instance, scripts bool, email, group string) {
	name, _, _ := strings.Cut(email, "@")
	b := i.open(scripts)
	b.signIn()
	b.visit("/admin/users/new")
	b.fill("#f-email", email)
	b.fill("#f-password", adminPassword)
	b.click(`form[action="/admin/users"] button[type=submit]`)
	b.wait("#act-suspend")
	account := b.address()
	b.visit("/admin/groups")
	b.fill("#f-name", group)
	b.click(`form[action="/admin/groups"] button[type=submit]`)
	b.wait("#f-email")
	b.fill("#f-email", email)
	b.click(`form[action$="/members"] button[type=submit]`)
	b.wait(`form[action$="/members/remove"]`)

	b.visit("/albums/new")
	b.fill("#f-title", "Album of the "+group)
	b.click(`form[action="/albums/new"] button[type=submit]`)
	b.wait(`a[href$="/members"]`)
	b.click(`a[href$="/members"]`)
	b.wait("#f-group")
	members := b.address()
	b.fill("#f-email", email)
	b.click(`form:has(#f-email) button[type=submit]`)
	b.wait(".role-form")

	// The new person finds the album, and names without addresses.
	other := i.open(scripts)
	other.visit("/login")
	other.fill("[name=email]", email)
	other.fill("[name=password]", adminPassword+"\r")
	other.wait(".accept") // they have never been asked
	other.click(`form[action="/terms/accept"] button[type=submit]`)
	other.wait("#q")
	other.visit("/albums")
	if page := other.page(); !strings.Contains(page, "Album of the "+group) {
		t.Fatalf("%s does not see the album:\n%s", name, page)
	}
	other.visit(members)
	if page := other.page(); !strings.Contains(page, name) || strings.Contains(other.html(), adminEmail) || strings.Contains(page, "Add people") {
		t.Errorf("%s sees the members as:\n%s", name, page)
	}

	b.fill(".role-form select", "Ad") // as the keyboard chooses
	b.click(".role-form button")
	b.do(chromedp.WaitReady(chromedp.CSS(".role-form option[value=admin][selected]")))
	other.visit(members)
	other.wait("#f-email") // an admin adds people, too
	b.visit(members)
	b.click(".row .confirm summary")
	b.click(".row .confirm-card .is-danger")
	b.do(chromedp.WaitNotPresent(chromedp.CSS(".role-form")))
	other.visit(members)
	if page := other.page(); strings.Contains(page, "Album of the "+group) {
		t.Errorf("who was removed still sees:\n%s", page)
	}

	b.visit(account)
	b.click("#delete summary")
	b.click("#delete [value=remove]")
	b.fill("#f-confirm", email)
	b.click("#delete .is-danger")
	b.wait(`form[role=search]`)
	if strings.Contains(b.page(), email) {
		t.Errorf("the account is still there:\n%s", b.page())
	}
	other.visit("/albums")
	other.visit("/timeline")
	other.wait("[name=password]")
}

// address is the path of the page that is shown.
func (b *browser) address() string {
	b.t.Helper()
	url, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimPrefix(url, b.i.url)
}
