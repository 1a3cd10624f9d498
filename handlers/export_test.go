package handlers

import (
	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// Handle adds a route, for tests of what surrounds one.
func (s *Server) Handle(method, path string, h echo.HandlerFunc) { s.echo.Add(method, path, h) }

// LoggedPath is how the access log writes a path.
var LoggedPath = loggedPath

// Render is how pages and their parts are answered.
func (s *Server) Render(c echo.Context, status int, page templ.Component, fragments ...templ.Component) error {
	return s.render(c, status, page, fragments...)
}

// HarmlessCell is how the export of the audit log writes a cell.
var HarmlessCell = harmlessCell
