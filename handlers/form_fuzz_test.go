package handlers

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"albumen/views/ui"
)

// Whatever a browser sends as a form, it is read or refused with a reason; the
// address adds no fields to it, passwords are never shown again, and settings
// come back as they were understood.
func FuzzForm(f *testing.F) {
	const urlencoded = "application/x-www-form-urlencoded"
	multipart := "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nann@example.org\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x\"\r\n\r\n\x00\r\n--b--\r\n"
	for _, seed := range [][3]string{
		{urlencoded, "email=ann%40example.org&password=secret+word", "email=eve@example.org"},
		{urlencoded, "email=%zz&email=%00&=&&;;", ""}, {urlencoded, "a=%ff%fe&current=x", "%"},
		{urlencoded + "; charset=utf-16", "site_name=x&trash_days=-1&default_quota=1,5", ""},
		{urlencoded, "trash_days=99999999999999999999&default_quota=1e308&audit_days=+0x1&mail_days=%0d%0a7", ""},
		{urlencoded, "default_quota=NaN&deletion_days=%D9%A3&inviters=admins&sign_up", ""},
		{"multipart/form-data; boundary=b", multipart, "password=x"}, {"multipart/form-data; boundary=b", multipart[:60], ""},
		{"multipart/form-data", multipart, ""}, {"multipart/form-data; boundary=", "----", ""}, {"multipart/form-data; boundary=\"" + strings.Repeat("b", 71) + "\"", "", ""},
		{"", "email=x", ""}, {"text/plain", "email=x", ""}, {"application/json", `{"email": "x"}`, "email=y"}, {";;/", "\x00", "&=%00"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, kind, body, query string) {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", kind)
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, maxFormBytes)
		fields, err := form(echo.New().NewContext(r, httptest.NewRecorder()))
		if err != nil {
			var known *statusError
			var large *http.MaxBytesError
			if !errors.As(err, &known) && !errors.As(err, &large) {
				t.Fatalf("an error that no page tells: %v", err)
			}
			return
		}
		if kind == urlencoded {
			want, err := url.ParseQuery(body)
			if err != nil || !reflect.DeepEqual(map[string][]string(want), map[string][]string(fields)) {
				t.Errorf("%q is read as %v, want %v, %v", body, fields, want, err)
			}
		}
		for _, in := range inputsOf(t.Context(), fields, ui.Errors{"password": "wrong"}, nameField, emailField, passwordField, currentField) {
			if in.Type == "password" && in.Value != "" {
				t.Errorf("%s is shown again", in.Name)
			}
		}
		s := settingsOf(fields)
		if s.DefaultQuota < unreadable {
			t.Errorf("a quota of %d from %q", s.DefaultQuota, fields.Get("default_quota"))
		}
		if again := settingsOf(settingsValues(s)); s.DefaultQuota < 1<<53 && s.DefaultQuota != unreadable && s.AuditDays >= 0 && s != again {
			t.Errorf("%+v becomes %+v", s, again)
		}
		if plain := localPath(fields.Get("next")); plain != "" && (plain[0] != '/' || strings.HasPrefix(plain, "//")) {
			t.Errorf("%q leads to %q", fields.Get("next"), plain)
		}
	})
}
