package e2e

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Somebody who was sent a link reports a photo. An administrator hides it at
// once: link and members get neither page nor bytes, the case keeps what it was.
// Then it is shown again and the case closed.
func TestReports(t *testing.T) {
	i := start(t)
	for name, scripts := range map[string]bool{"olga": true, "otto": false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) { reportStory(t, i, scripts, name) })
	}
}

// member makes an account with one photo.
func (i *instance) member(t *testing.T, name, seed string) (email, file string) {
	t.Helper()
	dir := t.TempDir()
	email, file = name+"@example.org", photo(t, dir, name+".jpg", seed)
	for _, args := range [][]string{{"user", "create", "--email", email, "--name", name, "--password-stdin"}, {"import", dir, "--owner", email, "--wait"}} {
		if out, err := i.command(adminPassword+"\n", "albumen", args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return email, file
}

// status is what a program without cookies gets.
func (i *instance) status(t *testing.T, path string) int {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := c.Get(i.url + path)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	return a.StatusCode
}

func reportStory(t *testing.T, i *instance, scripts bool, name string) {
	email, file := i.member(t, name, "7")
	id := i.row(t, "SELECT m.id::text FROM media m JOIN users u ON u.id = m.owner_id WHERE u.email = $1", email)
	owner := i.open(scripts)
	owner.t = t
	owner.enter(email, adminPassword)
	owner.wait("#q")
	owner.visit("/media/" + id + "/album")
	owner.fill("#f-title", "Album of "+name+"\r")
	owner.wait("#viewer")
	album := "/albums/" + i.row(t, "UPDATE albums SET visibility = 'members' WHERE title = $1 RETURNING id::text", "Album of "+name)
	owner.visit(album + "/links")
	owner.fill("#f-name", "For all")
	owner.click(`form[action$="/links"] button[type=submit]`)
	owner.wait(".link-url")
	m := regexp.MustCompile(`value="` + regexp.QuoteMeta(i.url) + `(/s/[a-z2-7]{32})"`).FindStringSubmatch(owner.html())
	if m == nil {
		t.Fatalf("the page shows no link:\n%s", owner.page())
	}
	base, below := m[1], m[1]+"/media/"+id

	// Whoever holds the link reports the photo, without an account.
	v := i.open(scripts)
	inspect := v.inspector(t, scripts)
	v.t = t
	v.visit(base)
	v.click(".tile")
	v.wait(".viewer .photo, .viewer .frame-card")
	v.click(`a[href$="/report"]`)
	v.wait("[name=reason]")
	inspect("report")
	v.do(chromedp.SetValue(chromedp.CSS("[name=reason]"), "consent"))
	v.fill("[name=message]", "That is me, and I was not asked.")
	v.fill("[name=email]", "witness@example.net")
	time.Sleep(2500 * time.Millisecond) // faster than people write is taken for a machine
	v.click(`form[action$="/report"] button[type=submit]`)
	v.do(chromedp.WaitNotPresent(chromedp.CSS("[name=reason]")))
	if !strings.HasSuffix(v.address(), "/report?sent") {
		t.Fatalf("after the report:\n%s", v.page())
	}
	inspect("report-sent")

	// The administrator, who sees the album as a member, decides.
	b := i.open(scripts)
	inspect = b.inspector(t, scripts)
	b.t = t
	b.signIn()
	sees := func(want bool) {
		t.Helper()
		for _, path := range []string{below, below + "/preview", below + "/thumb"} {
			if got := i.status(t, path); (got == http.StatusOK) != want {
				t.Errorf("through the link, %s: %d", path, got)
			}
		}
		b.visit("/media/" + id + "/preview")
		if got := strings.Contains(b.html(), "<img"); got != want {
			t.Errorf("a member gets the bytes: %v, want %v", got, want)
		}
		b.visit("/media/" + id)
		if got := strings.Contains(b.html(), `id="viewer"`); got != want {
			t.Errorf("a member sees the photo: %v, want %v", got, want)
		}
	}
	sees(true)
	b.visit("/admin/reports")
	inspect("reports")
	b.click(`.row a[href^="/admin/reports/"]`)
	b.wait(`form[action$="/hide"]`)
	theCase := b.address()
	inspect("report-case")
	if page := b.page(); !strings.Contains(page, "witness@example.net") || !strings.Contains(page, "I was not asked") || !strings.Contains(page, filepath.Base(file)) {
		t.Errorf("the case tells:\n%s", page)
	}
	b.click(`form[action$="/hide"] button`)
	b.wait(`form[action$="/restore"]`)
	sees(false)
	owner.visit("/media/" + id)
	owner.wait("#viewer") // it is still the owner's
	b.visit(theCase)
	inspect("report-hidden")
	sum := i.row(t, "SELECT encode(sha256, 'hex') FROM media WHERE id::text = $1", id)
	if !strings.Contains(b.page(), sum) {
		t.Errorf("the case lacks the checksum %s:\n%s", sum, b.page())
	}
	b.click("details:has(img) summary")
	b.wait("details img")
	b.visit(theCase)
	b.click(`form[action$="/restore"] button`)
	b.wait(`form[action$="/hide"]`)
	sees(true)
	b.visit(theCase)
	b.click(`form[action$="/dismiss"] button`)
	b.do(chromedp.WaitNotPresent(chromedp.CSS(`form[action$="/dismiss"]`)))
	sees(true)
	b.visit("/admin/reports?state=closed")
	if !strings.Contains(b.page(), filepath.Base(file)) {
		t.Errorf("the closed cases:\n%s", b.page())
	}
}
