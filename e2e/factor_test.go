package e2e

import (
	"bytes"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

var (
	secretShown = regexp.MustCompile(`class="secret-text">([A-Z2-7 ]+)<`)
	codesShown  = regexp.MustCompile(`<li><code>([a-z2-7-]+)</code>`)
)

// codeNow is what the authenticator app shows, so many half minutes ahead.
func codeNow(t testing.TB, secret string, ahead int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(ahead)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol sets an authenticator app up through the pages and returns what it keeps,
// and the recovery codes.
func (b *browser) enrol(password string) (secret string, codes []string) {
	b.t.Helper()
	b.visit("/account/security/totp")
	b.fill("#f-current", password)
	b.click(`form[action="/account/security/totp"] button`)
	b.wait(".secret-text")
	found := secretShown.FindStringSubmatch(b.html())
	if found == nil {
		b.t.Fatalf("no secret:\n%s", b.page())
	}
	secret = strings.ReplaceAll(found[1], " ", "")
	b.fill("#f-code", codeNow(b.t, secret, 0))
	b.click(`form[action="/account/security/totp/confirm"] button`)
	b.wait(".codes")
	for _, m := range codesShown.FindAllStringSubmatch(b.html(), -1) {
		codes = append(codes, m[1])
	}
	return secret, codes
}

// mailTo waits for a mail to somebody whose subject holds the words.
func (i *instance) mailTo(to, words string) {
	i.t.Helper()
	var seen []string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(i.dir, "outbox", "*.eml"))
		if err != nil {
			i.t.Fatal(err)
		}
		seen = nil
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				i.t.Fatal(err)
			}
			if !bytes.Contains(text, []byte("To: <"+to+">")) {
				continue
			}
			for line := range strings.Lines(string(text)) {
				if subject, ok := strings.CutPrefix(line, "Subject: "); ok {
					if plain, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
						subject = plain
					}
					if strings.Contains(subject, words) {
						return
					}
					seen = append(seen, strings.TrimSpace(subject))
				}
			}
		}
	}
	i.t.Fatalf("no mail about %q came to %s, only: %s", words, to, strings.Join(seen, "; "))
}
