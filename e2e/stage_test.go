package e2e

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// stage is a site that a family has used for a while: people, groups, albums in
// each other, links, what guests sent, invitations, reports and a trash.
type stage struct {
	album, below, arranged       string // addresses of albums
	open, locked, edited         string // share links: one without and one with a password; the page that changes one
	invited, user, group, report string
	photo                        string // id of a photo in the album
}

// people are who joins the administrator: name, address, and the role in the album.
var people = [][3]string{
	{"Ben Okafor", "ben@example.org", "admin"},
	{"Clara Lindqvist", "clara@example.org", "contributor"},
	{"Dora Weiß", "dora@example.org", "viewer"},
	{"Emil Sørensen", "emil@example.org", ""},
	{"Ruth Okafor", "ruth@example.org", ""},
}

// settle makes the stage of the photos that are on the timeline. files are
// pictures that a guest sends; visitor is a browser that nobody signed in to.
func (b *browser) settle(t *testing.T, visitor *browser, files ...string) stage {
	t.Helper()
	var s stage
	b.visit("/timeline")
	ids := js[[]string](b, `[...document.querySelectorAll("a.tile")].map(t => t.dataset.id)`)
	for _, p := range people {
		s.user = cmp.Or(s.user, b.send("/admin/users", "name", p[0], "email", p[1], "password", adminPassword, "quota", "50 GB"))
	}
	family := b.send("/admin/groups", "name", "Family")
	for _, p := range people[2:] {
		b.send(family+"/members", "email", p[1])
	}
	b.send("/admin/groups", "name", "Choir")
	s.group = family
	for _, name := range []string{"Travels", "Celebrations", "At home"} {
		b.send("/categories", "name", name)
	}
	category := js[string](b, `fetch("/albums/new").then(r => r.text()).then(t => [...new DOMParser().parseFromString(t, "text/html").querySelectorAll("#f-category_id option")].find(o => o.label === "Travels").value)`)

	put := func(album string, from, to int) {
		for n := max(0, from); n < min(len(ids), to); n++ {
			b.send("/media/"+ids[n]+"/album", "album_id", strings.TrimPrefix(album, "/albums/"))
		}
	}
	half := max(1, len(ids)/2)
	s.album = b.send("/albums/new", "title", "Summer in the mountains", "description", "Two weeks with everybody: walks, lakes, and the long evenings on the terrace.", "visibility", "private", "sort", "newest", "category_id", category)
	s.photo = ids[0]
	put(s.album, 0, half)
	s.below = b.send("/albums/new", "title", "The day at the lake", "visibility", "private", "sort", "newest", "parent_id", strings.TrimPrefix(s.album, "/albums/"))
	put(s.below, half, half+half/3+1)
	s.arranged = b.send("/albums/new", "title", "Around the house", "visibility", "members", "sort", "manual")
	put(s.arranged, half+half/3+1, len(ids))
	b.send("/albums/new", "title", "Open day of the choir", "visibility", "public", "sort", "oldest")
	gone := b.send("/albums/new", "title", "Blurred ones", "visibility", "private", "sort", "newest")
	b.send(gone + "/trash")

	for _, p := range people {
		if p[2] != "" {
			b.send(s.album+"/members", "email", p[1], "role", p[2])
		}
	}
	b.send(s.album+"/members", "group", family[strings.LastIndex(family, "/")+1:], "role", "contributor")
	b.send(s.album+"/invitations", "list", "Grandma <grandma@example.net>\nfrida@example.net", "role", "contributor", "message", "Here are the photos of our holiday. Add yours, too!\n\nLove, Ann")
	b.send("/admin/invitations", "list", "gus@example.net")
	s.invited = b.i.mailedLink(t, "frida@example.net", "/invitations/")

	b.send(s.album+"/links", "name", "For everybody who was there", "download", "1", "strip", "1", "upload", "1", "upload_count", "200", "upload_mb", "2000")
	b.send(s.album+"/links", "name", "For the grandparents", "password", "tea and biscuits", "expires_at", "2031-12-31T18:00", "strip", "1")
	b.visit(s.album + "/links")
	links := js[map[string][]string](b, `Object.fromEntries([...document.querySelectorAll(".link")].map(l => [l.querySelector("h2").textContent, [new URL(l.querySelector(".link-url").value).pathname, l.querySelector("a[href*='/links/']").getAttribute("href")]]))`)
	s.open, s.locked, s.edited = links["For everybody who was there"][0], links["For the grandparents"][0], links["For the grandparents"][1]

	visitor.visit(s.open + "/upload")
	visitor.fill("[name=name]", "Cleo")
	visitor.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), files))
	visitor.click(`form[enctype] button[type=submit]`)
	visitor.wait("[role=status]")
	b.eventually(s.album+"/pending", `src="/media/`) // their pictures are made

	b.send("/media/"+ids[len(ids)-1]+"/report", "reason", "consent", "message", "Our neighbours are in this one, and were not asked.")
	b.visit("/admin/reports")
	s.report = js[string](b, `document.querySelector(".row a[href^='/admin/reports/']").getAttribute("href")`)
	b.send("/account/data/export")
	return s
}

// send posts a form as the page itself would and returns the path of the page
// that it led to.
func (b *browser) send(path string, fields ...string) string {
	b.t.Helper()
	form := url.Values{}
	for n := 0; n+1 < len(fields); n += 2 {
		form.Set(fields[n], fields[n+1])
	}
	led := js[struct {
		Status int
		Path   string
		Wrong  string
	}](b, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%q)}).then(async r => ({Status: r.status, Path: new URL(r.url).pathname,
		Wrong: r.ok ? "" : [...new DOMParser().parseFromString(await r.text(), "text/html").querySelectorAll(".wrong, .notice, .problem")].map(e => e.textContent).join("; ")}))`, path, form.Encode()))
	if led.Status != 200 {
		b.t.Fatalf("POST %s %s: status %d: %s", path, form.Encode(), led.Status, led.Wrong)
	}
	return led.Path
}

// pagesOfTheFamily are those of the administrator who set the stage.
func pagesOfTheFamily(s stage) []page {
	return []page{
		{name: "albums", path: "/albums"},
		{name: "albums-open", path: "/albums?scope=open"},
		{name: "albums-trash", path: "/albums/trash"},
		{name: "album", path: s.album},
		{name: "album-new", path: "/albums/new"},
		{name: "album-edit", path: s.album + "/edit"},
		{name: "album-arrange", path: s.arranged + "/arrange"},
		{name: "album-choose", path: "/media/" + s.photo + "/album"},
		{name: "categories", path: "/categories"},
		{name: "members", path: s.album + "/members"},
		{name: "album-invitations", path: s.album + "/invitations"},
		{name: "links", path: s.album + "/links"},
		{name: "link-edit", path: s.edited},
		{name: "guests-queue", path: s.album + "/pending"},
		{name: "report", path: "/media/" + s.photo + "/report"},
		{name: "users", path: "/admin/users"},
		{name: "user-new", path: "/admin/users/new"},
		{name: "user", path: s.user},
		{name: "groups", path: "/admin/groups"},
		{name: "group", path: s.group},
		{name: "invitations", path: "/admin/invitations"},
		{name: "settings", path: "/admin/settings"},
		{name: "mails", path: "/admin/mail"},
		{name: "mail-texts", path: "/admin/mail/templates"},
		{name: "mail-text", path: "/admin/mail/templates/invitation_album/en"},
		{name: "audit", path: "/admin/audit"},
		{name: "reports", path: "/admin/reports"},
		{name: "report-case", path: s.report},
		{name: "sessions", path: "/account/sessions"},
		{name: "activity", path: "/account/activity"},
		{name: "password-change", path: "/account/password"},
		{name: "email-change", path: "/account/email"},
		{name: "security", path: "/account/security"},
		{name: "own-data", path: "/account/data"},
		{name: "terms", path: "/terms"},
	}
}

// pagesOfGuests are seen by those who hold a link of the stage.
func pagesOfGuests(s stage) []page {
	return []page{
		{name: "share", path: s.open},
		{name: "share-photo", path: s.open + "/media/" + s.photo},
		{name: "share-upload", path: s.open + "/upload"},
		{name: "share-report", path: s.open + "/media/" + s.photo + "/report"},
		{name: "share-locked", path: s.locked},
		{name: "share-gone", path: "/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{name: "invitation", path: s.invited},
		{name: "invitation-gone", path: "/invitations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{name: "public-albums", path: "/albums"},
		{name: "verify", path: "/verify"},
		{name: "reset", path: "/reset"},
		{name: "about", path: "/about"},
		{name: "csam-policy", path: "/csam-policy"},
		{name: "privacy", path: "/privacy"},
		{name: "cookies", path: "/cookies"},
	}
}
