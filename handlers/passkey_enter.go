package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
)

// passkeyEntryApp is what signing in with a passkey needs.
type passkeyEntryApp interface {
	BeginPasskeySignIn(ctx context.Context, token string, from netip.Addr) (app.PasskeyBegin, error)
	SignInWithPasskey(ctx context.Context, token string, answer []byte, from netip.Addr) (db.User, error)
	BeginPasskeyStep(ctx context.Context, step, token string) (app.PasskeyBegin, error)
	FinishPasskeyStep(ctx context.Context, step, token string, answer []byte, from netip.Addr) (app.HalfSignIn, error)
}

type passkeyEntryHandlers struct {
	*Server
	app passkeyEntryApp
}

const (
	passkeyEnterPath = "/login/passkey"
	passkeyStepPath  = stepPath + "/passkey"
	passkeyScript    = "passkey.js"
)

// passkeyAnswer is what the script sends when the device has signed.
type passkeyAnswer struct {
	Credential json.RawMessage `json:"credential"`
	Remember   bool            `json:"remember"`
	Next       string          `json:"next"`
}

// begin asks for any key. The cookie that comes with it binds the answer to this
// browser.
func (h passkeyEntryHandlers) begin(c echo.Context) error {
	if err := readJSON(c, &struct{}{}); err != nil {
		return err
	}
	b, err := h.app.BeginPasskeySignIn(c.Request().Context(), h.passkeyToken(c), client(c))
	if err != nil {
		return err
	}
	return h.askKey(c, b)
}

func (h passkeyEntryHandlers) enter(c echo.Context) error {
	var sent passkeyAnswer
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	user, err := h.app.SignInWithPasskey(c.Request().Context(), h.passkeyToken(c), sent.Credential, client(c))
	if err != nil {
		return err
	}
	return h.comeIn(c, arrival{user, sent.Remember, localPath(sent.Next), app.WayPasskey})
}

// beginStep asks for a key of whoever has shown the password.
func (h passkeyEntryHandlers) beginStep(c echo.Context) error {
	if err := readJSON(c, &struct{}{}); err != nil {
		return err
	}
	b, err := h.app.BeginPasskeyStep(c.Request().Context(), h.stepToken(c), h.passkeyToken(c))
	if err != nil {
		return err
	}
	return h.askKey(c, b)
}

func (h passkeyEntryHandlers) finishStep(c echo.Context) error {
	var sent passkeyAnswer
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	half, err := h.app.FinishPasskeyStep(c.Request().Context(), h.stepToken(c), h.passkeyToken(c), sent.Credential, client(c))
	if err != nil {
		return err
	}
	c.SetCookie(h.stepCookie("", -1))
	return h.comeIn(c, arrival{half.User, half.Remember, half.Next, app.WayKeyStep})
}

// comeIn begins the session and tells the script where to go on.
func (s *Server) comeIn(c echo.Context, a arrival) error {
	c.SetCookie(s.passkeyCookie("", -1))
	if err := s.enter(c, a); err != nil {
		return err
	}
	return goOn(c, orHome(a.next))
}

func goOn(c echo.Context, path string) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, map[string]string{"next": path})
}

// askKey sends what the browser is to ask the device.
func (s *Server) askKey(c echo.Context, b app.PasskeyBegin) error {
	c.SetCookie(s.passkeyCookie(b.Token, int(app.PasskeyLife.Seconds())))
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSONBlob(http.StatusOK, b.Options)
}

// passkeyCookie is the cookie that binds challenges to this browser. Only our
// own pages send it.
func (s *Server) passkeyCookie(value string, maxAge int) *http.Cookie {
	c := s.stepCookie(value, maxAge)
	c.Name, c.SameSite = "albumen_passkey", http.SameSiteStrictMode
	if c.Secure {
		c.Name = "__Host-" + c.Name
	}
	return c
}

func (s *Server) passkeyToken(c echo.Context) string {
	cookie, err := c.Request().Cookie(s.passkeyCookie("", 0).Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// readJSON reads what a script of ours sends: JSON that says so, which no form
// of another site can, and not much of it.
func readJSON(c echo.Context, into any) error {
	r := c.Request()
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != echo.MIMEApplicationJSON {
		return &statusError{http.StatusUnsupportedMediaType, "unsupported", "error.passkey_json", fmt.Errorf("the body is %q", kind)}
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, app.MaxPasskeyAnswer)
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return tooLarge
		}
		return &statusError{http.StatusBadRequest, "invalid", "error.passkey_json", fmt.Errorf("read JSON: %w", err)}
	}
	return nil
}
