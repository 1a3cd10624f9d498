package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"albumen/app"
)

// Whoever holds a link reports a photo with the form below it; hidden, the link
// gives neither page nor bytes, and a new report is not possible.
func TestReportingBelowALink(t *testing.T) {
	s := newShared(t)
	l := s.link(app.LinkEdit{})
	b, base := s.browser(), "/s/"+l.Token+"/media/"+s.photo.String()
	b.get(base).has(t, `href="`+base+`/report"`)
	form := b.guarded(base+"/report", url.Values{"reason": {"consent"}, "message": {"That is me."}, "email": {"witness@example.net"}})
	form.Set("stamp", oldStamp())
	b.post(base+"/report", url.Values{"stamp": {oldStamp()}}).has(t, "is-wrong")
	b.post(base+"/report", form).want(t, http.StatusSeeOther, base+"/report?sent")
	b.get(base+"/report?sent").has(t, "Thank you", `href="`+base+`"`)
	page, err := s.app.Reports(t.Context(), s.owner, app.ReportsQuery{})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	c, err := s.app.ReportCase(t.Context(), s.owner, page.Items[0].ID)
	if err != nil || len(c.Reports) != 1 || c.Reports[0].Kind != "link" || c.Reports[0].Email != "witness@example.net" || c.Reports[0].Message != "That is me." {
		t.Errorf("%+v, %v", c.Reports, err)
	}
	if err := s.app.HideReported(t.Context(), s.owner, c.ID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{base, base + "/preview", base + "/thumb", base + "/report"} {
		if a := b.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s of a hidden photo: %d", path, a.StatusCode)
		}
	}
	if a := b.get("/s/" + l.Token); strings.Contains(a.body, s.photo.String()) {
		t.Error("the album shows it")
	}
	b.post(base+"/report", form).want(t, http.StatusNotFound, "")
}
