package app_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	pngs "image/png"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/h2non/bimg"

	"albumen/app"
	"albumen/db"
	"albumen/mail/smtptest"
)

// photo puts a red photo with a thumbnail into the album.
func (p *post) photo(owner db.User, album uuid.UUID) uuid.UUID {
	p.t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range 64 * 48 {
		picture.Set(i%64, i/64, color.RGBA{R: 200, A: 255})
	}
	var b bytes.Buffer
	if err := pngs.Encode(&b, picture); err != nil {
		p.t.Fatal(err)
	}
	thumb, err := bimg.NewImage(b.Bytes()).Convert(bimg.WEBP)
	if err != nil {
		p.t.Fatal(err)
	}
	id := uuid.Must(uuid.NewV7())
	key := "derivatives/" + id.String()
	if _, err := p.store.Put(p.t.Context(), key, bytes.NewReader(thumb)); err != nil {
		p.t.Fatal(err)
	}
	p.exec(`INSERT INTO media (id, owner_id, album_id, kind, status, processed_at, filename, mime, bytes, sha256, width, height, taken_at, taken_at_local, taken_at_source)
		VALUES ($1, $2, $3, 'photo', 'ready', now(), 'photo.jpg', 'image/jpeg', 1000, $4, 64, 48, now(), now()::timestamp, 'exif')`, id, owner.ID, album, append(id[:], id[:]...))
	p.exec("INSERT INTO derivatives (media_id, kind, version, storage_key, mime, width, height, bytes) VALUES ($1, 'thumb', 1, $2, 'image/webp', 64, 48, $3)", id, key, len(thumb))
	return id
}

// coverIn is the picture that lies in the mail; nil for none.
func coverIn(t *testing.T, m smtptest.Mail) image.Image {
	t.Helper()
	_, rest, found := strings.Cut(m.Data, "Content-Id: <cover.jpg@albumen>")
	if !found {
		return nil
	}
	_, rest, _ = strings.Cut(rest, "\r\n\r\n")
	body, _, _ := strings.Cut(rest, "\r\n--")
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(body), "\r\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestTheCoverLiesInTheMail(t *testing.T) {
	p := newPost(t)
	ann := p.user("ann", false)
	album := p.album(ann)
	invite := func() smtptest.Mail {
		p.invite(ann, app.NewInvitation{Email: uuid.NewString() + "@example.org", Album: album, Role: db.AlbumRoleViewer})
		p.send()
		mails := p.server.Mails()
		return mails[len(mails)-1]
	}
	if coverIn(t, invite()) != nil {
		t.Error("an empty album has a cover")
	}
	photo := p.photo(ann, album)
	m := invite()
	picture := coverIn(t, m)
	if picture == nil || picture.Bounds().Dx() != 64 {
		t.Fatalf("no cover in\n%s", m.Data)
	}
	if r, g, _, _ := picture.At(30, 20).RGBA(); r < 0x9000 || g > 0x3000 {
		t.Errorf("the colour is %x %x", r, g)
	}
	if strings.Contains(m.Data, `src="http`) || !strings.Contains(strings.ReplaceAll(m.Data, "=\r\n", ""), "cid:cover.jpg@albumen") {
		t.Errorf("the picture is fetched from elsewhere:\n%s", m.Data)
	}
	for name, change := range map[string]string{
		"hidden by a report": "UPDATE media SET withheld = 'report' WHERE id = $1", "from a guest": "UPDATE media SET withheld = 'guest' WHERE id = $1",
		"in the trash": "UPDATE media SET trashed_at = now() WHERE id = $1",
	} {
		p.exec(change, photo)
		if coverIn(t, invite()) != nil {
			t.Errorf("a photo %s is shown to somebody new", name)
		}
		p.exec("UPDATE media SET withheld = NULL, trashed_at = NULL WHERE id = $1", photo)
	}
	if err := p.store.Delete(t.Context(), "derivatives/"+photo.String()); err != nil {
		t.Fatal(err)
	}
	if coverIn(t, invite()) != nil {
		t.Error("a lost thumbnail")
	}
}
