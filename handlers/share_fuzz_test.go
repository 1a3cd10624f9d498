package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzShareAddress: where a visitor is sent on to lies below their link, and no
// address that leads to a link is logged with its token.
func FuzzShareAddress(f *testing.F) {
	const token = "d554edpllskkqgwro2vydshiahbsq65f"
	base := sharePrefix + token
	for _, s := range []string{base, base + "/media/x", base + "?at=1", base + "x", "//evil.example" + base, base + "/../../login", base + "/%2e%2e/%2e%2e/login",
		"/s//" + token, "/S/" + token, "/s/./" + token, "/%73/" + token, base + "\\..\\x", base + "/..;/x", "https://evil.example" + base, base + "#x", base + "/%00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if to := nextBelow(base, s); to != "" {
			u, err := url.Parse("https://photos.example.org/")
			if err != nil {
				t.Fatal(err)
			}
			if u, err = u.Parse(to); err != nil || u.Host != "photos.example.org" || u.Scheme != "https" {
				t.Errorf("%q sends to %q", s, to)
			} else if u.Path != base && !strings.HasPrefix(u.Path, base+"/") {
				t.Errorf("%q sends to %s, which is not below the link", s, u.Path)
			}
		}
		u, err := url.Parse("https://photos.example.org" + s)
		if err != nil || !isShare(&http.Request{URL: u}) {
			return
		}
		if rest := strings.TrimPrefix(u.Path, sharePrefix); strings.HasPrefix(rest, token) && strings.Contains(loggedPath(u.Path), token) && !strings.Contains(rest[len(token):], token) && (len(rest) == len(token) || rest[len(token)] == '/') {
			t.Errorf("the log tells %s of %s", loggedPath(u.Path), u.Path)
		}
	})
}
