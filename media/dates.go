package media

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// date fills in when the picture was taken, from the best tag that has a
// sensible value.
func (p *Processor) date(m *Metadata, t tags) {
	m.TakenAtSource = SourceNone
	for _, c := range []struct{ date, subsec, offset string }{
		{"ExifIFD:DateTimeOriginal", "ExifIFD:SubSecTimeOriginal", "ExifIFD:OffsetTimeOriginal"},
		{"ExifIFD:CreateDate", "ExifIFD:SubSecTimeDigitized", "ExifIFD:OffsetTimeDigitized"},
	} {
		if d, ok := parseDate(t.text(60, c.date)); ok {
			p.exifDate(m, t, d, c.subsec, c.offset)
			return
		}
	}
	for _, key := range []string{"XMP-exif:DateTimeOriginal", "XMP-exif:DateTimeDigitized", "XMP-xmp:CreateDate",
		"XMP-photoshop:DateCreated", "Composite:DateTimeCreated"} {
		if d, ok := parseDate(t.text(60, key)); ok {
			p.setLocal(m, d, SourceXMPOffset, SourceXMP)
			return
		}
	}
	if p.containerDate(m, t) {
		return
	}
	if d, ok := parseDate(t.text(60, "IFD0:ModifyDate")); ok {
		p.exifDate(m, t, d, "ExifIFD:SubSecTime", "ExifIFD:OffsetTime")
	}
}

// exifDate adds sub-seconds and finds the offset: its own tag, another offset
// tag (phones write all three), or the difference to the GPS clock.
func (p *Processor) exifDate(m *Metadata, t tags, d parsedDate, subsec, offset string) {
	if digits := t.text(9, subsec); d.local.Nanosecond() == 0 && isDigits(digits) {
		f, _ := strconv.ParseFloat("0."+digits, 64) // digits only: cannot fail
		d.local = d.local.Add(time.Duration(math.Round(f*1e9)) * time.Nanosecond)
	}
	for _, key := range []string{offset, "ExifIFD:OffsetTimeOriginal", "ExifIFD:OffsetTime", "ExifIFD:OffsetTimeDigitized"} {
		if d.offset != nil {
			break
		}
		d.offset = parseOffset(t.text(10, key))
	}
	if d.offset == nil {
		if gps, ok := parseDate(t.text(60, "Composite:GPSDateTime")); ok {
			if o, ok := gpsOffset(d.local, gps.local); ok {
				d.offset = &o
				p.setLocal(m, d, SourceGPS, SourceEXIF)
				return
			}
		}
	}
	p.setLocal(m, d, SourceEXIFOffset, SourceEXIF)
}

// gpsOffset derives the offset from the camera's clock and the satellites',
// which give UTC. Zones lie on quarters of an hour; a fix may be minutes old.
func gpsOffset(local, utc time.Time) (minutes int, ok bool) {
	diff := local.Sub(utc).Minutes()
	quarter := math.Round(diff/15) * 15
	if math.Abs(diff-quarter) > 5 || quarter < -12*60 || quarter > 14*60 {
		return 0, false
	}
	return int(quarter), true
}

// setLocal stores a wall clock; where the date carries no offset, the default
// zone's at that time is assumed.
func (p *Processor) setLocal(m *Metadata, d parsedDate, withOffset, assumed string) {
	m.TakenAtLocal, m.OffsetMinutes, m.TakenAtSource = d.local, d.offset, withOffset
	if d.offset == nil {
		m.OffsetMinutes, m.TakenAtSource = assumeOffset(d.local, p.cfg.DefaultZone), assumed
	}
	m.TakenAt = instant(m.TakenAtLocal, *m.OffsetMinutes)
}

func assumeOffset(local time.Time, zone *time.Location) *int {
	y, mo, d := local.Date()
	h, mi, s := local.Clock()
	_, seconds := time.Date(y, mo, d, h, mi, s, 0, zone).Zone()
	minutes := seconds / 60
	return &minutes
}

// containerDate reads the dates of videos: with an offset where there is one,
// else QuickTime's and Matroska's UTC, else a recorder's local time.
func (p *Processor) containerDate(m *Metadata, t tags) bool {
	for _, key := range []string{"Keys:CreationDate", "UserData:DateTimeOriginal", "H264:DateTimeOriginal", "RIFF:DateTimeOriginal"} {
		if d, ok := parseDate(t.text(60, key)); ok {
			p.setLocal(m, d, SourceQuickTime, SourceQuickTime)
			return true
		}
	}
	for _, key := range []string{"QuickTime:CreateDate", "Track1:TrackCreateDate", "Matroska:DateTimeOriginal", "ASF:CreationDate"} {
		d, ok := parseDate(t.text(60, key))
		// Zero of the two epochs means "not set".
		if !ok || d.local.Equal(time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)) || d.local.Equal(time.Unix(0, 0)) {
			continue
		}
		m.TakenAt = d.local
		if d.offset != nil {
			m.TakenAt = instant(d.local, *d.offset)
		}
		_, seconds := m.TakenAt.In(p.cfg.DefaultZone).Zone()
		minutes := seconds / 60
		m.OffsetMinutes = &minutes
		m.TakenAtLocal = m.TakenAt.Add(time.Duration(minutes) * time.Minute)
		m.TakenAtSource = SourceQuickTime
		return true
	}
	return false
}

type parsedDate struct {
	local  time.Time // wall clock, in UTC
	offset *int      // minutes
}

var dateForm = regexp.MustCompile(`^(\d{4})[:\-](\d{2})(?:[:\-](\d{2}))?(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+\-]\d{2}:?\d{2})?(?: DST)?$`)

// parseDate reads exiftool's dates, with parts missing from the right. Dates
// that cannot be (month 13, year 0 or 9999) are no dates.
func parseDate(s string) (d parsedDate, ok bool) {
	g := dateForm.FindStringSubmatch(strings.TrimSpace(s))
	if g == nil {
		return d, false
	}
	n := make([]int, 7)
	for i := 1; i <= 6; i++ {
		n[i], _ = strconv.Atoi(g[i]) // digits or empty
	}
	if g[3] == "" {
		n[3] = 1
	}
	local, ok := validDate(n[1], n[2], n[3], n[4], n[5], n[6])
	if !ok {
		return d, false
	}
	if g[7] != "" {
		f, _ := strconv.ParseFloat("0."+g[7], 64)
		local = local.Add(time.Duration(math.Round(f*1e9)) * time.Nanosecond)
	}
	return parsedDate{local, parseOffset(g[8])}, true
}

func validDate(y, mo, d, h, mi, s int) (time.Time, bool) {
	t := time.Date(y, time.Month(mo), d, h, mi, min(s, 59), 0, time.UTC)
	ok := y >= 1800 && y < 3000 && int(t.Month()) == mo && t.Day() == d && t.Hour() == h && t.Minute() == mi && s <= 60
	return t, ok
}

var offsetForm = regexp.MustCompile(`^([+\-])(\d{2}):?(\d{2})$`)

func parseOffset(s string) *int {
	minutes := 0
	if s != "Z" {
		g := offsetForm.FindStringSubmatch(s)
		if g == nil {
			return nil
		}
		h, _ := strconv.Atoi(g[2])
		mi, _ := strconv.Atoi(g[3])
		minutes = h*60 + mi
		if minutes > 14*60 || mi > 59 {
			return nil
		}
		if g[1] == "-" {
			minutes = -minutes
		}
	}
	return &minutes
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
