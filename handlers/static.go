package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"albumen/static"
)

func serveStatic(c echo.Context) error {
	static.Handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

// favicon is for what asks without reading the page first.
func favicon(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Redirect(http.StatusFound, static.URL("icon.svg"))
}

// robots keeps private albums out of search engines.
func robots(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.String(http.StatusOK, "User-agent: *\nDisallow: /\n")
}
