package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"albumen/db"
	"albumen/mail"
	"albumen/media"
	"albumen/storage"
)

// maxCover is the largest thumbnail that goes into a mail, in bytes.
const maxCover = 512 << 10

// mailCover is the cover of the mail's album, as far as the person in whose
// name the mail is may see it; nil for none. Whatever is wrong with the picture
// costs the mail its cover, no more.
func (a *App) mailCover(ctx context.Context, m db.Mail) (*mail.Image, error) {
	if m.AlbumID == nil || m.ByID == nil {
		return nil, nil
	}
	row, err := a.db.MailCover(ctx, db.MailCoverParams{AlbumID: *m.AlbumID, ByID: *m.ByID})
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the cover for mail %s: %w", m.ID, err)
	}
	if row.Mime != "image/webp" || row.Bytes > maxCover {
		return nil, nil
	}
	object, err := a.storage.Open(ctx, row.StorageKey, 0, -1)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the cover for mail %s: %w", m.ID, err)
	}
	defer object.Close()
	data, err := asJPEG(object)
	if err != nil {
		a.log.WarnContext(ctx, "a mail goes without its cover", "mail", m.ID, "error", err)
		return nil, nil
	}
	return &mail.Image{ID: "cover.jpg@albumen", Type: "image/jpeg", Data: data}, nil
}

// asJPEG turns a thumbnail of ours into what every mail program shows.
func asJPEG(thumb io.Reader) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(thumb, maxCover))
	if err != nil {
		return nil, fmt.Errorf("read the thumbnail: %w", err)
	}
	pixels, err := media.DecodePreview(file)
	if err != nil {
		return nil, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, pixels.Width, pixels.Height))
	for i := range pixels.Width * pixels.Height {
		copy(picture.Pix[4*i:], pixels.Pix[3*i:3*i+3])
		picture.Pix[4*i+3] = 0xff
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 82}); err != nil {
		return nil, fmt.Errorf("write the thumbnail as JPEG: %w", err)
	}
	return b.Bytes(), nil
}
