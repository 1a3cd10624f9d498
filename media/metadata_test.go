package media

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// tagged makes a small JPEG and gives it tags with exiftool.
func tagged(t *testing.T, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photo.jpg")
	photograph(t, 64, 48, path)
	run(t, "exiftool", append(append([]string{"-q", "-m", "-overwrite_original"}, args...), path)...)
	return path
}

func mustMetadata(t *testing.T, p *Processor, path string) Metadata {
	t.Helper()
	m, err := p.Metadata(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetadataOfACamera(t *testing.T) {
	p := newTestProcessor(t)
	m := mustMetadata(t, p, tagged(t, "-Make=Canon", "-Model=EOS R5", "-LensModel=RF 50mm F1.2", "-ISO=400", "-FNumber=1.8", "-ExposureTime=1/250",
		"-FocalLength=50", "-FocalLengthIn35mmFormat=50", "-EXIF:Flash#=1", "-Orientation#=6", "-GPSLatitude=48.137", "-GPSLatitudeRef=N",
		"-GPSLongitude=11.575", "-GPSLongitudeRef=W", "-GPSAltitude=519.5", "-GPSAltitudeRef=0", "-XMP:Title=Fest", "-XMP:Description=Zwei\nZeilen", "-XMP:Subject=beer", "-XMP:Subject=tent",
		"-IPTC:Keywords=beer", "-IPTC:Keywords=music", "-XMP:Rating=4", "-Artist=Ann", "-Copyright=CC0"))
	if m.CameraMake != "Canon" || m.CameraModel != "EOS R5" || m.Lens != "RF 50mm F1.2" || m.ISO != 400 || m.FNumber != 1.8 ||
		math.Abs(m.ExposureSeconds-0.004) > 1e-9 || m.FocalLength != 50 || m.FocalLength35 != 50 || m.Flash == nil || !*m.Flash {
		t.Errorf("camera: %+v", m)
	}
	if m.Latitude == nil || math.Abs(*m.Latitude-48.137) > 1e-6 || math.Abs(*m.Longitude+11.575) > 1e-6 || m.Altitude == nil || *m.Altitude != 519.5 {
		t.Errorf("place: %v %v %v", m.Latitude, m.Longitude, m.Altitude)
	}
	if m.Title != "Fest" || m.Description != "Zwei\nZeilen" || m.Rating != 4 || m.Artist != "Ann" || m.Copyright != "CC0" ||
		!slices.Equal(m.Keywords, []string{"beer", "tent", "music"}) {
		t.Errorf("words: %+v", m)
	}
	if m.Orientation != 6 || m.Width != 64 || m.Height != 48 {
		t.Errorf("orientation %d, %d×%d", m.Orientation, m.Width, m.Height)
	}
}

func TestDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p := newProcessorWith(t, Config{Workers: 1, DefaultZone: berlin})
	for name, c := range map[string]struct {
		args    []string
		local   string
		offset  int
		source  string
		instant string
	}{
		"its own offset": {[]string{"-DateTimeOriginal=2024:07:05 18:15:30", "-SubSecTimeOriginal=25", "-OffsetTimeOriginal=-03:30"},
			"2024-07-05T18:15:30.25", -210, SourceEXIFOffset, "2024-07-05T21:45:30.25Z"},
		"another tag's offset": {[]string{"-DateTimeOriginal=2024:07:05 18:15:30", "-OffsetTime=+09:00"},
			"2024-07-05T18:15:30", 540, SourceEXIFOffset, "2024-07-05T09:15:30Z"},
		"offset from GPS": {[]string{"-DateTimeOriginal=2024:07:05 18:15:30", "-GPSDateStamp=2024:07:05", "-GPSTimeStamp=12:44:58"},
			"2024-07-05T18:15:30", 330, SourceGPS, "2024-07-05T12:45:30Z"},
		"a GPS clock of another day": {[]string{"-DateTimeOriginal=2024:07:05 18:15:30", "-GPSDateStamp=2019:01:01", "-GPSTimeStamp=12:44:58"},
			"2024-07-05T18:15:30", 120, SourceEXIF, "2024-07-05T16:15:30Z"},
		"zone assumed, winter": {[]string{"-DateTimeOriginal=2024:01:05 18:15:30"},
			"2024-01-05T18:15:30", 60, SourceEXIF, "2024-01-05T17:15:30Z"},
		"original before digitized": {[]string{"-DateTimeOriginal=2001:01:01 01:01:01", "-CreateDate=2002:02:02 02:02:02", "-ModifyDate=2003:03:03 03:03:03"},
			"2001-01-01T01:01:01", 60, SourceEXIF, "2001-01-01T00:01:01Z"},
		"digitized when the original is nonsense": {[]string{"-DateTimeOriginal=0000:00:00 00:00:00", "-CreateDate=2002:02:02 02:02:02"},
			"2002-02-02T02:02:02", 60, SourceEXIF, "2002-02-02T01:02:02Z"},
		"XMP with offset": {[]string{"-XMP:DateTimeOriginal=2010:06:01 10:00:00+05:00"},
			"2010-06-01T10:00:00", 300, SourceXMPOffset, "2010-06-01T05:00:00Z"},
		"XMP without": {[]string{"-XMP:CreateDate=2010:06:01 10:00:00"},
			"2010-06-01T10:00:00", 120, SourceXMP, "2010-06-01T08:00:00Z"},
		"modified, as the last resort": {[]string{"-ModifyDate=2003:03:03 03:03:03"},
			"2003-03-03T03:03:03", 60, SourceEXIF, "2003-03-03T02:03:03Z"},
	} {
		m := mustMetadata(t, p, tagged(t, c.args...))
		local, offset := m.TakenAtLocal.Format("2006-01-02T15:04:05.999"), 0
		if m.OffsetMinutes != nil {
			offset = *m.OffsetMinutes
		}
		if local != c.local || offset != c.offset || m.TakenAtSource != c.source || m.TakenAt.Format(time.RFC3339Nano) != c.instant {
			t.Errorf("%s: got %s %+d (%s) = %s", name, local, offset, m.TakenAtSource, m.TakenAt.Format(time.RFC3339Nano))
		}
	}
}

func TestNonsenseDatesAreNone(t *testing.T) {
	for _, s := range []string{"", "0000:00:00 00:00:00", "    :  :     :  :  ", "9999:12:31 23:59:59", "2024:13:01 00:00:00", "2024:02:30 10:00:00",
		"2024:01:01 25:00:00", "0001:01:01 00:00:00", "<script>", "20240101", "2024:01:01 10:00:00+99:00x"} {
		if d, ok := parseDate(s); ok {
			t.Errorf("%q is taken for %v", s, d.local)
		}
	}
	for s, want := range map[string]string{
		"2024:07":                       "2024-07-01T00:00:00Z",
		"2024:07:05":                    "2024-07-05T00:00:00Z",
		"2024-07-05T10:20":              "2024-07-05T10:20:00Z",
		"2216:07:05 10:20:30":           "2216-07-05T10:20:30Z",
		"2016:12:31 23:59:60Z":          "2016-12-31T23:59:59Z",
		"2018:12:17 16:36:46+01:00 DST": "2018-12-17T16:36:46Z",
	} {
		if d, ok := parseDate(s); !ok || d.local.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v", s, d.local, ok)
		}
	}
}

func TestVideoDatesAreUTC(t *testing.T) {
	p := newProcessorWith(t, Config{Workers: 1, DefaultZone: time.FixedZone("", 2*3600)})
	path := filepath.Join(t.TempDir(), "clip.mp4")
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=128x96:d=2:r=5", "-metadata", "creation_time=2021-05-06T07:08:09Z", path)
	m := mustMetadata(t, p, path)
	if m.TakenAtSource != SourceQuickTime || m.TakenAt.Format(time.RFC3339) != "2021-05-06T07:08:09Z" ||
		m.TakenAtLocal.Format("15:04") != "09:08" || *m.OffsetMinutes != 120 || m.DurationSeconds != 2 || m.Width != 128 {
		t.Errorf("got %+v", m)
	}
}

func TestComplete(t *testing.T) {
	modified := time.Date(2020, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, want := range map[string]string{
		"IMG_20240705_181530.jpg":               "2024-07-05 18:15:30 filename",
		"PXL_20240705_181530123.MP.jpg":         "2024-07-05 18:15:30 filename",
		"2024-07-05 18.15.30.jpg":               "2024-07-05 18:15:30 filename",
		"IMG-20240705-WA0003.jpg":               "2024-07-05 00:00:00 filename",
		"Screenshot_2024-07-05-18-15-30.png":    "2024-07-05 18:15:30 filename",
		"signal-2024-07-05-181530.jpg":          "2024-07-05 18:15:30 filename",
		"VID_20241399_181530.mp4":               "2020-03-04 05:06:07 file_mtime",
		"DSC_1234.jpg":                          "2020-03-04 05:06:07 file_mtime",
		"invoice 202407051.jpg":                 "2020-03-04 05:06:07 file_mtime",
		"2024-07.05.jpg":                        "2020-03-04 05:06:07 file_mtime",
		"f8a20240705b181530.jpg":                "2024-07-05 00:00:00 filename",
		"Photo 2024-07-05 at 18.15.30 edit.jpg": "2024-07-05 18:15:30 filename",
	} {
		m := Metadata{TakenAtSource: SourceNone}
		m.Complete(name, modified, nil)
		if got := m.TakenAtLocal.Format("2006-01-02 15:04:05 ") + m.TakenAtSource; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	m := Metadata{TakenAtSource: SourceNone}
	m.Complete("x.jpg", time.Time{}, nil)
	if !m.TakenAtLocal.IsZero() || m.TakenAtSource != SourceNone {
		t.Errorf("a date out of nothing: %+v", m)
	}
	m = Metadata{TakenAtLocal: modified, TakenAtSource: SourceEXIF}
	m.Complete("IMG_20240705_181530.jpg", modified, nil)
	if m.TakenAtSource != SourceEXIF {
		t.Error("the name overrides EXIF")
	}
}

func TestMetadataSurvivesHostility(t *testing.T) {
	p := newTestProcessor(t)
	m := mustMetadata(t, p, tagged(t, "-XMP:Title=a\x01\u202eb", "-ImageDescription=OLYMPUS DIGITAL CAMERA", "-XMP:Rating=99", "-XMP:GPSLatitude=0", "-XMP:GPSLongitude=0"))
	if m.Title != "a.b" || m.Description != "" || m.Rating != 0 || m.Latitude != nil {
		t.Errorf("got title %q, description %q, rating %d, latitude %v", m.Title, m.Description, m.Rating, m.Latitude)
	}
	empty := filepath.Join(t.TempDir(), "empty.jpg")
	writeFile(t, empty, nil)
	if m = mustMetadata(t, p, empty); m.TakenAtSource != SourceNone {
		t.Errorf("an empty file says %+v", m)
	}
	if _, err := p.Metadata(context.Background(), "/nowhere/at/all.jpg"); err == nil {
		t.Error("a missing file has metadata")
	}
	// The process that met all this still works.
	if m = mustMetadata(t, p, tagged(t, "-Make=Canon")); m.CameraMake != "Canon" {
		t.Errorf("got make %q", m.CameraMake)
	}
}
