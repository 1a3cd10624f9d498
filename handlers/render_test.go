package handlers_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func TestPageOrFragment(t *testing.T) {
	s := newSite(t)
	s.web.Handle(http.MethodGet, "/both", func(c echo.Context) error {
		return s.web.Render(c, http.StatusOK, templ.Raw("<html>page</html>"), templ.Raw("<p>one</p>"), templ.Raw("<p>two</p>"))
	})
	s.web.Handle(http.MethodGet, "/whole", func(c echo.Context) error {
		return s.web.Render(c, http.StatusOK, templ.Raw("<html>page</html>"))
	})
	s.web.Handle(http.MethodGet, "/fails", func(c echo.Context) error {
		return s.web.Render(c, http.StatusOK, templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "half a page")
			return errors.Join(err, errors.New("broken"))
		}))
	})
	const page, parts = "<html>page</html>", "<p>one</p><p>two</p>"
	for _, one := range []struct {
		path, want string
		headers    []string
	}{
		{"/both", page, nil},
		{"/both", parts, []string{"HX-Request", "true"}},
		{"/both", page, []string{"HX-Request", "true", "HX-History-Restore-Request", "true"}},
		{"/both", page, []string{"HX-Request", "true", "HX-Boosted", "true"}},
		{"/whole", page, []string{"HX-Request", "true"}},
	} {
		if a := s.browser().get(one.path, one.headers...); a.StatusCode != 200 || a.body != one.want {
			t.Errorf("%s %v: %v", one.path, one.headers, a)
		}
	}
	if a := s.browser().get("/fails"); a.StatusCode != 500 || len(a.body) < 200 || a.body[:11] == "half a page" {
		t.Errorf("half a page was sent: %v", a)
	}
}
