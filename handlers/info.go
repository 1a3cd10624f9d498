package handlers

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/media"
	"albumen/ml"
	mediaviews "albumen/views/media"
)

// infoOf is what the panel beside a photo tells.
func infoOf(ctx context.Context, m app.MediaDetail) mediaviews.Info {
	info := mediaviews.Info{
		TakenAt: m.TakenAtLocal, OffsetSource: sourceText(ctx, m.TakenAtSource), Camera: cameraName(m.CameraMake, m.CameraModel),
		Lens: m.Lens, Exposure: exposure(ctx, m.Media), Place: m.Place, Mime: m.Mime, Bytes: m.Bytes,
		Checksum: hex.EncodeToString(m.Sha256), UploadedAt: m.UploadedAt, Description: m.Description,
	}
	switch m.AIStatus {
	case app.AIPending:
		info.MeaningStatus = i18n.T(ctx, "info.meaning_pending")
	case app.AIProcessing:
		info.MeaningStatus = i18n.T(ctx, "info.meaning_processing")
	case app.AIDone:
		info.MeaningStatus = i18n.T(ctx, "info.meaning_done")
		if m.TrashedAt == nil {
			info.SimilarURL = "/search?similar=" + m.ID.String()
		}
	case app.AIFailed:
		info.MeaningStatus = i18n.T(ctx, "info.meaning_failed", "Reason", aiFailureText(ctx, m.AIErrorCode))
	}
	if m.TakenOffset != nil {
		info.Offset = formatOffset(int(*m.TakenOffset))
	}
	if m.Latitude != nil && m.Longitude != nil {
		info.Coordinates = fmt.Sprintf("%.5f, %.5f", *m.Latitude, *m.Longitude)
	}
	return info
}

// aiFailureText says why a picture could not be embedded.
func aiFailureText(ctx context.Context, code string) string {
	key, ok := map[string]string{
		ml.EmbedDecode:       "ai_failure.decode",
		ml.EmbedMissing:      "ai_failure.missing",
		ml.EmbedCrashed:      "ai_failure.crashed",
		app.CodeEmbedInvalid: "ai_failure.invalid",
	}[code]
	if !ok {
		key = "ai_failure.unknown"
	}
	return i18n.T(ctx, key)
}

// exposure writes "1/250 s · ƒ/2.8 · ISO 200 · 35 mm", as far as it is known.
func exposure(ctx context.Context, m db.Media) string {
	var parts []string
	if m.ExposureS != nil && *m.ExposureS > 0 {
		parts = append(parts, shutter(ctx, *m.ExposureS))
	}
	if m.FNumber != nil && *m.FNumber > 0 {
		parts = append(parts, "ƒ/"+i18n.Decimal(ctx, *m.FNumber, 1))
	}
	if m.Iso != nil && *m.Iso > 0 {
		parts = append(parts, fmt.Sprintf("ISO %d", *m.Iso))
	}
	if m.FocalMm != nil && *m.FocalMm > 0 {
		parts = append(parts, i18n.Decimal(ctx, *m.FocalMm, 1)+"\u00a0mm")
	}
	return strings.Join(parts, " · ")
}

// shutter writes an exposure time as photographers do: fractions below 0.3 s.
func shutter(ctx context.Context, seconds float64) string {
	if seconds >= 0.3 {
		return i18n.Decimal(ctx, seconds, 1) + "\u00a0s"
	}
	return fmt.Sprintf("1/%.0f\u00a0s", math.Round(1/seconds))
}

// sourceText says where a photo's date and zone are from.
func sourceText(ctx context.Context, source string) string {
	key, ok := map[string]string{
		media.SourceEXIFOffset: "taken_from.exif_offset",
		media.SourceGPS:        "taken_from.gps",
		media.SourceEXIF:       "taken_from.exif",
		media.SourceXMPOffset:  "taken_from.xmp_offset",
		media.SourceXMP:        "taken_from.xmp",
		media.SourceQuickTime:  "taken_from.quicktime",
		media.SourceFilename:   "taken_from.filename",
		media.SourceFileMtime:  "taken_from.file_mtime",
	}[source]
	if !ok {
		key = "taken_from.upload"
	}
	return i18n.T(ctx, key)
}
