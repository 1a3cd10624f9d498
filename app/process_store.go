package app

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/media"
)

// replacedKeep lets readers of a replaced object finish.
const replacedKeep = time.Hour

// picture is a derivative that is stored, but has no row yet.
type picture struct {
	kind          string
	key           string
	width, height int
	bytes         int64
}

// storePictures writes the pictures under new keys. Where the transaction that
// follows never comes, the sweeper deletes them.
func (a *App) storePictures(ctx context.Context, r *media.Result) ([]picture, error) {
	if r == nil {
		return nil, nil
	}
	var pictures []picture
	for _, p := range []struct {
		kind          string
		content       []byte
		width, height int
	}{
		{"thumb", r.Thumb, r.ThumbW, r.ThumbH},
		{"preview", r.Preview, r.PreviewW, r.PreviewH},
	} {
		key := "derivatives/" + newID().String()
		if err := a.reserveObject(ctx, key); err != nil {
			return nil, err
		}
		if _, err := a.storage.Put(ctx, key, bytes.NewReader(p.content)); err != nil {
			return nil, fmt.Errorf("store the %s: %w", p.kind, err)
		}
		pictures = append(pictures, picture{p.kind, key, p.width, p.height, int64(len(p.content))})
	}
	return pictures, nil
}

// linkPicture makes p the item's derivative of its kind.
func linkPicture(ctx context.Context, q *db.Queries, id uuid.UUID, p picture) error {
	if err := q.DiscardDerivative(ctx, db.DiscardDerivativeParams{MediaID: id, Kind: p.kind, KeepSeconds: replacedKeep.Seconds()}); err != nil {
		return fmt.Errorf("discard the old %s: %w", p.kind, err)
	}
	if err := q.PutDerivative(ctx, db.PutDerivativeParams{
		MediaID: id, Kind: p.kind, StorageKey: p.key, Mime: "image/webp",
		Width: int32(p.width), Height: int32(p.height), Bytes: p.bytes,
	}); err != nil {
		return fmt.Errorf("record the %s: %w", p.kind, err)
	}
	return keepObject(ctx, q, p.key)
}

// finishParams turns an outcome into the columns of the row; what the outcome
// does not know stays as it was.
func finishParams(was db.Media, o Outcome) db.FinishMediaParams {
	p := db.FinishMediaParams{
		ID: was.ID, Status: db.MediaStatusReady,
		Damaged: was.Damaged, Width: was.Width, Height: was.Height, DurationMs: was.DurationMs,
		Animated: was.Animated, Thumbhash: was.Thumbhash, Phash: was.Phash,
		Title: was.Title, Description: was.Description, Rating: was.Rating,
		TakenAt: was.TakenAt, TakenAtLocal: was.TakenAtLocal, TakenAtSource: was.TakenAtSource,
		CameraMake: was.CameraMake, CameraModel: was.CameraModel, Lens: was.Lens,
		Iso: was.Iso, FNumber: was.FNumber, ExposureS: was.ExposureS, FocalMm: was.FocalMm, Focal35mm: was.Focal35mm,
		Latitude: was.Latitude, Longitude: was.Longitude, AltitudeM: was.AltitudeM,
	}
	if o.Metadata != nil {
		metadataParams(&p, o.Metadata)
	}
	if r := o.Still; r != nil {
		hash := int64(r.PHash) // same 64 bits; PostgreSQL has no unsigned type
		p.Width, p.Height, p.Damaged, p.Animated = int32(r.Width), int32(r.Height), r.Damaged, r.Animated
		p.Thumbhash, p.Phash = r.Thumbhash, &hash
	}
	if o.Failure != nil {
		p.Status, p.ErrorCode, p.Error = db.MediaStatusFailed, o.Failure.Code, o.Failure.Reason
	}
	return p
}

func metadataParams(p *db.FinishMediaParams, m *media.Metadata) {
	p.Title, p.Description = clean(m.Title), clean(m.Description)
	p.CameraMake, p.CameraModel, p.Lens = clean(m.CameraMake), clean(m.CameraModel), clean(m.Lens)
	p.Iso = positive(int32(min(m.ISO, math.MaxInt32)))
	p.FNumber, p.ExposureS = positive(m.FNumber), positive(m.ExposureSeconds)
	p.FocalMm, p.Focal35mm = positive(m.FocalLength), positive(m.FocalLength35)
	p.Latitude, p.Longitude, p.AltitudeM = nil, nil, nil
	if m.Latitude != nil && m.Longitude != nil && math.Abs(*m.Latitude) <= 90 && math.Abs(*m.Longitude) <= 180 {
		p.Latitude, p.Longitude, p.AltitudeM = m.Latitude, m.Longitude, m.Altitude
	}
	p.Rating = int16(min(max(m.Rating, 0), 5))
	if !m.TakenAtLocal.IsZero() {
		p.Dated, p.TakenAt, p.TakenAtLocal, p.TakenAtSource = true, m.TakenAt, m.TakenAtLocal, m.TakenAtSource
		if m.OffsetMinutes != nil {
			offset := int32(*m.OffsetMinutes)
			p.TakenOffset = &offset
		}
	}
	if m.Width > 0 && m.Height > 0 {
		p.Width, p.Height = int32(m.Width), int32(m.Height)
		if m.Orientation >= 5 {
			p.Width, p.Height = p.Height, p.Width
		}
	}
	p.DurationMs = positive(int32(min(m.DurationSeconds*1000, math.MaxInt32)))
}

// positive is nil for what a file leaves out or gives as nonsense.
func positive[T int32 | float64](v T) *T {
	if !(v > 0) || math.IsInf(float64(v), 0) {
		return nil
	}
	return &v
}

// clean drops what PostgreSQL cannot store as text.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}
