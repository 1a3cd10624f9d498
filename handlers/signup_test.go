package handlers_test

import (
	"bytes"
	"context"
	"image"
	stdpng "image/png"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"albumen/app"
	"albumen/jobs"
)

// openSignUp lets anybody make an account.
func (s *site) openSignUp() {
	s.t.Helper()
	settings := app.DefaultSiteSettings()
	settings.SignUp = true
	if _, err := s.app.UpdateSiteSettings(context.Background(), app.SystemActor(), settings); err != nil {
		s.t.Fatal(err)
	}
}

func TestSignUpPagesExistOnlyWhereAnybodyMay(t *testing.T) {
	s := newSite(t)
	if a := s.browser().get("/signup"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the form: %v", a)
	}
	if a := s.browser().get("/login"); strings.Contains(a.body, `href="/signup"`) || !strings.Contains(a.body, `href="/reset"`) {
		t.Errorf("the sign-in page: %v", a)
	}
	s.openSignUp()
	if a := s.browser().get("/signup"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `name="password"`) {
		t.Errorf("the form: %v", a)
	}
}

func TestSignUpAndResetAnswerAlike(t *testing.T) {
	s := newSite(t)
	s.openSignUp()
	for path, fields := range map[string]url.Values{
		"/signup": {"name": {"Somebody"}, "password": {"quite a good password"}, "terms": {"0"}},
		"/reset":  {}, "/verify": {},
	} {
		var first string
		for _, email := range []string{"admin@example.org", "nobody@example.org"} {
			fields.Set("email", email)
			b := s.browser()
			a := b.post(path, fields)
			if a.StatusCode != http.StatusSeeOther || len(a.Cookies()) != 0 {
				t.Fatalf("%s for %s: %v", path, email, a)
			}
			page := a.Header.Get("Location") + b.get(a.Header.Get("Location")).body
			if first == "" {
				first = page
			}
			if page != first {
				t.Errorf("%s tells %s from others:\n%s", path, email, page)
			}
		}
	}
}

// The time that an answer takes must not tell either: the database is asked and
// told as often. That passwords are hashed alike is tested with the use-cases.
func TestSignUpResetAndChangeOfAddressTakeTheSameWork(t *testing.T) {
	s := newSite(t)
	s.user("bob@example.org", false)
	s.openSignUp()
	counted := s.traced()
	work := func(b *browser, path string, fields url.Values, email string) []string {
		fields.Set("email", email)
		counted.take()
		if a := b.post(path, fields); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s for %s: %v", path, email, a)
		}
		return slices.DeleteFunc(counted.take(), func(sql string) bool {
			return strings.HasPrefix(sql, "-- name: SiteSettings ") || strings.Contains(sql, "to_regtype('vector')") // once in some seconds, once for each connection
		})
	}
	for path, fields := range map[string]url.Values{
		"/signup": {"name": {"Somebody"}, "password": {"quite a good password"}, "terms": {"0"}}, "/reset": {}, "/verify": {},
		"/account/email": {"current": {goodPassword}},
	} {
		b := s.browser()
		if path == "/account/email" {
			b = s.signedIn("admin@example.org")
		}
		known, unknown := work(b, path, fields, "bob@example.org"), work(b, path, fields, "nobody-of-"+path[1:2]+"@example.org")
		if len(known) != len(unknown) || len(known) == 0 && path == "/signup" {
			t.Errorf("%s asks the database about a known address:\n%s\nabout another:\n%s", path, strings.Join(known, "\n"), strings.Join(unknown, "\n"))
		}
	}
}

func TestForgedAddressDoesNotDodgeTheLimits(t *testing.T) {
	s := newSite(t)
	s.openSignUp()
	for path, fields := range map[string]url.Values{
		"/reset": {"email": {"admin@example.org"}}, "/verify": {"email": {"nobody@example.org"}},
		"/signup": {"email": {"new@example.org"}, "name": {"New"}, "password": {"quite a good password"}, "terms": {"0"}},
	} {
		b := s.browser()
		for i := range 9 {
			forged := "203.0.113." + strconv.Itoa(i)
			a := b.post(path, fields, "X-Forwarded-For", forged+", 10.0.0.1", "X-Real-Ip", forged, "Forwarded", "for="+forged, "True-Client-Ip", forged, "Cf-Connecting-Ip", forged)
			if want := http.StatusSeeOther; i < 5 && a.StatusCode != want || i >= 5 && a.StatusCode != http.StatusTooManyRequests {
				t.Fatalf("%s, attempt %d: %v", path, i, a)
			}
		}
		// Neither does another spelling of the address, nor another browser.
		fields.Set("email", strings.ToUpper(fields.Get("email"))+" ")
		if a := s.browser().post(path, fields); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s, another spelling: %v", path, a)
		}
	}
}

func TestStaleLinksSayWhatToDo(t *testing.T) {
	s := newSite(t)
	for path, next := range map[string]string{"/reset/none": "/reset", "/verify/none": "/verify", "/email/none": "/account", "/email-back/none": "/account"} {
		a := s.browser().get(path)
		if a.StatusCode != http.StatusNotFound || a.Header.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(a.body, `name="referrer" content="no-referrer"`) || !strings.Contains(a.body, `href="`+next+`"`) {
			t.Errorf("%s: %v", path, a)
		}
	}
	for _, path := range []string{"/reset/secret-token", "/verify/secret-token", "/email/secret-token", "/email-back/secret-token"} {
		s.browser().get(path)
	}
	if strings.Contains(s.log.String(), "secret-token") {
		t.Error("the log holds tokens")
	}
}

func TestSessionsPage(t *testing.T) {
	s := newSite(t)
	here, there := s.browser(), s.browser()
	for _, b := range []*browser{here, there} {
		b.post("/login", url.Values{"email": {"admin@example.org"}, "password": {goodPassword}},
			"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0").want(t, http.StatusSeeOther, "/timeline")
	}
	a := here.get("/account/sessions")
	if strings.Count(a.body, "Firefox on Linux") < 2 || strings.Count(a.body, "This browser") != 1 || strings.Count(a.body, "/end\"") != 1 {
		t.Fatalf("the page: %v", a)
	}
	here.post("/account/sessions/end-others", nil).want(t, http.StatusSeeOther, "/account/sessions")
	there.get("/account").want(t, http.StatusSeeOther, "/login?next=%2Faccount")
	if a := here.get("/account/sessions"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "1 other browser is signed out.") {
		t.Errorf("the page after: %v", a)
	}
}

func TestSiteSettingsPage(t *testing.T) {
	s := newSite(t)
	s.user("ann@example.org", false)
	if a := s.signedIn("ann@example.org").get("/admin/settings"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a member sees %v", a)
	}
	b := s.signedIn("admin@example.org")
	fields := url.Values{"site_name": {"Our photos"}, "inviters": {"admins"}, "trash_days": {"7"}, "mail_days": {"30"}, "evidence_days": {"90"}, "message_days": {"180"}, "deletion_days": {"3"}, "default_quota": {"1,5"}, "verify_email": {"on"}}
	b.post("/admin/settings", fields).want(t, http.StatusSeeOther, "/admin/settings")
	got, err := s.app.SiteSettings(context.Background(), app.SystemActor())
	if want := (app.SiteSettings{SiteName: "Our photos", Inviters: "admins", TrashDays: 7, MailDays: 30, EvidenceDays: 90, MessageDays: 180, DeletionDays: 3, DefaultQuota: 1.5e9, VerifyEmail: true}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if a := b.get("/admin/settings"); !strings.Contains(a.body, "· Our photos</title>") || !strings.Contains(a.body, `value="1.5"`) {
		t.Errorf("the page after: %v", a)
	}
	fields.Set("trash_days", "soon")
	if a := b.post("/admin/settings", fields); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="soon"`) {
		t.Errorf("a wrong number: %v", a)
	}
}

func TestAvatarPageRefusesWhatIsNoPicture(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	send := func(body []byte) answer {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("avatar", "me.png")
		if err == nil {
			_, err = part.Write(body)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.do(request(http.MethodPost, "/account/avatar", &form, "Content-Type", w.FormDataContentType(), "Sec-Fetch-Site", "same-origin"))
	}
	if a := send([]byte("<svg/>")); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This is not a picture that can be used here.") {
		t.Errorf("%v", a)
	}
	var im bytes.Buffer
	if err := stdpng.Encode(&im, image.NewRGBA(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	send(im.Bytes()).want(t, http.StatusSeeOther, "/account")
	a := b.get("/account")
	_, rest, found := strings.Cut(a.body, `src="/users/`)
	if !found {
		t.Fatalf("no avatar: %v", a)
	}
	path, _, _ := strings.Cut("/users/"+rest, `"`)
	got := b.get(path, "Accept", "image/webp")
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "image/webp" || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") || got.Header.Get("ETag") == "" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	if a := s.browser().get(path, "Accept", "image/webp", "Sec-Fetch-Mode", "no-cors"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a visitor gets %d", a.StatusCode)
	}
}

// Whatever name a request gives for the site, links in mails begin with BASE_URL.
func TestResetLinksAreNotBuiltFromTheHostHeader(t *testing.T) {
	s := newSite(t, "ALLOWED_HOSTS=photos.example.org,other.example.org")
	ctx := context.Background()
	for _, host := range []string{"evil.example", "other.example.org"} {
		r := request(http.MethodPost, "/reset", strings.NewReader("email=admin%40example.org"),
			"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example")
		r.Host = host
		a := s.browser().do(r)
		if want := map[string]int{"evil.example": http.StatusMisdirectedRequest, "other.example.org": http.StatusSeeOther}[host]; a.StatusCode != want {
			t.Errorf("%s: %v", host, a)
		}
	}
	if err := s.app.MailAccount(ctx, app.SystemActor(), jobs.MailAccount{Purpose: "reset", Email: "admin@example.org"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.SendMails(ctx, app.SystemActor()); err != nil {
		t.Fatal(err)
	}
	link := s.mailedLink("reset")
	if !strings.HasPrefix(link, "https://photos.example.org/reset/") {
		t.Fatalf("the link is %q", link)
	}
	// It opens, and the form under it works without an Origin: such pages send none.
	b := s.browser()
	path := strings.TrimPrefix(link, "https://photos.example.org")
	if a := b.get(path); a.StatusCode != http.StatusOK || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page: %v", a)
	}
	a := b.do(request(http.MethodPost, path, strings.NewReader(url.Values{"password": {"quite a good password"}, "terms": {"0"}}.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "null", "Sec-Fetch-Site", "same-origin"))
	a.want(t, http.StatusSeeOther, "/login?changed")
	s.browser().signIn("admin@example.org", "quite a good password").want(t, http.StatusSeeOther, "/timeline")
}

// mailedLink is the address of that kind in the newest mail.
func (s *site) mailedLink(kind string) string {
	s.t.Helper()
	files, err := s.outbox.List(1)
	if err != nil || len(files) == 0 {
		s.t.Fatal(files, err)
	}
	text, err := s.outbox.Read(files[0].Name)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
	if err != nil {
		s.t.Fatal(err)
	}
	return regexp.MustCompile(`https?://[^/\s"]+/` + kind + `/[a-z2-7]+`).FindString(string(body))
}
