package e2e

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// An administrator lets strangers sign up. One does, confirms the address by the
// mail, changes name, password and address, forgets the password, and ends the
// sessions of other browsers.
func TestAccounts(t *testing.T) {
	i := start(t)
	ann := i.open(false)
	ann.signIn()
	allow := func() {
		ann.visit("/admin/settings")
		ann.click("[name=sign_up]")
		ann.click(`form[action="/admin/settings"] button[type=submit]`)
		ann.wait(".receipt-card")
	}
	visitor := i.open(false)
	visitor.visit("/login")
	if strings.Contains(visitor.html(), `href="/signup"`) {
		t.Error("a link to a page that is not there")
	}
	allow()
	t.Run("with scripts", func(t *testing.T) { accountStory(t, i, true, "bob") })
	t.Run("without scripts", func(t *testing.T) { accountStory(t, i, false, "carl") })
	allow() // not any more
	visitor.visit("/signup")
	if strings.Contains(visitor.html(), `name="password"`) {
		t.Error("strangers sign up though they may not")
	}
}

const (
	firstPassword  = "quite a good password"
	secondPassword = "and yet another fine one"
	thirdPassword  = "the third of my secrets"
)

func accountStory(t *testing.T, i *instance, scripts bool, name string) {
	email, next := name+"@example.org", name+"@new.example.org"
	b := i.open(scripts)
	inspect := b.inspector(t, scripts)
	submit := func(path string) { b.click(`form[action="` + path + `"] button[type=submit]`) }

	b.visit("/login")
	b.click(`a[href="/signup"]`)
	b.wait("#f-name")
	inspect("signup")
	b.fill("#f-name", name)
	b.fill("#f-email", email)
	b.fill("#f-password", "password123")
	b.click("[name=terms]")
	submit("/signup")
	b.wait(".wrong")
	inspect("signup-wrong")
	b.fill("#f-password", firstPassword)
	submit("/signup")
	b.wait(`form[action="/verify"]`)
	inspect("verify-sent")

	// The address alone opens nothing before it is confirmed.
	b.enter(email, firstPassword)
	b.wait(`.notice a[href="/verify"]`)
	inspect("sign-in-unconfirmed")
	verify := i.mailed(email, "verify")
	b.visit(verify)
	inspect("verify")
	b.fill("#f-password", "not this one")
	submit(verify)
	b.wait(".wrong")
	inspect("verify-wrong")
	b.fill("#f-password", firstPassword)
	submit(verify)
	b.wait("#q")
	b.visit(verify)
	b.wait(`a[href="/verify"]`)
	inspect("link-stale")

	// Name and password.
	other := i.open(scripts)
	other.enter(email, firstPassword)
	other.wait("#q")
	b.visit("/account")
	inspect("account")
	b.do(chromedp.SetValue(chromedp.CSS("#f-name"), "New "+name))
	submit("/account")
	b.wait(".receipt-card")
	b.visit("/account")
	if !strings.Contains(b.html(), `value="New `+name+`"`) {
		t.Errorf("the name is not changed:\n%s", b.page())
	}
	b.click(`a[href="/account/password"]`)
	b.wait("#f-current")
	inspect("password")
	b.fill("#f-current", "not this one")
	b.fill("#f-password", secondPassword)
	submit("/account/password")
	b.wait(".wrong")
	inspect("password-wrong")
	b.fill("#f-current", firstPassword)
	b.fill("#f-password", secondPassword)
	submit("/account/password")
	b.wait(".receipt-card")
	other.visit("/timeline")
	other.wait("[name=password]") // signed out

	// The address.
	b.visit("/account")
	b.click(`a[href="/account/email"]`)
	b.wait("#f-current")
	b.fill("#f-email", email)
	b.fill("#f-current", secondPassword)
	submit("/account/email")
	b.wait(".wrong")
	inspect("email-wrong")
	b.do(chromedp.SetValue(chromedp.CSS("#f-email"), next))
	b.fill("#f-current", secondPassword)
	submit("/account/email")
	b.wait(".receipt-card")
	confirm := i.mailed(next, "email")
	b.visit(confirm)
	inspect("email-confirm")
	submit(confirm)
	b.wait(`.card-links a[href="/account"]`)
	inspect("email-confirmed")
	back := i.mailed(email, "email-back")
	b.visit(back)
	inspect("email-back") // looked at, and not used

	// Sessions.
	other.enter(next, secondPassword)
	other.wait("#q")
	b.visit("/account/sessions")
	inspect("sessions")
	submit("/account/sessions/end-others")
	b.wait(".receipt-card")
	other.visit("/timeline")
	other.wait("[name=password]")

	// Forgotten.
	other.click(`a[href="/reset"]`)
	other.wait(`form[action="/reset"]`)
	other.fill("#f-email", next)
	other.click(`form[action="/reset"] button[type=submit]`)
	other.wait(".notice")
	reset := i.mailed(next, "reset")
	other.visit(reset)
	other.fill("#f-password", "password123")
	other.click(`form[action="` + reset + `"] button[type=submit]`)
	other.wait(".wrong")
	other.fill("#f-password", thirdPassword)
	other.click(`form[action="` + reset + `"] button[type=submit]`)
	other.wait(`form[action="/login"]`)
	b.visit("/timeline")
	b.wait("[name=password]") // all browsers are signed out
	b.visit(reset)
	b.wait(`a[href="/reset"]`) // used up
	b.visit("/reset")
	inspect("reset")
	other.enter(next, thirdPassword)
	other.wait("#q")

	for _, path := range []string{verify, confirm, back, reset} {
		if token := path[strings.LastIndexByte(path, '/')+1:]; strings.Contains(i.logs.String(), token) {
			t.Errorf("the log holds the token of %s", path)
		}
	}
}

// enter signs somebody in through the page.
func (b *browser) enter(email, password string) {
	b.t.Helper()
	b.visit("/login")
	b.fill("input[name=email]", email)
	b.fill("input[name=password]", password)
	b.click("form[action='/login'] button[type=submit]")
}

// inspector looks at the page that is open in every look with axe-core, where
// scripts run. ALBUMEN_SHOTS is a folder for pictures of what it sees.
func (b *browser) inspector(t *testing.T, scripts bool) func(name string) {
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is missing (npm ci in the project's root): %v", err)
	}
	return func(name string) {
		t.Helper()
		if !scripts {
			return
		}
		for _, l := range looks {
			b.as(l)
			// Buttons change their colours over some frames.
			js[bool](b, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => done(true)))))`)
			for _, problem := range b.problems(string(axe)) {
				t.Errorf("%s, %s: %s", name, l.name, problem)
			}
			if dir := os.Getenv("ALBUMEN_SHOTS"); dir != "" {
				png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), png, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		b.as(looks[0])
	}
}

var mailedLinks = regexp.MustCompile(`http://localhost:\d+(/[a-z-]+/[a-z2-7]{40,})`)

// mailed waits for a mail to somebody with a link of that kind, and returns the
// link's path.
func (i *instance) mailed(to, kind string) string {
	i.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(i.dir, "outbox", "*.eml"))
		if err != nil {
			i.t.Fatal(err)
		}
		slices.Sort(files)
		for _, file := range slices.Backward(files) {
			text, err := os.ReadFile(file)
			if err != nil {
				i.t.Fatal(err)
			}
			if !bytes.Contains(text, []byte("To: <"+to+">")) {
				continue
			}
			body, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
			if err != nil {
				i.t.Fatal(err)
			}
			for _, link := range mailedLinks.FindAllStringSubmatch(string(body), -1) {
				if strings.HasPrefix(link[1], "/"+kind+"/") {
					return link[1]
				}
			}
		}
	}
	i.t.Fatalf("no mail with a link to /%s came to %s", kind, to)
	return ""
}
