package app_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func zipOf(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	if err == nil {
		_, err = f.Write([]byte("#!/bin/sh\n"))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReceiveRefusesWhatIsNoMedia(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	for _, c := range []struct{ name, content, reason string }{
		{"drawing.svg", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, "svg"},
		{"drawing.png", `<svg xmlns="http://www.w3.org/2000/svg"/>`, "svg"},
		{"page.html", "<!DOCTYPE html><html><body>x</body></html>", "html"},
		{"photo.jpg", "<html><script>alert(1)</script></html>", "html"},
		{"run.sh", "#!/bin/sh\nrm -rf /\n", "script"},
		{"shell.jpg", "<?php system($_GET['c']); ?>", "script"},
		{"photos.zip", zipOf(t, "a.jpg"), "archive"},
		{"slip.jpg", zipOf(t, "../../etc/cron.d/x"), "archive"},
		{"empty.jpg", "", "empty"},
		{"notes.txt", "Dear diary, today was a day like any other.\n", "text"},
		{"doc.pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "pdf"},
		{"tool.exe", "MZ\x90\x00\x03" + strings.Repeat("\x00", 200), "executable"},
		{"noise.jpg", "\x01\x02\x03\x04\x05\x06\x07\x08\x80\x81\x82", "unknown"},
	} {
		_, err := w.send(owner, c.name, c.content)
		wantError(t, err, app.CodeUnsupported, "receive.refused."+c.reason)
		if e, ok := errors.AsType[*app.Error](err); ok && e.Args["File"] != c.name {
			t.Errorf("%s is called %v", c.name, e.Args["File"])
		}
	}
	_, err := w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "none.jpg", Size: 0, Body: strings.NewReader("")})
	wantError(t, err, app.CodeUnsupported, "receive.refused.empty")
	w.wantNothing()
}

func TestReceiveLimits(t *testing.T) {
	w := newStored(t)
	w.limit(1000)
	u := w.user("anna")
	owner := app.UserActor(u)
	big := png(strings.Repeat("x", 1000))
	_, err := w.send(owner, "big.png", big) // its length is not known before it has come in
	wantError(t, err, app.CodeTooLarge, "receive.too_large")
	_, err = w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "big.png", Size: int64(len(big)), Body: unread{t}})
	wantError(t, err, app.CodeTooLarge, "receive.too_large")
	w.exec("UPDATE users SET quota_bytes = 300 WHERE id = $1", u.ID)
	_, err = w.send(owner, "a.png", png(strings.Repeat("x", 300)))
	wantError(t, err, app.CodeTooLarge, "receive.quota")
	_, err = w.ReceiveMedia(t.Context(), owner, app.Incoming{Filename: "a.png", Size: 301, Body: unread{t}})
	wantError(t, err, app.CodeTooLarge, "receive.quota")
	w.wantNothing()
	if _, err := w.send(owner, "a.png", png(strings.Repeat("x", 300-len(pngHead)))); err != nil {
		t.Errorf("a file that fills the quota: %v", err)
	}
	_, err = w.send(owner, "b.png", png("b"))
	wantError(t, err, app.CodeTooLarge, "receive.quota")
}

func TestReceiveQuotaHoldsForUploadsSideBySide(t *testing.T) {
	w := newStored(t)
	u := w.user("anna")
	w.exec("UPDATE users SET quota_bytes = 2500 WHERE id = $1", u.ID)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := w.send(app.UserActor(u), "a.png", png(strings.Repeat(uuid.NewString(), 27))) // 1005 bytes
			if err != nil && app.CodeOf(err) != app.CodeTooLarge {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.count("SELECT count(*) FROM media"); n != 2 || len(w.objects()) != 2 {
		t.Errorf("%d items, %d objects", n, len(w.objects()))
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body of a file that is refused beforehand was read")
	return 0, io.EOF
}

func TestReceiveABodyThatBreaksOff(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	body := png(strings.Repeat("x", 200_000))
	for name, in := range map[string]app.Incoming{
		"error in the head":  {Size: -1, Body: io.MultiReader(strings.NewReader(body[:100]), broken{})},
		"error further on":   {Size: -1, Body: io.MultiReader(strings.NewReader(body), broken{})},
		"shorter than said":  {Size: int64(len(body)) + 1, Body: strings.NewReader(body)},
		"longer than said":   {Size: int64(len(body)) - 1, Body: strings.NewReader(body)},
		"unexpected end":     {Size: -1, Body: io.MultiReader(strings.NewReader(body), unexpected{})},
		"short, in the head": {Size: 1000, Body: strings.NewReader(png("short"))},
	} {
		t.Run(name, func(t *testing.T) {
			in.Filename = "a.png"
			_, err := w.ReceiveMedia(t.Context(), owner, in)
			wantError(t, err, app.CodeInvalid, "receive.incomplete")
			w.wantNothing()
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, syscall.ECONNRESET }

type unexpected struct{}

func (unexpected) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReceiveOntoAFullDisk(t *testing.T) {
	w := newStored(t)
	owner := app.UserActor(w.user("anna"))
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := w.send(owner, "a.png", png(strings.Repeat("x", 2<<20)))
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); restore != nil {
		t.Fatal(restore)
	}
	wantError(t, err, app.CodeUnavailable, "receive.storage")
	w.wantNothing()
}

func TestReceiveAccess(t *testing.T) {
	w := newStored(t)
	anna, ben, vera, carl := w.user("anna"), w.user("ben"), w.user("vera"), w.user("carl")
	album := w.album(anna, db.AlbumVisibilityPrivate)
	w.grant(album, vera.ID, db.AlbumRoleViewer)
	w.grant(album, carl.ID, db.AlbumRoleContributor)
	suspended := anna
	suspended.SuspendedAt = &w.now
	for name, c := range map[string]struct {
		actor app.Actor
		album *uuid.UUID
		want  app.Code
	}{
		"anonymous":          {app.Actor{}, nil, app.CodeUnauthenticated},
		"share link":         {app.LinkActor(app.Link{ID: w.shareLink(album, anna), Download: true}), &album, app.CodeUnauthenticated},
		"suspended":          {app.UserActor(suspended), nil, app.CodeUnauthenticated},
		"system":             {app.SystemActor(), nil, app.CodeUnauthenticated},
		"read-only token":    {app.TokenActor(anna, []app.Scope{app.ScopeMediaRead}), nil, app.CodeForbidden},
		"write token":        {app.TokenActor(anna, []app.Scope{app.ScopeMediaWrite}), nil, ""},
		"owner":              {app.UserActor(anna), &album, ""},
		"contributor":        {app.UserActor(carl), &album, ""},
		"viewer":             {app.UserActor(vera), &album, app.CodeForbidden},
		"stranger":           {app.UserActor(ben), &album, app.CodeNotFound},
		"stranger, no album": {app.UserActor(ben), nil, ""},
		"unknown album":      {app.UserActor(anna), &ben.ID, app.CodeNotFound},
	} {
		body := io.Reader(strings.NewReader(png(name)))
		if c.want != "" {
			body = unread{t}
		}
		_, err := w.ReceiveMedia(t.Context(), c.actor, app.Incoming{Filename: "a.png", AlbumID: c.album, Size: -1, Body: body})
		if c.want == "" && err != nil || c.want != "" && app.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
