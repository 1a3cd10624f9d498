package app_test

import (
	"bytes"
	"image"
	"image/color"
	stdpng "image/png"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"albumen/app"
	"albumen/media"
	"albumen/storage"
)

// TestMain lets the test binary be its own decoder child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	os.Exit(m.Run())
}

// withPictures gives the use-cases a storage and real decoder children.
func (w *accounts) withPictures() {
	w.t.Helper()
	store, err := storage.Open("file://" + w.t.TempDir())
	if err != nil {
		w.t.Fatal(err)
	}
	rasters, err := media.NewRasters(media.Config{Workers: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { rasters.Close(); store.Close() })
	w.App = app.New(app.Deps{
		DB: w.db, Storage: store, Log: slog.New(slog.DiscardHandler), SecretKey: []byte("0123456789abcdef0123456789abcdef"),
		DefaultZone: time.UTC, Now: func() time.Time { return w.now }, Pictures: rasters,
		Attempts: app.NewRateLimiter(redisPool(w.t), "test:"+uuid.NewString()+":"), PasswordCost: bcrypt.MinCost,
	})
}

// striped is a PNG that is red at both ends and blue in the middle square.
func striped(t testing.TB, width, height int) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	side := min(width, height)
	for y := range height {
		for x := range width {
			c := color.RGBA{R: 255, A: 255}
			if abs(2*x+1-width) <= side && abs(2*y+1-height) <= side {
				c = color.RGBA{B: 255, A: 255}
			}
			im.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := stdpng.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func abs(n int) int { return max(n, -n) }

func TestAvatarIsTheMiddleOfAPicture(t *testing.T) {
	w := newAccounts(t)
	w.withPictures()
	u := w.user("ann@example.org", false)
	actor := app.UserActor(u)
	var keys []string
	for _, one := range []struct{ width, height, side int }{{900, 600, 256}, {300, 1200, 256}, {100, 60, 60}} {
		if err := w.SetAvatar(t.Context(), actor, bytes.NewReader(striped(t, one.width, one.height))); err != nil {
			t.Fatal(err)
		}
		o, err := w.Avatar(t.Context(), actor, u.ID)
		if err != nil || o.MIME != "image/webp" || o.ETag == "" {
			t.Fatalf("%+v, %v", o, err)
		}
		keys = append(keys, "avatars/"+o.ETag)
		r, err := o.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		im, err := media.DecodePreview(body)
		if err != nil || im.Width != one.side || im.Height != one.side {
			t.Fatalf("%d × %d: %d × %d, %v", one.width, one.height, im.Width, im.Height, err)
		}
		for _, at := range []image.Point{{one.side / 10, one.side / 2}, {one.side / 2, one.side / 10}, {one.side * 9 / 10, one.side * 9 / 10}} {
			if pixel := im.Pix[(at.Y*im.Width+at.X)*3:][:3]; pixel[0] > 0x40 || pixel[2] < 0xc0 {
				t.Errorf("%d × %d: the pixel at %v is %v", one.width, one.height, at, pixel)
			}
		}
	}
	if err := w.RemoveAvatar(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	_, err := w.Avatar(t.Context(), actor, u.ID)
	wantCode(t, err, app.CodeNotFound)
	// None of them is left in the storage after the sweeper was there.
	w.now = w.now.Add(time.Minute)
	if n, err := w.SweepObjects(t.Context(), app.SystemActor()); err != nil || n != len(keys) {
		t.Errorf("swept %d of %v, %v", n, keys, err)
	}
}

func TestAvatarIsRefused(t *testing.T) {
	w := newAccounts(t)
	w.withPictures()
	actor := app.UserActor(w.user("ann@example.org", false))
	broken := striped(t, 400, 400)
	for key, body := range map[string]io.Reader{
		"error.avatar_missing": strings.NewReader(""),
		"error.avatar_type":    strings.NewReader("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
		"error.avatar_broken":  bytes.NewReader(broken[:30]),
		"error.avatar_large":   io.MultiReader(bytes.NewReader(broken), bytes.NewReader(make([]byte, app.MaxAvatarBytes))),
	} {
		if e := wantCode(t, w.SetAvatar(t.Context(), actor, body), app.CodeInvalid); e.Fields["avatar"] != key {
			t.Errorf("%v, want %s", e.Fields, key)
		}
	}
}

func TestAvatarAccess(t *testing.T) {
	w := newAccounts(t)
	w.withPictures()
	ann, bob := w.user("ann@example.org", false), w.user("bob@example.org", false)
	if err := w.SetAvatar(t.Context(), app.UserActor(ann), bytes.NewReader(striped(t, 300, 300))); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct {
		actor    app.Actor
		see, set string
	}{
		"anonymous": {app.Actor{}, "u", "u"}, "another user": {app.UserActor(bob), "o", "o"},
		"a link":             {app.LinkActor(app.Link{ID: uuid.New()}), "u", "u"},
		"a reading token":    {app.TokenActor(bob, []app.Scope{app.ScopeMediaRead}), "o", "f"},
		"an account's token": {app.TokenActor(bob, []app.Scope{app.ScopeAccount}), "f", "o"},
		"the system":         {app.SystemActor(), "o", "u"},
	} {
		for what, got := range map[string]error{
			"see " + c.see: second(w.Avatar(t.Context(), c.actor, ann.ID)),
			"set " + c.set: w.SetAvatar(t.Context(), c.actor, bytes.NewReader(striped(t, 30, 30))),
		} {
			letter := "o"
			if got != nil {
				letter = letters[app.CodeOf(got)]
			}
			if !strings.HasSuffix(what, letter) {
				t.Errorf("%s as %s: %v", what, who, got)
			}
		}
	}
}
