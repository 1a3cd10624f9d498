package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"albumen/views/help"
)

// helpKeys lists the keys, as a page or as the content of the overlay.
func (s *Server) helpKeys(c echo.Context) error {
	if wantsFragment(c.Request()) { // before the page, which would take a receipt along
		return s.render(c, http.StatusOK, help.KeyTable())
	}
	return s.render(c, http.StatusOK, help.KeysPage(help.Keys{Page: s.page(c)}))
}
