package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"albumen/app"
)

// Everybody reads the policies, filled with what holds for this site, and finds
// them from the sign-in page.
func TestPoliciesAreForEverybody(t *testing.T) {
	s := newSite(t)
	settings := app.DefaultSiteSettings()
	settings.SiteName, settings.TrashDays = "Our <b>*photos*</b>", 17
	if _, err := s.app.UpdateSiteSettings(t.Context(), app.UserActor(s.admin), settings); err != nil {
		t.Fatal(err)
	}
	login := s.browser().ok("/login")
	for _, b := range []*browser{s.browser(), s.signedIn("admin@example.org")} {
		for _, name := range app.PolicyNames() {
			a := b.get("/" + name)
			if a.StatusCode != http.StatusOK || strings.Contains(a.body, "{{") || !strings.Contains(a.body, "Our &lt;b&gt;*photos*&lt;/b&gt;") {
				t.Errorf("/%s: %v", name, a)
			}
			if !strings.Contains(login, `href="/`+name+`"`) {
				t.Errorf("the sign-in page does not lead to /%s", name)
			}
		}
	}
	if page := s.browser().ok("/privacy"); !strings.Contains(page, "17 days") {
		t.Error("the privacy policy does not know the settings")
	}
}
