package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A family's story: an administrator invites by mail, the new person accepts and
// adds a photo, a viewer looks and can do no more, a link with a password brings a
// guest, whose photo the owner approves, and then the owner takes the link back.
func TestAFamilyShares(t *testing.T) {
	i := start(t)
	t.Run("with scripts", func(t *testing.T) { familyStory(t, i, true, "Lake", 1) })
	t.Run("without scripts", func(t *testing.T) { familyStory(t, i, false, "Mill", 2) })
}

func familyStory(t *testing.T, i *instance, scripts bool, place string, seed int) {
	ann := i.as(t, scripts)
	ann.signIn()
	ann.visit("/albums/new")
	ann.fill("#f-title", "Summer at the "+place)
	ann.click(`form[action="/albums/new"] button[type=submit]`)
	ann.wait(`a[href$="/members"]`)
	album := ann.address()

	// Dora is invited by her address, and lands on the album.
	dora := i.invited(t, ann, album, "dora-"+strings.ToLower(place)+"@example.org", "Dora", "contributor", scripts)
	dora.upload(t, album, strconv.Itoa(seed))
	id := dora.tile(album)

	// Vic may look, and do no more.
	vic := i.invited(t, ann, album, "vic-"+strings.ToLower(place)+"@example.org", "Vic", "viewer", scripts)
	vic.tile(album)
	if strings.Contains(vic.html(), `href="/upload?`) {
		t.Error("a viewer is offered to upload")
	}
	for _, path := range []string{album + "/members", album + "/links", album + "/edit"} {
		vic.visit(path)
		if html := vic.html(); strings.Contains(html, `name="email"`) || strings.Contains(html, `name="visibility"`) || strings.Contains(html, `name="expires_at"`) {
			t.Errorf("a viewer finds a form on %s", path)
		}
	}
	vic.visit("/media/" + id + "/edit")
	if html := vic.html(); strings.Contains(html, `name="title"`) {
		t.Error("a viewer may change the title of a photo")
	}

	// A link with a password; guests may send photos.
	ann.visit(album + "/links")
	ann.fill("#f-name", "For the grandparents")
	ann.fill("#f-password", "tea and biscuits")
	ann.click("input[name=upload]")
	ann.click(".form:has(#f-password) button[type=submit]")
	ann.wait(".link-url")
	address, err := chromedp.Run(ann.ctx, chromedp.Value(chromedp.CSS(".link-url")))
	if err != nil {
		t.Fatal(err)
	}
	share := strings.TrimPrefix(address, i.url)

	guest := i.as(t, scripts)
	guest.visit(share)
	guest.fill("#f-password", "coffee\r")
	guest.wait(".notice")
	if strings.Contains(guest.html(), id) {
		t.Fatal("a wrong password shows a photo")
	}
	guest.fill("#f-password", "tea and biscuits\r")
	guest.wait(`[href*="` + id + `"]`)
	guest.click(`a[href$="/upload"]`)
	guest.wait("#files")
	guest.fill("#f-name", "Grandma")
	guest.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{photo(t, t.TempDir(), "Grandma.jpg", strconv.Itoa(seed+10))}))
	guest.click("form:has(#files) button[type=submit]")
	guest.wait(".notice, .receipt-card")
	guest.visit(share)
	if n := strings.Count(guest.html(), `data-id="`); n > 1 {
		t.Errorf("a guest sees %d photos before the owner has looked", n)
	}

	pending := album + "/pending"
	ann.eventually(pending, `value="approve"`)
	ann.click(`form:has(input[name=id]) button[value=approve]`)
	ann.wait(".receipt-card, .page-note")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		guest.visit(share)
		if strings.Contains(guest.page(), "2 photos") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the approved photo did not appear:\n%s", guest.page())
		}
	}

	ann.visit(album + "/links")
	ann.click(`.link .confirm:has(form[action$="/revoke"]) summary`)
	ann.click(`.link form[action$="/revoke"] button`)
	ann.wait(".link.is-over, .receipt-card")
	for _, path := range []string{share, share + "/media/" + id, share + "/media/" + id + "/preview"} {
		guest.visit(path)
		if text := guest.page(); !strings.Contains(text, "This link no longer works") {
			t.Errorf("%s after the link was taken back:\n%s", path, text)
		}
	}
}

// tile opens an album, waits for its first photo and returns its id.
func (b *browser) tile(album string) string {
	b.t.Helper()
	b.eventually(album, `data-id="`)
	_, rest, _ := strings.Cut(b.html(), `data-id="`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// upload adds a photo to the album from the album's own page.
func (b *browser) upload(t *testing.T, album, seed string) {
	t.Helper()
	b.visit(album)
	b.click(`main a[href^="/upload"]`)
	b.wait("#files")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{photo(t, t.TempDir(), "Shore.jpg", seed)}))
	if b.scripts {
		b.wait("[data-state=created] [data-link]")
		return
	}
	b.click("#upload button[type=submit]")
	b.wait("[data-state=created]")
}

// as opens a browser of its own whose failures are this test's.
func (i *instance) as(t *testing.T, scripts bool) *browser {
	b := i.open(scripts)
	b.t = t
	return b
}

// invited has the owner add an address to an album; the person accepts by the mail.
func (i *instance) invited(t *testing.T, owner *browser, album, email, name, role string, scripts bool) *browser {
	t.Helper()
	owner.visit(album + "/members")
	owner.fill("#f-email", email)
	owner.do(chromedp.SetValue(chromedp.CSS("#f-role"), role))
	owner.click(`form:has(#f-email) button[type=submit]`)
	owner.wait(".receipt-card")
	b := i.as(t, scripts)
	b.visit(i.mailedLink(t, email, "/invitations/"))
	b.fill("#f-name", name)
	b.fill("#f-password", "kettle lantern orchard "+name)
	b.click("[name=terms]")
	b.click("form:has(#f-password) button[type=submit]")
	b.wait(".album-head")
	if at := b.address(); at != album {
		t.Errorf("%s landed on %s, not on the album", name, at)
	}
	return b
}

// unfolded undoes what quoted-printable does to addresses.
var unfolded = strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=")

var inMails = regexp.MustCompile(`https?://[^\s"<>]+`)

// mailedLink waits for the newest mail to the address and returns its link that
// begins with the path, without the host.
func (i *instance) mailedLink(t *testing.T, to, path string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(i.dir, "outbox", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for n := len(files) - 1; n >= 0; n-- {
			raw, err := os.ReadFile(files[n])
			if err != nil || !strings.Contains(string(raw), to) {
				continue
			}
			for _, link := range inMails.FindAllString(unfolded.Replace(string(raw)), -1) {
				if rest, ok := strings.CutPrefix(link, i.url); ok && strings.HasPrefix(rest, path) {
					return rest
				}
			}
		}
	}
	t.Fatalf("no mail to %s with a link to %s", to, path)
	return ""
}
