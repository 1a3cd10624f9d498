package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is one tab of headless Chromium.
type browser struct {
	t       testing.TB
	ctx     context.Context
	i       *instance
	scripts bool
	// close ends Chromium; the end of the test does it too.
	close func()
}

// open starts Chromium on the instance; scripts says whether JavaScript runs.
func (i *instance) open(scripts bool) *browser {
	i.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(i.t)), chromedp.UserDataDir(i.t.TempDir()), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	tab, cancelTab := chromedp.NewContext(allocator)
	ctx, cancel := context.WithTimeout(tab, 10*time.Minute)
	end := func() { cancel(); cancelTab(); cancelAllocator() }
	i.t.Cleanup(end)
	b := &browser{t: i.t, ctx: ctx, i: i, scripts: scripts, close: end}
	// Not by do: the context of the first step is that of the whole tab.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(1280, 800)); err != nil {
		i.t.Fatal(err)
	}
	if !scripts {
		off := emulation.SetScriptExecutionDisabledParams{Value: true}
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
			i.t.Fatal(err)
		}
	}
	return b
}

func chromium(t testing.TB) string {
	t.Helper()
	for _, path := range []string{os.Getenv("CHROME_PATH"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("Chromium is not installed: run scripts/bootstrap test")
	return ""
}

// stepLimit is how long one step may take: far more than any needs, so that a
// test that waits for what never comes says so before the whole run is over.
const stepLimit = 2 * time.Minute

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\non the page:\n%s", err, b.page())
	}
}

// page is the text of the page, for messages.
func (b *browser) page() string {
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *browser) visit(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.i.url + path)) }

func (b *browser) click(css string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(css))) }

func (b *browser) fill(css, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(css), text))
}

func (b *browser) wait(css string) { b.t.Helper(); b.do(chromedp.WaitVisible(chromedp.CSS(css))) }

func (b *browser) text(css string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		b.t.Fatalf("text of %s: %v\non the page:\n%s", css, err, b.page())
	}
	return strings.TrimSpace(text)
}

// html is the whole document; unlike an expression it can be had with scripts off.
func (b *browser) html() string {
	b.t.Helper()
	html, err := chromedp.Run(b.ctx, chromedp.OuterHTML(chromedp.CSS("html")))
	if err != nil {
		b.t.Fatal(err)
	}
	return html
}

// eventually visits the page again until its document holds the text.
func (b *browser) eventually(path, text string) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		b.visit(path)
		if strings.Contains(b.html(), text) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s never showed %q; it shows:\n%s", path, text, b.page())
		}
	}
}

// signIn signs the administrator in through the page.
func (b *browser) signIn() {
	b.t.Helper()
	b.visit("/login")
	b.fill("input[name=email]", adminEmail)
	b.fill("input[name=password]", adminPassword)
	b.click("form[action='/login'] button[type=submit]")
	b.wait("#days, .empty, .timeline")
}
