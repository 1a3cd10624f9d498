package handlers

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiMedia is a photo or video as the API gives it. Fields without a value
// are null, lists are never null.
type apiMedia struct {
	ID            uuid.UUID  `json:"id"`
	Kind          string     `json:"kind" enum:"photo,video"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Filename      string     `json:"filename" doc:"as uploaded, with the extension of its true type"`
	MIME          string     `json:"mime"`
	Bytes         int64      `json:"bytes" doc:"of the original"`
	SHA256        string     `json:"sha256" doc:"of the original, hexadecimal"`
	Width         *int32     `json:"width" doc:"pixels as shown, after orientation"`
	Height        *int32     `json:"height"`
	Duration      *float64   `json:"duration" doc:"seconds; null for stills"`
	TakenAt       time.Time  `json:"taken_at" doc:"the instant"`
	TakenAtLocal  string     `json:"taken_at_local" doc:"the wall clock where it was taken, such as 2024-07-14T18:30:00"`
	Offset        *string    `json:"offset" doc:"of the wall clock from UTC, such as +02:00"`
	TakenAtSource string     `json:"taken_at_source" doc:"where the date comes from"`
	UploadedAt    time.Time  `json:"uploaded_at"`
	Latitude      *float64   `json:"latitude" doc:"degrees, WGS 84"`
	Longitude     *float64   `json:"longitude"`
	Place         *string    `json:"place"`
	Camera        *string    `json:"camera"`
	Lens          *string    `json:"lens"`
	Tags          []string   `json:"tags"`
	AITags        []string   `json:"ai_tags"`
	AIDescription *string    `json:"ai_description"`
	AlbumID       *uuid.UUID `json:"album_id"`
	Owner         apiOwner   `json:"owner"`
	Category      *string    `json:"category"`
	Rating        int16      `json:"rating" minimum:"0" maximum:"5"`
	Archived      bool       `json:"archived"`
	Favourite     bool       `json:"favourite" doc:"of the owner of the token"`
	TrashedAt     *time.Time `json:"trashed_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
	Version       int32      `json:"version" doc:"grows with every edit; send it back to be told of edits in between"`
	Damaged       bool       `json:"damaged" doc:"shown as far as the file goes"`
	AIStatus      string     `json:"ai_status" enum:"off,pending,processing,done,failed" doc:"whether search by meaning knows it; off: no model is installed, or there is no picture to look at"`
	Status        string     `json:"status" enum:"pending,processing,ready,failed"`
	Error         *string    `json:"error" doc:"why status is failed"`
}

type apiOwner struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

func mediaOf(r app.Record) apiMedia {
	m := apiMedia{
		ID: r.ID, Kind: string(r.Kind), Title: r.Title, Description: r.Description, Filename: r.Filename, MIME: r.Mime,
		Bytes: r.Bytes, SHA256: hex.EncodeToString(r.Sha256), Width: some(r.Width), Height: some(r.Height),
		TakenAt: r.TakenAt.UTC(), TakenAtLocal: r.TakenAtLocal.Format("2006-01-02T15:04:05.999"), TakenAtSource: r.TakenAtSource,
		UploadedAt: r.UploadedAt.UTC(), Latitude: r.Latitude, Longitude: r.Longitude, Place: some(r.Place),
		Camera: some(cameraName(r.CameraMake, r.CameraModel)), Lens: some(r.Lens), Tags: []string{}, AITags: []string{},
		AlbumID: r.AlbumID, Owner: apiOwner{r.OwnerID, r.OwnerName}, Rating: r.Rating, Archived: r.ArchivedAt != nil,
		Favourite: r.Favourite, TrashedAt: r.TrashedAt, UpdatedAt: r.UpdatedAt.UTC(), Version: r.RowVersion, Damaged: r.Damaged,
		AIStatus: string(r.AIStatus), Status: string(r.Status),
	}
	if r.DurationMs != nil {
		m.Duration = some(float64(*r.DurationMs) / 1000)
	}
	if r.TakenOffset != nil {
		m.Offset = some(formatOffset(int(*r.TakenOffset)))
	}
	if r.Status == db.MediaStatusFailed {
		m.Error = some(r.Error)
	}
	return m
}

// some returns nil for the zero value: the API says null where nothing is known.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// cameraName joins make and model, without the make where the model repeats it.
func cameraName(maker, model string) string {
	if first, _, _ := strings.Cut(maker, " "); first != "" && strings.HasPrefix(strings.ToLower(model), strings.ToLower(first)) {
		return model
	}
	return strings.TrimSpace(maker + " " + model)
}

// formatOffset writes minutes east of UTC as ±hh:mm.
func formatOffset(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}
