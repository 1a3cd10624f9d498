package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// People take a copy of their data along, ask for the end of their account,
// come back in time, ask again and are gone.
func TestOwnData(t *testing.T) {
	i := start(t)
	for name, scripts := range map[string]bool{"paul": true, "pia": false} {
		t.Run(map[bool]string{true: "with scripts", false: "without scripts"}[scripts], func(t *testing.T) { ownDataStory(t, i, scripts, name) })
	}
}

func ownDataStory(t *testing.T, i *instance, scripts bool, name string) {
	email, file := i.member(t, name, "7")
	b := i.open(scripts)
	inspect := b.inspector(t, scripts)
	b.t = t
	b.enter(email, adminPassword)
	b.wait("#q")

	// The copy: asked for, made, mailed, fetched.
	b.visit("/account/data")
	inspect("own-data")
	b.click(`form[action="/account/data/export"] button`)
	b.wait(`form[action="/account/data/export/remove"]`)
	b.eventually("/account/data", `href="/exports/`)
	inspect("own-data-ready")
	link := i.mailed(email, "exports")
	if got := i.status(t, link); got != http.StatusSeeOther {
		t.Errorf("a visitor gets %d", got)
	}
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	if a, err := c.PostForm(i.url+"/login", url.Values{"email": {email}, "password": {adminPassword}}); err != nil || a.StatusCode != http.StatusOK {
		t.Fatal(a, err)
	}
	a, err := c.Get(i.url + link)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.Header, err)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range z.File {
		found[f.Name] = true
		if filepath.Base(f.Name) != filepath.Base(file) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not the file that was imported: %v", f.Name, err)
		}
		found["the original"] = true
	}
	for _, name := range []string{"index.html", "pages/00001.html", "data/account.json", "data/media-00001.json", "the original"} {
		if !found[name] {
			t.Errorf("the copy lacks %s: %v", name, found)
		}
	}

	// Leaving, and back in time.
	leave := func() {
		t.Helper()
		b.visit("/account/data")
		b.fill("#f-current", adminPassword)
		b.click(`form[action="/account/data/delete"] button`)
		b.wait("input[name=email]")
	}
	count := func(sql string) string { return i.row(t, "SELECT count(*)::text FROM "+sql, email) }
	leave()
	inspect("leaving")
	if !strings.HasSuffix(b.address(), "/login?leaving") || count("account_deletions d JOIN users u ON u.id = d.user_id WHERE u.email = $1") != "1" {
		t.Errorf("after asking:\n%s", b.page())
	}
	b.enter(email, adminPassword)
	b.wait("#q")
	if n := count("account_deletions d JOIN users u ON u.id = d.user_id WHERE u.email = $1"); n != "0" {
		t.Error("signing in did not call the deletion off")
	}
	b.visit("/media/" + i.row(t, "SELECT m.id::text FROM media m JOIN users u ON u.id = m.owner_id WHERE u.email = $1", email))
	b.wait("#viewer")

	// Without days to come back in, as an administrator has set it, for good.
	admin := i.open(scripts)
	admin.t = t
	admin.signIn()
	days := func(n string) {
		admin.visit("/admin/settings")
		admin.do(chromedp.SetValue(chromedp.CSS("[name=deletion_days]"), n))
		admin.click(`form[action="/admin/settings"] button[type=submit]`)
		admin.wait(".receipt-card")
	}
	days("0")
	defer days("14")
	leave()
	for deadline := time.Now().Add(3 * time.Minute); count("users WHERE email = $1") != "0"; time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatal("the account is still there")
		}
	}
	b.enter(email, adminPassword)
	b.wait(".notice, .wrong")
	for _, table := range []string{"mails WHERE recipient = $1", "audit_log a WHERE a::text LIKE '%' || $1 || '%'", "invitations WHERE email = $1"} {
		if n := count(table); n != "0" {
			t.Errorf("%s rows are left in %s", n, table)
		}
	}
}
