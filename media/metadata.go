package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// metadataArgs asks for these tags only: a maker note has hundreds of others. A
// "#" asks for the number instead of exiftool's words.
var metadataArgs = strings.Fields(`-json -G1 -a -api LargeFileSupport=1 -charset filename=utf8
	-ExifIFD:DateTimeOriginal -ExifIFD:CreateDate -IFD0:ModifyDate
	-ExifIFD:OffsetTimeOriginal -ExifIFD:OffsetTimeDigitized -ExifIFD:OffsetTime
	-ExifIFD:SubSecTimeOriginal -ExifIFD:SubSecTimeDigitized -ExifIFD:SubSecTime
	-Composite:GPSDateTime -Composite:GPSLatitude# -Composite:GPSLongitude# -Composite:GPSAltitude#
	-XMP:DateTimeOriginal -XMP-exif:DateTimeDigitized -XMP:CreateDate -XMP-photoshop:DateCreated -Composite:DateTimeCreated
	-Keys:CreationDate -UserData:DateTimeOriginal -QuickTime:CreateDate -Track1:TrackCreateDate
	-H264:DateTimeOriginal -RIFF:DateTimeOriginal -Matroska:DateTimeOriginal -ASF:CreationDate
	-Make -Model -ExifIFD:LensModel -Composite:LensID -XMP-aux:Lens
	-ExifIFD:ISO# -ExifIFD:FNumber# -ExifIFD:ExposureTime# -ExifIFD:FocalLength# -ExifIFD:FocalLengthIn35mmFormat# -ExifIFD:Flash#
	-XMP:Title -IPTC:ObjectName -IFD0:XPTitle -PNG:Title
	-XMP:Description -IFD0:ImageDescription -IPTC:Caption-Abstract -PNG:Description
	-IFD0:Artist -XMP-dc:Creator -IPTC:By-line -IFD0:Copyright -XMP-dc:Rights -IPTC:CopyrightNotice
	-XMP-dc:Subject -IPTC:Keywords -IFD0:XPKeywords -XMP:Rating# -IFD0:Rating#
	-IFD0:Orientation# -Composite:ImageSize# -Duration#`)

// Metadata reads what the file at path says about itself. A file that says
// nothing gives an empty Metadata with SourceNone, not an error; dates from its
// name or time stamp are added by Metadata.Complete.
func (p *Processor) Metadata(ctx context.Context, path string) (Metadata, error) {
	out, err := p.exif.run(ctx, path, metadataArgs...)
	if err != nil {
		if ctx.Err() != nil {
			return Metadata{}, ctx.Err()
		}
		code := CodeCrashed
		if errors.Is(err, context.DeadlineExceeded) {
			code = CodeTimeout
		}
		return Metadata{}, &ProcessError{code, "The metadata could not be read.", err}
	}
	tags, err := parseTags(out)
	if err != nil {
		return Metadata{}, &ProcessError{CodeCrashed, "The metadata could not be read.", err}
	}
	return p.metadataFrom(tags), nil
}

func (p *Processor) metadataFrom(t tags) Metadata {
	m := Metadata{
		CameraMake:      t.text(100, "IFD0:Make", "Keys:Make", "UserData:Make", "*:Make"),
		CameraModel:     t.text(100, "IFD0:Model", "Keys:Model", "UserData:Model", "*:Model"),
		Lens:            lens(t),
		ISO:             int(t.number(0, 1e7, "ExifIFD:ISO")),
		FNumber:         t.number(0, 1000, "ExifIFD:FNumber"),
		ExposureSeconds: t.number(0, 1e6, "ExifIFD:ExposureTime"),
		FocalLength:     t.number(0, 1e5, "ExifIFD:FocalLength"),
		FocalLength35:   t.number(0, 1e5, "ExifIFD:FocalLengthIn35mmFormat"),
		Title:           t.text(500, "XMP-dc:Title", "IPTC:ObjectName", "IFD0:XPTitle", "PNG:Title", "*:Title"),
		Description:     description(t),
		Artist:          t.text(200, "IFD0:Artist", "XMP-dc:Creator", "IPTC:By-line"),
		Copyright:       t.text(500, "IFD0:Copyright", "XMP-dc:Rights", "IPTC:CopyrightNotice"),
		Keywords:        keywords(t),
		Rating:          int(t.number(-1, 5, "XMP-xmp:Rating", "IFD0:Rating")),
		Orientation:     int(t.number(0, 8, "IFD0:Orientation")),
		DurationSeconds: t.number(0, 1e7, "*:Duration"),
	}
	if w, h, ok := strings.Cut(t.text(40, "Composite:ImageSize"), " "); ok {
		m.Width, _ = strconv.Atoi(w) // 0, unknown, where it is no number
		m.Height, _ = strconv.Atoi(h)
	}
	if flash, ok := t.float("ExifIFD:Flash"); ok {
		fired := int(flash)&1 == 1
		m.Flash = &fired
	}
	p.place(&m, t)
	p.date(&m, t)
	return m
}

// place takes coordinates over if they can be true. Exactly 0, 0 is what
// devices write that have no fix.
func (p *Processor) place(m *Metadata, t tags) {
	lat, ok1 := t.float("Composite:GPSLatitude")
	lon, ok2 := t.float("Composite:GPSLongitude")
	if !ok1 || !ok2 || math.Abs(lat) > 90 || math.Abs(lon) > 180 || lat == 0 && lon == 0 {
		return
	}
	m.Latitude, m.Longitude = &lat, &lon
	if alt, ok := t.float("Composite:GPSAltitude"); ok && math.Abs(alt) < 100_000 {
		m.Altitude = &alt
	}
}

// cameraPhrases are descriptions that a camera writes into every picture.
var cameraPhrases = []string{"olympus digital camera", "sony dsc", "minolta digital camera", "konica minolta digital camera",
	"digital camera", "dcim", "samsung", "sanyo digital camera", "kodak digital still camera", "exif_jpeg_t422"}

func description(t tags) string {
	for _, key := range []string{"XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription", "PNG:Description", "*:Description"} {
		s := t.text(10_000, key)
		if s != "" && !slices.Contains(cameraPhrases, strings.ToLower(s)) {
			return s
		}
	}
	return ""
}

func lens(t tags) string {
	for _, key := range []string{"ExifIFD:LensModel", "Composite:LensID", "XMP-aux:Lens"} {
		s := t.text(150, key)
		if s != "" && !strings.HasPrefix(s, "Unknown") && strings.Trim(s, "-0. mF/") != "" {
			return s
		}
	}
	return ""
}

func keywords(t tags) []string {
	var all []string
	for _, key := range []string{"XMP-dc:Subject", "IPTC:Keywords", "IFD0:XPKeywords"} {
		for _, s := range t.list(key) {
			parts := []string{s}
			if key == "IFD0:XPKeywords" {
				parts = strings.Split(s, ";")
			}
			for _, k := range parts {
				if k = clean(k, 100); k != "" && !slices.Contains(all, k) && len(all) < 200 {
					all = append(all, k)
				}
			}
		}
	}
	return all
}

// tags are exiftool's values by "Group:Tag".
type tags map[string]any

func parseTags(out []byte) (tags, error) {
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	var files []tags
	if err := d.Decode(&files); err != nil {
		return nil, fmt.Errorf("exiftool's answer: %w", err)
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("exiftool answered for %d files", len(files))
	}
	return files[0], nil
}

// get returns the first value present; "*:Tag" stands for any group.
func (t tags) get(keys ...string) any {
	for _, key := range keys {
		if v, ok := t[key]; ok {
			return v
		}
		if name, any := strings.CutPrefix(key, "*"); any {
			var found []string
			for k := range t {
				if strings.HasSuffix(k, name) {
					found = append(found, k)
				}
			}
			if len(found) > 0 {
				return t[slices.Min(found)]
			}
		}
	}
	return nil
}

func (t tags) list(key string) []string {
	switch v := t[key].(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, len(v))
		for i := range v {
			out[i] = fmt.Sprint(v[i])
		}
		return out
	default:
		return []string{fmt.Sprint(v)}
	}
}

func (t tags) text(limit int, keys ...string) string {
	for _, key := range keys {
		v := t.get(key)
		if v == nil {
			continue
		}
		if l, ok := v.([]any); ok {
			parts := make([]string, len(l))
			for i := range l {
				parts[i] = fmt.Sprint(l[i])
			}
			v = strings.Join(parts, ", ")
		}
		if s := clean(fmt.Sprint(v), limit); s != "" {
			return s
		}
	}
	return ""
}

func (t tags) float(key string) (float64, bool) {
	v := t.get(key)
	if l, ok := v.([]any); ok && len(l) > 0 {
		v = l[0]
	}
	if v == nil {
		return 0, false
	}
	first, _, _ := strings.Cut(fmt.Sprint(v), " ")
	f, err := strconv.ParseFloat(first, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// number returns the first value within low..high, or 0.
func (t tags) number(low, high float64, keys ...string) float64 {
	for _, key := range keys {
		if f, ok := t.float(key); ok && f >= low && f <= high {
			return f
		}
	}
	return 0
}

// clean makes text from a file fit to store: valid UTF-8 without control
// characters except line breaks, at most limit characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), ""))
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimSpace(string(runes[:limit]))
	}
	return s
}

// instant joins a wall clock and its offset.
func instant(local time.Time, offsetMinutes int) time.Time {
	return local.Add(-time.Duration(offsetMinutes) * time.Minute)
}
