package handlers

import "github.com/labstack/echo/v4"

// Handle adds a route, for tests of what surrounds one.
func (s *Server) Handle(method, path string, h echo.HandlerFunc) { s.echo.Add(method, path, h) }

// LoggedPath is how the access log writes a path.
var LoggedPath = loggedPath
