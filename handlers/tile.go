package handlers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/media"
	mediaviews "albumen/views/media"
)

// tile is an item as grids show it; it leads to the viewer within list.
func tile(ctx context.Context, i app.Item, list origin) mediaviews.Tile {
	t := mediaviews.Tile{
		ID: i.ID.String(), Href: list.viewer(i.ID), PlaceholderURI: media.ThumbhashDataURI(i.Thumbhash),
		Width: i.Width, Height: i.Height, TakenAt: i.TakenAtLocal, Kind: shownKind(i.Kind, i.Mime), Status: string(i.Status),
		Filename: i.Filename, Favourite: i.Favourite, Alt: altText(ctx, i.Title, i.Description, i.TakenAtLocal),
	}
	if i.ThumbVersion > 0 {
		t.ThumbURL = derivativeURL(i.ID.String(), app.Thumb, i.ThumbVersion)
	}
	if i.Status == db.MediaStatusFailed {
		t.Reason = failureText(ctx, i.ErrorCode)
	}
	if i.Duration > 0 {
		t.Duration = i18n.Length(i.Duration)
	}
	return t
}

func tiles(ctx context.Context, items []app.Item, list origin) []mediaviews.Tile {
	out := make([]mediaviews.Tile, len(items))
	for n, i := range items {
		out[n] = tile(ctx, i, list)
	}
	return out
}

// derivativeURL carries the version, so that browsers may keep the bytes for ever.
func derivativeURL(id string, kind app.DerivativeKind, version int) string {
	return "/media/" + id + "/" + string(kind) + "?v=" + strconv.Itoa(version)
}

// shownKind tells RAW files from other photos.
func shownKind(kind db.MediaKind, mime string) string {
	if strings.HasPrefix(mime, "image/x-") {
		return "raw"
	}
	return string(kind)
}

// altText describes the picture for those who do not see it.
func altText(ctx context.Context, title, description string, taken time.Time) string {
	const longest = 150 // characters; screen readers cannot skip within an alternative text
	for _, text := range []string{title, description} {
		if runes := []rune(text); len(runes) > longest {
			return string(runes[:longest-1]) + "…"
		}
		if text != "" {
			return text
		}
	}
	return i18n.T(ctx, "item.alt", "When", i18n.Day(ctx, taken)+", "+i18n.Clock(ctx, taken))
}

// failureText says why an item could not be processed and what can be done.
func failureText(ctx context.Context, code string) string {
	key, ok := map[string]string{
		media.CodeBroken:        "failure.broken",
		media.CodeTooManyPixels: "failure.too_many_pixels",
		media.CodeTimeout:       "failure.timeout",
		media.CodeCrashed:       "failure.crashed",
		media.CodeUnsupported:   "failure.unsupported",
		media.CodeOutOfMemory:   "failure.out_of_memory",
		app.CodeOriginalMissing: "failure.original_missing",
	}[code]
	if !ok {
		key = "failure.unknown"
	}
	return i18n.T(ctx, key)
}

// detailItem is an item in full as lists show it.
func detailItem(m app.MediaDetail) app.Item {
	return recordItem(app.Record{Media: m.Media, Favourite: m.Favourite, ThumbVersion: m.Thumb, PreviewVersion: m.Preview})
}
