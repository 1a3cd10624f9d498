package handlers

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
)

// form returns the fields of a posted form, never those of the query.
func form(c echo.Context) (url.Values, error) {
	r := c.Request()
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		err = r.ParseMultipartForm(maxFormBytes)
	} else {
		err = r.ParseForm()
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &statusError{http.StatusBadRequest, "invalid", "error.request", fmt.Errorf("read a form: %w", err)}
	}
	return r.PostForm, nil
}
